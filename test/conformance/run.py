#!/usr/bin/env python3
"""ONNX's own tests through burinc and burin-run.

    run.py [--bin build/bin] [--filter REGEX] [--kind KIND]... [--symbolic] [--update]

Each test of the onnx package is compiled, run on all its data, and compared with the tolerance that it
states itself. A test that cannot pass yet stands in expected-failures.txt as `name: reason`; it counts as
skipped, and one that stands there and passes fails, so that the list stays true. A crash (a signal, exit
code 70) or a hang is never expected. A table per operator and every result go to --out.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import sys
import tempfile
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import cases as onnx_tests  # noqa: E402
from harness.compare import difference  # noqa: E402
from harness.programs import Programs  # noqa: E402

NEVER_EXPECTED = ("crashed", "hung")


@dataclasses.dataclass
class Result:
    """What became of a test: passed, wrong, error, unsupported, crashed or hung."""

    name: str
    kind: str
    operator: str
    verdict: str
    detail: str = ""


def attempt(programs, case, symbolic, limit):
    """Compiles, runs and compares one test."""
    def result(verdict, detail=""):
        return Result(case.name, case.kind, case.operator, verdict, detail.replace(f"{folder}/", ""))

    folder = None
    model, sets = case.load()
    with tempfile.TemporaryDirectory(prefix="burin-conformance-") as text:
        folder = pathlib.Path(text)
        path, artifact = folder / "model.onnx", folder / "model.so"
        path.write_bytes((onnx_tests.make_symbolic(model) if symbolic else model).SerializeToString())
        ended = programs.compile(path, artifact, limit=limit)
        if not ended.ok:
            left = [p.name for p in folder.iterdir() if p != path]
            return result(*("error", f"{ended}; but left {left[0]}") if left else (ended.verdict, str(ended)))
        for number, (inputs, outputs) in enumerate(sets):
            ended, found = programs.run(artifact, inputs, folder / str(number), outputs, limit=limit)
            if not ended.ok:
                # Too late to be unsupported: burinc took it.
                return result(ended.verdict if ended.verdict in NEVER_EXPECTED else "error", str(ended))
            for name, expected in outputs.items():
                what = difference(found[name], expected, case.rtol, case.atol, not case.random)
                if what:
                    return result("wrong", f"{name} {what}")
    return result("passed")


def read_expected(path):
    """{name: reason}."""
    lines = path.read_text().splitlines() if path.exists() else []
    pairs = [line.partition(":") for line in lines if line.strip() and not line.startswith("#")]
    broken = [name for name, _, reason in pairs if not reason.strip()]
    if broken:
        sys.exit(f"{path}: {broken[0]}: says no reason")
    return {name.strip(): reason.strip() for name, _, reason in pairs}


def write_expected(path, expected, results):
    """The list as these results would have it; tests that were not run keep their lines."""
    for r in results:
        if r.verdict == "passed" or r.verdict in NEVER_EXPECTED:
            expected.pop(r.name, None)
        else:
            reason = re.sub(r"^burinc: exit 4: model\.onnx: (error: )?(node '[^']*': )?", "", r.detail)
            expected.setdefault(r.name, f"{r.verdict}: {reason}"[:160])
    head = [line for line in (path.read_text().splitlines() if path.exists() else []) if line.startswith("#")]
    path.write_text("\n".join([*head, *(f"{n}: {r}" for n, r in sorted(expected.items()))]) + "\n")


def write_table(path, results):
    """Per operator: how many passed, of how many."""
    count = collections.Counter((r.operator, r.verdict) for r in results)
    columns = ("passed", "wrong", "error", "unsupported", "crashed", "hung")
    lines = ["| operator | " + " | ".join(columns) + " |", "| --- |" + " --: |" * len(columns)]
    for operator in sorted({r.operator for r in results}):
        lines.append(f"| {operator} | " + " | ".join(str(count[operator, c] or "") for c in columns) + " |")
    path.write_text("\n".join(lines) + "\n")


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", default="build/bin", help="where burinc and burin-run are")
    p.add_argument("--out", type=pathlib.Path, default="build/conformance", help="folder for the results")
    p.add_argument("--filter", type=re.compile, default=re.compile(""), metavar="REGEX", help="only these tests")
    p.add_argument("--kind", choices=[*onnx_tests.KINDS, "light"], action="append",
                   help="only this kind; may be repeated. light: whole networks of up to 600 MB, only when named")
    p.add_argument("--symbolic", action="store_true", help="with a symbolic size for every dimension of every input")
    p.add_argument("--burinc-args", default="", help="more arguments for burinc")
    p.add_argument("--expected", type=pathlib.Path, help="another list than expected-failures.txt")
    p.add_argument("--update", action="store_true", help="write that list from what happens now")
    p.add_argument("--jobs", type=int, default=os.cpu_count(), help="tests at a time")
    p.add_argument("--limit", type=float, default=60, help="seconds that one program may take")
    p.add_argument("-v", "--verbose", action="store_true", help="also print what failed as expected")
    return p.parse_args()


def main():
    args = arguments()
    warnings.simplefilter("ignore")  # onnx makes its data with overflows
    list_file = args.expected or HERE / f"expected-failures{'-symbolic' if args.symbolic else ''}.txt"
    expected = read_expected(list_file)
    programs = Programs(args.bin, args.burinc_args.split())
    chosen = [c for c in onnx_tests.all_cases(args.kind or onnx_tests.KINDS) if args.filter.search(c.name)]
    results = []
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in concurrent.futures.as_completed(
                [pool.submit(attempt, programs, c, args.symbolic, args.limit) for c in chosen]):
            results.append(done.result())
            if sys.stderr.isatty():
                print(f"\r{len(results)} of {len(chosen)}", end="", file=sys.stderr, flush=True)
    results.sort(key=lambda r: r.name)

    args.out.mkdir(parents=True, exist_ok=True)
    stem = "symbolic" if args.symbolic else "light" if args.kind == ["light"] else "operators"
    write_table(args.out / f"{stem}.md", results)
    (args.out / f"{stem}.json").write_text(json.dumps([dataclasses.asdict(r) for r in results], indent=1) + "\n")
    if args.update:
        write_expected(list_file, expected, results)
    return report(results, read_expected(list_file), args.verbose)


def report(results, expected, verbose):
    """Prints what was not expected, and the counts as the last line."""
    passed = failed = skipped = 0
    for r in results:
        known = r.name in expected and r.verdict not in NEVER_EXPECTED
        if r.verdict == "passed" and known:
            print(f"FAILED {r.kind}/{r.name}: passes; take it off the list of expected failures")
        elif r.verdict != "passed" and (not known or verbose):
            print(f"{'expected' if known else 'FAILED'} {r.kind}/{r.name}: {r.verdict}: {r.detail}")
        skipped += r.verdict != "passed" and known
        failed += (r.verdict == "passed") == known
        passed += r.verdict == "passed" and not known
    verdicts = collections.Counter(r.verdict for r in results)
    print(", ".join(f"{n} {v}" for v, n in verdicts.most_common()))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
