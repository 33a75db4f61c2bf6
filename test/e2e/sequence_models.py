"""Small models of what sequences go through, made like those of kernel_models."""
import numpy as np
from kernel_models import CHANNELS, F32, ROWS
from support import softmax


def split(x, heads):
    """[N, S, heads * D] as [N, heads, S, D]."""
    return x.reshape(*x.shape[:2], heads, x.shape[2] // heads).swapaxes(1, 2)


def written_attention(d):
    """Attention as exporters write it: projected rows, split into heads, a mask added, chosen by or none."""
    n, heads, depth = d.batch(), d.pick((1, 2, 3)), d.pick((4, 8, 16, 20, 32, 64))
    queries, keys = d.pick((1,) + ROWS), d.pick(ROWS + (130, 520))
    size, kind = heads * depth, d.pick(("none", "added", "rows", "chosen"))
    x, z = d.normal(n, queries, size), d.normal(n, keys, size)
    weights = {name: d.normal(size, size) / F32(np.sqrt(size)) for name in ("wq", "wk", "wv", "wo")}
    bias, scale = d.normal(size), F32(1 / np.sqrt(depth))
    q, k, v = (split(a.astype(float) @ weights[w] + b, heads) for a, w, b in ((x, "wq", bias), (z, "wk", 0), (z, "wv", bias)))
    s = q @ k.swapaxes(2, 3) * scale
    mask = d.draw.random((n, 1, 1 if kind == "rows" else queries, keys)) < 0.7
    mask[..., 0] = True  # No query sees nothing.
    inputs, masks = dict(x=x, z=z), {}
    if kind == "chosen":
        s, masks = np.where(mask, s, -1e9), dict(m=mask)
    elif kind != "none":
        masks = dict(m=np.where(mask, F32(0), F32(-1e4)))
        s = s + masks["m"]
    y = ((softmax(s) @ v).swapaxes(1, 2).reshape(n, queries, size) @ weights["wo"] + x).astype(F32)
    nodes = []
    for name, source, order in (("q", "x", [0, 2, 1, 3]), ("k", "z", [0, 2, 3, 1]), ("v", "z", [0, 2, 1, 3])):
        nodes += [("MatMul", [source, "w" + name], [name + "0"], {}),
                  ("Add", [name + "0", "bias"], [name + "1"], {}) if name != "k" else ("Identity", ["k0"], ["k1"], {}),
                  ("Reshape", [name + "1", "heads"], [name + "2"], {}), ("Transpose", [name + "2"], [name + "3"], dict(perm=order))]
    masked = {"none": ("Identity", ["s"], ["t"], {}), "chosen": ("Where", ["m", "s", "low"], ["t"], {})}
    nodes += [("MatMul", ["q3", "k3"], ["p0"], {}), ("Mul", ["p0", "scale"], ["s"], {}),
              masked.get(kind, ("Add", ["s", "m"], ["t"], {})), ("Softmax", ["t"], ["p"], dict(axis=-1)),
              ("MatMul", ["p", "v3"], ["o"], {}), ("Transpose", ["o"], ["o1"], dict(perm=[0, 2, 1, 3])),
              ("Reshape", ["o1", "flat"], ["o2"], {}), ("MatMul", ["o2", "wo"], ["o3"], {}), ("Add", ["o3", "x"], ["y"], {})]
    constants = dict(weights, bias=bias, scale=scale, low=F32(-1e9), heads=np.array([0, 0, heads, depth]), flat=np.array([0, 0, size]))
    return d.model(nodes, inputs | masks, dict(y=y), constants, named=(0, 1), m=(0, 2, 3))


def causal(d):
    """Attention that sees what lies before, and of a sequence what its length says."""
    n, groups, shared = d.batch(), d.pick((1, 2)), d.pick((1, 3))
    size, depth, width = d.pick(ROWS + (130,)), d.pick((4, 8, 16, 32, 64)), d.pick((4, 16, 24, 32))
    q, k = d.normal(n, groups * shared, size, depth), d.normal(n, groups, size, depth)
    v, cap = d.normal(n, groups, size, width), d.pick((0.0, 0.0, 3.0))
    s = q.astype(float) @ k.repeat(shared, 1).swapaxes(2, 3) / np.sqrt(depth)
    s = cap * np.tanh(s / cap) if cap else s
    s = np.where(np.tri(size, dtype=bool), s, -np.inf)
    y = (softmax(s) @ v.repeat(shared, 1)).astype(F32)
    inputs = dict(q=q, k=k, v=v)
    nodes = [("Attention", list(inputs), ["y"], dict(is_causal=1, softcap=cap))]
    return d.model(nodes, inputs, dict(y=y), named=(0, 2), opset=23)


def recurrent(d):
    """LSTM and GRU, in one direction or both, of sequences of one length or several."""
    steps, n, size, hidden = d.pick((1, 2, 5, 9)), d.batch(), d.pick(CHANNELS), d.pick((1, 3, 8, 16, 17, 33))
    is_lstm, direction = bool(d.draw.integers(2)), d.pick(("forward", "reverse", "bidirectional"))
    both, gates = 1 + (direction == "bidirectional"), 4 if is_lstm else 3
    x, r = d.normal(steps, n, size), d.normal(both, gates * hidden, hidden) / F32(np.sqrt(hidden))
    w, b = d.normal(both, gates * hidden, size) / F32(np.sqrt(size)), d.normal(both, 2 * gates * hidden)
    has_lengths, linear = bool(d.draw.integers(2)), int(d.draw.integers(2))
    lengths = d.draw.integers(1, steps + 1, n).astype(np.int32) if has_lengths else np.full(n, steps, np.int32)
    y, last, cell = np.zeros((steps, both, n, hidden)), np.zeros((both, n, hidden)), np.zeros((both, n, hidden))
    sigmoid = lambda a: 1 / (1 + np.exp(-a))
    for way in range(both):
        bw, br = np.split(b[way].astype(float), 2)
        for row in range(n):
            h, c = np.zeros(hidden), np.zeros(hidden)
            order = range(lengths[row])
            for t in reversed(order) if direction == "reverse" or way else order:
                a, e = w[way].astype(float) @ x[t, row] + bw, r[way].astype(float) @ h + br
                if is_lstm:
                    i, o, f, g = np.split(a + e, 4)
                    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                    h = sigmoid(o) * np.tanh(c)
                else:
                    (az, ar, an), (ez, er, en) = np.split(a, 3), np.split(e, 3)
                    z, reset = sigmoid(az + ez), sigmoid(ar + er)
                    rn, bn = r[way, 2 * hidden:].astype(float), br[2 * hidden:]
                    en = reset * en if linear else rn @ (reset * h) + bn
                    h = (1 - z) * np.tanh(an + en) + z * h
                y[t, way, row] = h
            last[way, row], cell[way, row] = h, c
    expected = dict(y=y.astype(F32), last=last.astype(F32)) | (dict(cell=cell.astype(F32)) if is_lstm else {})
    inputs = dict(x=x, lengths=lengths) if has_lengths else dict(x=x)
    attributes = dict(hidden_size=hidden, direction=direction) | ({} if is_lstm else dict(linear_before_reset=linear))
    nodes = [("LSTM" if is_lstm else "GRU", ["x", "w", "r", "b", *list(inputs)[1:]], list(expected), attributes)]
    return d.model(nodes, inputs, expected, dict(w=w, r=r, b=b), named=(1,), x=(0, 1), y=(0, 2), lengths=() if n else (0,))


KINDS = [written_attention, causal, recurrent]
