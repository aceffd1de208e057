#!/usr/bin/python3
"""Runs clang-tidy-19 over the source files of src/, several at once.

usage: lint.py BUILD [FILE...]

A file that passed is not linted again until something changes that it depends on: its text, a project
header that it includes, its compile command, .clang-tidy or the tool. BUILD/lint holds the hashes.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

TOOL = "clang-tidy-19"
ROOT = pathlib.Path(__file__).resolve().parents[1]
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"orrery/([^"]+)"', re.M)


def with_headers(path, seen):
    """The file and the project headers that it includes, directly or not."""
    if path in seen or not path.exists():
        return seen
    seen.add(path)
    for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        with_headers(ROOT / "src" / name, seen)
    return seen


def stamp(entry, common):
    """A hash of all that the verdict on one file depends on."""
    digest = hashlib.sha256(common)
    digest.update(entry["command"].encode())
    for path in sorted(with_headers(pathlib.Path(entry["file"]), set())):
        digest.update(path.as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def lint(entry, build):
    command = [TOOL, "--quiet", "-p", str(build), entry["file"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # stderr counts the warnings it suppressed; it matters only when the tool itself fails
    return done.returncode == 0, done.stdout or done.stderr


def main(arguments):
    build = pathlib.Path(arguments[0]).resolve()
    chosen = {(ROOT / name).resolve() for name in arguments[1:]}
    stamps = build / "lint"
    stamps.mkdir(exist_ok=True)
    version = subprocess.run([TOOL, "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes()

    commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    waiting = {}
    for entry in commands:
        path = pathlib.Path(entry["file"])
        if path.is_relative_to(ROOT / "src") and (not chosen or path in chosen):
            entry_stamp = stamps / stamp(entry, common)
            if not entry_stamp.exists():
                waiting[entry_stamp] = entry

    failed = 0
    jobs = int(os.environ.get("ORRERY_JOBS") or os.cpu_count())
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        verdicts = pool.map(lambda entry: lint(entry, build), waiting.values())
        for entry_stamp, (passed, output) in zip(waiting, verdicts):
            if passed:
                entry_stamp.touch()
            else:
                failed += 1
                print(output.replace(f"{build}/layers/", "").replace(f"{ROOT}/", ""), flush=True)
    if failed:
        print(f"lint: {failed} of {len(waiting)} files have findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
