"""Graphs of operators drawn at random must compute what onnx's evaluator computes."""
import support
from random_graphs import Graph
from support import ModelTest, close


class Random(ModelTest):
    def test_seeds(self):
        for seed in support.seeds:
            with self.subTest(seed=seed):
                self.check_graph(Graph(seed))

    def check_graph(self, graph):
        proto, inputs, expected = graph.build()
        try:
            self.check(proto, inputs, expected)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.first_wrong(graph)}") from None

    def first_wrong(self, graph):
        """The first node whose result is wrong when every value is an output: where to look."""
        proto, inputs, expected = graph.build(everything=True)
        try:
            found = self.run_model(proto, inputs, expected)
        except AssertionError as error:
            return f"With every value as an output: {error}"
        for operator, takes, names, attributes in graph.nodes:
            for name in names:
                what = close(found[name], expected[name])
                if what:
                    shapes = [(graph.values.get(n, graph.constants.get(n))).shape for n in takes if n]
                    return f"First wrong: {operator}{shapes} {attributes} -> {name} {what}"
        return "With every value as an output, all are right: look at what is fused."
