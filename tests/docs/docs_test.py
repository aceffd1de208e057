#!/usr/bin/python3
"""Keeps the documents true: runs their console blocks and compares the generated pages with fresh ones.

usage: docs_test.py ORRERY

* ```console blocks hold `$ COMMAND` lines, each followed by what it prints (stdout and stderr; `...` stands for any
  lines, {{regex}} for a part of a line). A command without output lines must just succeed.
* ```yaml blocks that begin with `# file: PATH` are written to that path before the commands after them.
All commands of one document share a folder that looks like the repository: scenarios, a copy of the catalog, and the
program in build/. Commands that set up a machine are not run here; they are listed in NOT_RUN.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "text"), str(ROOT / "tools")]
import generate_docs  # noqa: E402
import run_text_tests  # noqa: E402

NOT_RUN = {
    "git clone": "it needs a network",
    "./dev test": "it runs this very test",
    "./dev check": "it runs this very test",
    "./dev bench": "it takes a minute; its figures are checked by whoever quotes them",
    "./dev fuzz": "it takes minutes",
    "tests/text/run_text_tests.py": "a test of its own",
}
BLOCK = re.compile(r"^```(console|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def documents():
    pages = [ROOT / "README.md", ROOT / "catalog" / "README.md"]
    pages += sorted(p for p in (ROOT / "docs").rglob("*.md") if p.parent.name not in ("errors", "reference"))
    return pages


def commands_of(block):
    """(command, expected output) pairs of a console block."""
    pairs = []
    for line in block.split("\n"):
        if line.startswith("$ "):
            pairs.append((line[2:].split("  # ")[0].rstrip(), []))
        elif pairs:
            pairs[-1][1].append(line)
    return [(command, "\n".join(lines).rstrip("\n")) for command, lines in pairs]


def prepare(here, orrery):
    shutil.copytree(ROOT / "catalog", here / "catalog")
    shutil.copytree(ROOT / "scenarios", here / "scenarios")
    (here / "build").mkdir()
    (here / "build" / "orrery").symlink_to(orrery)
    (here / "dev").write_text('#!/bin/sh\n[ "$1" = run ] && shift && exec orrery run scenarios/azure-conversation.yaml "$@"\n')
    (here / "dev").chmod(0o755)


def run_document(page, orrery):
    """(commands run, problems)."""
    problems, count = [], 0
    with tempfile.TemporaryDirectory(prefix="orrery-docs-") as folder:
        here = pathlib.Path(folder)
        prepare(here, orrery)
        environment = {"PATH": f"{here / 'build'}:/usr/bin:/bin", "HOME": folder, "LC_ALL": "C.UTF-8", "TZ": "UTC",
                       "ORRERY_CATALOG": str(here / "catalog")}
        for language, block in BLOCK.findall(page.read_text(encoding="utf-8")):
            if language == "yaml":
                first, _, rest = block.partition("\n")
                if first.startswith("# file: "):
                    path = here / first.removeprefix("# file: ").strip()
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(rest, encoding="utf-8")
                continue
            for command, expected in commands_of(block):
                if any(command.startswith(prefix) for prefix in NOT_RUN):
                    continue
                count += 1
                done = subprocess.run(["/bin/sh", "-c", command], cwd=here, env=environment, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
                actual = done.stdout.decode("utf-8", "backslashreplace").rstrip("\n")
                if not expected and done.returncode != 0:
                    problems.append(f"$ {command}\n  ended with {done.returncode}:\n{actual}")
                elif expected and not run_text_tests.meets(expected, actual):
                    problems.append(f"$ {command}\n--- documented\n{expected}\n--- printed\n{actual}")
    return count, problems


def dead_links(page):
    return [f"dead link: {target}" for target in LINK.findall(page.read_text(encoding="utf-8"))
            if not (page.parent / target).exists()]


def stale_pages(orrery):
    with tempfile.TemporaryDirectory(prefix="orrery-docs-") as folder:
        generate_docs.main([orrery, folder])
        fresh = {p.relative_to(folder).as_posix(): p.read_text() for p in pathlib.Path(folder).rglob("*.md")}
    kept = {p.relative_to(ROOT / "docs").as_posix(): p.read_text()
            for kind in ("errors", "reference") for p in (ROOT / "docs" / kind).glob("*.md")}
    return [f"docs/{path} is stale: run tools/generate_docs.py build/orrery"
            for path in sorted(fresh.keys() | kept.keys()) if fresh.get(path) != kept.get(path)]


def missing_layer_pages():
    layers = re.findall(r"^orrery_layer\((\w+)", (ROOT / "src" / "CMakeLists.txt").read_text(), re.MULTILINE)
    return [f"docs/layers/{layer}.md is missing" for layer in layers if not (ROOT / "docs/layers" / f"{layer}.md").exists()]


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    orrery = os.path.realpath(arguments[0])
    passed, failed = 0, 0
    checks = [("generated pages", lambda: stale_pages(orrery)), ("layer pages", missing_layer_pages)]
    for name, check in checks:
        problems = check()
        passed, failed = passed + (not problems), failed + bool(problems)
        for problem in problems:
            print(f"FAILED {name}: {problem}")
    for page in documents():
        count, problems = run_document(page, orrery)
        problems += dead_links(page)
        passed, failed = passed + (not problems), failed + bool(problems)
        for problem in problems:
            print(f"FAILED {page.relative_to(ROOT)}: {problem}")
        print(f"{page.relative_to(ROOT)}: {count} commands")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
