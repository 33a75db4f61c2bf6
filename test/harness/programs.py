"""burinc and burin-run as functions."""
import dataclasses
import os
import pathlib
import signal
import subprocess

from .tensors import file_name, load_value, save_value

UNSUPPORTED, BUG = 4, 70  # exit codes; the others that a test tells apart are 0 and not 0


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a program ended. `code` is negative for a signal and None where time ran out."""

    program: str
    code: int | None
    stdout: str
    stderr: str

    @property
    def ok(self):
        return self.code == 0

    @property
    def verdict(self):
        """hung, crashed, unsupported, error or passed."""
        if self.code is None:
            return "hung"
        if self.code < 0 or self.code >= 128 or self.code == BUG:
            return "crashed"
        return {0: "passed", UNSUPPORTED: "unsupported"}.get(self.code, "error")

    def __str__(self):
        """One line: what ended how, and the last thing it said."""
        if self.code is None:
            how = "ran out of time"
        else:
            how = signal.Signals(-self.code).name if self.code < 0 else f"exit {self.code}"
        said = self.stderr.strip().splitlines()
        return f"{self.program}: {how}: {said[-1] if said else 'no message'}"


def execute(argv, limit, env=None):
    """Runs a program with all its children for at most `limit` seconds."""
    name = pathlib.Path(argv[0]).name
    child = subprocess.Popen([os.fspath(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, start_new_session=True, env=env)
    try:
        out, err = child.communicate(timeout=limit)
        code = child.returncode
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, err = child.communicate()
        code = None
    return Ended(name, code, out.decode(errors="replace"), err.decode(errors="replace"))


class Programs:
    """The two programs of a build folder, and where they run.

    For a target that is not this machine `runner` is what starts a program of it, and `run_program`
    is the burin-run that was built for it.
    """

    def __init__(self, bin_dir, burinc_args=(), runner=(), run_program=None):
        self.bin = pathlib.Path(bin_dir).resolve()
        self.burinc_args, self.runner = tuple(burinc_args), tuple(runner)
        self.run_program = pathlib.Path(run_program) if run_program else self.bin / "burin-run"
        for program in (self.bin / "burinc", self.run_program):
            if not program.exists():
                raise SystemExit(f"There is no {program}; build it first, or say where with --bin.")

    def compile(self, model, artifact, *args, limit=60):
        """burinc MODEL -o ARTIFACT; caches of a model stay its inputs and outputs."""
        args = [*self.burinc_args, *args]
        if not any(a.startswith("--state") for a in args):
            args.append("--state=none")
        if "--no-cache" not in args:
            args.append("--no-cache")
        return execute([self.bin / "burinc", model, "-o", artifact, *args], limit)

    def run(self, artifact, inputs, folder, outputs, *args, limit=60):
        """Runs an artifact in `folder` on {name: value}; what became of it and {name: value}.

        `outputs` has for each output something like what is expected there. An output that is missing
        or cannot be read is the exception that says so.
        """
        given, made = folder / "in", folder / "out"
        given.mkdir(parents=True, exist_ok=True)
        argv = [*self.runner, self.run_program, artifact, "--output-dir", made, *args]
        for name, value in inputs.items():
            argv += ["--input", f"{file_name(name)}={save_value(value, given, name)}"]
        ended = execute(argv, limit)
        found = {}
        for name, like in outputs.items() if ended.ok else ():
            try:
                found[name] = load_value(made, name, like)
            except (OSError, ValueError) as error:
                found[name] = error
        return ended, found
