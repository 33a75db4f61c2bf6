#!/usr/bin/env python3
"""Prints how many digits the model told right, a few of them, and how long one took.

    score.py LOGITS.npy LABELS.npy IMAGES.npy LATENCY.json

Needs nothing but Python: a .npy file is a short text header and then the numbers.
"""
import array
import ast
import json
import pathlib
import struct
import sys


def read_npy(path):
    """The shape and the numbers, flat, of a .npy file in C order."""
    data = pathlib.Path(path).read_bytes()
    if data[:6] != b"\x93NUMPY":
        sys.exit(f"{path} is not a .npy file")
    size, start = (struct.unpack("<H", data[8:10])[0], 10) if data[6] == 1 else (struct.unpack("<I", data[8:12])[0], 12)
    header = ast.literal_eval(data[start:start + size].decode("latin1"))
    numbers = array.array({"<f4": "f", "|u1": "B"}[header["descr"]])
    numbers.frombytes(data[start + size:])
    return header["shape"], numbers


def draw(pixels):
    """An 8x8 image as lines of text, darker characters for brighter pixels."""
    shades = " .:-=+*#%@"
    return ["".join(shades[round(p * 9)] * 2 for p in pixels[8 * row:8 * row + 8]) for row in range(8)]


def main(logits_file, labels_file, images_file, latency_file):
    (count, classes), logits = read_npy(logits_file)
    _, labels = read_npy(labels_file)
    _, images = read_npy(images_file)
    rows = [logits[classes * i:classes * (i + 1)] for i in range(count)]
    answers = [max(range(classes), key=row.__getitem__) for row in rows]
    right = [a == b for a, b in zip(answers, labels)]

    shown = list(range(4)) + [i for i in range(count) if not right[i]][:1]
    for lines in zip(*(draw(images[64 * i:64 * i + 64]) for i in shown)):
        print("  " + "   ".join(lines).rstrip())
    captions = (f"read as {answers[i]}" + ("" if right[i] else f", is a {labels[i]}") for i in shown)
    print("  " + "   ".join(f"{text:<16}" for text in captions).rstrip() + "\n")

    took = json.loads(pathlib.Path(latency_file).read_text())
    ms, threads = took["latency_ms"], took["threads"]
    print(f"accuracy: {sum(right)} of {count} images right, {100 * sum(right) / count:.2f} %")
    print(f"latency: {ms['median'] * 1000:.1f} us for one image (median of {took['repeat']}; "
          f"99 of 100 within {ms['p99'] * 1000:.1f} us; {threads} thread{'s' * (threads != 1)})")
    return sum(right) < 0.99 * count


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
