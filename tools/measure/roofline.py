"""The least time that kernels can take on this machine.

A kernel takes at least the longer of two times: its operations at the peak, and its bytes at the bandwidth of the
memory that they can come from. Weights and inputs of the model, where a kernel reads them first, come from DRAM unless
all of them fit in the last cache; what kernels hand to each other comes from the smallest cache that half of holds it.
A model takes at least the sum of its kernels.
"""
from __future__ import annotations

import difflib
import statistics


class Roofline:
    def __init__(self, machine: dict, threads: int, products: str):
        """`products`: what floats may be multiplied as, "f32" or "bf16"."""
        self.ceilings = next(c for c in machine["ceilings"] if c["threads"] == threads)
        self.caches = [("l2", machine["l2_bytes"] * threads), ("l3", machine["l3_bytes"])]
        self.flops = self.ceilings.get(products, self.ceilings.get("f32"))
        self.int_ops = self.ceilings.get("int8", self.flops)

    def _bandwidth(self, bytes_: float) -> float:
        level = next((name for name, size in self.caches if bytes_ <= size / 2), "dram")
        return max(self.ceilings[level], self.ceilings["dram"])

    def get_seconds(self, kernel: dict, given: int) -> float:
        """`given`: bytes of all weights and inputs of the model."""
        passing = kernel["read_bytes"] + kernel["written_bytes"]
        memory = ((kernel["constant_bytes"] + kernel["input_bytes"]) / self._bandwidth(given) +
                  passing / self._bandwidth(passing))
        return max(kernel["flops"] / self.flops + kernel["int_ops"] / self.int_ops, memory)

    def get_milliseconds(self, kernels: list[dict], given: int) -> float:
        return sum(self.get_seconds(kernel, given) for kernel in kernels) * 1e3


def get_medians(machines: list[dict]) -> dict:
    """What was measured several times, for one or more numbers of threads: the median of each number."""
    found: dict[int, list[dict]] = {}
    for machine in machines:
        for ceilings in machine["ceilings"]:
            found.setdefault(ceilings["threads"], []).append(ceilings)
    sizes = {key: machine[key] for machine in machines for key in ("l2_bytes", "l3_bytes")}
    return {**sizes, "ceilings": [
        {key: statistics.median(c[key] for c in same) if isinstance(value, (int, float)) else value
         for key, value in same[0].items()} | {"threads": threads} for threads, same in sorted(found.items())]}


def align(rows: list[dict], others: list[dict]) -> list[int | None]:
    """For each of `others` the one of `rows` that is the same op, or None: compilations for open and for known sizes
    differ in a few. Of the ops of one operator some read constants."""
    names, other_names = ([(*row["operators"], bool(row["constants"])) for row in table] for table in (rows, others))
    found: list[int | None] = [None] * len(others)
    for here, there, size in difflib.SequenceMatcher(None, names, other_names, autojunk=False).get_matching_blocks():
        found[there:there + size] = range(here, here + size)
    return found


def assign(report: dict, analysed: dict) -> list[list[int]]:
    """Which rows of `analysed`, where all sizes are known, each kernel of `report` does."""
    owner = {row: number for number, kernel in enumerate(report["kernels"]) for row in kernel["rows"]}
    rows: list[list[int]] = [[] for _ in report["kernels"]]
    last = 0
    for row, here in enumerate(align(report["work"], analysed["work"])):
        last = owner.get(here, last)  # What has no place of its own goes with the one before.
        if rows:
            rows[last].append(row)
    return rows


def add_up(report: dict, analysed: dict) -> list[dict]:
    """Operations and bytes of each kernel. Bytes are those of memory that other kernels see."""
    work, assigned = analysed["work"], assign(report, analysed)
    written = {buffer for row in work for buffer in row["writes"][::2]}
    seen: set[int] = set()  # of the inputs, which are what no kernel writes
    owner = {row: number for number, rows in enumerate(assigned) for row in rows}
    readers: dict[int, set[int | None]] = {}
    for number, row in enumerate(work):
        for buffer in row["reads"][::2]:
            readers.setdefault(buffer, set()).add(owner.get(number))

    def largest(traffic: list[tuple[int, int]]) -> int:
        """Of each buffer the most that one op touches, all added up."""
        most: dict[int, int] = {}
        for buffer, size in traffic:
            most[buffer] = max(most.get(buffer, 0), size or 0)
        return sum(most.values())

    result = []
    for number, (kernel, rows) in enumerate(zip(report["kernels"], assigned)):
        made: set[int] = set()
        traffic: dict[str, list[tuple[int, int]]] = {"constants": [], "reads": [], "writes": []}
        for row in (work[i] for i in rows):
            pairs = {key: list(zip(row[key][::2], row[key][1::2])) for key in traffic}
            traffic["constants"] += pairs["constants"]
            traffic["reads"] += [pair for pair in pairs["reads"] if pair[0] not in made]
            traffic["writes"] += [pair for pair in pairs["writes"] if readers.get(pair[0], {None}) != {number}]
            made.update(row["writes"][::2])
        inputs = [pair for pair in traffic["reads"] if pair[0] not in written | seen]
        seen.update(buffer for buffer, _ in inputs)
        packed, constants = kernel["constant_bytes"], largest(traffic["constants"])
        result.append({
            "flops": sum(work[i]["flops"] or 0 for i in rows), "int_ops": sum(work[i]["int_ops"] or 0 for i in rows),
            "constant_bytes": min(packed, constants) if packed is not None else constants,
            "input_bytes": largest(inputs), "read_bytes": largest(traffic["reads"]) - largest(inputs),
            "written_bytes": largest(traffic["writes"]),
            "unknown": sum(row["flops"] is None or None in row["reads"] + row["writes"] + row["constants"]
                           for row in (work[i] for i in rows))})
    return result


def describe(kernels: list[dict], sums: list[dict], times: list[list[float]], roofline: Roofline, given: int,
             operators: dict[str, str]) -> list[dict]:
    """Time, share and roofline of each kernel. `operators`: the ONNX operator of each node."""
    medians = [statistics.median(row) if row else 0.0 for row in times]
    total = sum(medians) or 1.0
    rows = []
    for number, (kernel, work, ms) in enumerate(zip(kernels, sums, medians)):
        kind = operators.get(kernel["name"], "of no node")
        if not kernel["rows"]:
            kind = f"prepares {kind}"
        floor = roofline.get_seconds(work, given) * 1e3
        operations = work["flops"] + work["int_ops"]
        rows.append({"kernel": number, "name": kernel["name"], "kind": kind, "parallel": kernel["parallel"], "ms": ms,
                     "share": ms / total, "roofline_ms": floor, "gap_ms": ms - floor, **work,
                     "gops": operations / ms * 1e-6 if ms else None, "operators": kernel["operators"]})
    return rows


def sum_gaps(rows: list[dict]) -> list[dict]:
    """Time above the roofline by kind of kernel, largest first."""
    kinds: dict[str, dict] = {}
    for row in rows:
        kind = kinds.setdefault(row["kind"], {"kind": row["kind"], "kernels": 0, "ms": 0.0, "roofline_ms": 0.0, "gap_ms": 0.0})
        kind["kernels"] += 1
        for key in ("ms", "roofline_ms", "gap_ms"):
            kind[key] += row[key]
    return sorted(kinds.values(), key=lambda k: -k["gap_ms"])
