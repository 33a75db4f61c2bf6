"""Small models that move, resize and add up elements, made like those of kernel_models."""
import numpy as np
from kernel_models import CHANNELS, EXTENTS, F32, convolve, draw_geometry
from support import reference, softmax

TYPES = (F32, F32, np.float64, np.float16, np.int64, np.int32, np.uint8, np.int8, np.bool_)


def numbers(d, dtype, *shape):
    return (d.draw.random(shape) < 0.5 if dtype == np.bool_ else
            d.bytes(dtype, *shape) if np.issubdtype(dtype, np.integer) else d.normal(*shape).astype(dtype))


def transposes(d):
    """Transposes of any rank and type, one after the other, alone or with what is fused into them."""
    rank, dtype = d.pick((2, 3, 4, 5)), d.pick(TYPES)
    x = numbers(d, dtype, d.batch(), *(d.pick((1, 2, 3, 5, 8, 9, 16, 17, 33) if rank > 3 else CHANNELS) for _ in range(rank - 1)))
    first, second = ([int(i) for i in d.draw.permutation(rank)] for _ in range(2))
    z, negate = x.transpose(first), dtype not in (np.bool_, np.uint8)
    y = -z if negate else z
    w = np.concatenate([y, y]).transpose(second)
    nodes = [("Transpose", ["x"], ["z"], dict(perm=first)), ("Neg" if negate else "Identity", ["z"], ["y"], {}),
             ("Concat", ["y", "y"], ["c"], dict(axis=0)), ("Transpose", ["c"], ["w"], dict(perm=second))]
    return d.model(nodes, dict(x=x), dict(y=y, w=w), named=range(rank))


def reshapes(d):
    """Transposes and reshapes in turn, which split and join any dimensions; one size may not be known."""
    x = d.normal(d.batch(), *(d.pick((1, 2, 3, 4, 6, 12)) for _ in range(d.pick((2, 3)))))
    y, unknown, nodes, wanted = x, 0, [], {}
    for i in range(d.pick((2, 3, 4))):
        order = [int(k) for k in d.draw.permutation(y.ndim)]
        y, unknown = y.transpose(order), order.index(unknown)
        parts = []  # Sizes, and which of them has the unknown one.
        for k, size in enumerate(y.shape):
            apart = k != unknown and len(parts) + y.ndim - k < 8  # Of no more than 8 dimensions.
            factor = int(np.gcd(size, d.pick((1, 2, 3)))) if apart else 1
            parts += [(factor, False)] * (factor > 1) + [(size // factor, k == unknown)]
        for _ in range(d.pick((0, 1, 2))):
            k = int(d.draw.integers(len(parts)))
            parts[k:k + 2] = [(int(np.prod([p[0] for p in parts[k:k + 2]])), any(p[1] for p in parts[k:k + 2]))]
        unknown = [p[1] for p in parts].index(True)
        y = y.reshape([p[0] for p in parts])
        wanted[f"s{i}"] = np.array([-1 if k == unknown else p[0] for k, p in enumerate(parts)])
        nodes += [("Transpose", [f"y{i}"], [f"t{i}"], dict(perm=order)), ("Reshape", [f"t{i}", f"s{i}"], [f"y{i + 1}"], {})]
    nodes.append(("Neg", [nodes[-1][2][0]], ["z"], {}))
    return d.model(nodes, dict(y0=x), dict(z=-y), wanted, z=(unknown,))


def elements(d):
    """What is at known places of some axes, each side by side. Sizes other than 1 may not be known."""
    x = d.normal(d.pick((1, 1, 2)), *(d.pick((1, 2, 3)) for _ in range(d.pick((2, 3, 4)))))
    nodes, expected, constants = [], {}, dict(flat=np.array([-1]))
    for i in range(6):
        axis = int(d.draw.integers(x.ndim))
        constants[f"at{i}"] = np.array(d.draw.integers(-x.shape[axis], x.shape[axis]))
        expected[f"y{i}"] = x.take(constants[f"at{i}"], axis).reshape(-1)
        nodes += [("Gather", ["x", f"at{i}"], [f"e{i}"], dict(axis=axis)), ("Reshape", [f"e{i}", "flat"], [f"y{i}"], {})]
    return d.model(nodes, dict(x=x), expected, constants, x=[i for i, size in enumerate(x.shape) if size > 1])


def transposed_convolution(d):
    """ConvTranspose, grouped, strided, dilated and cut at its borders, and an activation."""
    n, height, width = d.batch(), d.pick(EXTENTS[:9]), d.pick(EXTENTS[:9])
    groups, c, f = d.pick(((1, d.pick(CHANNELS), d.pick(CHANNELS)), (2, 6, 10), (5, 5, 5), (17, 17, 34)))
    kernel, strides, dilations = ([int(d.pick(s)) for _ in "hw"] for s in ((1, 2, 3, 4), (1, 1, 2, 3), (1, 1, 2)))
    spans = [(k - 1) * e + 1 for k, e in zip(kernel, dilations)]
    pads = [int(d.draw.integers(0, s)) for s in spans * 2]
    extra = [int(d.draw.integers(0, s)) for s in strides]
    x, w, bias = d.normal(n, c, height, width), d.normal(c, f // groups, *kernel) / F32(np.sqrt(c * kernel[0])), d.normal(f)
    sizes = [(s - 1) * t + span for s, t, span in zip((height, width), strides, spans)]
    cut = [s - a - b + e for s, a, b, e in zip(sizes, pads[:2], pads[2:], extra)]
    if min(cut) < 1:
        pads, cut = [0] * 4, [s + e for s, e in zip(sizes, extra)]
    # What a convolution of the same weights with zeros between the rows gives.
    spread = np.zeros((n, c, sizes[0] + spans[0] - 1 + extra[0], sizes[1] + spans[1] - 1 + extra[1]))
    spread[:, :, spans[0] - 1:spans[0] - 1 + (height - 1) * strides[0] + 1:strides[0],
           spans[1] - 1:spans[1] - 1 + (width - 1) * strides[1] + 1:strides[1]] = x
    turned = w.reshape(groups, c // groups, f // groups, *kernel).swapaxes(1, 2).reshape(f, c // groups, *kernel)[..., ::-1, ::-1]
    y = convolve(spread, turned.astype(float), groups, dilations=dilations)
    y = y[:, :, pads[0]:pads[0] + cut[0], pads[1]:pads[1] + cut[1]] + bias[:, None, None]
    y = np.maximum(y, 0.1 * y).astype(F32)
    attributes = dict(group=groups, kernel_shape=kernel, strides=strides, dilations=dilations, pads=pads, output_padding=extra)
    nodes = [("ConvTranspose", ["x", "w", "bias"], ["c"], attributes), ("LeakyRelu", ["c"], ["y"], dict(alpha=0.1))]
    return d.model(nodes, dict(x=x), dict(y=y), dict(w=w, bias=bias))


def interpolate(x, axis, size, scale, mode):
    """`x` with `size` positions along an axis, on the lines between its elements."""
    at, count = np.arange(size), x.shape[axis]
    reach = scale * count  # which may be more than a whole number
    if mode == "align_corners":
        at = at * (count - 1) / (reach - 1 if reach > 1 else 1)
    elif mode == "asymmetric":
        at = at / scale
    else:
        at = (at + 0.5) / scale - 0.5
    return np.apply_along_axis(lambda row: np.interp(at, np.arange(count), row), axis, x)


def resize(d):
    """Images resized by factors or to sizes, in each way that positions are counted."""
    n, c = max(d.batch(), 1), d.pick((1, 2, 3, 8, 17))
    x = d.normal(n, c, d.pick(EXTENTS), d.pick(EXTENTS))
    mode, positions = d.pick(("nearest", "linear", "linear", "cubic")), d.pick(("asymmetric", "half_pixel", "align_corners", "pytorch_half_pixel"))
    attributes = dict(mode=mode, coordinate_transformation_mode=positions)
    if mode == "nearest":
        attributes["nearest_mode"] = d.pick(("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"))
    # By these factors, elements lie at positions that have no rounding error.
    scales = np.array([d.pick((0.5, 1, 2, 3, 1.5)), d.pick((0.5, 1, 2, 4, 2.25))], F32)
    scales = np.where(np.floor(scales * x.shape[2:]) < 1, F32(1), scales)
    if mode == "linear" and d.draw.integers(2):
        sizes = [d.pick(EXTENTS), d.pick(EXTENTS)]
        names, given, scales = ["x", "", "", "g"], np.array([n, c, *sizes]), np.array(sizes) / x.shape[2:]
    else:
        sizes = [int(s) for s in np.floor(scales * x.shape[2:])]
        names, given = ["x", "", "g"], np.array([1, 1, *scales], F32)
    if positions == "pytorch_half_pixel" and 1 in sizes:
        # Whether a part of a position beside one counts, not all agree about.
        attributes["coordinate_transformation_mode"] = positions = "half_pixel"
    y = x.astype(float)
    for axis in (2, 3):
        y = interpolate(y, axis, sizes[axis - 2], scales[axis - 2], positions)
    proto, inputs, expected = d.model([("Resize", names, ["y"], attributes)], dict(x=x), dict(y=y.astype(F32)), dict(g=given),
                                      named=(0,) if names[2] else ())
    return proto, inputs, expected if mode == "linear" else reference(proto, inputs)


def reductions(d):
    """Sums, means and extremes over any axes, of any type, and what is left of them."""
    rank, dtype = d.pick((1, 2, 3, 4)), d.pick((F32, F32, np.float64, np.int32, np.int64))
    x = numbers(d, dtype, *(d.pick(CHANNELS[:12] if rank > 2 else CHANNELS + (257, 1000)) for _ in range(rank)))
    x = x % 100 if np.issubdtype(dtype, np.integer) else x
    axes = sorted({int(a) for a in d.draw.integers(0, rank, d.pick((1, 1, 2, 3)))})
    kind, keeps = d.pick(("Sum", "Mean", "Max", "Min", "SumSquare", "L1")), int(d.draw.integers(2))
    if kind == "Mean" and np.issubdtype(dtype, np.integer):
        kind = "Sum"
    wide = x.astype(float) if np.issubdtype(dtype, np.floating) else x
    before, read = [], "x"
    if wide.dtype == float and d.draw.integers(2):
        wide = softmax(wide.swapaxes(0, -1)).swapaxes(0, -1)
        before, read = [("Softmax", ["x"], ["s"], dict(axis=0))], "s"
    how = dict(axis=tuple(axes), keepdims=bool(keeps))
    r = {"Sum": lambda: wide.sum(**how), "Mean": lambda: wide.mean(**how), "Max": lambda: wide.max(**how), "Min": lambda: wide.min(**how),
         "SumSquare": lambda: (wide * wide).sum(**how), "L1": lambda: np.abs(wide).sum(**how)}[kind]()
    z = (wide - r).astype(dtype) if keeps else None
    nodes = before + [("Reduce" + kind, [read, "axes"], ["r"], dict(keepdims=keeps))] + ([("Sub", [read, "r"], ["z"], {})] if keeps else [])
    expected = dict(r=np.asarray(r).astype(dtype)) | ({} if z is None else dict(z=z))
    return d.model(nodes, dict(x=x), expected, dict(axes=np.array(axes)), named=range(rank))


def images(d):
    """What image networks do around convolutions: halves of channels, a gate, a sum of scales, all in one."""
    n, c, height, width = d.batch(), 2 * d.pick((1, 3, 8, 16, 20, 33)), d.pick(EXTENTS), d.pick(EXTENTS)
    kernel, geometry, attributes = draw_geometry(d, height, width, (1, 3, 5))
    x, w = d.normal(n, c, height, width), d.normal(c, 1, *kernel) / F32(np.sqrt(np.prod(kernel)))
    down = d.normal(c // 2, c, 1, 1) / F32(np.sqrt(c))
    up = d.normal(c, c // 2, 1, 1) / F32(np.sqrt(c))
    a = convolve(x.astype(float), w.astype(float), c, **geometry)
    a = a * np.clip(a / 6 + 0.5, 0, 1)
    gate = convolve(np.maximum(convolve(a.mean((2, 3), keepdims=True), down.astype(float)), 0), up.astype(float))
    b = a / (1 + np.exp(-gate))
    mixed = np.concatenate([b[:, c // 2:], b[:, :c // 2] * 2], 1).reshape(n, 2, c // 2, *b.shape[2:]).swapaxes(1, 2)
    y = convolve(mixed.reshape(b.shape), down.astype(float)).astype(F32)
    nodes = [("Conv", ["x", "w"], ["c0"], dict(group=c, **attributes)), ("HardSwish", ["c0"], ["a"], {}),
             ("GlobalAveragePool", ["a"], ["g0"], {}), ("Conv", ["g0", "down"], ["g1"], {}), ("Relu", ["g1"], ["g2"], {}),
             ("Conv", ["g2", "up"], ["g3"], {}), ("Sigmoid", ["g3"], ["g4"], {}), ("Mul", ["a", "g4"], ["b"], {}),
             ("Split", ["b"], ["h0", "h1"], dict(axis=1, num_outputs=2)), ("Add", ["h0", "h0"], ["h2"], {}),
             ("Concat", ["h1", "h2"], ["m0"], dict(axis=1)), ("Reshape", ["m0", "apart"], ["m1"], {}),
             ("Transpose", ["m1"], ["m2"], dict(perm=[0, 2, 1, 3, 4])), ("Reshape", ["m2", "joint"], ["m3"], {}),
             ("Conv", ["m3", "down"], ["y"], {})]
    apart, joint = np.array([0, 2, c // 2, *b.shape[2:]]), np.array([0, c, *b.shape[2:]])
    return d.model(nodes, dict(x=x), dict(y=y), dict(w=w, down=down, up=up, apart=apart, joint=joint))


def selections(d):
    """What is not 0, the largest or smallest with few or many equals among them, and where those are in order."""
    rank, dtype = d.pick((1, 2, 3)), d.pick(TYPES[:-1])
    x = (d.draw.integers(0, d.pick((5, 100)), [d.pick(CHANNELS + (257,)) for _ in range(rank)]) - (dtype in (F32, np.int32)) * 2).astype(dtype)
    axis, largest = int(d.draw.integers(rank)), int(d.draw.integers(2))
    k = int(d.draw.integers(1, min(x.shape[axis], 40) + 1))
    keys = x.astype(float)
    order = np.argsort(-keys if largest else keys, axis, kind="stable").take(range(k), axis)
    expected = dict(places=np.stack(np.nonzero(x)), best=np.take_along_axis(x, order, axis), order=order)
    nodes = [("NonZero", ["x"], ["places"], {}), ("TopK", ["x", "k"], ["best", "order"], dict(axis=axis, largest=largest))]
    return d.model(nodes, dict(x=x), expected, dict(k=np.array([k])), named=range(rank), places=(1,))


def boxes(d):
    """Boxes that no better one overlaps, of an image or of classes that exports put side by side."""
    n, classes, count, center = d.pick((1, 2)), d.pick((1, 1, 3)), d.pick((1, 5, 17, 70, 260)), int(d.draw.integers(2))
    size, sides = d.draw.random((n, count, 2)) * d.pick((0.02, 0.3, 3)), d.pick((1, 1, 20))
    at = d.draw.random((n, count, 2)) + d.draw.integers(0, sides, (n, count, 1)) * 4
    x = np.concatenate([at, size] if center else [at, at + size], -1).astype(F32)
    x[d.draw.random(x.shape) < d.pick((0, 0.02))] = d.pick((0, 1e30))
    scores = d.draw.random((n, classes, count)).astype(F32)
    limits = dict(most=np.array([d.pick((1, 20, count))]), overlap=np.array([d.pick((0, 0.3, 0.6))], F32), least=np.array([0.1], F32))
    nodes = [("NonMaxSuppression", ["x", "scores", *limits], ["found"], dict(center_point_box=center))]
    proto, inputs, _ = d.model(nodes, dict(x=x, scores=scores), dict(found=np.zeros((1, 3), np.int64)), limits, named=(1,), scores=(2,), found=())
    proto.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "number"
    return proto, inputs, reference(proto, inputs)


KINDS = [transposes, reshapes, elements, transposed_convolution, resize, reductions, images, selections, boxes]
