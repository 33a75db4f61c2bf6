"""Burin as a contestant: compile, run, trace."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.parse

from tensors import Problem, file_name


def execute(*argv: object) -> tuple[str, float, int]:
    """What a command prints, its seconds, and its peak memory in bytes."""
    command = [os.fspath(a) if isinstance(a, os.PathLike) else str(a) for a in argv]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode != 0:
            text = err.read().decode("utf-8", "replace").strip().splitlines()
            raise Problem(f"{pathlib.Path(command[0]).name}: {text[-1][:300] if text else f'exit {child.returncode}'}")
        return out.read().decode(), seconds, usage.ru_maxrss * 1024


class Burin:
    def __init__(self, folder: pathlib.Path, arguments: list[str]):
        self.folder, self.arguments = folder, arguments
        for name in ("burinc", "burin-run", "burin-ceilings"):
            if not os.access(folder / name, os.X_OK):
                raise Problem(f"there is no {folder / name}: build it (tools/demo, or cmake --workflow --preset check), "
                              "or say --bin FOLDER")

    def compile(self, model: pathlib.Path, artifact: pathlib.Path, report: pathlib.Path) -> tuple[float, int]:
        """Seconds and bytes that it took."""
        return execute(self.folder / "burinc", model, "-o", artifact, "--state=none", "--no-cache", "--report", report,
                       *self.arguments)[1:]

    def analyse(self, model: pathlib.Path, shapes: dict[str, list[int]], home: pathlib.Path) -> dict:
        """The report for inputs of these shapes: then every size is known. No code is made."""
        bound = [f"--shape={name}={'x'.join(map(str, shape))}" for name, shape in shapes.items()]
        execute(self.folder / "burinc", model, "--emit=exec", "-o", home / "exec.mlir", "--state=none", "--report", home,
                *self.arguments, *bound)
        return read_report(home)

    def run(self, artifact: pathlib.Path, inputs: pathlib.Path, threads: int, repeat: int, *more: object) -> dict:
        given = []
        for file in sorted(inputs.glob("*.npy")):
            given += ["--input", f"{file_name(urllib.parse.unquote(file.stem))}={file}"]
        return json.loads(execute(self.folder / "burin-run", artifact, *given, "--threads", threads, "--repeat", repeat,
                                  "--warmup", 2, "--json", *more)[0])

    def get_ceilings(self, threads: int) -> dict:
        return json.loads(execute(self.folder / "burin-ceilings", threads)[0])


def read_report(folder: pathlib.Path) -> dict:
    """The kernels of the first entry, which is the one that runs, and the table of work."""
    report = json.loads((folder / "kernels.json").read_text())
    return {"kernels": report["entries"][0]["kernels"], "work": report["work"]}


def read_times(trace: pathlib.Path, kernels: int) -> list[list[float]]:
    """Milliseconds per run of each kernel; one that runs several times counts with all of them."""
    times: list[list[float]] = [[] for _ in range(kernels)]
    for event in json.loads(trace.read_text())["traceEvents"]:
        if event["cat"] == "run":
            for row in times:
                row.append(0.0)
        elif (number := event["args"]["kernel"]) >= 0:
            times[number][-1] += event["dur"] * 1e-3
    return times
