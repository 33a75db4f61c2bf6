#!/usr/bin/env python3
"""Fails if an op or attribute is not documented, or an example in its description is wrong.

Of what a dialects/*/*.td defines, an op needs a summary (one line, no full stop) and a description, an
attribute or type a summary, an interface a description. A ```mlir block in a description that is a whole function
or module must be read by burin-opt; so must one that is a single op with the types of its operands
in brackets (`%r = nn.add %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>`), which is put
into a function first. Other fragments are for the reader only.
"""
import json, pathlib, re, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"```mlir\n(.*?)```", re.S)
FRAGMENT = re.compile(r"(?:%[\w, %]+ = )?[\w.]+ (?P<operands>%\w+(?:, %\w+)*)[^%]*:\s*\((?P<types>[^()]*)\) -> [^%]*", re.S)


def split_types(text):
    """Comma-separated types; commas inside <> do not separate."""
    types, depth = [""], 0
    for c in text:
        depth += (c == "<") - (c == ">")
        if c == "," and depth == 0:
            types.append("")
        else:
            types[-1] += c
    return [t.strip() for t in types]


def runnable(block):
    """The example as a module, or None if it is for the reader only."""
    block = block.strip()
    if block.startswith(("func.func", "module")):
        return block
    op = FRAGMENT.fullmatch(block)
    if not op:
        return None
    names, types = op["operands"].split(", "), split_types(op["types"])
    if len(names) != len(types):
        return None
    arguments = dict(zip(names, types))
    signature = ", ".join(f"{name}: {type}" for name, type in arguments.items())
    return f"func.func private @example({signature}) {{\n{block}\nreturn\n}}"


def problems(record, kind, burin_opt):
    description = (record.get("description") or "").strip()
    summary = (record.get("summary") or "").strip()
    if kind != "Interface" and (not summary or "\n" in summary or summary.endswith(".")):
        yield "needs a summary: one line without a full stop"
    if kind in ("Op", "Interface") and not description:
        yield "needs a description"
    for example in BLOCK.findall(description):
        text = runnable(example)
        if text is None:
            continue
        done = subprocess.run([burin_opt], input=text, text=True, capture_output=True)
        if done.returncode:
            yield f"has an example that burin-opt refuses:\n{done.stderr}"


def main(tblgen, mlir_include, burin_opt):
    failed = seen = 0
    for folder in sorted(p for p in (ROOT / "dialects").iterdir() if p.is_dir()):
        files = [folder / f"{folder.name}{part}.td" for part in ("Ops", "Attrs", "Interfaces")]
        checked = set()
        for file in filter(pathlib.Path.exists, files):
            text = subprocess.check_output([tblgen, "--dump-json", f"-I{ROOT}", f"-I{mlir_include}", file])
            records = json.loads(text)
            for kind in ("Op", "AttrDef", "TypeDef", "Interface"):
                for name in sorted(set(records["!instanceof"].get(kind, [])) - checked):
                    where = records[name]["!locs"][0]  # only the file's own name, and the line
                    if not (folder / where.split(":")[0]).exists():
                        continue  # of MLIR itself
                    checked.add(name)
                    seen += 1
                    for problem in problems(records[name], kind, burin_opt):
                        failed += 1
                        print(f"{folder.relative_to(ROOT)}/{where}: {name} {problem}")
    print(f"{seen} definitions, {failed} problems")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
