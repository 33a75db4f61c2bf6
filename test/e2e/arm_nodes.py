#!/usr/bin/env python3
"""ONNX's node tests, compiled for AArch64 and run by qemu.

    arm_nodes.py [--bin build/bin] [--every N] [--filter REGEX] [--least N]

Of the tests that conformance/ does not expect to fail, every Nth is taken, so that each operator has its turn.
A test that this target does not support counts as skipped; fewer than --least that pass are a failure.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import sys
import warnings

HERE = pathlib.Path(__file__).resolve().parent
CONFORMANCE = HERE.parent / "conformance"
sys.path[:0] = [str(HERE.parent), str(CONFORMANCE)]

import cases as onnx_tests  # noqa: E402
import run as conformance  # noqa: E402
from harness.programs import Programs  # noqa: E402


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", type=pathlib.Path, default="build/bin", help="where burinc and burin-run-aarch64 are")
    p.add_argument("--out", type=pathlib.Path, default="build/arm-nodes", help="folder for the results")
    p.add_argument("--every", type=int, default=3, help="take every Nth test (default: 3)")
    p.add_argument("--least", type=int, default=200, help="tests that must pass (default: 200)")
    p.add_argument("--filter", type=re.compile, default=re.compile(""), metavar="REGEX", help="only these tests")
    p.add_argument("--jobs", type=int, default=os.cpu_count(), help="tests at a time")
    p.add_argument("--limit", type=float, default=120, help="seconds that one program may take")
    return p.parse_args()


def main():
    args = arguments()
    warnings.simplefilter("ignore")  # onnx makes its data with overflows
    programs = Programs(args.bin, ["--target=arm"], ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"],
                        args.bin.resolve() / "burin-run-aarch64")
    expected = conformance.read_expected(CONFORMANCE / "expected-failures.txt")
    chosen = [c for c in onnx_tests.all_cases(["node"]) if args.filter.search(c.name) and c.name not in expected]
    chosen = chosen[::args.every]
    for case in chosen:
        # Sums in the order of shorter vectors: after several roundings to f16, two units in the last place.
        if "fp16" in case.name:
            case.rtol = max(case.rtol, 2.0**-9)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        results = list(pool.map(lambda c: conformance.attempt(programs, c, False, args.limit), chosen))
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "results.json").write_text(json.dumps([vars(r) for r in results], indent=1) + "\n")
    for r in results:
        if r.verdict not in ("passed", "unsupported"):
            print(f"FAILED {r.name}: {r.verdict}: {r.detail}")
    count = collections.Counter(r.verdict for r in results)
    passed, skipped = count["passed"], count["unsupported"]
    failed = len(results) - passed - skipped
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed < args.least else 0


if __name__ == "__main__":
    sys.exit(main())
