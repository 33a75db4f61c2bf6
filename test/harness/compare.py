"""Whether a value is the expected one."""
import numpy as np

from .tensors import is_foreign


def difference(actual, expected, rtol, atol, values=True):
    """None where both agree, else what differs, in words. Without `values` only type and shape count."""
    if isinstance(actual, Exception):
        return str(actual)
    if expected is None or actual is None:
        return None if actual is expected else f"is {'empty' if actual is None else 'not empty'}"
    if isinstance(expected, (list, tuple)):
        if not isinstance(actual, (list, tuple)) or len(actual) != len(expected):
            return f"has {len(actual)} elements instead of {len(expected)}"
        for i, pair in enumerate(zip(actual, expected)):
            text = difference(*pair, rtol, atol, values)
            if text:
                return f"[{i}] {text}"
        return None
    actual, expected = np.asarray(actual), np.asarray(expected)
    if expected.dtype.kind == "U":
        expected = expected.astype(object)
    if (actual.dtype, actual.shape) != (expected.dtype, expected.shape):
        return f"is {actual.dtype}{list(actual.shape)} instead of {expected.dtype}{list(expected.shape)}"
    return number_difference(actual, expected, rtol, atol) if values else None


def number_difference(actual, expected, rtol, atol):
    """The same for two arrays of one type and shape."""
    if expected.dtype.kind in "biuO":
        wrong = actual != expected
    else:
        if is_foreign(expected.dtype):
            if expected.dtype.name == "bfloat16":
                rtol = max(rtol, 2.0**-6)  # two units in the last place
            actual, expected = actual.astype(np.float32), expected.astype(np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            wrong = ~np.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=True)
    if not wrong.any():
        return None
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    return (f"differs in {int(wrong.sum())} of {wrong.size} elements, first at {list(at)}: "
            f"{actual[at]} instead of {expected[at]}")
