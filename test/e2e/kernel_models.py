"""Small models, each for one kind of kernel, with sizes drawn around vectors, tiles and blocks.

The same seed gives the same model. What is expected is calculated in double precision or in integers.
"""
import numpy as np
from support import OPSET, constant, model, softmax, value

F32 = np.float32
CHANNELS = (1, 3, 8, 15, 16, 17, 24, 31, 32, 33, 48, 64, 70, 96, 130)
EXTENTS = (1, 2, 3, 4, 5, 7, 8, 9, 12, 14, 17, 20)
ROWS = (1, 2, 3, 5, 6, 7, 13, 14, 15, 28, 29, 40, 65)


class Drawn:
    """Numbers for a model, and which of its sizes are known when it is compiled."""

    def __init__(self, seed):
        self.draw = np.random.default_rng(seed)
        self.is_known = bool(self.draw.integers(2))

    def pick(self, choices):
        return choices[self.draw.integers(len(choices))]

    def batch(self):
        """Nothing at all now and then, where that is not known before."""
        return self.pick((1, 1, 2, 3)) if self.is_known else self.pick((0, 1, 2, 3))

    def image(self):
        """The sizes of one: [N, C, H, W]."""
        return self.batch(), self.pick(CHANNELS), self.pick(EXTENTS), self.pick(EXTENTS)

    def normal(self, *shape):
        return self.draw.standard_normal(shape).astype(F32)

    def bytes(self, dtype, *shape):
        limits = np.iinfo(dtype)
        return self.draw.integers(limits.min, limits.max + 1, shape).astype(dtype)

    def value(self, name, array, named=(0,)):
        """An input or output, of whose sizes those at `named` are known or not."""
        shape = [d if self.is_known or i not in named else f"{name}{i}" for i, d in enumerate(array.shape)]
        return value(name, array.dtype, shape)

    def model(self, nodes, inputs, expected, constants={}, named=(0,), opset=OPSET, **others):
        """A model, its inputs and what is expected. `others` names the sizes of those that `named` does not fit."""
        typed = lambda arrays: [self.value(n, a, others.get(n, named)) for n, a in arrays.items()]
        constants = [constant(n, a) for n, a in constants.items()]
        return model(nodes, typed(inputs), typed(expected), constants, opset), inputs, expected


def windows(x, kernel, strides=(1, 1), dilations=(1, 1), pads=(0, 0, 0, 0), rest=0):
    """Of [N, C, H, W], what each output position sees: [taps, N, C, OH, OW]. Around it is `rest`."""
    x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])), constant_values=rest)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    height, width = ((s - span) // stride + 1 for s, span, stride in zip(x.shape[2:], spans, strides))
    return np.stack([x[:, :, i * dilations[0]:i * dilations[0] + (height - 1) * strides[0] + 1:strides[0],
                       j * dilations[1]:j * dilations[1] + (width - 1) * strides[1] + 1:strides[1]]
                     for i in range(kernel[0]) for j in range(kernel[1])])


def convolve(x, w, groups=1, **geometry):
    """x [N, C, H, W] and w [F, C / groups, KH, KW], in the type of the products."""
    seen = windows(x, w.shape[2:], **geometry)
    taps, n, c, height, width = seen.shape
    seen = seen.reshape(taps, n, groups, c // groups, height, width)
    filters = w.reshape(groups, w.shape[0] // groups, c // groups, taps)
    return np.einsum("tngchw,gfct->ngfhw", seen, filters, optimize=True).reshape(n, w.shape[0], height, width)


def draw_geometry(d, height, width, kernels=(1, 2, 3, 5)):
    """A kernel that fits, and how it moves: for convolve and windows, and as attributes."""
    kernel = [int(min(d.pick(kernels), s)) for s in (height, width)]
    dilations = [int(d.pick((1, 1, 2))) if (k - 1) * 2 < s else 1 for k, s in zip(kernel, (height, width))]
    pads = [int(d.draw.integers(0, k)) for k in kernel * 2]
    strides = [int(d.pick((1, 1, 2, 3))) for _ in kernel]
    geometry = dict(strides=strides, dilations=dilations, pads=pads)
    return kernel, geometry, dict(kernel_shape=kernel, **geometry)


def convolution(d):
    """Convolutions, depthwise and grouped ones too, an activation, and a sum with one of 1 x 1."""
    n, c, height, width = d.image()
    groups = d.pick([1, 1, c] + [g for g in (2, 3) if c % g == 0])
    f = groups * d.pick((1, 1, 2)) if groups > 1 else d.pick(CHANNELS)
    kernel, geometry, attributes = draw_geometry(d, height, width)
    x, bias = d.normal(n, c, height, width), d.normal(f)
    w = d.normal(f, c // groups, *kernel) / F32(np.sqrt(c // groups * np.prod(kernel)))
    back = d.normal(c, f, 1, 1) / F32(np.sqrt(f))
    a = np.maximum(convolve(x.astype(float), w.astype(float), groups, **geometry) + bias[:, None, None], 0)
    b = convolve(a, back.astype(float))
    y = (b + np.minimum(b, 1)).astype(F32)
    nodes = [("Conv", ["x", "w", "bias"], ["c"], dict(group=groups, **attributes)), ("Relu", ["c"], ["a"], {}),
             ("Conv", ["a", "back"], ["b"], {}), ("Min", ["b", "one"], ["m"], {}), ("Add", ["b", "m"], ["y"], {})]
    return d.model(nodes, dict(x=x), dict(y=y), dict(w=w, bias=bias, back=back, one=F32(1)))


def dilated(d):
    """Convolutions of whose taps many lie beside the image, or whose pixels lie pages apart."""
    n, c, f, height, width = d.batch(), d.pick((64, 70, 96, 512, 1024)), d.pick((64, 100)), d.pick(EXTENTS), d.pick(EXTENTS)
    kernel = [int(d.pick((1, 3, 3, 4))) for _ in "hw"]
    dilations, strides = [int(d.pick((1, 2, 5, 9, 13, 24))) for _ in kernel], [int(d.pick((1, 1, 2))) for _ in kernel]
    reach = [(k - 1) * e for k, e in zip(kernel, dilations)]
    begin = [r // 2 + int(d.draw.integers(0, 3)) for r in reach]
    pads = begin + [max(r - b, 0) + int(d.draw.integers(0, 3)) for r, b in zip(reach, begin)]
    geometry = dict(strides=strides, dilations=dilations, pads=pads)
    x, w, bias = d.normal(n, c, height, width), d.normal(f, c, *kernel) / F32(np.sqrt(c)), d.normal(f)
    y = np.maximum(convolve(x.astype(float), w.astype(float), **geometry) + bias[:, None, None], 0).astype(F32)
    nodes = [("Conv", ["x", "w", "bias"], ["c"], dict(kernel_shape=kernel, **geometry)), ("Relu", ["c"], ["y"], {})]
    return d.model(nodes, dict(x=x), dict(y=y), dict(w=w, bias=bias))


def separable(d):
    """A depthwise convolution and one of 1 x 1, mostly after one that grows, of tensors that a cache does not keep."""
    grows, adds = bool(d.draw.integers(4)), bool(d.draw.integers(2))
    n, e = d.batch(), d.pick((48, 60, 72, 96))
    c = d.pick((3, 8, 17, 24)) if grows else e
    f = c if adds else d.pick((8, 17, 40))
    height = d.pick((40, 45, 56, 61, 64))
    width = max(d.pick((40, 47, 56)), -(-(1 << 17) // (e * height)))
    kernel, geometry, attributes = draw_geometry(d, height, width, (2, 3, 3, 5))
    if adds:
        kernel, geometry = [3, 3], dict(strides=[1, 1], dilations=[1, 1], pads=[1, 1, 1, 1])
        attributes = geometry
    x, bias, stem, grow, shrink = d.normal(n, 4, height, width), d.normal(f), d.normal(c, 4), d.normal(e, c), d.normal(f, e)
    w = d.normal(e, 1, *kernel) / F32(np.sqrt(np.prod(kernel)))
    mix = lambda a, m: np.einsum("nchw,fc->nfhw", a, m.astype(float), optimize=True) / np.sqrt(m.shape[1])
    clip = lambda a: np.clip(a, -1, 6)
    b = mix(x.astype(float), stem)
    a = clip(mix(b, grow)) if grows else b
    y = mix(clip(convolve(a, w.astype(float), e, **geometry)), shrink) + bias[:, None, None]
    y = (y + b if adds else y).astype(F32)
    nodes = [("Conv", ["x", "stem"], ["b"], {})]
    nodes += [("Conv", ["b", "grow"], ["g"], {}), ("Clip", ["g", "least", "most"], ["a"], {})] if grows else []
    nodes += [("Conv", ["a" if grows else "b", "w"], ["c"], dict(group=e, **attributes)),
              ("Clip", ["c", "least", "most"], ["d"], {}), ("Conv", ["d", "shrink", "bias"], ["s" if adds else "y"], {})]
    nodes += [("Add", ["s", "b"], ["y"], {})] if adds else []
    mixes = dict(stem=stem, shrink=shrink) | (dict(grow=grow) if grows else {})
    constants = {k: (m / np.sqrt(m.shape[1])).astype(F32)[:, :, None, None] for k, m in mixes.items()}
    return d.model(nodes, dict(x=x), dict(y=y), constants | dict(w=w, bias=bias, least=F32(-1), most=F32(6)))


def draw_pooling(d, x, kernel, geometry):
    """Of x: the name of one, its other attributes, and what is expected."""
    if d.draw.integers(2):
        return "MaxPool", {}, windows(x, kernel, rest=-np.inf, **geometry).max(0)
    includes = int(d.draw.integers(2))
    y = windows(x.astype(float), kernel, **geometry).sum(0)
    count = np.prod(kernel) if includes else windows(np.ones_like(x), kernel, **geometry).sum(0)
    return "AveragePool", dict(count_include_pad=includes), y / count


def pool(d):
    """A pooling between two transposes or none."""
    n, c, height, width = d.image()
    kernel, geometry, attributes = draw_geometry(d, height, width, (1, 2, 3, 7))
    # No window lies in the pads alone.
    x = d.normal(n, c, height, width)
    name, others, y = draw_pooling(d, x, kernel, geometry)
    return d.model([(name, ["x"], ["y"], dict(**attributes, **others))], dict(x=x), dict(y=y.astype(F32)))


def stem(d):
    """A convolution, and a pooling or depthwise convolution of its results, which a cache does not keep."""
    n, c, e, height = d.batch(), d.pick((1, 3, 8, 17)), d.pick((24, 32, 50)), d.pick((40, 45, 56, 61, 64))
    width = max(d.pick((40, 47, 56)), -(-(1 << 17) // (e * height)))
    kernel, geometry, attributes = draw_geometry(d, height, width, (1, 2, 3, 5))
    is_paired = not d.draw.integers(4)
    if is_paired:
        c, height, kernel, geometry = d.pick((16, 40)), d.pick((6, 56)), [3, 3], dict(pads=[1, 1, 1, 1])
        attributes = geometry
    height, width = (size * stride for size, stride in zip((height, width), geometry.get("strides", (1, 1))))
    x, bias = d.normal(n, c, height, width), d.normal(e)
    w = d.normal(e, c, *kernel) / F32(np.sqrt(c * np.prod(kernel)))
    a = np.maximum(convolve(x, w, **geometry) + bias[:, None, None], 0)
    nodes, constants = [("Conv", ["x", "w", "bias"], ["c"], attributes), ("Relu", ["c"], ["a"], {})], dict(w=w, bias=bias)
    kernel, geometry, attributes = draw_geometry(d, *a.shape[2:], (2, 3, 3, 5))
    if is_paired:
        kernel, geometry = [2, 2], dict(strides=[2, 2])
        attributes = dict(kernel_shape=kernel, **geometry)
    if is_paired or d.draw.integers(3):
        name, others, y = draw_pooling(d, a, kernel, geometry)
        nodes.append((name, ["a"], ["y"], dict(**attributes, **others)))
    else:
        constants["v"] = d.normal(e, 1, *kernel) / F32(np.sqrt(np.prod(kernel)))
        y = np.minimum(convolve(a, constants["v"], e, **geometry), 1)
        nodes += [("Conv", ["a", "v"], ["b"], dict(group=e, **attributes)), ("Min", ["b", "one"], ["y"], {})]
        constants["one"] = F32(1)
    return d.model(nodes, dict(x=x), dict(y=y.astype(F32)), constants)


def product(d):
    """A batched product of two inputs, transposed or not, and one with a constant."""
    n, m, k, f = d.batch(), d.pick(ROWS), d.pick(CHANNELS), d.pick(CHANNELS)
    dtype, is_turned = d.pick((F32, F32, np.float64, np.float16)), bool(d.draw.integers(2))
    x, z = d.normal(n, 2, m, k).astype(dtype), d.normal(n, 2, *((f, k) if is_turned else (k, f))).astype(dtype)
    w = (d.normal(f, k) / np.sqrt(f)).astype(dtype)
    right = z.swapaxes(2, 3) if is_turned else z
    s = (x.astype(float) @ right.astype(float)) / np.sqrt(k)
    y = (np.tanh(s) @ w.astype(float) + x).astype(dtype)
    nodes = [("Transpose", ["z"], ["t"], dict(perm=[0, 1, 3, 2])) if is_turned else ("Identity", ["z"], ["t"], {}),
             ("MatMul", ["x", "t"], ["p"], {}), ("Div", ["p", "root"], ["s"], {}), ("Tanh", ["s"], ["a"], {}),
             ("MatMul", ["a", "w"], ["b"], {}), ("Add", ["b", "x"], ["y"], {})]
    return d.model(nodes, dict(x=x, z=z), dict(y=y), dict(w=w, root=dtype(np.sqrt(k))), named=(0, 2), z=(0,))


def large_product(d):
    """One with a large constant, of which halves of the rows share sums."""
    n, m = d.pick((1, 1, 1, 2, 3)), d.pick((63, 64, 95, 96, 97, 115, 129, 142, 197, 337, 400))
    k, f = d.pick((384, 416, 768, 1024, 1088, 1536)), d.pick((256, 512, 544, 768, 1024))
    x, w, bias, rest = d.normal(n, m, k), d.normal(k, f) / F32(np.sqrt(k)), d.normal(f), d.normal(n, m, f)
    y = (np.tanh(x.astype(float) @ w.astype(float) + bias) + rest).astype(F32)
    nodes = [("MatMul", ["x", "w"], ["p"], {}), ("Add", ["p", "bias"], ["s"], {}), ("Tanh", ["s"], ["a"], {}),
             ("Add", ["a", "rest"], ["y"], {})]
    return d.model(nodes, dict(x=x, rest=rest), dict(y=y), dict(w=w, bias=bias), named=(0, 1))


def integers(d):
    """Products and convolutions of bytes, whose zero points may lie anywhere, exact."""
    byte, weight = d.pick((np.uint8, np.int8)), d.pick((np.int8, np.int8, np.uint8))
    zero, less = d.bytes(byte)[()], d.pick((weight(0), weight(127), d.bytes(weight)[()]))
    wide = lambda values, zero: values.astype(np.int32) - np.int32(zero)
    if d.draw.integers(2):
        n, m, k, f = d.batch(), d.pick(ROWS), d.pick(CHANNELS), d.pick(CHANNELS)
        x, w = d.bytes(byte, n, m, k), d.bytes(weight, k, f)
        less = d.pick((less, d.bytes(weight, f)))
        y = wide(x, zero) @ wide(w, less)
        node = ("MatMulInteger", ["x", "w", "zero", "less"], ["y"], {})
    else:
        n, c, height, width = d.image()
        groups = d.pick((1, 1, c))
        kernel, geometry, attributes = draw_geometry(d, height, width, (1, 2, 3))
        f = groups if groups > 1 else d.pick(CHANNELS)
        x, w = d.bytes(byte, n, c, height, width), d.bytes(weight, f, c // groups, *kernel)
        y = convolve(wide(x, zero), wide(w, less), groups, **geometry)
        node = ("ConvInteger", ["x", "w", "zero", "less"], ["y"], dict(group=groups, **attributes))
    return d.model([node], dict(x=x), dict(y=y.astype(np.int32)), dict(w=w, zero=zero, less=less))


def quantized(d):
    """A convolution between QuantizeLinear and DequantizeLinear, as quantizers write it."""
    n, c, height, width = d.image()
    groups = d.pick((1, 1, c))
    f = groups if groups > 1 else d.pick(CHANNELS)
    kernel, geometry, attributes = draw_geometry(d, height, width, (1, 3))
    byte = d.pick((np.uint8, np.int8))
    low, high = np.iinfo(byte).min, np.iinfo(byte).max
    zero = byte(d.draw.integers(low + 100, high - 100))
    scales = (d.draw.random(f) * 0.01 + 0.005).astype(F32)
    w, x = d.draw.integers(-127, 128, (f, c // groups, *kernel)).astype(np.int8), d.normal(n, c, height, width)
    less = np.zeros(f, np.int8)
    if d.draw.integers(2):
        less = d.draw.integers(126, 130, f).astype(np.uint8)
        w = (w.astype(int) + less[:, None, None, None]).clip(0, 255).astype(np.uint8)
    bias = d.draw.integers(-500, 500, f).astype(np.int32)
    inner, outer = F32(0.03), F32(0.02 * np.sqrt(c // groups * np.prod(kernel)))
    quantize = lambda v, scale: np.clip(np.round(v / scale) + int(zero), low, high)
    q = quantize(x, inner) - int(zero)
    sums = convolve(q, w.astype(float) - less[:, None, None, None], groups, **geometry) + bias[:, None, None]
    y = (quantize(np.maximum(sums * (inner * scales)[:, None, None], 0), outer) - int(zero)) * outer
    by_channel = dict(axis=0)
    nodes = [("QuantizeLinear", ["x", "inner", "zero"], ["q"], {}), ("DequantizeLinear", ["q", "inner", "zero"], ["xd"], {}),
             ("DequantizeLinear", ["w", "scales", "less"], ["wd"], by_channel),
             ("DequantizeLinear", ["bias", "both"], ["bd"], by_channel),
             ("Conv", ["xd", "wd", "bd"], ["c"], dict(group=groups, **attributes)), ("Relu", ["c"], ["r"], {}),
             ("QuantizeLinear", ["r", "outer", "zero"], ["yq"], {}), ("DequantizeLinear", ["yq", "outer", "zero"], ["y"], {})]
    constants = dict(inner=inner, outer=outer, zero=zero, scales=scales, both=inner * scales, w=w, less=less, bias=bias)
    return *d.model(nodes, dict(x=x), dict(y=y.astype(F32)), constants), outer


def rows(d):
    """Ops that go through the same rows: a sum, a layer norm, a softmax, and what is left of each row."""
    n, m, size = d.batch(), d.pick(ROWS), d.pick(CHANNELS + (257, 1000, 4100))
    x, bias, scale = d.normal(n, m, size), d.normal(size), d.normal(size)
    a = x.astype(float) + bias
    centered = a - a.mean(-1, keepdims=True)
    b = centered / np.sqrt((centered**2).mean(-1, keepdims=True) + 1e-3) * scale + bias
    y, z = softmax(b).astype(F32), (a * b).max(-1).astype(F32)
    nodes = [("Add", ["x", "bias"], ["a"], {}), ("LayerNormalization", ["a", "scale", "bias"], ["b"], dict(epsilon=1e-3)),
             ("Softmax", ["b"], ["y"], {}), ("Mul", ["a", "b"], ["c"], {}),
             ("ReduceMax", ["c", "last"], ["z"], dict(keepdims=0))]
    return d.model(nodes, dict(x=x), dict(y=y, z=z), dict(bias=bias, scale=scale, last=np.array([-1])), named=(0, 1, 2),
                   x=(0, 1, 2) if d.draw.integers(2) else (0,))


def attention(d):
    """Attention of heads of which several share keys, masked or not."""
    n, groups, shared = d.batch(), d.pick((1, 2)), d.pick((1, 1, 3, 4))
    queries, keys, depth = d.pick((1,) + ROWS), d.pick(ROWS + (600, 2100)), d.pick((4, 8, 16, 20, 32, 64))
    q, k, v = (d.normal(n, h, s, depth) for h, s in ((groups * shared, queries), (groups, keys), (groups, keys)))
    m = np.where(d.draw.random((queries, keys)) < 0.2, F32(-1e4), F32(0))
    is_masked = bool(d.draw.integers(2))
    s = np.einsum("nhqd,nhkd->nhqk", q.astype(float), k.repeat(shared, 1)) / np.sqrt(depth) + (m if is_masked else 0)
    y = np.einsum("nhqk,nhkd->nhqd", softmax(s), v.repeat(shared, 1)).astype(F32)
    inputs = dict(q=q, k=k, v=v) | (dict(m=m) if is_masked else {})
    return d.model([("Attention", list(inputs), ["y"], {})], inputs, dict(y=y), named=(0, 2), m=(0, 1), opset=23)


def scatter(d):
    """Elements written by index along an axis, one after the other or added up."""
    sizes = [d.pick((1, 2, 3, 5, 70, 130)) for _ in range(d.pick((1, 2, 3)))]
    axis = int(d.draw.integers(len(sizes)))
    counts = [d.pick((1, 4, 90)) if i == axis else int(d.draw.integers(1, n + 1)) for i, n in enumerate(sizes)]
    reduction = d.pick(("none", "add", "mul", "max", "min"))
    x, updates = d.draw.integers(-9, 10, sizes).astype(F32), d.draw.integers(-1, 2, counts).astype(F32)
    indices = d.draw.integers(-sizes[axis], sizes[axis], counts).astype(d.pick((np.int32, np.int64)))
    combine = dict(none=lambda a, b: b, add=np.add, mul=np.multiply, max=np.maximum, min=np.minimum)[reduction]
    y = x.copy()
    for at in np.ndindex(*counts):
        place = at[:axis] + (indices[at],) + at[axis + 1:]
        y[place] = combine(y[place], updates[at])
    inputs = dict(x=x, indices=indices, updates=updates)
    return d.model([("ScatterElements", list(inputs), ["y"], dict(axis=axis, reduction=reduction))], inputs, dict(y=y),
                   named=range(len(sizes)), opset=18)


KINDS = [convolution, dilated, separable, stem, pool, product, large_product, integers, quantized, rows, attention,
         scatter]
