"""The least time that kernels can take on this machine.

A kernel takes at least the longer of two times: its operations at the peak, and its bytes at the bandwidth of the
memory that they can come from. Weights come from DRAM unless all of them fit in the last cache; what kernels hand to
each other comes from the smallest cache that half of holds it. A model takes at least the sum of its kernels.
"""
from __future__ import annotations

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

    def get_seconds(self, kernel: dict, weights: int) -> float:
        passing = kernel["read_bytes"] + kernel["written_bytes"]
        memory = kernel["constant_bytes"] / self._bandwidth(weights) + passing / self._bandwidth(passing)
        return max(kernel["flops"] / self.flops + kernel["int_ops"] / self.int_ops, memory)


KEYS = ("flops", "int_ops", "constant_bytes", "read_bytes", "written_bytes")


def is_known(kernel: dict) -> bool:
    return all(kernel[key] is not None for key in KEYS)


def is_empty(kernel: dict) -> bool:
    """It prepares for another one, whose work all of it is."""
    return not any(kernel[key] is None or kernel[key] for key in KEYS)


def match(kernels: list[dict], analysed: list[dict]) -> list[list[dict]]:
    """Which of the kernels for known sizes each kernel does the work of: the one that shares most ONNX nodes."""
    if all(is_known(kernel) for kernel in kernels):
        return [[kernel] for kernel in kernels]
    by_node: dict[str, list[int]] = {}
    for number, kernel in enumerate(kernels):
        for node in kernel["operators"]:
            by_node.setdefault(node, []).append(number)
    found: list[list[dict]] = [[] for _ in kernels]
    for part, kernel in enumerate(analysed):
        place = part / len(analysed) * len(kernels)
        shared: dict[int, int] = {}
        for node in kernel["operators"]:
            for number in by_node.get(node, []):
                shared[number] = shared.get(number, 0) + 1
        best = max(shared, default=None, key=lambda n: (
            not is_empty(kernels[n]), kernels[n]["name"] == kernel["name"], shared[n], -abs(n - place)))
        if best is not None:
            found[best].append(kernel)
    return found


def describe(kernels: list[dict], analysed: list[dict], times: list[list[float]], roofline: Roofline, weights: int,
             operators: dict[str, str]) -> list[dict]:
    """Time, share and roofline of each kernel. `operators`: the ONNX operator of each node."""
    medians = [statistics.median(row) if row else 0.0 for row in times]
    total = sum(medians) or 1.0
    rows = []
    for number, (kernel, parts, ms) in enumerate(zip(kernels, match(kernels, analysed), medians)):
        kind = operators.get(kernel["name"], "of no node")
        if is_empty(kernel):
            kind = f"prepares {kind}"
        known = [part for part in parts if is_known(part)]
        floor = sum(roofline.get_seconds(part, weights) for part in known) * 1e3
        work = sum(part["flops"] + part["int_ops"] for part in known)
        rows.append({"kernel": number, "name": kernel["name"], "kind": kind, "parallel": kernel["parallel"], "ms": ms,
                     "share": ms / total, "roofline_ms": floor, "gap_ms": ms - floor, "operations": work,
                     "gops": work / ms * 1e-6 if ms else None, "operators": kernel["operators"]})
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
