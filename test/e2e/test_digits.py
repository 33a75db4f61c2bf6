"""The trained network of examples/digits."""
import pathlib

import numpy as np
from support import ModelTest

DIGITS = pathlib.Path(__file__).resolve().parents[2] / "examples/digits"


class Digits(ModelTest):
    def setUp(self):
        self.model = (DIGITS / "digits_cnn.onnx").read_bytes()
        self.images = np.load(DIGITS / "images.npy")
        self.labels = np.load(DIGITS / "labels.npy")
        with np.load(pathlib.Path(__file__).parent / "digits_logits.npz") as file:
            self.logits = file["logits"]

    def test_all_images_at_once(self):
        logits = self.check(self.model, {"image": self.images}, {"logits": self.logits})["logits"]
        self.assertEqual(int((logits.argmax(1) == self.labels).sum()), 593)

    def test_any_batch(self):
        for batch in (1, 2, 3, 7, 31):
            with self.subTest(batch=batch):
                self.check(self.model, {"image": self.images[:batch]}, {"logits": self.logits[:batch]})

    def test_batch_bound_when_compiled(self):
        self.check(self.model, {"image": self.images[:5]}, {"logits": self.logits[:5]}, args=["--dim", "batch=5"])

    def test_same_bytes_each_time(self):
        once = self.run_model(self.model, {"image": self.images}, {"logits": self.logits})["logits"]
        again = self.run_model(self.model, {"image": self.images}, {"logits": self.logits})["logits"]
        self.assertEqual(once.tobytes(), again.tobytes())

    def test_fast_math(self):
        """Products may be of bf16 then: other logits, the same digits."""
        inputs, expected = {"image": self.images}, {"logits": self.logits}
        logits = self.run_model(self.model, inputs, expected, "--math=fast")["logits"]
        self.assertLess(np.abs(logits - self.logits).max(), 0.05 * np.sqrt(np.mean(self.logits ** 2)))
        self.assertGreaterEqual(int((logits.argmax(1) == self.labels).sum()), 591)
