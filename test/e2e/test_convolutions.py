"""Convolutions in as few multiplications as there are: rounded differently, but not much."""
import unittest

import numpy as np
from kernel_models import convolve
from support import ModelTest, constant, model, value

F32 = np.float32


def near(limit):
    """Whether every element is as close as `limit` of the root mean square."""
    def compare(actual, expected):
        rms = np.sqrt(np.mean(expected**2))
        worst = np.abs(actual - expected).max() / rms
        return None if worst <= limit else f"differs by {worst:.1e} of its root mean square, not {limit:.0e}"
    return compare


class Convolutions(ModelTest):
    def check_size(self, batch, channels, filters, height, width, scale=1.0, limit=1e-4, args=(), named=()):
        """Convolution, activation, convolution back, sum: neighbours to fuse with. `named` sizes are not known before."""
        draw = np.random.default_rng(height * width)
        weights = [(draw.standard_normal((f, c, 3, 3)) / np.sqrt(9 * c)).astype(F32)
                   for f, c in ((filters, channels), (channels, filters))]
        bias = draw.standard_normal(filters).astype(F32) * F32(scale)
        pads = dict(pads=[1, 1, 1, 1])
        shape = ["n", channels, *(named or (height, width))]
        proto = model([("Conv", ["x", "w", "bias"], ["a"], pads), ("Relu", ["a"], ["b"], {}),
                       ("Conv", ["b", "back"], ["c"], pads), ("Add", ["c", "x"], ["y"], {})],
                      [value("x", F32, shape)], [value("y", F32, shape)],
                      [constant("w", weights[0]), constant("back", weights[1]), constant("bias", bias)])
        x = (draw.standard_normal((batch, channels, height, width)) * scale).astype(F32)
        there, back = (w.astype(np.float64) for w in weights)
        inner = np.maximum(convolve(x.astype(np.float64), there, **pads) + bias[:, None, None], 0)
        self.check(proto, {"x": x}, {"y": convolve(inner, back, **pads) + x}, args, near(limit))

    def test_tiles_that_stick_out(self):
        for size in ((1, 16, 32, 8, 8), (1, 20, 33, 13, 9), (3, 40, 24, 7, 7), (2, 64, 17, 10, 4), (5, 32, 32, 3, 6),
                     (1, 16, 100, 31, 30), (1, 144, 48, 5, 23)):
            with self.subTest(size=size):
                self.check_size(*size)

    def test_sizes_known_when_running(self):
        for size in ((1, 64, 64, 1, 1), (2, 64, 33, 3, 2), (1, 40, 48, 7, 31), (3, 32, 32, 24, 20), (1, 16, 16, 65, 33),
                     (2, 512, 512, 4, 9)):
            with self.subTest(size=size):
                self.check_size(*size, named=("height", "width"))

    def test_large_and_small_numbers(self):
        for scale in (1e-18, 1e-6, 1e6, 1e18):
            with self.subTest(scale=scale):
                self.check_size(1, 32, 32, 12, 12, scale)

    def test_many_channels(self):
        self.check_size(1, 2048, 16, 8, 8)
        self.check_size(1, 512, 64, 14, 14)

    def test_strict(self):
        """Sums in another order are all that is different."""
        self.check_size(1, 64, 64, 16, 16, limit=1e-5, args=("--math=strict",))
