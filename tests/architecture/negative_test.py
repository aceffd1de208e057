#!/usr/bin/python3
"""Proves the defences of the layers: each case writes a tiny tree that breaks one rule and must be caught.

usage: negative_test.py [--compiler CXX]
"""
import contextlib
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

from architecture_test import failures

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
COMPILER = "c++"

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(tiny LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
include({repository}/cmake/orrery_layer.cmake)
add_subdirectory(src)
"""

GOOD = {
    "src/CMakeLists.txt": """
        orrery_layer(base FILES low.cpp HEADERS low.h)
        orrery_layer(chip USES base FILES high.cpp HEADERS high.h)
        """,
    "src/base/low.h": "#pragma once\nint low();\n",
    "src/base/low.cpp": '#include "orrery/base/low.h"\nint low() { return 1; }\n',
    "src/chip/high.h": "#pragma once\nint high();\n",
    "src/chip/high.cpp": '#include "orrery/chip/high.h"\n#include "orrery/base/low.h"\nint high() { return low(); }\n',
}


@contextlib.contextmanager
def tree(changes):
    """The folder of the good tree with some files replaced."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        project = {"CMakeLists.txt": PROJECT.format(repository=REPOSITORY)}
        for name, text in {**project, **GOOD, **changes}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        yield root


def build(changes, target="all"):
    """Whether configure and build both went well, and what they printed."""
    with tree(changes) as root:
        configure = ["cmake", "-S", root, "-B", root / "build", "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={COMPILER}"]
        output = ""
        for command in (configure, ["ninja", "-C", root / "build", "-j1", target]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            output += done.stdout + done.stderr
            if done.returncode != 0:
                return False, output
        return True, output


def broken_rules(changes):
    with tree(changes) as root:
        return list(failures(root))


class Build(unittest.TestCase):
    def assert_caught(self, changes, message, target="all"):
        built, output = build(changes, target)
        self.assertFalse(built, output)
        self.assertIn(message, " ".join(output.split()))

    def test_the_good_tree_builds_and_its_headers_stand_alone(self):
        built, output = build({}, "all_verify_interface_header_sets")
        self.assertTrue(built, output)

    def test_an_upward_include_does_not_compile(self):
        low = '#include "orrery/chip/high.h"\nint low() { return high(); }\n'
        self.assert_caught({"src/base/low.cpp": low}, "orrery/chip/high.h: No such file or directory", "orrery_base")

    def test_a_back_edge_in_uses_stops_configure(self):
        layers = """
            orrery_layer(base USES chip FILES low.cpp HEADERS low.h)
            orrery_layer(chip FILES high.cpp HEADERS high.h)
            """
        self.assert_caught({"src/CMakeLists.txt": layers}, "layer 'base' may not use 'chip'")

    def test_a_header_that_leans_on_its_includer_is_caught(self):
        changes = {
            "src/chip/high.h": "#pragma once\nstd::string high();\n",
            "src/chip/high.cpp": '#include <string>\n#include "orrery/chip/high.h"\nstd::string high() { return {}; }\n',
        }
        self.assertTrue(build(changes)[0])
        self.assert_caught(changes, "std", "all_verify_interface_header_sets")


class Rules(unittest.TestCase):
    def assert_flagged(self, changes, message):
        self.assertIn(message, "\n".join(broken_rules(changes)))

    def assert_state(self, layer, code, flagged):
        name = {"base": "low", "chip": "high"}[layer]
        found = broken_rules({f"src/{layer}/{name}.cpp": code})
        self.assertEqual(any("mutable state" in f for f in found), flagged, f"{code}\n{found}")

    def test_the_good_tree_breaks_no_rule(self):
        self.assertEqual(broken_rules({}), [])

    def test_an_undeclared_include_is_flagged(self):
        self.assert_flagged({"src/base/low.cpp": '#include "orrery/chip/high.h"\n'}, "does not name chip in USES")

    def test_a_transitive_include_is_flagged(self):
        layers = GOOD["src/CMakeLists.txt"] + "orrery_layer(model USES chip FILES top.cpp)\n"
        top = '#include "orrery/base/low.h"\n'
        self.assert_flagged({"src/CMakeLists.txt": layers, "src/model/top.cpp": top}, "does not name base in USES")

    def test_a_dotted_include_is_flagged(self):
        self.assert_flagged({"src/base/low.cpp": '#include "../chip/high.h"\n'}, 'include with ".."')

    def test_a_back_edge_and_a_circle_are_flagged(self):
        changes = {
            "src/CMakeLists.txt": """
                orrery_layer(base USES chip FILES low.cpp HEADERS low.h)
                orrery_layer(chip USES base FILES high.cpp HEADERS high.h)
                """,
            "src/base/low.h": '#pragma once\n#include "orrery/chip/high.h"\n',
        }
        self.assert_flagged(changes, "base uses chip, which is not declared before it")
        self.assert_flagged(changes, "layers include each other in a circle: base -> chip -> base")

    def test_an_unlisted_file_is_flagged(self):
        self.assert_flagged({"src/base/extra.cpp": ""}, "src/base/extra.cpp: not listed")

    def test_a_heavy_header_belongs_to_one_source_file(self):
        heavy = "#include <sqlite3.h>\n"
        self.assert_flagged({"src/base/low.h": heavy}, "src/base/low.h: a header may not include SQLite")
        self.assert_flagged({"src/base/low.cpp": heavy, "src/chip/high.cpp": heavy}, "more than one source file")

    def test_side_effects_are_flagged_outside_comments_and_text(self):
        for code in ("exit(1)", "std::cout << 1", 'std::getenv("HOME")', "std::rand()", 'std::ifstream f("x")'):
            self.assert_flagged({"src/base/low.cpp": f"void f() {{ {code}; }}\n"}, "only cli")
        quiet = '// std::cout\nconst char* f() { return "getenv"; }\n'
        self.assertEqual(broken_rules({"src/base/low.cpp": quiet}), [])

    def test_mutable_state_is_flagged(self):
        for code in (
            "int count = 0;",
            "namespace a { namespace { std::map<int, std::string> table; } }",
            "inline int shared{3};",
            "extern int elsewhere;",
            'const char* name = "x";',
            "static std::function<void(int)> hook;",
            "thread_local int mine = 0;",
            "auto act = [](int a) { return a; };",
            "int f() { static int calls; return ++calls; }",
            "void f() { if (true) { static Cache cache(3); } }",
            "struct S { static int members; };",
            "class S { public: inline static std::vector<int> all = {1}; };",
        ):
            self.assert_state("chip", code, True)

    def test_constants_functions_and_members_are_not_state(self):
        for code in (
            "constexpr int kOne = 1;",
            "const std::map<int, int> kTable = {{1, 2}};",
            'const char* const kName = "x";',
            "constexpr Row kRows[] = {{1, f(2)}, {3, 4}};",
            "static int f(int a = 3) { return a; }",
            "template <class T, int N = 3> T f(T a) { T b = a; return b; }",
            "template <class T> constexpr bool kOk = true;",
            "struct S { int a = 0; std::vector<int> b{1}; static S make(); bool operator==(const S&) const = default; };",
            "struct S { static constexpr int kA = 1; static const int kB; };",
            "S::S(int a) : a_{a}, b_(2) { auto c = a; }",
            "__extension__ typedef __int128 Int128;",
            "enum class E : int { a = 1, b };",
            "using T = int; struct Later; class C final : public B { int x_ = 1; };",
            "int f() { static const auto kTable = make(); for (int i = 0; i < 3; ++i) { } return 0; }",
            "std::string f() { std::string text = \"}\"; char c = '{'; long n = 1'000'000; return text; }",
            "auto operator<=>(S a, S b) { return 0; }",
        ):
            self.assert_state("chip", code, False)


if __name__ == "__main__":
    if "--compiler" in sys.argv:
        at = sys.argv.index("--compiler")
        COMPILER = sys.argv[at + 1]
        del sys.argv[at:at + 2]
    unittest.main()
