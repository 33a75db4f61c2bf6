"""tools/bench as a user meets it, on a model of a few kernels. Nothing here depends on how fast anything is."""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

import numpy as np
from onnx import TensorProto, helper, save

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools/measure"))
import roofline
import tensors

parser = argparse.ArgumentParser()
parser.add_argument("--bin", type=pathlib.Path)
parser.add_argument("--out", type=pathlib.Path)
options = parser.parse_args()


def bench(*arguments):
    quick = ["--rounds", "1", "--runs", "1", "--seconds", "0", "--bin", options.bin]
    return subprocess.run([sys.executable, ROOT / "tools/bench", *arguments, *quick], capture_output=True, text=True)


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(options.out, ignore_errors=True)
        options.out.mkdir(parents=True)
        cls.model = options.out / "two.onnx"
        x, w, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                   for name, shape in (("x", ["n", 64]), ("w", [64, 32]), ("y", ["n", 32])))
        nodes = [helper.make_node("MatMul", ["x", "w"], ["h"], "product"), helper.make_node("Relu", ["h"], ["y"], "bound")]
        save(helper.make_model(helper.make_graph(nodes, "two", [x, w], [y]),
                               opset_imports=[helper.make_opsetid("", 17)], ir_version=8), cls.model)

    def test_measures_a_model_and_its_kernels(self):
        result = options.out / "all.json"
        done = bench(self.model, "--peers", "none", "--dim", "n=16", "--per-kernel", "--json", result)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("% roof", done.stdout)
        data = json.loads(result.read_text())
        line, = data["lines"]
        # The product, and one operation for each element of the other.
        self.assertEqual(line["operations"], 2 * 16 * 64 * 32 + 16 * 32)
        self.assertEqual(line["problems"], [])
        self.assertGreater(line["roofline_ms"], 0)
        self.assertGreater(data["machine"]["ceilings"][0]["f32"], 0)
        self.assertIn("product", {name for kernel in line["kernels"] for name in kernel["operators"]})
        self.assertIn("MatMul", {kind["kind"] for kind in line["kinds"]})

    def test_says_how_to_mend_things(self):
        for arguments, code, text in (([self.model, "--peers", "tvm"], 2, "expects ort, openvino or none"),
                                      ([self.model, "--dim", "n"], 2, "expects NAME=SIZE"),
                                      ([self.model, "--chart", "x.bmp"], 2, "expects a .svg"),
                                      ([self.model, "--threads", "99999"], 2, "as many as there are cores"),
                                      ([options.out / "none.onnx", "--peers", "none"], 2, "there is no file"),
                                      ([f"{self.model}={options.out}", "--peers", "none"], 2, "no file for input 'x'")):
            done = bench(*arguments)
            self.assertEqual((done.returncode, text in done.stderr), (code, True), done.stderr)

    def test_compares_by_size(self):
        e = np.array([1, 2, 1000], np.float32)
        self.assertIsNone(tensors.compare({"y": e + np.float32(0.5)}, {"y": e}, 1e-3))
        self.assertIn("root mean square", tensors.compare({"y": e + 2}, {"y": e}, 1e-3))
        self.assertIn("infinities", tensors.compare({"y": e}, {"y": e * np.inf}, 1e-3))
        self.assertIn("integers differ", tensors.compare({"y": np.arange(4)}, {"y": np.arange(4) + 1}, 1e-3))
        self.assertIn("output 'y'", tensors.compare({}, {"y": e}, 1e-3))

    def test_finds_the_bound_and_what_it_belongs_to(self):
        machine = {"l2_bytes": 1000, "l3_bytes": 10000,
                   "ceilings": [{"threads": 1, "f32": 100.0, "int8": 400.0, "l2": 50.0, "l3": 20.0, "dram": 10.0}]}
        roof = roofline.Roofline(machine, 1, "f32")
        kernel = {"flops": 1000, "int_ops": 0, "constant_bytes": 30, "input_bytes": 10, "read_bytes": 100,
                  "written_bytes": 0}
        self.assertEqual(roof.get_seconds(kernel, 10 ** 6), 10)  # operations
        self.assertEqual(roof.get_seconds(kernel | {"flops": 0}, 10 ** 6), 40 / 10 + 100 / 50)
        self.assertEqual(roof.get_seconds(kernel | {"flops": 0, "read_bytes": 1000}, 100), 40 / 50 + 1000 / 20)

    def test_takes_medians_of_ceilings(self):
        def machine(threads, f32):
            return {"l2_bytes": 1, "l3_bytes": 2, "ceilings": [{"threads": threads, "f32": f32, "f32_instruction": "fma"}]}
        found = roofline.get_medians([machine(2, 8), machine(1, 5), machine(1, 3), machine(1, 4), machine(2, 9)])
        self.assertEqual(found, {"l2_bytes": 1, "l3_bytes": 2,
                                 "ceilings": machine(1, 4)["ceilings"] + machine(2, 8.5)["ceilings"]})
        self.assertIsInstance(found["ceilings"][1]["threads"], int)

    def test_adds_up_what_kernels_do(self):
        def row(name, reads, writes, flops=10):
            return {"operators": [name], "flops": flops, "int_ops": 0, "constants": [9, 64], "reads": reads, "writes": writes}
        open_ = {"kernels": [{"rows": [], "constant_bytes": 0}, {"rows": [0, 1], "constant_bytes": 32},
                             {"rows": [2], "constant_bytes": None}],
                 "work": [row("a", [], [], None), row("b", [], [], None), row("d", [], [], None)]}
        # Buffer 1 stays in the second kernel, 2 is what it hands on, 3 is the result; "c" is there only where sizes are
        # known, and goes with "b".
        known = {"work": [row("a", [0, 100], [1, 100]), row("b", [1, 100, 0, 80], [2, 50]), row("c", [2, 50], [2, 50]),
                          row("d", [2, 50], [3, 40], None)]}
        empty = {"flops": 0, "int_ops": 0, "constant_bytes": 0, "input_bytes": 0, "read_bytes": 0, "written_bytes": 0,
                 "unknown": 0}
        self.assertEqual(roofline.add_up(open_, known), [
            empty, empty | {"flops": 30, "constant_bytes": 32, "input_bytes": 100, "written_bytes": 50},
            empty | {"constant_bytes": 64, "read_bytes": 50, "written_bytes": 40, "unknown": 1}])

    def test_tells_ops_of_one_operator_apart(self):
        def row(constants):
            return {"operators": ["a"], "constants": constants}
        # Where sizes are open, something is copied first: that has no weights.
        self.assertEqual(roofline.align([row([]), row([]), row([3, 64])], [row([]), row([2, 64])]), [1, 2])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
