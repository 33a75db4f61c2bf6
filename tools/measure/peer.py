"""ONNX Runtime and OpenVINO, each in a process of its own.

`serve` is the far end: it loads a model, writes the outputs of one run, then answers each line `SECONDS RUNS` with the
milliseconds of that many runs at least. `Peer` is the near end.
"""
from __future__ import annotations

import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from tensors import file_name, load_folder

Run = Callable[[], dict[str, np.ndarray]]

MODULES = {"ort": "onnxruntime", "openvino": "openvino"}
TITLES = {"ort": "ONNX Runtime", "openvino": "OpenVINO"}


def is_installed(peer: str) -> bool:
    return importlib.util.find_spec(MODULES[peer]) is not None


def load_ort(path: str, feeds: dict[str, np.ndarray], threads: int, precision: str) -> Run:
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return lambda: dict(zip(names, session.run(names, feeds)))


def load_openvino(path: str, feeds: dict[str, np.ndarray], threads: int, precision: str) -> Run:
    import openvino
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    if precision != "default":
        settings["INFERENCE_PRECISION_HINT"] = precision
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    request = compiled.create_infer_request()
    ports = {o: next(iter(o.get_names() - {""}), "") for o in compiled.outputs}
    given = {i: feeds[next(n for n in i.get_names() if n in feeds)] for i in compiled.inputs}

    def run() -> dict[str, np.ndarray]:
        results = request.infer(given, share_inputs=True, share_outputs=True)
        return {name: results[port] for port, name in ports.items()}
    return run


def serve(peer: str, path: str, inputs: str, threads: str, precision: str, out: str) -> None:
    load = {"ort": load_ort, "openvino": load_openvino}[peer]
    run = load(path, load_folder(pathlib.Path(inputs)), int(threads), precision)
    for name, value in run().items():
        np.save(pathlib.Path(out) / (file_name(name) + ".npy"), np.array(value))
    print("ready", flush=True)
    for line in sys.stdin:
        seconds, least = float(line.split()[0]), int(line.split()[1])
        for _ in range(2):
            run()
        taken: list[float] = []
        while sum(taken) < seconds * 1e3 or len(taken) < least:
            began = time.perf_counter()
            run()
            taken.append((time.perf_counter() - began) * 1e3)
        print(json.dumps(taken), flush=True)


class Peer:
    """`problem` says why it does not take part."""

    def __init__(self, name: str, model: pathlib.Path, inputs: pathlib.Path, threads: int, precision: str,
                 out: pathlib.Path):
        out.mkdir(parents=True)
        self.out = out
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, __file__, name, model, inputs, str(threads), precision, out], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.problem = None if self._read() == "ready" else self._why()

    def _read(self) -> str:
        return self.process.stdout.readline().strip()

    def _why(self) -> str:
        self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else f"exit code {self.process.returncode}"

    def run(self, seconds: float, least: int) -> list[float]:
        print(seconds, least, file=self.process.stdin, flush=True)
        return json.loads(self._read())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        self.errors.close()


if __name__ == "__main__":
    serve(*sys.argv[1:])
