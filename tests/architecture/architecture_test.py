#!/usr/bin/python3
"""Checks the rules of the source tree that no compiler checks, and prints the layer matrix.

usage: architecture_test.py [ROOT]
"""
import pathlib
import re
import subprocess
import sys

from mutable_state import mutable_variables
from source_tree import find_cycle, line_of, read_layers, read_sources, test_of

# The only variables that may outlive a run: the flags that a signal handler of the program sets.
SIGNAL_FLAG = ("cli", re.compile(r"\bstd::atomic(_flag\b|<)"))

# What only the program may do, and the files below it that do it for everybody else.
OUTSIDE_CLI = [
    ("ends the process", re.compile(r"\b(exit|quick_exit|_Exit|_exit|abort|terminate)\s*\("), {"base/result.cpp"}),
    ("writes to stdout", re.compile(r"\bstd::cout\b|\b(printf|puts|putchar)\s*\(|\bfmt::print(?!\s*\(\s*stderr)"), set()),
    ("draws unseeded numbers", re.compile(r"\b(s?rand|drand48)\s*\(|\brandom_device\b"), set()),
    ("reads the environment", re.compile(r"\b(secure_)?getenv\b"), set()),
    ("reads files", re.compile(r"\b(ifstream|std::fstream)\b|\bfopen\s*\(|(?<!\w)::open\s*\("), {"base/file.h", "base/file.cpp"}),
]

# Libraries whose headers are slow or wide: one source file each, no header.
HEAVY = {
    "yaml-cpp": re.compile(r"^yaml-cpp/"),
    "CLI11": re.compile(r"^CLI/"),
    "simdjson": re.compile(r"^simdjson"),
    "SQLite": re.compile(r"^sqlite3"),
    "zlib": re.compile(r"^zlib\.h$"),
    "NLopt": re.compile(r"^nlopt"),
}

BUNDLE = re.compile(r"(^|/)(node_modules|dist)/|\.min\.(js|css)$|\.bundle\.js$")
FLOAT = re.compile(r"(?<![\w.])(?:\d[\d']*\.\d*(?:[eE][+-]?\d+)?|\d[\d']*[eE][+-]?\d+)")
LONG_FILE = 800


def check_declarations(layers, sources):
    """Layers and files are declared, in an order without back edges."""
    declared = {}
    for layer in layers:
        for used in layer.uses:
            if used not in declared:
                yield f"src/CMakeLists.txt: layer {layer.name} uses {used}, which is not declared before it"
        declared[layer.name] = layer
    for source in sources:
        layer = declared.get(source.layer)
        name = source.path.partition("/")[2]
        if layer is None:
            yield f"src/{source.path}: layer {source.layer} is not declared in src/CMakeLists.txt"
        elif name not in layer.files and source.path != "cli/main.cpp":
            yield f"src/{source.path}: not listed in src/CMakeLists.txt"


def check_includes(layers, sources):
    uses = {layer.name: layer.uses for layer in layers}
    for source in sources:
        for line, quote, name in source.includes():
            where = f"src/{source.path}:{line}"
            parts = name.split("/")
            if ".." in parts:
                yield f'{where}: include with "..": {name}'
            elif parts[0] == "orrery" and len(parts) > 2:
                if parts[1] != source.layer and parts[1] not in uses.get(source.layer, []):
                    yield f"{where}: layer {source.layer} does not name {parts[1]} in USES: {name}"
            elif quote == '"' and parts[0] != "orrery":
                yield f'{where}: write the include in full, "orrery/<layer>/<file>.h": {name}'


def check_cycles(sources):
    known = {source.path for source in sources}
    files, folders = {}, {}
    for source in sources:
        for _, _, name in source.includes():
            target = name.removeprefix("orrery/")
            if target in known:
                files.setdefault(source.path, set()).add(target)
                if target.split("/")[0] != source.layer:
                    folders.setdefault(source.layer, set()).add(target.split("/")[0])
    for kind, edges in (("layers", folders), ("files", files)):
        cycle = find_cycle(edges)
        if cycle:
            yield f"{kind} include each other in a circle: {' -> '.join(cycle)}"


def check_mutable_state(sources):
    for source in sources:
        for offset, text in mutable_variables(source.code):
            if source.layer == SIGNAL_FLAG[0] and SIGNAL_FLAG[1].search(text):
                continue
            yield f"src/{source.path}:{line_of(source.text, offset)}: mutable state outlives the run: {text}"


def check_side_effects(sources):
    for source in sources:
        if source.layer == "cli":
            continue
        code = source.code
        for what, pattern, allowed in OUTSIDE_CLI:
            if source.path in allowed:
                continue
            for match in pattern.finditer(code):
                yield f"src/{source.path}:{line_of(code, match.start())}: only cli {what}: {match[0]}"


def check_heavy_headers(sources):
    for library, pattern in HEAVY.items():
        users = [s.path for s in sources if any(pattern.search(name) for _, _, name in s.includes())]
        for path in users:
            if path.endswith(".h"):
                yield f"src/{path}: a header may not include {library}"
        if len(users) > 1:
            yield f"{library} is included in more than one source file: {', '.join(users)}"


def check_bundles(root):
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False)
    for path in listed.stdout.splitlines():
        if BUNDLE.search(path):
            yield f"{path}: built files do not belong under version control"


def failures(root):
    layers, sources = read_layers(root), read_sources(root)
    yield from check_declarations(layers, sources)
    yield from check_includes(layers, sources)
    yield from check_cycles(sources)
    yield from check_mutable_state(sources)
    yield from check_side_effects(sources)
    yield from check_heavy_headers(sources)
    yield from check_bundles(root)


def print_matrix(layers, sources):
    """Rows include columns: the number of includes, '.' for a use that is declared and idle."""
    counts = {}
    for source in sources:
        for _, _, name in source.includes():
            parts = name.split("/")
            if parts[0] == "orrery" and len(parts) > 2 and parts[1] != source.layer:
                counts[source.layer, parts[1]] = counts.get((source.layer, parts[1]), 0) + 1
    names = [layer.name for layer in layers]
    width = max((len(name) for name in names), default=0) + 1
    print(" " * width + "".join(name.rjust(width) for name in names))
    for layer in layers:
        cells = (counts.get((layer.name, n), "." if n in layer.uses else "") for n in names)
        print(layer.name.ljust(width) + "".join(str(cell).rjust(width) for cell in cells).rstrip())


def print_hints(root, sources):
    """What deserves a look but breaks no rule."""
    for source in sources:
        lines = source.text.count("\n")
        if lines > LONG_FILE:
            print(f"hint: src/{source.path} has {lines} lines")
        if source.layer != "base":
            code = source.code
            for match in FLOAT.finditer(code):
                if float(match[0].replace("'", "")) >= 1e6:
                    print(f"hint: src/{source.path}:{line_of(code, match.start())}: {match[0]} may be a unit in disguise")
    untested = [s.path for s in sources if s.path.endswith(".cpp") and not (root / "tests" / test_of(s.path)).exists()]
    if untested:
        print(f"hint: {len(untested)} source files have no test of the same name: {' '.join(untested)}")
    source_lines = sum(source.text.count("\n") for source in sources)
    tests = [p for p in (root / "tests").rglob("*") if p.suffix in (".cpp", ".py", ".yaml") and p.is_file()]
    test_lines = sum(p.read_text(encoding="utf-8").count("\n") for p in tests)
    print(f"test lines : source lines = {test_lines} : {source_lines} = {test_lines / max(source_lines, 1):.2f}")


def main(arguments):
    here = pathlib.Path(__file__).resolve()
    root = pathlib.Path(arguments[0]).resolve() if arguments else here.parents[2]
    layers, sources = read_layers(root), read_sources(root)
    print_matrix(layers, sources)
    print_hints(root, sources)
    found = list(failures(root))
    for failure in found:
        print(f"error: {failure}")
    print(f"{len(sources)} files in {len(layers)} layers, {len(found)} errors")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
