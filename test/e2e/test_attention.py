"""Attention written as matrix products and a softmax, in every way that sizes, masks and NaN go."""
import unittest

import numpy as np
from support import ModelTest, constant, model, softmax, value

F32 = np.float32


def idiom(batch, heads, queries, keys, depth, width, masked, clears):
    """softmax(q k^T * 0.25 + m) v, the heads still beside the depth as projections leave them."""
    nodes = [("Transpose", ["q"], ["qh"], dict(perm=[0, 2, 1, 3])), ("Transpose", ["k"], ["kt"], dict(perm=[0, 2, 3, 1])),
             ("Transpose", ["v"], ["vh"], dict(perm=[0, 2, 1, 3])), ("Mul", ["qh", "half"], ["qs"], {}),
             ("Mul", ["kt", "half"], ["ks"], {}), ("MatMul", ["qs", "ks"], ["s"], {}),
             ("Add", ["s", "m"], ["b"], {}) if masked else ("Identity", ["s"], ["b"], {}),
             ("Softmax", ["b"], ["p"], dict(axis=-1)), ("IsNaN", ["p"], ["n"], {}),
             ("Where", ["n", "zero", "p"], ["c"], {}), ("MatMul", ["c" if clears else "p", "vh"], ["o"], {}),
             ("Transpose", ["o"], ["y"], dict(perm=[0, 2, 1, 3]))]
    if not clears:
        nodes = [n for n in nodes if n[0] not in ("IsNaN", "Where")]
    inputs = [value("q", F32, [batch, queries, heads, depth]), value("k", F32, [batch, keys, heads, depth]),
              value("v", F32, [batch, keys, heads, width])]
    if masked:
        inputs.append(value("m", F32, [batch, 1, queries, keys]))
    return model(nodes, inputs, [value("y", F32, [batch, queries, heads, width])],
                 [constant("half", np.array(0.5, F32)), constant("zero", np.array(0, F32))])


def expected(q, k, v, m, clears):
    p = softmax(np.einsum("bqhd,bkhd->bhqk", q, k, dtype=np.float64) * 0.25 + m)
    if clears:
        p[np.isnan(p)] = 0
    return np.einsum("bhqk,bkhd->bqhd", p, v).astype(F32)


class Attention(ModelTest):
    def draw(self, seed, b, h, q, k, d, w):
        draw = np.random.default_rng(seed)
        normal = lambda *shape: draw.standard_normal(shape).astype(F32)
        m = np.where(draw.random((b, 1, q, k)) < 0.3, F32(-np.inf), normal(b, 1, q, k))
        m[..., 0, :] = -np.inf  # One that sees nothing.
        return normal(b, q, h, d) * 3, normal(b, k, h, d), normal(b, k, h, w), m

    def test_sizes(self):
        """Known and unknown ones, around tiles and blocks of keys."""
        for number, sizes in enumerate(((1, 1, 1, 1, 1, 1), (2, 3, 17, 17, 16, 16), (1, 2, 29, 50, 8, 24), (1, 2, 5, 33, 40, 72),
                                        (1, 1, 15, 600, 4, 4), (1, 1, 3, 2100, 8, 8), (1, 2, 1, 1037, 64, 64))):
            b, h, q, k, d, w = sizes
            for masked, clears in ((False, False), (True, False), (True, True)):
                inputs = dict(zip("qkvm", self.draw(number, *sizes)))
                y = expected(*inputs.values(), clears) if masked else expected(*list(inputs.values())[:3], 0, clears)
                if not masked:
                    del inputs["m"]
                for known in (True, False):
                    with self.subTest(sizes=sizes, masked=masked, clears=clears, known=known):
                        named = (b, h, q, k) if known else ("b", h, "q", "k")
                        self.check(idiom(*named, d, w, masked, clears), inputs, {"y": y})

    def test_nan_and_infinity(self):
        """A NaN or an infinite score spoils its own query, and no other."""
        q, k, v, m = self.draw(0, 1, 2, 9, 40, 8, 8)
        m[:] = 0
        m[0, 0, 3, 17], m[0, 0, 5, 39] = np.nan, np.inf
        for clears in (False, True):
            with self.subTest(clears=clears):
                self.check(idiom(1, 2, 9, 40, 8, 8, True, clears), dict(q=q, k=k, v=v, m=m),
                           {"y": expected(q, k, v, m, clears)})

    def test_largest_score_last(self):
        """Every block of keys has larger scores than those before."""
        q, k, v = np.ones((1, 20, 1, 8), F32), np.linspace(-9, 9, 1500, dtype=F32).reshape(1, -1, 1, 1) * np.ones(8, F32), self.draw(0, 1, 1, 1, 1500, 8, 8)[2]
        self.check(idiom("b", 1, "q", "k", 8, 8, False, False), dict(q=q, k=k, v=v), {"y": expected(q, k, v, 0, False)})

    def test_masks_that_broadcast_when_running(self):
        proto = idiom("b", 2, "q", "k", 8, 8, True, False)
        proto.graph.input[3].CopyFrom(value("m", F32, ["mb", 1, "mq", "k"]))
        q, k, v, _ = self.draw(1, 2, 2, 18, 33, 8, 8)
        for b, rows in ((1, 1), (2, 1), (1, 18), (2, 18)):
            with self.subTest(b=b, rows=rows):
                m = np.random.default_rng(2).standard_normal((b, 1, rows, 33)).astype(F32)
                self.check(proto, dict(q=q, k=k, v=v, m=m), {"y": expected(q, k, v, m, False)})

    def test_batches_that_broadcast_when_running(self):
        proto = idiom("b", 2, "q", "k", 8, 8, False, False)
        for number, name in enumerate("qkv"):
            proto.graph.input[number].type.tensor_type.shape.dim[0].dim_param = name + "b"
        for rows in (1, 18):
            q, k, v, _ = self.draw(1, 3, 2, rows, 33, 8, 8)
            y = proto.graph.output[0]
            for cut in (("k",), ("v",), ("k", "v"), ("q",), ("q", "v")):
                with self.subTest(rows=rows, cut=cut):
                    inputs = {n: x[:1] if n in cut else x for n, x in dict(q=q, k=k, v=v).items()}
                    whole = [np.broadcast_to(x, (3, *x.shape[1:])) for x in inputs.values()]
                    self.check(proto, inputs, {y.name: expected(*whole, 0, False)})

    def test_shared_heads(self):
        """Queries that share keys, one and several: some read keys and values where they lie."""
        for heads, queries, keys, depth in ((4, 1, 70, 32), (6, 1, 17, 64), (10, 3, 33, 16), (2, 1, 2060, 32)):
            named = [value("q", F32, ["b", heads, "q", depth]), value("k", F32, ["b", 2, "k", depth]),
                     value("v", F32, ["b", 2, "k", depth])]
            proto = model([("Attention", ["q", "k", "v"], ["y"], {})], named, [value("y", F32, ["b", heads, "q", depth])], opset=23)
            draw = np.random.default_rng(heads)
            q, k, v = (draw.standard_normal((2, h, s, depth)).astype(F32) for h, s in ((heads, queries), (2, keys), (2, keys)))
            s = np.einsum("bhqd,bhkd->bhqk", q, k.repeat(heads // 2, 1), dtype=np.float64) / np.sqrt(depth)
            y = np.einsum("bhqk,bhkd->bhqd", softmax(s), v.repeat(heads // 2, 1))
            with self.subTest(heads=heads, queries=queries, keys=keys):
                self.check(proto, dict(q=q, k=k, v=v), {"y": y.astype(F32)})

    def test_heads_as_batches(self):
        nodes = [("Transpose", ["k"], ["kt"], dict(perm=[0, 2, 1])), ("MatMul", ["q", "kt"], ["s"], {}), ("Add", ["s", "m"], ["b"], {}),
                 ("Softmax", ["b"], ["p"], dict(axis=-1)), ("MatMul", ["p", "v"], ["y"], {})]
        proto = model(nodes, [value("q", F32, ["b", "q", 16]), value("k", F32, ["b", "k", 16]), value("v", F32, ["b", "k", 8]),
                              value("m", F32, ["b", 1, "k"])], [value("y", F32, ["b", "q", 8])])
        draw = np.random.default_rng(0)
        for b, q, k in ((6, 20, 45), (1, 1, 3)):
            with self.subTest(b=b, q=q, k=k):
                inputs = {n: draw.standard_normal(s).astype(F32) for n, s in
                          dict(q=(b, q, 16), k=(b, k, 16), v=(b, k, 8), m=(b, 1, k)).items()}
                s = np.einsum("bqd,bkd->bqk", inputs["q"], inputs["k"], dtype=np.float64) + inputs["m"]
                self.check(proto, inputs, {"y": (softmax(s) @ inputs["v"]).astype(F32)})
