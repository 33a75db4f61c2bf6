"""What the end-to-end tests are written with."""
import hashlib
import pathlib
import tempfile
import unittest

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from harness.compare import difference
from harness.tensors import is_foreign

OPSET, IR_VERSION = 21, 10

# Relative tolerance by the type of the output; absolute is the same part of its root mean square.
RTOL = {"float64": 1e-6, "float32": 1e-3, "float16": 5e-3, "bfloat16": 4e-2}


def close(actual, expected):
    """None where an output agrees as Burin promises it, else what differs."""
    if isinstance(expected, (list, tuple)) or expected.dtype.kind in "biuOU":
        return difference(actual, expected, 0, 0)
    wide = expected.astype(np.float64)
    fine = wide[np.isfinite(wide)]
    rtol = RTOL.get(expected.dtype.name, 0.15)
    rms = float(np.sqrt(np.mean(fine * fine))) if fine.size else 0.0
    if is_foreign(expected.dtype) and not isinstance(actual, Exception) and actual.dtype == expected.dtype:
        actual, expected = actual.astype(np.float32), expected.astype(np.float32)
    return difference(actual, expected, rtol, rtol * rms + 1e-30)


def value(name, dtype, shape):
    """A graph input or output; names in `shape` are symbolic sizes, None leaves the rank open."""
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)


def constant(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def model(nodes, inputs, outputs, constants=(), opset=OPSET, domains=()):
    """A model of nodes [(operator, inputs, outputs, attributes)...] over value()s and constant()s."""
    made = [helper.make_node(op, list(i), list(o), **a) for op, i, o, a in nodes]
    graph = helper.make_graph(made, "test", list(inputs), list(outputs), list(constants))
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def reference(proto, inputs):
    """What onnx's own evaluator says: {output: array}."""
    names = [o.name for o in proto.graph.output]
    return dict(zip(names, ReferenceEvaluator(proto).run(None, inputs)))


def softmax(scores):
    """Of the last axis; NaN where no score is finite."""
    with np.errstate(invalid="ignore"):
        e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def element_type(name):
    """The NumPy type of an ONNX element type's name, such as FLOAT8E4M3FN."""
    return helper.tensor_dtype_to_np_dtype(getattr(TensorProto, name))


class ModelTest(unittest.TestCase):
    """Compiles a model once and runs it on many inputs."""

    programs = None  # of the target under test
    failed_folder = None  # where models are kept that went wrong

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory(prefix="burin-e2e-")
        cls.artifacts, cls.runs = {}, 0

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def run_model(self, proto, inputs, like, *args, options=()):
        """The outputs of a model for these inputs; fails where a program does. `options` are burin-run's."""
        data = proto if isinstance(proto, bytes) else proto.SerializeToString()
        key = hashlib.sha256(data + repr(args).encode()).hexdigest()[:16]
        folder = pathlib.Path(self.home.name)
        if key not in self.artifacts:
            path, artifact = folder / f"{key}.onnx", folder / f"{key}.so"
            path.write_bytes(data)
            ended = self.programs.compile(path, artifact, *args, limit=120)
            self.artifacts[key] = artifact if ended.ok else ended
        artifact = self.artifacts[key]
        if not isinstance(artifact, pathlib.Path):
            self.fail(self.keep(data, key, str(artifact)))
        type(self).runs += 1
        ended, found = self.programs.run(artifact, inputs, folder / f"run{self.runs}", like, *options, limit=120)
        if not ended.ok:
            self.fail(self.keep(data, key, str(ended)))
        return found

    def check(self, proto, inputs, expected=None, args=(), compare=close):
        """Runs a model and compares; what is expected is asked of onnx where it is not given."""
        expected = expected or reference(proto, inputs)
        found = self.run_model(proto, inputs, expected, *args)
        wrong = [f"{name} {text}" for name, want in expected.items() if (text := compare(found[name], want))]
        if wrong:
            data = proto if isinstance(proto, bytes) else proto.SerializeToString()
            self.fail(self.keep(data, self.id().split(".")[-1], "; ".join(wrong)))
        return found

    def keep(self, data, name, text):
        """The text, with where the model can be found."""
        self.failed_folder.mkdir(parents=True, exist_ok=True)
        path = self.failed_folder / f"{name}.onnx"
        path.write_bytes(data)
        return f"{text}\nThe model is {path}"
