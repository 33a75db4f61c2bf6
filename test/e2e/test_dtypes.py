"""Every element type through operators that take it, at a size that fits no vector."""
import numpy as np
from onnx import TensorProto
from support import ModelTest, constant, element_type, model, value

SIGNED, UNSIGNED = ("INT8", "INT16", "INT32", "INT64"), ("UINT8", "UINT16", "UINT32", "UINT64")
FLOATS = ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16")
SMALL = ("FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "INT4", "UINT4")
SHAPE = (3, 37)


def numbers(name, seed=0, low=None):
    """Numbers that fit the type, from `low` up."""
    draw = np.random.default_rng(seed)
    if name in FLOATS or name.startswith("FLOAT8"):
        array = draw.standard_normal(SHAPE) * 2
        return (np.abs(array) + low if low is not None else array).astype(element_type(name))
    if name == "BOOL":
        return draw.integers(0, 2, SHAPE).astype(bool)
    bits = int("".join(filter(str.isdigit, name)))
    most = min(2**(bits - 1) - 1, 100)
    least = low if low is not None else 0 if name.startswith("U") else -most
    return draw.integers(least, most + 1, SHAPE).astype(element_type(name))


class Dtypes(ModelTest):
    """The expected values are NumPy's, made in double precision and then rounded."""

    def check_operator(self, operator, name, function, count=2, result=None, low=None, **attributes):
        inputs = {f"x{i}": numbers(name, i, low) for i in range(count)}
        kind = element_type(result or name)
        wide = [x.astype(np.float64) if name in FLOATS else x for x in inputs.values()]
        with np.errstate(all="ignore"):
            expected = function(*wide).astype(kind)
        proto = model([(operator, list(inputs), ["y"], attributes)],
                      [value(n, x.dtype, ["rows", "columns"]) for n, x in inputs.items()],
                      [value("y", kind, ["rows", "columns"])])
        with self.subTest(operator=operator, type=name):
            self.check(proto, inputs, {"y": expected})

    def test_arithmetic(self):
        for name in FLOATS + SIGNED + UNSIGNED:
            for operator, function in (("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply), ("Max", np.maximum),
                                       ("Min", np.minimum)):
                self.check_operator(operator, name, function)

    def test_division(self):
        for name in FLOATS:
            self.check_operator("Div", name, np.divide, low=1)
        for name in SIGNED + UNSIGNED:
            self.check_operator("Div", name, lambda a, b: np.trunc(a / b), low=1)

    def test_functions(self):
        for name in FLOATS:
            for operator, function in (("Exp", np.exp), ("Tanh", np.tanh), ("Sqrt", lambda x: np.sqrt(np.abs(x)))):
                self.check_operator(operator, name, function, count=1, low=0)
        for name in FLOATS + SIGNED:
            self.check_operator("Abs", name, np.abs, count=1)
            self.check_operator("Neg", name, np.negative, count=1)

    def test_comparisons(self):
        for name in FLOATS + SIGNED + UNSIGNED:
            self.check_operator("Less", name, np.less, result="BOOL")
            self.check_operator("Equal", name, np.equal, result="BOOL")

    def test_logic_and_bits(self):
        for operator, function in (("And", np.logical_and), ("Or", np.logical_or), ("Xor", np.logical_xor)):
            self.check_operator(operator, "BOOL", function)
        for name in SIGNED + UNSIGNED:
            self.check_operator("BitwiseAnd", name, np.bitwise_and)
            self.check_operator("BitwiseNot", name, np.invert, count=1)

    def test_moving(self):
        for name in FLOATS + SIGNED + UNSIGNED + SMALL + ("BOOL",):
            x = numbers(name)
            proto = model([("Transpose", ["x"], ["t"], dict(perm=[1, 0])), ("Reshape", ["t", "flat"], ["y"], {})],
                          [value("x", x.dtype, [3, "columns"])], [value("y", x.dtype, ["all"])],
                          [constant("flat", np.array([-1]))])
            with self.subTest(type=name):
                self.check(proto, {"x": x}, {"y": x.T.reshape(-1)})

    def test_casts(self):
        names = FLOATS + ("INT8", "INT32", "INT64", "UINT8", "BOOL")
        for name in names:
            for result in names:
                x = numbers(name, low=0)
                proto = model([("Cast", ["x"], ["y"], dict(to=getattr(TensorProto, result)))],
                              [value("x", x.dtype, ["rows", "columns"])],
                              [value("y", element_type(result), ["rows", "columns"])])
                with self.subTest(type=name, to=result):
                    self.check(proto, {"x": x}, {"y": x.astype(element_type(result))})

    def test_products(self):
        for name in ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "INT32", "INT64", "UINT32", "UINT64"):
            a, b = numbers(name, 1), numbers(name, 2).T.copy()
            wide = np.float64 if name in FLOATS else a.dtype
            proto = model([("MatMul", ["a", "b"], ["y"], {})],
                          [value("a", a.dtype, ["m", "k"]), value("b", b.dtype, ["k", "n"])],
                          [value("y", a.dtype, ["m", "n"])])
            with self.subTest(type=name):
                self.check(proto, {"a": a, "b": b}, {"y": (a.astype(wide) @ b.astype(wide)).astype(a.dtype)})

    def test_strings(self):
        x = np.array([["burin", "", "Stichel"], ["彫刻刀", "a b", "x" * 50]], object)
        proto = model([("Identity", ["x"], ["y"], {})], [value("x", object, ["rows", 3])], [value("y", object, ["rows", 3])])
        self.check(proto, {"x": x}, {"y": x})
