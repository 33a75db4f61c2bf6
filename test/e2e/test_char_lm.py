"""The language model of examples/generate, with its caches as inputs and outputs."""
import pathlib

import numpy as np
from support import ModelTest

HERE = pathlib.Path(__file__).resolve().parents[2] / "examples/generate"
CACHES = [f"{layer}.{kind}" for layer in range(4) for kind in ("key", "value")]


class CharLm(ModelTest):
    def step(self, text, caches):
        """Reads bytes after those in the caches: the scores of the byte that follows, and the caches."""
        past = caches[0].shape[2]
        ids = np.frombuffer(text, np.uint8).astype(np.int64)[None]
        inputs = {"input_ids": ids, "attention_mask": np.ones((1, past + ids.size), np.int64),
                  "position_ids": past + np.arange(ids.size)[None]}
        inputs |= {f"past_key_values.{name}": cache for name, cache in zip(CACHES, caches)}
        like = {"logits": np.zeros(0, np.float32)} | {f"present.{name}": caches[0] for name in CACHES}
        found = self.run_model((HERE / "char_lm.onnx").read_bytes(), inputs, like)
        for name in CACHES:
            self.assertEqual(found[f"present.{name}"].shape, (1, 2, past + ids.size, 32))
        return found["logits"][0, -1], [found[f"present.{name}"] for name in CACHES]

    def test_greedy_text(self):
        expected = (HERE / "expected.txt").read_bytes()[:12]
        logits, caches = self.step((HERE / "prompt.txt").read_bytes(), [np.zeros((1, 2, 0, 32), np.float32)] * 8)
        text = b""
        while True:
            text += bytes([logits.argmax()])
            if len(text) == len(expected):
                break
            logits, caches = self.step(text[-1:], caches)
        self.assertEqual(text, expected)

    def test_one_by_one_is_all_at_once(self):
        text = (HERE / "prompt.txt").read_bytes()[:10]
        none = [np.zeros((1, 2, 0, 32), np.float32)] * 8
        whole, _ = self.step(text, none)
        logits, caches = self.step(text[:7], none)
        for i in range(7, 10):
            logits, caches = self.step(text[i:i + 1], caches)
        np.testing.assert_allclose(logits, whole, rtol=1e-3, atol=1e-3)
