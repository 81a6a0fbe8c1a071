#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what docs/STYLE.md asks for and no other tool does. Prints file:line: what, exits 1 on any."""
import os
import re
import subprocess
import sys

MAX_WIDTH = 100
MAX_FUNCTION = 60
MAX_FILE = 400
MAX_TEST_FILE = 500
TAB = 8
FORBIDDEN = re.compile(
    r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|alloca|system|popen)\s*\("
)
LEFT_OPEN = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE = re.compile(r"(^|[\s\"'(=])/(work|root|home)/|registry\.npm|deb\.debian")
SPACE_BEFORE_TAB = re.compile(r"^\s* \t")
SIGNATURE = re.compile(r"^[a-zA-Z_][\w\s\*]*\b(\w+)\(")
WIDE = {"include/metrics.def", "scripts/check-style.py"}

problems = []


def report(path, line, text):
    problems.append(f"{path}:{line}: {text}")


def walk():
    """What stands in the folder: for a copy without git's data, or a machine without git."""
    for folder, folders, files in os.walk("."):
        folders[:] = [f for f in folders if f not in (".git", "node_modules")]
        if folder == ".":
            folders[:] = [f for f in folders if not f.startswith("build")]
        for file in files:
            yield os.path.relpath(os.path.join(folder, file))


def sources():
    try:
        git = ["git", "ls-files", "-co", "--exclude-standard"]
        out = subprocess.run(git, capture_output=True, text=True, check=True)
        paths = out.stdout.splitlines()
    except (FileNotFoundError, subprocess.CalledProcessError):
        paths = walk()
    return sorted(p for p in paths if not p.endswith((".png", ".json", ".gz")))


def check_lines(path, lines):
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            report(path, number, "white space at the end of the line")
        if SPACE_BEFORE_TAB.match(line):
            report(path, number, "a space before a tab")
        if path not in WIDE and path.endswith((".c", ".h", ".py", ".sh")):
            if len(line.expandtabs(TAB)) > MAX_WIDTH:
                report(path, number, f"wider than {MAX_WIDTH} columns")
        if path != "scripts/check-style.py":
            if LEFT_OPEN.search(line):
                report(path, number, "work left open")
            if MACHINE.search(line):
                report(path, number, "a path or host of one machine")


def is_source(path):
    return path.endswith((".c", ".h", ".js", ".mjs", ".sh", ".py", ".def", ".S", ".css"))


def check_licence(path, lines):
    if is_source(path) and not any("SPDX-License-Identifier:" in line for line in lines[:3]):
        report(path, 1, "no SPDX-License-Identifier in the first three lines")


def check_size(path, lines):
    limit = MAX_TEST_FILE if path.startswith("tests/") else MAX_FILE
    if path.endswith((".c", ".h", ".js", ".mjs")) and len(lines) > limit:
        report(path, len(lines), f"longer than {limit} lines")


def check_functions(path, lines):
    """Bodies begin with { in the first column and end with } there: the formatter sees to it."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            length = number - start + 2
            if length > MAX_FUNCTION:
                report(path, start, f"function of {length} lines, more than {MAX_FUNCTION}")
            start = None


def check_calls(path, lines):
    for number, line in enumerate(lines, 1):
        code = line.split("//")[0]
        if FORBIDDEN.search(code) and not code.lstrip().startswith(("*", "/*")):
            report(path, number, "call of a function that docs/STYLE.md does not allow")


def check_prototypes(path, lines):
    """A prototype, or the group it stands in, has a comment above it."""
    commented = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            commented = False
        elif line.rstrip().endswith("*/") or line.startswith("//"):
            commented = True
        elif SIGNATURE.match(line) and not line.startswith(("#", "static", "return", "typedef")):
            if not commented and "(" in line and "=" not in line:
                report(path, number, "prototype without a comment above it")


for name in sources():
    try:
        with open(name, encoding="utf-8") as file:
            text = file.read().splitlines()
    except FileNotFoundError:  # deleted, not yet committed
        continue
    except UnicodeDecodeError:
        report(name, 1, "not UTF-8")
        continue
    if name.startswith("LICENSE"):
        continue
    check_lines(name, text)
    check_licence(name, text)
    check_size(name, text)
    if name.endswith((".c", ".h")):
        check_functions(name, text)
        check_calls(name, text)
    if name.startswith("agent/") and name.endswith(".h"):
        check_prototypes(name, text)

for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
