#!/usr/bin/python3
"""Writes the pages that come from the program: docs/errors and docs/reference.

usage: generate_docs.py ORRERY [FOLDER]

FOLDER is docs by default. Pages there that nothing generates any more are removed.
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def output(orrery, *arguments):
    return subprocess.run([orrery, *arguments], check=True, capture_output=True, text=True,
                          env={"ORRERY_CATALOG": str(ROOT / "catalog"), "LC_ALL": "C.UTF-8"}).stdout


def names(orrery, key, *arguments):
    """The `key` of every row that a listing command gives as JSON."""
    return [row[key] for row in json.loads(output(orrery, *arguments, "--json"))]


def command_names(orrery):
    """The commands that the help groups: rows between the usage and the common options."""
    groups = output(orrery, "--help").split("Options of every command")[0]
    return re.findall(r"^  (\w+) ", groups, re.MULTILINE)


def error_page(orrery, code):
    title, _, body = output(orrery, "explain", code).partition("\n")
    return f"# {title}\n\n{body.strip()}\n"


def commands_page(orrery, commands):
    parts = ["# Commands\n"]
    for command in commands:
        parts.append(f"## orrery {command}\n\n```\n{output(orrery, command, '--help').strip()}\n```\n")
    return "\n".join(parts)


def pages(orrery):
    """Path below docs -> content."""
    content = {}
    for code in names(orrery, "code", "explain"):
        content[f"errors/{code}.md"] = error_page(orrery, code)
    for kind in ["scenario"] + [kind for kind in names(orrery, "kind", "list") if kind not in ("policy", "scenario")]:
        content[f"reference/{kind}.md"] = output(orrery, "schema", kind, "--markdown")
    content["reference/commands.md"] = commands_page(orrery, command_names(orrery))
    return content


def main(arguments):
    if not arguments or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(arguments[1]) if len(arguments) > 1 else ROOT / "docs"
    content = pages(arguments[0])
    for kind in ("errors", "reference"):
        for stale in (folder / kind).glob("*.md"):
            if f"{kind}/{stale.name}" not in content:
                stale.unlink()
    for path, text in content.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
