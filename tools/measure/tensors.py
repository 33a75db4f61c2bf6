"""Tensors as files, made and compared."""
from __future__ import annotations

import pathlib
import urllib.parse

import numpy as np
import onnx


class Problem(Exception):
    """Something the user can mend; the text says how."""


def file_name(tensor: str) -> str:
    """As `burin-run --output-dir` writes it."""
    encoded = urllib.parse.quote(tensor, safe="").replace("~", "%7E")
    return "%2E" + encoded[1:] if encoded.startswith(".") else encoded


def load_folder(folder: pathlib.Path) -> dict[str, np.ndarray]:
    return {urllib.parse.unquote(file.stem): np.load(file) for file in sorted(folder.glob("*.npy"))}


def get_inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    constants = {i.name for i in model.graph.initializer}
    return [i for i in model.graph.input if i.name not in constants]


def make_inputs(model: onnx.ModelProto, dims: dict[str, int], folder: pathlib.Path) -> None:
    """Random values: floats in [-1, 1), integers and booleans 0 or 1, so that they are valid as indices."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for value in get_inputs(model):
        kind = value.type.tensor_type
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type) if kind.elem_type else None
        if dtype is None or dtype.kind not in "fiub" or not kind.HasField("shape"):
            raise Problem(f"input '{value.name}' is none that random values are made for: give MODEL.onnx=FOLDER with "
                          f"{file_name(value.name)}.npy in it")
        shape = [d.dim_value if d.HasField("dim_value") else dims.get(d.dim_param, 1) for d in kind.shape.dim]
        values = random.uniform(-1, 1, shape) if dtype.kind == "f" else random.integers(0, 2, shape)
        np.save(folder / (file_name(value.name) + ".npy"), values.astype(dtype))


def compare(actual: dict[str, np.ndarray], expected: dict[str, np.ndarray], rtol: float) -> str | None:
    """What differs, or None: floats within rtol of the value plus rtol of the output's root mean square."""
    for name, e in expected.items():
        a = actual.get(name)
        if a is None or a.shape != e.shape or a.dtype != e.dtype:
            return f"output '{name}': {None if a is None else (a.dtype.name, a.shape)}, not {(e.dtype.name, e.shape)}"
        if e.dtype.kind != "f":
            if not np.array_equal(a, e):
                return f"output '{name}': {np.mean(a != e):.2%} of its integers differ"
            continue
        a, e = a.astype(np.float64), e.astype(np.float64)
        finite = np.isfinite(e)
        if not np.array_equal(a[~finite], e[~finite], equal_nan=True):
            return f"output '{name}': infinities or NaNs differ"
        scale = float(np.sqrt(np.mean(np.square(e[finite])))) if finite.any() else 0.0
        error = np.abs(a - e)[finite]
        if error.size and (error > rtol * (np.abs(e[finite]) + scale)).any():
            return f"output '{name}': up to {error.max() / scale if scale else float('inf'):.1e} of its root mean square"
    return None
