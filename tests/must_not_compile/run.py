#!/usr/bin/python3
"""Compiles each file of this folder and demands the error that its first line names.

usage: run.py --compiler CXX --layers FOLDER

A case starts with `// expect: <regular expression>`; `// expect: nothing` marks a positive control,
which must compile. A second line `// layers: base schema` limits what the case may include;
without it every layer is in reach.
"""
import argparse
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def comment(text, key):
    match = re.search(rf"^// {key}: (.*)$", text, re.M)
    return match[1].strip() if match else None


def check(case, compiler, layers):
    """What is wrong with this case, or None."""
    text = case.read_text(encoding="utf-8")
    expected = comment(text, "expect")
    if expected is None:
        return 'has no first line "// expect: <regular expression>"'
    names = comment(text, "layers")
    roots = [layers / name for name in names.split()] if names else sorted(layers.iterdir())
    command = [compiler, "-std=c++23", "-fsyntax-only", *(f"-I{root}" for root in roots), str(case)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if expected == "nothing":
        return None if done.returncode == 0 else f"must compile, but:\n{done.stderr}"
    if done.returncode == 0:
        return "compiles, but must not"
    if not re.search(expected, done.stderr):
        return f"fails without the expected message {expected!r}:\n{done.stderr}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--layers", required=True, type=pathlib.Path)
    options = parser.parse_args()
    cases = sorted(HERE.glob("*.cpp"))
    controls = [case for case in cases if comment(case.read_text(encoding="utf-8"), "expect") == "nothing"]
    problems = 0
    for case in cases:
        problem = check(case, options.compiler, options.layers)
        print(f"{'FAILED' if problem else 'ok'}: {case.name}{': ' + problem if problem else ''}")
        problems += problem is not None
    if not controls:
        print("FAILED: no positive control (// expect: nothing)")
    return 1 if problems or not controls else 0


if __name__ == "__main__":
    sys.exit(main())
