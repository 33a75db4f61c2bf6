#!/usr/bin/env python3
"""Compiles models, runs them, and compares with what is expected, on one target.

    run.py [--bin build/bin] [--target x86|arm] [--seeds 0-39] [NAME...]

NAME is that of a test file without `test_`, or a unittest name within one; without it all are run. For
another processor than this machine's the artifacts are run by qemu.
"""
import argparse
import pathlib
import sys
import unittest
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import support  # noqa: E402
from harness.programs import Programs  # noqa: E402


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", type=pathlib.Path, default="build/bin", help="where burinc and burin-run are")
    p.add_argument("--target", default="x86", choices=["x86", "arm"])
    p.add_argument("--arm-run", type=pathlib.Path, help="burin-run for AArch64 (default: BIN/burin-run-aarch64)")
    p.add_argument("--out", type=pathlib.Path, default="build/e2e", help="folder for models that went wrong")
    p.add_argument("--seeds", default="0-39", help="the random models to try, as FIRST-LAST")
    p.add_argument("names", nargs="*", metavar="NAME")
    return p.parse_args()


def main():
    args = arguments()
    warnings.simplefilter("ignore")
    test = support.ModelTest
    if args.target == "arm":
        arm_run = args.arm_run or args.bin.resolve() / "burin-run-aarch64"
        test.programs = Programs(args.bin, ["--target=arm"], ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"], arm_run)
    else:
        test.programs = Programs(args.bin)
    test.failed_folder = args.out.resolve() / f"failed-{args.target}"
    first, _, last = args.seeds.partition("-")
    support.seeds = range(int(first), int(last or first) + 1)

    names = [n if n.startswith("test_") else f"test_{n}" for n in args.names]
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    # A test that fails at several sizes is one.
    bad = len({getattr(t, "test_case", t).id() for t, _ in [*result.failures, *result.errors]})
    bad += len(result.unexpectedSuccesses)
    skipped = len(result.skipped) + len(result.expectedFailures)
    print(f"{result.testsRun - bad - skipped} passed, {bad} failed, {skipped} skipped")
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
