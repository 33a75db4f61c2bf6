"""Products with matrices of 2-, 4- and 8-bit integers in blocks (com.microsoft MatMulNBits)."""
import itertools
import unittest

import numpy as np
from support import ModelTest, constant, model, value


def pack(integers, bits):
    """Integers of one axis, the first in the low bits of a byte."""
    per = 8 // bits
    padded = np.zeros((integers.shape[0], -(-integers.shape[1] // per) * per), np.uint8)
    padded[:, :integers.shape[1]] = integers
    return sum(padded[:, i::per].astype(np.int64) << (bits * i) for i in range(per)).astype(np.uint8)


def round_blocks(x, block):
    """Rows whose blocks are bytes times a factor."""
    padded = np.pad(x, ((0, 0), (0, -x.shape[1] % block))).reshape(x.shape[0], -1, block)
    factor = np.abs(padded).max(2, keepdims=True) / 127
    return (np.rint(padded / np.where(factor > 0, factor, 1)) * factor).reshape(x.shape[0], -1)[:, :x.shape[1]]


class NBits(ModelTest):
    """The expected values are NumPy's, in double precision."""

    def check_product(self, k, n, bits, block, zeros, rows, is_constant=True, dtype=np.float32, **attributes):
        draw = np.random.default_rng(k + n + bits + rows)
        blocks = -(-k // block)
        integers = draw.integers(0, 1 << bits, (n, blocks * block)).astype(np.uint8)
        scales = (draw.random((n, blocks)) * 0.1 + 0.01).astype(dtype)
        operands = {"b": pack(integers, bits).reshape(n, blocks, -1), "s": scales}
        middle = np.full((n, blocks), 1 << (bits - 1), np.float64)
        if zeros == "packed":
            middle = draw.integers(0, 1 << bits, (n, blocks)).astype(np.float64)
            operands["z"] = pack(middle.astype(np.uint8), bits)
        elif zeros == "float":
            operands["z"] = (draw.random((n, blocks)) * (1 << bits)).astype(dtype)
            middle = operands["z"].astype(np.float64)
        x = draw.standard_normal((rows, k)).astype(dtype)
        factors = x.astype(np.float64)
        if attributes.get("accuracy_level") == 4:
            factors = round_blocks(factors, block)
        weights = (integers.reshape(n, blocks, block) - middle[:, :, None]) * scales.astype(np.float64)[:, :, None]
        y = factors @ weights.reshape(n, -1)[:, :k].T
        given = {"x": x} | ({} if is_constant else operands)
        proto = model([("MatMulNBits", ["x", *operands], ["y"],
                        dict(domain="com.microsoft", K=k, N=n, bits=bits, block_size=block, **attributes))],
                      [value(name, a.dtype, ["rows", k] if name == "x" else a.shape) for name, a in given.items()],
                      [value("y", dtype, ["rows", n])],
                      [constant(name, a) for name, a in operands.items() if is_constant], domains=["com.microsoft"])
        with self.subTest(k=k, n=n, bits=bits, block=block, zeros=zeros, rows=rows, **attributes):
            self.check(proto, given, {"y": y.astype(dtype)})

    def test_widths_and_zeros(self):
        for bits, zeros in itertools.product((2, 4, 8), (None, "packed", "float")):
            self.check_product(128, 40, bits, 32, zeros, 1)
            self.check_product(100, 33, bits, 16, zeros, 9)

    def test_blocks(self):
        for block in (16, 64, 128, 256):
            self.check_product(300, 48, 4, block, "packed", 3)

    def test_many_columns(self):
        self.check_product(1024, 600, 4, 32, None, 7)

    def test_types(self):
        self.check_product(96, 16, 4, 32, "float", 2, dtype=np.float16)

    def test_rounded_rows(self):
        for bits, zeros in itertools.product((2, 4, 8), (None, "packed", "float")):
            for rows in (1, 23):
                self.check_product(200, 33, bits, 32, zeros, rows, accuracy_level=4)
        self.check_product(600, 20, 8, 256, "packed", 5, accuracy_level=4)

    def test_matrices_from_outside(self):
        for bits in (2, 4, 8):
            self.check_product(96, 20, bits, 32, "packed", 2, is_constant=False)


if __name__ == "__main__":
    unittest.main()
