"""Small networks of the kinds that people compile. Each gives a model and inputs of one size, perhaps with outputs."""
import numpy as np
from onnx import TensorProto, helper
from support import constant, model, value

F32 = np.float32


def weights(seed, **shapes):
    """Constants with normal values, scaled so that a layer keeps the size of what passes."""
    draw = np.random.default_rng(seed)
    return [constant(n, (draw.standard_normal(s) / max(1, np.prod(s[1:])) ** 0.5).astype(F32)) for n, s in shapes.items()]


def sample(seed, *shape):
    return np.random.default_rng(1000 + seed).standard_normal(shape).astype(F32)


def mlp(batch):
    """Three layers with other activations."""
    nodes = [("Gemm", ["x", "w1", "b1"], ["h1"], dict(transB=1)), ("Relu", ["h1"], ["r1"], {}),
             ("Gemm", ["r1", "w2", "b2"], ["h2"], dict(transB=1, alpha=0.5)), ("Tanh", ["h2"], ["r2"], {}),
             ("MatMul", ["r2", "w3"], ["h3"], {}), ("Softmax", ["h3"], ["y"], dict(axis=-1))]
    return (model(nodes, [value("x", F32, ["batch", 17])], [value("y", F32, ["batch", 7])],
                  weights(1, w1=(33, 17), b1=(33,), w2=(19, 33), b2=(19,), w3=(19, 7))), {"x": sample(1, batch, 17)})


def residual(batch, height, width):
    """Convolutions, a depthwise one, a batch norm and a residual sum, with strides and odd padding."""
    nodes = [("Conv", ["x", "w1", "b1"], ["c1"], dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1])),
             ("Relu", ["c1"], ["r1"], {}),
             ("Conv", ["r1", "w2"], ["c2"], dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=12)),
             ("BatchNormalization", ["c2", "s", "o", "m", "v"], ["n2"], {}),
             ("Conv", ["n2", "w3"], ["c3"], dict(kernel_shape=[1, 1])),
             ("Add", ["c3", "r1"], ["sum"], {}), ("HardSwish", ["sum"], ["act"], {}),
             ("Conv", ["act", "w4"], ["c4"], dict(kernel_shape=[3, 2], strides=[2, 1], pads=[0, 1, 1, 0], dilations=[1, 2])),
             ("MaxPool", ["c4"], ["p"], dict(kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)),
             ("GlobalAveragePool", ["p"], ["g"], {}), ("Flatten", ["g"], ["f"], {}),
             ("Gemm", ["f", "w5", "b5"], ["y"], dict(transB=1))]
    stats = [constant(n, np.linspace(0.5, 1.5, 12, dtype=F32)) for n in ("s", "o", "m", "v")]
    return (model(nodes, [value("x", F32, ["batch", 3, "height", "width"])], [value("y", F32, ["batch", 5])],
                  [*weights(2, w1=(12, 3, 3, 3), b1=(12,), w2=(12, 1, 3, 3), w3=(12, 12, 1, 1), w4=(9, 12, 3, 2),
                            w5=(5, 9), b5=(5,)), *stats]), {"x": sample(2, batch, 3, height, width)})


def encoder(batch, seq):
    """One pre-norm transformer layer with four heads, a mask and a gated MLP."""
    nodes = [("LayerNormalization", ["x", "g1", "o1"], ["n"], dict(axis=-1))]
    for part in "qkv":
        nodes += [("MatMul", ["n", f"w{part}"], [f"m{part}"], {}), ("Reshape", [f"m{part}", "heads"], [f"h{part}"], {}),
                  ("Transpose", [f"h{part}"], [part], dict(perm=[0, 2, 3, 1] if part == "k" else [0, 2, 1, 3]))]
    nodes += [("MatMul", ["q", "k"], ["s"], {}), ("Mul", ["s", "scale"], ["ss"], {}),
              ("Where", ["mask", "ss", "low"], ["masked"], {}), ("Softmax", ["masked"], ["p"], dict(axis=-1)),
              ("MatMul", ["p", "v"], ["a"], {}), ("Transpose", ["a"], ["at"], dict(perm=[0, 2, 1, 3])),
              ("Reshape", ["at", "joined"], ["aj"], {}), ("MatMul", ["aj", "wo"], ["ao"], {}), ("Add", ["ao", "x"], ["r"], {}),
              ("LayerNormalization", ["r", "g1", "o1"], ["n2"], dict(axis=-1, epsilon=1e-6)),
              ("MatMul", ["n2", "wu"], ["up"], {}), ("MatMul", ["n2", "wg"], ["gate"], {}),
              ("Sigmoid", ["gate"], ["sg"], {}), ("Mul", ["gate", "sg"], ["silu"], {}), ("Mul", ["silu", "up"], ["mix"], {}),
              ("MatMul", ["mix", "wd"], ["down"], {}), ("Add", ["down", "r"], ["y"], {})]
    fixed = [constant("heads", np.array([0, 0, 4, 8])), constant("joined", np.array([0, 0, 32])),
             constant("scale", F32(8**-0.5)), constant("low", F32(-1e9)), constant("g1", np.linspace(0.5, 1.5, 32, dtype=F32)),
             constant("o1", np.linspace(-0.1, 0.1, 32, dtype=F32))]
    mask = np.ones((batch, 1, 1, seq), bool)
    mask[-1, ..., max(1, seq // 2):] = False
    return (model(nodes, [value("x", F32, ["batch", "seq", 32]), value("mask", bool, ["batch", 1, 1, "seq"])],
                  [value("y", F32, ["batch", "seq", 32])],
                  [*fixed, *weights(3, wq=(32, 32), wk=(32, 32), wv=(32, 32), wo=(32, 32), wu=(32, 48), wg=(32, 48),
                                    wd=(48, 32))]), {"x": sample(3, batch, seq, 32), "mask": mask})


def recurrent(frames, batch):
    """A bidirectional LSTM, then a GRU, then the mean over time."""
    nodes = [("LSTM", ["x", "w", "r", "b"], ["l", "", ""], dict(hidden_size=6, direction="bidirectional")),
             ("Transpose", ["l"], ["lt"], dict(perm=[0, 2, 1, 3])), ("Reshape", ["lt", "joined"], ["lj"], {}),
             ("GRU", ["lj", "w2", "r2"], ["g", "last"], dict(hidden_size=5, linear_before_reset=1)),
             ("Squeeze", ["g", "one"], ["gs"], {}), ("ReduceMean", ["gs", "zero"], ["y"], dict(keepdims=0))]
    fixed = [constant("joined", np.array([0, 0, 12])), constant("one", np.array([1])), constant("zero", np.array([0]))]
    return (model(nodes, [value("x", F32, ["frames", "batch", 9])],
                  [value("y", F32, ["batch", 5]), value("last", F32, [1, "batch", 5])],
                  [*fixed, *weights(4, w=(2, 24, 9), r=(2, 24, 6), b=(2, 48), w2=(1, 15, 12), r2=(1, 15, 5))]),
            {"x": sample(4, frames, batch, 9)})


def upscaler(batch, height, width):
    """Convolution, nearest and linear upsampling, a skip connection, transposed convolution."""
    nodes = [("Conv", ["x", "w1"], ["c1"], dict(kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])),
             ("LeakyRelu", ["c1"], ["r1"], dict(alpha=0.1)),
             ("Resize", ["r1", "", "two"], ["near"], dict(mode="nearest", nearest_mode="floor",
                                                          coordinate_transformation_mode="asymmetric")),
             ("Resize", ["r1", "", "two"], ["lin"], dict(mode="linear", coordinate_transformation_mode="half_pixel")),
             ("Concat", ["near", "lin"], ["cat"], dict(axis=1)),
             ("ConvTranspose", ["cat", "w2", "b2"], ["y"], dict(kernel_shape=[2, 2], strides=[2, 2]))]
    return (model(nodes, [value("x", F32, ["batch", 2, "height", "width"])], [value("y", F32, ["batch", 3, "h2", "w2"])],
                  [constant("two", np.array([1, 1, 2, 2], F32)), *weights(5, w1=(5, 2, 3, 3), w2=(10, 3, 2, 2), b2=(3,))]),
            {"x": sample(5, batch, 2, height, width)})


def quantized(batch):
    """QuantizeLinear and DequantizeLinear around a convolution, a function and a matrix product."""
    draw = np.random.default_rng(6)
    nodes = [("QuantizeLinear", ["x", "sx", "zx"], ["xq"], {}), ("DequantizeLinear", ["xq", "sx", "zx"], ["xd"], {}),
             ("DequantizeLinear", ["wq", "sw"], ["wd"], dict(axis=0)),
             ("Conv", ["xd", "wd"], ["c"], dict(kernel_shape=[3, 3])), ("Relu", ["c"], ["r"], {}),
             ("QuantizeLinear", ["r", "sr", "zr"], ["rq"], {}), ("DequantizeLinear", ["rq", "sr", "zr"], ["rd"], {}),
             ("Sigmoid", ["rd"], ["s"], {}), ("Mul", ["s", "rd"], ["g"], {}),
             ("QuantizeLinear", ["g", "sr", "zg"], ["gq"], {}), ("DequantizeLinear", ["gq", "sr", "zg"], ["gd"], {}),
             ("Flatten", ["gd"], ["f"], {}), ("DequantizeLinear", ["vq", "sv"], ["vd"], dict(axis=1)),
             ("MatMul", ["f", "vd"], ["y"], {})]
    fixed = dict(sx=F32(0.03), zx=np.uint8(128), wq=draw.integers(-127, 128, (6, 2, 3, 3)).astype(np.int8),
                 sw=np.linspace(0.002, 0.004, 6, dtype=F32), sr=F32(0.05), zr=np.uint8(0), zg=np.int8(-100),
                 vq=draw.integers(-127, 128, (96, 5)).astype(np.int8), sv=np.linspace(0.001, 0.002, 5, dtype=F32))
    return (model(nodes, [value("x", F32, ["batch", 2, 6, 6])], [value("y", F32, ["batch", 5])],
                  [constant(n, a) for n, a in fixed.items()]), {"x": sample(6, batch, 2, 6, 6)})


def branch(rows):
    """An If over what a value is."""
    then = helper.make_graph([helper.make_node("Mul", ["x", "two"], ["t"])], "then", [], [tensor("t")])
    other = helper.make_graph([helper.make_node("Neg", ["x"], ["e"])], "else", [], [tensor("e")])
    nodes = [("ReduceSum", ["x"], ["sum"], dict(keepdims=0)), ("Greater", ["sum", "zero"], ["positive"], {}),
             ("If", ["positive"], ["picked"], dict(then_branch=then, else_branch=other)), ("Add", ["picked", "x"], ["y"], {})]
    x = sample(7, abs(rows), 3) + F32(np.sign(rows))
    return (model(nodes, [value("x", F32, ["rows", 3])], [value("y", F32, ["rows", 3])],
                  [constant("two", F32(2)), constant("zero", F32(0))]), {"x": x})


def loop(rows, take):
    """A Loop as often as an input says, which gives its last value and one number of each turn."""
    body = helper.make_graph(
        [helper.make_node("Add", ["acc", "x"], ["next"]), helper.make_node("Identity", ["go"], ["goes"]),
         helper.make_node("ReduceSum", ["next"], ["seen"], keepdims=0)], "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []),
         tensor("acc")], [helper.make_tensor_value_info("goes", TensorProto.BOOL, []), tensor("next"), tensor("seen")])
    x = sample(7, rows, 3)
    steps = [x * (i + 1) for i in range(take + 1)]
    return (model([("Loop", ["count", "", "x"], ["y", "sums"], dict(body=body))],
                  [value("x", F32, ["rows", 3]), value("count", np.int64, [])],
                  [value("y", F32, ["rows", 3]), value("sums", F32, ["count"])]),
            {"x": x, "count": np.array(take)},
            # onnx's evaluator does not stack scalars.
            {"y": steps[-1], "sums": np.array([s.sum() for s in steps[1:]], F32)})


def tensor(name):
    """A float tensor of whatever shape."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
