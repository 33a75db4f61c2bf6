"""Tensors as burin-run reads and writes them.

A value is an array, a list of values (a sequence; as a file a folder of 0.npy, 1.npy, ...), or None
(an empty optional; no file).
"""
import pathlib
import string

import numpy as np

PLAIN = frozenset((string.ascii_letters + string.digits + "_-.").encode())


def file_name(tensor):
    """A tensor's name with every byte but letters, digits, `_`, `-` and `.` as %XX; no leading dot."""
    text = "".join(chr(b) if b in PLAIN else f"%{b:02X}" for b in tensor.encode())
    return "%2E" + text[1:] if text.startswith(".") else text


def is_foreign(dtype):
    """Whether a type is not NumPy's own but from ml_dtypes; its files hold the bare bits."""
    return dtype.isbuiltin == 2


def save_value(value, folder, name):
    """Writes a value; the path to give to --input, empty for an empty optional."""
    if value is None:
        return ""
    path = pathlib.Path(folder) / file_name(name)
    if isinstance(value, (list, tuple)):
        path.mkdir(parents=True)
        for i, item in enumerate(value):
            save_value(item, path, str(i))
        return path
    array = np.asarray(value)
    if array.dtype == object:  # strings
        array = array.astype(str)
    if is_foreign(array.dtype):
        array = array.view(f"V{array.itemsize}")
    path = path.with_name(path.name + ".npy")
    np.save(path, array, allow_pickle=False)
    return path


def load_value(folder, name, like):
    """Reads a value back; `like` tells a sequence from a tensor and bits from numbers."""
    path = pathlib.Path(folder) / file_name(name)
    if isinstance(like, (list, tuple)):
        count = sum(1 for _ in path.iterdir())
        return [load_value(path, str(i), like[min(i, len(like) - 1)] if like else np.empty(0)) for i in range(count)]
    path = path.with_name(path.name + ".npy")
    if like is None and not path.exists():
        return None
    array, wanted = np.load(path, allow_pickle=False), getattr(like, "dtype", None)
    if array.dtype.kind == "U":
        return array.astype(object)
    if wanted is not None and is_foreign(wanted) and array.dtype == np.dtype(f"V{wanted.itemsize}"):
        return array.view(wanted)
    return array
