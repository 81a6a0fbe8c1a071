#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the commands that make would run (make -nB V=1) into compile_commands.json on stdout."""
import json
import os
import shlex
import sys


def entries(lines):
    for line in lines:
        words = line.split()
        if "-c" not in words or "-o" not in words or words[-1].endswith(".S"):
            continue
        arguments = shlex.split(line)
        yield {"directory": os.getcwd(), "file": arguments[-1], "arguments": arguments}


joined = sys.stdin.read().replace("\\\n", " ")
json.dump(list(entries(joined.splitlines())), sys.stdout, indent=1)
