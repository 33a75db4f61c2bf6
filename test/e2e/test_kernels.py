"""Kernels at sizes that leave parts of vectors, tiles and blocks, or nothing at all, on several processors."""
import kernel_models
import layout_models
import numpy as np
import sequence_models
import support
from harness.compare import difference
from kernel_models import Drawn
from support import ModelTest

CPUS = {"x86": ("native", "x86-64-v2", "x86-64-v3"), "arm": ("generic", "generic+dotprod")}
KINDS = kernel_models.KINDS + layout_models.KINDS + sequence_models.KINDS


def within(step):
    """Equal but for a step of the last quantization, where a sum lies between two."""
    def compare(actual, expected):
        if text := difference(actual, expected, 0, 1.01 * step):
            return text
        others = np.count_nonzero(np.abs(actual - expected) > 0.01 * step)
        return f"differs by a step in {others} of {actual.size} elements" if others > 1 + actual.size // 100 else None
    return compare


def roughly(actual, expected):
    """Equal but for products of factors that are rounded to 8 bits."""
    return difference(actual, expected, 0, 0.05 * float(np.abs(expected).max(initial=0)))


class Kernels(ModelTest):
    def test_seeds(self):
        cpus = CPUS["arm" if "--target=arm" in self.programs.burinc_args else "x86"]
        for kind in KINDS:
            for seed in support.seeds:
                with self.subTest(kind=kind.__name__, seed=seed):
                    proto, inputs, expected, *step = kind(Drawn(seed))
                    compare = within(step[0]) if step else support.close
                    args = (f"--cpu={cpus[seed % len(cpus)]}",)
                    self.check(proto, inputs, expected, args, compare)
                    one, three = (self.run_model(proto, inputs, expected, *args, options=("--threads", n)) for n in "13")
                    for name in expected:
                        self.assertEqual(one[name].tobytes(), three[name].tobytes(), f"{name} depends on the number of threads")

    def test_fast_math(self):
        for kind in (kernel_models.product, kernel_models.convolution, kernel_models.separable, kernel_models.attention):
            for seed in support.seeds:
                with self.subTest(kind=kind.__name__, seed=seed):
                    proto, inputs, expected, *_ = kind(Drawn(seed))
                    self.check(proto, inputs, expected, ("--math=fast",), roughly)

    def test_strict_product(self):
        """Each row of a large product is calculated apart; by default two that are half the rows apart share sums."""
        x = np.ones((128, 768), np.float32)
        x[3] = np.nan
        w = (np.add.outer(np.arange(768), np.arange(512)) % 5).astype(np.float32)
        proto = support.model([("MatMul", ["x", "w"], ["y"], {})], [support.value("x", np.float32, x.shape)],
                              [support.value("y", np.float32, (128, 512))], [support.constant("w", w)])
        shared = [3, 67] if "--target=arm" not in self.programs.burinc_args else [3]
        for math, rows in (("strict", [3]), ("default", shared)):
            y = self.run_model(proto, {"x": x}, {"y": np.zeros((128, 512), np.float32)}, f"--math={math}")["y"]
            self.assertEqual(np.isnan(y).any(axis=1).nonzero()[0].tolist(), rows, math)
            self.assertTrue((np.delete(y, rows, axis=0) == w.sum(axis=0)).all(), math)
