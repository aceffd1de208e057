#!/usr/bin/python3
"""Runs the tests of the program that are written as text: tests/text/**/*.test (README.md has the format).

usage: run_text_tests.py [--update] ORRERY [NAME...]

ORRERY is the program. With NAMEs, only the files whose path holds one of them are run. --update
rewrites every expectation that is not met, for a person to review in the diff.
"""
import codecs
import concurrent.futures
import dataclasses
import difflib
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = pathlib.Path(__file__).resolve().parent
SCENARIOS = ROOT / "scenarios"
LIMIT_S = 120
WORKERS = 2

MARKER = re.compile(r"--- (file|stdout|stderr|exit|needs)\b ?(.*)")
SHELL = re.compile(r"^\w+=|[|&;<>()$`*?\[#~%!{}]")
ESCAPE = re.compile(rb"\\(\n|[tnr\\]|x[0-9a-fA-F]{2})")
REGEX = re.compile(r"\{\{(.*?)\}\}")
PASSED_ON = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LLVM_PROFILE_FILE", "LD_LIBRARY_PATH")


class BadTest(Exception):
    """The test itself is at fault."""


@dataclasses.dataclass
class Block:
    """Lines [first, last) of the file, counted from 0: the marker, then the content."""
    kind: str
    argument: str
    first: int
    last: int = 0
    lines: list = dataclasses.field(default_factory=list)

    def text(self):
        return "\n".join(self.lines).rstrip("\n")


@dataclasses.dataclass
class Step:
    command: str
    line: int  # of the command, counted from 0
    files: list
    expected: dict = dataclasses.field(default_factory=dict)


def parse(path):
    """The needs and the steps of a test file, and its lines."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if not lines[0].startswith("# "):
        raise BadTest("line 1: begin with '# what the test shows'")
    needs, steps, files, block = [], [], [], None
    for number, line in enumerate(lines):
        marker = MARKER.fullmatch(line)
        if line.startswith("$ "):
            step = Step(line[2:].strip(), number, files)
            steps.append(step)
            files, block = [], None
        elif marker:
            kind, argument = marker[1], marker[2].strip()
            block = Block(kind, argument, number, number + 1)
            if kind == "file":
                if not argument:
                    raise BadTest(f"line {number + 1}: a file needs a name")
                files.append(block)
            elif kind == "needs":
                needs.append(argument)
            elif not steps or files:
                raise BadTest(f"line {number + 1}: an expectation without a command before it")
            elif kind in steps[-1].expected:
                raise BadTest(f"line {number + 1}: a second {kind} for one command")
            else:
                steps[-1].expected[kind] = block
        elif re.match(r"--- ?\w", line):
            raise BadTest(f"line {number + 1}: unknown block '{line}'")
        elif block is not None:
            block.lines.append(line)
            block.last = number + 1
        elif line.strip() and not line.startswith("#"):
            raise BadTest(f"line {number + 1}: this belongs to no block: '{line}'")
    if not steps:
        raise BadTest("it runs no command")
    if files:
        raise BadTest("a file is made after the last command")
    for step in steps:
        if not step.expected:
            raise BadTest(f"line {step.line + 1}: nothing is expected of '$ {step.command}'")
        if "exit" in step.expected and not step.expected["exit"].argument.isdigit():
            raise BadTest(f"line {step.expected['exit'].first + 1}: 'exit' needs a number")
    return needs, steps, lines


def content_of(block):
    """The bytes of a file block and its name; 'NAME escaped' reads \\t \\n \\r \\\\ \\xHH, and \\ at an end of line."""
    name, _, mode = block.argument.partition(" ")
    text = block.text()
    data = (text + "\n" if text else "").encode()
    if mode.strip() == "escaped":
        data = ESCAPE.sub(lambda m: b"" if m[1] == b"\n" else codecs.decode(m[0], "unicode_escape").encode("latin-1"), data)
    elif mode:
        raise BadTest(f"line {block.first + 1}: 'file NAME' or 'file NAME escaped'")
    return name, data


def pattern_of(expected):
    """One regular expression for a whole block: '...' is any lines, {{x}} is the regular expression x."""
    parts = []
    for line in expected.split("\n"):
        if line.strip() == "...":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            pieces = REGEX.split(line)
            parts.append("".join(f"(?:{p})" if i % 2 else re.escape(p) for i, p in enumerate(pieces)) + r"\n")
    return re.compile("".join(parts))


def meets(expected, actual):
    return expected == actual or pattern_of(expected).fullmatch(actual + "\n") is not None


def with_places(text, here):
    return text.replace("@SCENARIOS@", str(SCENARIOS)).replace("@ROOT@", str(ROOT)).replace("@HERE@", here)


def without_places(text, here):
    return text.replace(here, "@HERE@").replace(str(SCENARIOS), "@SCENARIOS@").replace(str(ROOT), "@ROOT@")


def run_step(step, here, orrery, environment):
    """The kinds of output that are not as expected, with (expected, actual)."""
    command = with_places(step.command, here)
    if SHELL.search(command):
        arguments = ["/bin/sh", "-c", command]
    else:
        arguments = shlex.split(command)
        if arguments[0] == "orrery":
            arguments[0] = orrery
    try:
        done = subprocess.run(arguments, cwd=here, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=LIMIT_S, check=False)
    except OSError as error:
        raise BadTest(f"line {step.line + 1}: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise BadTest(f"line {step.line + 1}: still running after {LIMIT_S} s") from error
    differences = {}
    for kind, data in (("stdout", done.stdout), ("stderr", done.stderr)):
        actual = without_places(data.decode("utf-8", "backslashreplace"), here).rstrip("\n")
        expected = step.expected[kind].text() if kind in step.expected else ""
        if not meets(expected, actual):
            differences[kind] = (expected, actual)
    expected = step.expected["exit"].argument if "exit" in step.expected else "0"
    if str(done.returncode) != expected:
        differences["exit"] = (expected, str(done.returncode))
    return differences


def updated(lines, steps, differences):
    """The lines of a test file with the output that was seen in place of the output that was expected."""
    for step, differing in reversed(list(zip(steps, differences))):
        if not differing:
            continue
        new = []
        for kind in ("stdout", "stderr", "exit"):
            block = step.expected.get(kind)
            if kind == "exit":
                code = differing[kind][1] if kind in differing else block.argument if block else "0"
                new += [f"--- exit {code}"] if code != "0" or block else []
            else:
                text = differing[kind][1] if kind in differing else block.text() if block else ""
                new += [f"--- {kind}"] + text.split("\n") if text else []
        first, last = step.line + 1, max([step.line + 1] + [block.last for block in step.expected.values()])
        lines[first:last] = (new or ["--- exit 0"]) + [""] * (not lines[last - 1])
    return lines


def report(step, differing):
    parts = [f"$ {step.command}   (line {step.line + 1})"]
    for kind, (expected, actual) in differing.items():
        if kind == "exit":
            parts.append(f"exit: expected {expected}, was {actual}")
        else:
            parts.append(f"{kind}: expected (-), was (+)")
            parts += [line for line in difflib.ndiff(expected.split("\n"), actual.split("\n")) if line[0] != "?"]
    return "\n".join("  " + part for part in parts)


def run_test(path, orrery, update):
    """(verdict, text): verdict is one of passed, failed, skipped."""
    name = path.relative_to(FOLDER).as_posix()
    try:
        needs, steps, lines = parse(path)
        missing = [need for need in needs if not (ROOT / need).exists()]
        if missing:
            return "skipped", f"skipped {name}: it needs {', '.join(missing)}"
        with tempfile.TemporaryDirectory(prefix="orrery-text-") as here:
            here = os.path.realpath(here)
            environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
            environment.update(PATH=f"{os.path.dirname(orrery)}:/usr/bin:/bin", HOME=here, LC_ALL="C.UTF-8", TZ="UTC",
                               ORRERY_CATALOG=str(ROOT / "catalog"))
            differences = []
            for step in steps:
                for block in step.files:
                    file_name, content = content_of(block)
                    file = pathlib.Path(here, file_name)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(with_places(content.decode("latin-1"), here).encode("latin-1"))
                differences.append(run_step(step, here, orrery, environment))
    except (BadTest, re.error, ValueError) as error:
        return "failed", f"FAILED {name}: {error}"
    if not any(differences):
        return "passed", ""
    if update:
        path.write_text("\n".join(updated(lines, steps, differences)), encoding="utf-8")
    reports = [report(step, differing) for step, differing in zip(steps, differences) if differing]
    return "failed", "\n".join([f"FAILED {name}" + (" (rewritten)" if update else "")] + reports)


def main(arguments):
    update = "--update" in arguments
    arguments = [argument for argument in arguments if argument != "--update"]
    if not arguments or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    orrery = os.path.realpath(arguments[0])
    if os.path.basename(orrery) != "orrery" or not os.access(orrery, os.X_OK):
        print(f"{arguments[0]} is not the program orrery", file=sys.stderr)
        return 2
    paths = sorted(FOLDER.glob("**/*.test"))
    paths = [p for p in paths if len(arguments) == 1 or any(a in p.as_posix() for a in arguments[1:])]
    if not paths:
        print("no test has such a name", file=sys.stderr)
        return 2
    count = {"passed": 0, "failed": 0, "skipped": 0}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for verdict, text in pool.map(lambda path: run_test(path, orrery, update), paths):
            count[verdict] += 1
            if text:
                print(text, flush=True)
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"{count['passed']} passed, {count['failed']} failed{skipped}")
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
