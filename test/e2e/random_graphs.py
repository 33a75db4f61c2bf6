"""Random graphs that are valid by the way they are made.

A graph grows node by node: an operator is drawn, then values that it takes. Each node is run at once by
onnx's own evaluator, so that shapes are known and numbers stay tame, and the expected outputs are there
when the graph is done. The same seed gives the same graph.
"""
import numpy as np
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from support import OPSET, model, value

F32 = np.float32
SIZES = (1, 2, 3, 5, 8, 13, 17)
MOST = 50  # a larger number is brought back by Tanh


class Graph:
    def __init__(self, seed):
        self.draw = np.random.default_rng(seed)
        self.symbolic = bool(self.draw.integers(2))
        self.inputs, self.constants, self.values, self.nodes, self.used = {}, {}, {}, [], set()
        for i in range(self.draw.integers(1, 4)):
            self.inputs[f"in{i}"] = self.values[f"in{i}"] = self.numbers(self.shape(self.draw.integers(1, 5)))
        for _ in range(self.draw.integers(3, 16)):
            self.draw.choice(OPERATORS)(self)

    # What operators are drawn from.

    def shape(self, rank):
        return tuple(int(self.draw.choice(SIZES[:5] if rank > 2 else SIZES)) for _ in range(rank))

    def numbers(self, shape):
        return self.draw.standard_normal(shape).astype(F32)

    def pick(self, rank=(0, 5), most=20000):
        """The name of a value with a rank in this range; a later one rather than an earlier one."""
        names = [n for n, v in self.values.items() if rank[0] <= v.ndim < rank[1] and v.size <= most and v.dtype == F32]
        if not names:
            name = f"in{len(self.inputs)}"
            self.inputs[name] = self.values[name] = self.numbers(self.shape(max(1, rank[0])))
            return name
        weight = np.arange(1, len(names) + 1)
        return str(self.draw.choice(names, p=weight / weight.sum()))

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(array)
        return name

    def weight(self, *shape):
        return self.constant((self.numbers(shape) / max(1, np.prod(shape[1:])) ** 0.5).astype(F32))

    def axis(self, name):
        """An axis of a value, from the front or from the back."""
        rank = self.values[name].ndim
        return int(self.draw.integers(-rank, rank))

    def add(self, operator, inputs, outputs=1, **attributes):
        """Adds a node and runs it."""
        operator = str(operator)
        names = [f"v{len(self.nodes)}" + (f"_{i}" if outputs > 1 else "") for i in range(outputs)]
        known = {n: self.values[n] if n in self.values else self.constants[n] for n in inputs if n}
        for n, array in zip(names, evaluate(operator, inputs, names, attributes, known)):
            self.values[n] = np.asarray(array)
        self.nodes.append((operator, inputs, names, attributes))
        self.used.update(inputs)
        if any(v.dtype == F32 and v.size and np.abs(v).max() > MOST for v in (self.values[n] for n in names)):
            return self.add("Tanh", [names[0]])
        return names[0]

    def build(self, everything=False):
        """The model, its inputs and its expected outputs: what no node reads, or every value."""
        made = [n for _, _, names, _ in self.nodes for n in names]
        outputs = [n for n in made if everything or n not in self.used]

        def typed(name, array):
            dims = [f"{name}_{i}" if self.symbolic else d for i, d in enumerate(array.shape)]
            return value(name, array.dtype, dims)

        proto = model(self.nodes, [typed(n, a) for n, a in self.inputs.items()],
                      [typed(n, self.values[n]) for n in outputs],
                      [numpy_helper.from_array(a, n) for n, a in self.constants.items()])
        return proto, self.inputs, {n: self.values[n] for n in outputs}


def evaluate(operator, inputs, outputs, attributes, known):
    node = helper.make_node(operator, inputs, outputs, **attributes)
    graph = helper.make_graph([node], "one", [value(n, a.dtype, a.shape) for n, a in known.items()],
                              [helper.make_empty_tensor_value_info(n) for n in outputs])
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    return ReferenceEvaluator(proto).run(None, known)


# One function per kind of operator.


def unary(g):
    name = g.pick()
    operator, attributes = [("Relu", {}), ("Tanh", {}), ("Sigmoid", {}), ("Abs", {}), ("Neg", {}), ("Erf", {}),
                            ("Softplus", {}), ("LeakyRelu", dict(alpha=0.2)), ("Elu", {}), ("HardSigmoid", {}),
                            ("Sin", {}), ("Cos", {}), ("Identity", {}), ("Softsign", {})][g.draw.integers(14)]
    g.add(operator, [name], **attributes)


def positive(g):
    operator = g.draw.choice(["Sqrt", "Log", "Reciprocal"])
    g.add(operator, [g.add("Add", [g.add("Abs", [g.pick()]), g.constant(F32(0.5))])])


def binary(g):
    a = g.pick()
    shape = g.values[a].shape
    # Some leading axes left out, some sizes one: what broadcasts.
    small = [1 if g.draw.integers(3) == 0 else d for d in shape[g.draw.integers(len(shape) + 1):]]
    alike = [n for n, v in g.values.items() if v.shape == shape and v.dtype == F32]
    b = str(g.draw.choice(alike)) if g.draw.integers(2) else g.constant(g.numbers(small))
    operator = str(g.draw.choice(["Add", "Sub", "Mul", "Max", "Min", "Sum", "Mean"]))
    # onnx's evaluator cannot make the first operand of Sum and Mean larger.
    g.add(operator, [b, a] if g.draw.integers(2) and operator not in ("Sum", "Mean") else [a, b])


def select(g):
    a = g.pick()
    mask = g.add("Greater", [a, g.constant(F32(0.1))])
    g.add("Where", [mask, a, g.constant(g.numbers(g.values[a].shape[-1:]))])


def clip(g):
    g.add("Clip", [g.pick(), g.constant(F32(-0.7)), g.constant(F32(0.9)) if g.draw.integers(2) else ""])


def reduce(g):
    a = g.pick((1, 5))
    axes = sorted({g.axis(a) % g.values[a].ndim for _ in range(g.draw.integers(1, 3))})
    g.add(g.draw.choice(["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceSumSquare"]),
          [a, g.constant(np.array(axes))], keepdims=int(g.draw.integers(2)))


def softmax(g):
    a = g.pick((1, 5))
    g.add(g.draw.choice(["Softmax", "LogSoftmax"]), [a], axis=g.axis(a))


def normalize(g):
    a = g.pick((1, 5))
    size = g.values[a].shape[-1]
    if size > 1:
        g.add("LayerNormalization", [a, g.weight(size), g.weight(size)], axis=-1, epsilon=1e-3)


def transpose(g):
    a = g.pick((1, 5))
    g.add("Transpose", [a], perm=[int(i) for i in g.draw.permutation(g.values[a].ndim)])


def reshape(g):
    a = g.pick((1, 5))
    shape = list(g.values[a].shape)
    at = int(g.draw.integers(len(shape)))
    target = [shape[:at] + [-1], [-1] + shape[at:], [*shape[:at], 1, *shape[at:]]][g.draw.integers(3)]
    if target.count(-1) == 0 or np.prod(shape):
        g.add("Reshape", [a, g.constant(np.array(target))])


def join(g):
    a = g.pick((1, 5))
    axis = g.axis(a)
    shape = list(g.values[a].shape)
    shape[axis] = int(g.draw.integers(1, 5))
    b = g.constant(g.numbers(shape))
    g.add("Concat", [a, b, a] if g.draw.integers(2) else [b, a], axis=axis)


def slice_(g):
    a = g.pick((1, 5))
    axis, step = g.axis(a), int(g.draw.choice([1, 1, 2, -1]))
    size = g.values[a].shape[axis]
    first, last = (int(g.draw.integers(0, (size + 1) // 2)), int(g.draw.integers(size // 2, size)) + 1)
    if step < 0:
        first, last = last - 1, first - 1 - size
    if len(range(size)[first:last:step]):
        g.add("Slice", [a, *(g.constant(np.array([n])) for n in (first, last, axis, step))])


def split(g):
    a = g.pick((1, 5))
    axis = g.axis(a)
    size = g.values[a].shape[axis]
    if size > 1:
        first = int(g.draw.integers(1, size))
        g.add("Split", [a, g.constant(np.array([first, size - first]))], 2, axis=axis)


def gather(g):
    a = g.pick((1, 5))
    axis = g.axis(a)
    size = g.values[a].shape[axis]
    g.add("Gather", [a, g.constant(g.draw.integers(-size, size, g.draw.integers(1, 4)))], axis=axis)


def pad(g):
    a = g.pick((1, 5))
    pads = g.draw.integers(0, 3, 2 * g.values[a].ndim)
    mode = str(g.draw.choice(["constant", "edge"]))
    g.add("Pad", [a, g.constant(pads), g.constant(F32(0.5))][:2 if mode == "edge" else 3], mode=mode)


def repeat(g):
    a = g.pick((1, 5), 2000)
    g.add("Tile", [a, g.constant(g.draw.integers(1, 3, g.values[a].ndim))])


def product(g):
    a = g.pick((2, 5))
    k = g.values[a].shape[-1]
    b = g.add("MatMul", [a, g.weight(k, int(g.draw.choice(SIZES)))])
    if g.draw.integers(2):
        g.add(g.draw.choice(["Relu", "Tanh"]), [g.add("Add", [b, g.weight(g.values[b].shape[-1])])])


def gemm(g):
    a = g.pick((2, 3))
    n, k = int(g.draw.choice(SIZES)), g.values[a].shape[1]
    g.add("Gemm", [a, g.weight(n, k), g.weight(n)], transB=1, alpha=0.5, beta=2.0)


def convolution(g):
    a = g.pick((4, 5))
    _, channels, height, width = g.values[a].shape
    kernel = [int(min(g.draw.integers(1, 4), s)) for s in (height, width)]
    groups = channels if g.draw.integers(3) == 0 else 1
    out = groups * int(g.draw.integers(1, 5))
    pads = [int(g.draw.integers(0, k)) for k in kernel] + [int(g.draw.integers(0, k)) for k in kernel]
    b = g.add("Conv", [a, g.weight(out, channels // groups, *kernel), g.weight(out)], kernel_shape=kernel, group=groups,
              pads=pads, strides=[int(s) for s in g.draw.integers(1, 3, 2)])
    if g.draw.integers(2):
        g.add(g.draw.choice(["Relu", "HardSwish", "Sigmoid"]), [b])


def pool(g):
    a = g.pick((4, 5))
    kernel = [int(min(2, s)) for s in g.values[a].shape[2:]]
    operator = str(g.draw.choice(["MaxPool", "AveragePool", "GlobalAveragePool"]))
    g.add(operator, [a], **(dict(kernel_shape=kernel, strides=[int(s) for s in g.draw.integers(1, 3, 2)])
                            if operator != "GlobalAveragePool" else {}))


OPERATORS = [unary, unary, positive, binary, binary, select, clip, reduce, softmax, normalize, transpose, reshape, join,
             slice_, split, gather, pad, repeat, product, product, gemm, convolution, convolution, pool]
