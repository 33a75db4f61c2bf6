"""The tests that come with the onnx package, in one form."""
import dataclasses
import pathlib
import re

import numpy as np
import onnx
import onnx.backend.test
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")
DATA = pathlib.Path(onnx.backend.test.__file__).parent / "data"
# Their values are those of NumPy's generator; only type and shape can be compared.
RANDOM = re.compile(r"test_bernoulli|test_training_dropout(_default|_mask|$)")


@dataclasses.dataclass
class Case:
    """One test: a model and sets of (inputs, outputs), each {name: value}."""

    name: str
    kind: str
    source: object
    operator: str
    rtol: float = 1e-3
    atol: float = 1e-7

    @property
    def random(self):
        return bool(RANDOM.match(self.name))

    def load(self):
        """The model and its data. Only here is anything read from disk."""
        if self.kind == "light":
            return load_light(self.source)
        if self.source.model is not None:
            model = self.source.model
            sets = [([plain(v) for v in i], [plain(v) for v in o]) for i, o in self.source.data_sets]
        else:
            folder = pathlib.Path(self.source.model_dir)
            model = onnx.load(folder / "model.onnx")
            sets = [tuple([read(d / f"{what}_{n}.pb", v.type) for n, v in enumerate(values)
                           if (d / f"{what}_{n}.pb").exists()]
                          for what, values in (("input", graph_inputs(model)), ("output", model.graph.output)))
                    for d in sorted(folder.glob("test_data_set_*"))]
        names = [i.name for i in graph_inputs(model)], [o.name for o in model.graph.output]
        return model, [tuple(dict(zip(n, v)) for n, v in zip(names, data)) for data in sets]


def graph_inputs(model):
    """The inputs that are no constants."""
    constant = {i.name for i in model.graph.initializer} | {i.values.name for i in model.graph.sparse_initializer}
    return [i for i in model.graph.input if i.name not in constant]


def plain(value):
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def read(path, kind):
    """A tensor, sequence or optional from a file."""
    proto, convert = {
        "tensor_type": (onnx.TensorProto, numpy_helper.to_array),
        "sequence_type": (onnx.SequenceProto, numpy_helper.to_list),
        "optional_type": (onnx.OptionalProto, numpy_helper.to_optional),
    }[kind.WhichOneof("value")]
    message = proto()
    message.ParseFromString(path.read_bytes())
    return convert(message)


def load_light(path):
    """A light model: its input is a ramp from 0 to 1, its output lies beside it."""
    model = onnx.load(path)
    inputs = {}
    for value in graph_inputs(model):
        shape = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
        size = int(np.prod(shape))
        inputs[value.name] = (np.arange(size, dtype=np.float64) / size).astype(np.float32).reshape(shape)
    output = model.graph.output[0]
    return model, [(inputs, {output.name: read(path.with_name(path.stem + "_output_0.pb"), output.type)})]


def all_cases(kinds):
    """Every test of these kinds, by name."""
    cases = []
    for kind in kinds:
        if kind == "light":
            cases += [Case(f"test_{p.stem}", kind, p, "(network)", 1e-3, 1e-5)
                      for p in sorted((DATA / "light").glob("*.onnx"))]
            continue
        cases += [Case(t.name, kind, t, "", t.rtol, t.atol) for t in load_model_tests(kind=kind)]
    single = {c.name: c.source.model.graph.node[0].op_type for c in cases
              if c.kind == "node" and len(c.source.model.graph.node) == 1}
    for case in cases:  # An operator written out in others counts for itself.
        case.operator = case.operator or single.get(re.sub(r"_expanded(_ver\d+)?$", "", case.name), "(several)")
    return cases


def make_symbolic(model):
    """The same model with a name instead of a size for every dimension of its inputs."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for number, value in enumerate(graph_inputs(copy)):
        for axis, dim in enumerate(innermost(value.type).shape.dim):
            dim.dim_param = f"n{number}_{axis}"
    for value in copy.graph.output:
        for dim in innermost(value.type).shape.dim:
            dim.Clear()
    copy.graph.ClearField("value_info")
    return copy


def innermost(kind):
    """The tensor type inside a sequence or optional."""
    while not kind.HasField("tensor_type") and not kind.HasField("sparse_tensor_type"):
        kind = getattr(kind, kind.WhichOneof("value")).elem_type
    return kind.tensor_type
