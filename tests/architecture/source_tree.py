"""Reads a source tree: the layers that src/CMakeLists.txt declares, the files, the includes."""
import dataclasses
import pathlib
import re

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
LAYER_CALL = re.compile(r"^\s*orrery_layer\s*\(([^)]*)\)", re.M)
NOT_CODE = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r'|R"([^()\\\s]{0,16})\(.*?\)\1"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.S,
)


@dataclasses.dataclass
class Layer:
    name: str
    uses: list
    files: list  # FILES and HEADERS, relative to src/<name>


@dataclasses.dataclass
class Source:
    path: str  # relative to src/, as in chip/chip.cpp
    text: str

    @property
    def layer(self):
        return self.path.split("/", 1)[0]

    @property
    def code(self):
        """The text with comments and literals blanked; line numbers stay."""
        return NOT_CODE.sub(blank, self.text)

    def includes(self):
        """Yields (line, quote, name)."""
        for match in INCLUDE.finditer(self.text):
            yield line_of(self.text, match.start(1)), match[1], match[2]


def blank(match):
    text = match[0]
    if text.startswith("/"):
        return " " + "\n" * text.count("\n")
    return '""' + "\n" * text.count("\n")


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def read_layers(root):
    """The layers in the order of their declaration."""
    text = (root / "src/CMakeLists.txt").read_text(encoding="utf-8")
    text = re.sub(r"#[^\n]*", "", text)
    layers = []
    for match in LAYER_CALL.finditer(text):
        name, *words = match[1].split()
        lists = {"USES": [], "FILES": [], "HEADERS": [], "LIBS": []}
        current = None
        for word in words:
            if word in lists:
                current = lists[word]
            elif current is not None:
                current.append(word)
        layers.append(Layer(name, lists["USES"], lists["FILES"] + lists["HEADERS"]))
    return layers


def read_sources(root):
    """Every C++ file below src/."""
    paths = sorted(p for p in (root / "src").rglob("*") if p.suffix in (".h", ".cpp"))
    return [
        Source(p.relative_to(root / "src").as_posix(), p.read_text(encoding="utf-8")) for p in paths
    ]


def find_cycle(edges):
    """A cycle in {node: nodes} as a list that ends where it starts, or None."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for target in sorted(edges.get(node, ())):
            cycle = visit(target)
            if cycle:
                return cycle
        path.pop()
        done.add(node)
        return None

    for node in sorted(edges):
        cycle = visit(node)
        if cycle:
            return cycle
    return None


def test_of(path):
    """chip/chip.cpp -> chip/chip_test.cpp"""
    return str(pathlib.PurePosixPath(path).with_suffix("")) + "_test.cpp"
