"""Sizes known only when running: none, one, odd, broadcast, decided by data."""
import unittest

import networks
import numpy as np
from support import ModelTest, constant, model, value

F32 = np.float32


class Shapes(ModelTest):
    def test_no_rows(self):
        proto, inputs = networks.mlp(1)
        self.check(proto, {"x": np.zeros((0, 17), F32)}, {"y": np.zeros((0, 7), F32)})

    def test_no_elements(self):
        proto = model([("ReduceSum", ["x", "axis"], ["s"], dict(keepdims=0)), ("Relu", ["x"], ["r"], {})],
                      [value("x", F32, ["rows", "columns"])], [value("s", F32, ["columns"]), value("r", F32, ["rows", "columns"])],
                      [constant("axis", np.array([0]))])
        for shape in ((0, 3), (4, 0), (0, 0), (1, 1)):
            with self.subTest(shape=shape):
                x = np.ones(shape, F32)
                self.check(proto, {"x": x}, {"s": x.sum(0), "r": x})

    def test_broadcasting_decided_when_running(self):
        proto = model([("Mul", ["a", "b"], ["y"], {})],
                      [value("a", F32, ["n", 1, "m"]), value("b", F32, ["p", "q"])], [value("y", F32, ["n", "p", "r"])])
        for a, b in (((2, 1, 5), (3, 5)), ((1, 1, 5), (3, 1)), ((4, 1, 1), (1, 7)), ((3, 1, 17), (1, 1))):
            with self.subTest(a=a, b=b):
                x, y = np.arange(np.prod(a), dtype=F32).reshape(a), np.arange(np.prod(b), dtype=F32).reshape(b)
                self.check(proto, {"a": x, "b": y}, {"y": x * y})

    def test_shape_arithmetic(self):
        """The idiom of exporters: sizes are read, computed with, and used to reshape."""
        nodes = [("Shape", ["x"], ["s"], {}), ("Gather", ["s", "zero"], ["n"], dict(axis=0)),
                 ("Gather", ["s", "one"], ["c"], dict(axis=0)), ("Div", ["c", "two"], ["half"], {}),
                 ("Unsqueeze", ["n", "first"], ["nu"], {}), ("Unsqueeze", ["half", "first"], ["hu"], {}),
                 ("Concat", ["nu", "pair", "hu"], ["to"], dict(axis=0)), ("Reshape", ["x", "to"], ["r"], {}),
                 ("Transpose", ["r"], ["y"], dict(perm=[0, 2, 1]))]
        fixed = dict(zero=np.array(0), one=np.array(1), two=np.array(2), first=np.array([0]), pair=np.array([2]))
        proto = model(nodes, [value("x", F32, ["n", "c"])], [value("y", F32, ["n", "half", 2])],
                      [constant(n, a) for n, a in fixed.items()])
        for n, c in ((1, 2), (3, 10), (5, 34)):
            with self.subTest(n=n, c=c):
                x = np.arange(n * c, dtype=F32).reshape(n, c)
                self.check(proto, {"x": x}, {"y": x.reshape(n, 2, c // 2).transpose(0, 2, 1)})

    def test_sizes_out_of_data(self):
        proto = model([("NonZero", ["x"], ["y"], {})], [value("x", F32, ["n", "m"])], [value("y", np.int64, [2, "found"])])
        for seed, shape in enumerate(((1, 1), (3, 5), (17, 9))):
            with self.subTest(shape=shape):
                x = np.random.default_rng(seed).integers(0, 2, shape).astype(F32)
                self.check(proto, {"x": x}, {"y": np.stack(np.nonzero(x))})
        self.check(proto, {"x": np.zeros((4, 4), F32)}, {"y": np.zeros((2, 0), np.int64)})

    def test_sizes_that_do_not_fit(self):
        """Nothing is read or written past its end: the run says what is wrong."""
        ones = lambda *shape: np.ones(shape, F32)
        like = lambda name, array: value(name, F32, [f"{name}{i}" for i in range(array.ndim)])
        cases = [("MatMul", dict(a=ones(2, 3), b=ones(5, 4)), {}), ("MatMul", dict(a=ones(2, 3, 5), b=ones(3, 5, 4)), {}),
                 ("MatMul", dict(a=ones(2, 3)), dict(b=ones(5, 4))), ("Add", dict(a=ones(2, 3), b=ones(5, 4)), {}),
                 ("Add", dict(a=ones(2, 3)), dict(b=ones(5))), ("PRelu", dict(a=ones(2, 3), b=ones(7)), {}),
                 ("Conv", dict(a=ones(2, 3, 4, 4)), dict(b=ones(4, 7, 1, 1))),
                 ("ConvTranspose", dict(a=ones(2, 3, 4, 4)), dict(b=ones(4, 7, 1, 1))),
                 ("LayerNormalization", dict(a=ones(2, 3)), dict(b=ones(7)))]
        for operator, inputs, constants in cases:
            with self.subTest(operator=operator, constants=list(constants)):
                rank = max(a.ndim for a in inputs.values())
                proto = model([(operator, ["a", "b"], ["y"], {})], [like(n, a) for n, a in inputs.items()],
                              [value("y", F32, [f"y{i}" for i in range(rank)])], [constant(n, a) for n, a in constants.items()])
                with self.assertRaisesRegex(AssertionError, "exit 3: .*(fit together|as its filters have)"):
                    self.run_model(proto, inputs, {"y": ones(1)})

    def test_sum_of_what_is_repeated(self):
        """How often is known only when the model runs."""
        nodes = [("Expand", ["x", "s"], ["e"], {}), ("Exp", ["e"], ["p"], {}), ("ReduceSum", ["p"], ["y"], {})]
        proto = model(nodes, [value("x", F32, ["n", 1]), value("s", np.int64, [2])], [value("y", F32, [1, 1])])
        for shape in ((3, 5), (3, 1), (1, 40), (3, 0)):
            with self.subTest(shape=shape):
                x = np.arange(3, dtype=F32).reshape(3, 1)
                y = np.exp(np.broadcast_to(x, np.broadcast_shapes(x.shape, shape))).sum(keepdims=True)
                self.check(proto, {"x": x, "s": np.array(shape)}, {"y": y})

    def test_products_of_any_size(self):
        """Rows and columns around every width and block that a kernel may have."""
        proto = model([("MatMul", ["a", "b"], ["y"], {})], [value("a", F32, ["m", "k"]), value("b", F32, ["k", "n"])],
                      [value("y", F32, ["m", "n"])])
        draw = np.random.default_rng(0)
        for m, k, n in ((1, 1, 1), (1, 64, 1), (6, 1, 16), (5, 3, 7), (13, 17, 31), (33, 129, 65), (100, 7, 48), (2, 1000, 3)):
            with self.subTest(m=m, k=k, n=n):
                a, b = draw.standard_normal((m, k)).astype(F32), draw.standard_normal((k, n)).astype(F32)
                self.check(proto, {"a": a, "b": b}, {"y": a @ b})

    def test_padding_beside_a_width_of_one(self):
        """Found by a random graph (seed 252)."""
        kernel = np.array([0.5, -1, 2], F32)
        proto = model([("Conv", ["x", "w"], ["y"], dict(kernel_shape=[3, 1], pads=[0, 0, 2, 0]))],
                      [value("x", F32, ["n", "c", "h", "w"])], [value("y", F32, ["n", 1, "h2", "w2"])],
                      [constant("w", kernel.reshape(1, 1, 3, 1))])
        x = np.arange(12, dtype=F32).reshape(3, 1, 4, 1)
        padded = np.pad(x, ((0, 0), (0, 0), (0, 2), (0, 0)))
        self.check(proto, {"x": x}, {"y": sum(kernel[i] * padded[:, :, i:i + 4] for i in range(3))})
