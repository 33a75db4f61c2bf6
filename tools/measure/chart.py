"""The ratios as a picture."""
from __future__ import annotations

import io
import pathlib

from peer import TITLES
from tensors import Problem


def draw(path: pathlib.Path, lines: list[dict], peers: list[str], machine: str) -> None:
    """One bar per model and peer: Burin's latency over the peer's, with the spread of the rounds."""
    try:
        import matplotlib
    except ImportError:
        raise Problem("--chart needs matplotlib: run tools/setup bench") from None
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "burin", "font.size": 9})
    from matplotlib import pyplot

    shown = [line for line in lines if line.get("ratios")]
    if not shown:
        raise Problem("--chart has nothing to draw: no model was compared with another runtime")
    figure, axes = pyplot.subplots(figsize=(8, 1.2 + 0.3 * len(shown) * max(1, len(peers))))
    height = 0.8 / max(1, len(peers))
    for k, peer in enumerate(peers):
        rows = [(i, line["ratios"][peer]) for i, line in enumerate(shown) if peer in line["ratios"]]
        middles = [ratio["median"] for _, ratio in rows]
        spread = [[ratio["median"] - ratio["min"] for _, ratio in rows], [ratio["max"] - ratio["median"] for _, ratio in rows]]
        axes.barh([i + (k + 0.5) * height - 0.4 for i, _ in rows], middles, height, xerr=spread, label=TITLES[peer],
                  error_kw={"elinewidth": 0.8})
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(shown)), [f"{line['model']}, {line['threads']} thread(s)" for line in shown])
    axes.invert_yaxis()
    axes.set_xlabel(f"Burin's latency / the other's (less is better; median and extremes of the rounds; {machine})")
    axes.legend()
    figure.tight_layout()
    if path.suffix != ".html":
        figure.savefig(path)
        return
    text = io.StringIO()
    figure.savefig(text, format="svg")
    svg = text.getvalue()
    path.write_text(f"<!doctype html><meta charset=utf-8><title>Burin: bench</title>\n{svg[svg.index('<svg'):]}")
