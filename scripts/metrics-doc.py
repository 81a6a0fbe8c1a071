#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/METRICS.md out of include/metrics.def; with --check says whether it is current."""
import re
import sys

SOURCE, TARGET = "include/metrics.def", "docs/METRICS.md"
ROW = re.compile(r"^(PROVIDER|SCOPE|LABEL|INPUT|METRIC)\((.*)\)$")
FIELD = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,]+)\s*(?:,|$)')
KINDS = {
    "GAUGE": "newest value",
    "AMOUNT": "amount in the window",
    "SIGNED": "newest value, may be negative",
    "TOTAL": "counter since it began",
    "RATE": "per second",
    "PERCENT": "per cent of one core",
    "SHARE": "per cent of the machine",
}
METRIC_TABLE = "| metric | unit | kind | provider | what it is |\n|---|---|---|---|---|"
HEAD = """# Metrics

Made by `make docs` out of include/metrics.def; do not edit.

Paths nest by dots in JSON: `network.tcp.rx_bytes` is `{"network":{"tcp":{"rx_bytes":…}}}`.
A number that cannot be read is absent, never 0; `agent.probes` says why.
"""


def expanded(file):
    """The lines of the file; a macro that stands for several rows is replaced by them."""
    macros = {}
    name = None
    for line in file:
        line = line.strip()
        begin = re.match(r"#define (USAGE_\w+)\((.*)\) \\$", line)
        use = re.match(r"(USAGE_\w+)\((.*)\)$", line)
        if begin:
            name = begin.group(1)
            macros[name] = (begin.group(2).split(", "), [])
        elif name:
            macros[name][1].append(line.rstrip(" \\"))
            name = name if line.endswith("\\") else None
        elif use:
            parameters, body = macros[use.group(1)]
            values = dict(zip(parameters, use.group(2).split(", ")))
            for row in body:
                start, end = row.split("(", 1)[0], row.split("(", 1)[1]
                fields = end.split(", ", 2)
                yield start + "(" + ", ".join([values.get(f, f) for f in fields[:2]] + fields[2:])
        else:
            yield line


def rows():
    with open(SOURCE, encoding="utf-8") as file:
        for line in expanded(file):
            match = ROW.match(line)
            if match:
                fields = [f.strip() for f in FIELD.findall(match.group(2)) if f.strip()]
                yield match.group(1), [f[1:-1] if f.startswith('"') else f for f in fields]


def document():
    out = [HEAD]
    inputs = {}
    for kind, fields in rows():
        if kind == "INPUT":
            inputs[fields[0], fields[3]] = fields[2]
    section = None
    for kind, fields in rows():
        if kind == "PROVIDER":
            if section is None:
                section = "providers"
                out.append("## Providers\n\n| name | what it is |\n|---|---|")
            out.append(f"| `{fields[1]}` | {fields[2]} |")
        elif kind == "SCOPE":
            out.append(f"\n## Scope `{fields[1]}`: {fields[2]}\n")
            section = None
        elif kind == "LABEL":
            if section != "labels":
                section = "labels"
                out.append("| label | type | what it is |\n|---|---|---|")
            out.append(f"| `{fields[2]}` | {fields[3].lower()} | {fields[4]} |")
        elif kind == "METRIC":
            if section != "metrics":
                gap = "\n" if section == "labels" else ""
                out.append(gap + METRIC_TABLE)
                section = "metrics"
            provider = inputs[fields[0], fields[5]].lower()
            unit = {"MILLI": "ratio"}.get(fields[4], fields[4].lower())
            kind = KINDS[fields[3]]
            out.append(f"| `{fields[2]}` | {unit} | {kind} | {provider} | {fields[6]} |")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    text = document()
    if "--check" in sys.argv:
        try:
            with open(TARGET, encoding="utf-8") as current:
                if current.read() == text:
                    sys.exit(0)
        except FileNotFoundError:
            pass
        print(f"{TARGET} is not current: run make docs")
        sys.exit(1)
    sys.stdout.write(text)
