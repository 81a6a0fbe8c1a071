#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does what docs/EXTENDING.md says, in a copy: the examples build, and count. Prints TAP.
set -eu
cd "$(dirname "$0")/.."
copy=$(mktemp -d "${TMPDIR:-/tmp}/probecast-extending-XXXXXX")
trap 'rm -rf "$copy"' EXIT

tar -c --exclude='./build*' --exclude=./.git --exclude=node_modules . | tar -x -C "$copy"
cd "$copy"

# A block of code belongs to the comment before it: a new file, or text behind a line.
awk -v quote='```' '
function fail(what) {
	print "docs/EXTENDING.md:" NR ": " what >"/dev/stderr"
	failed = 1
	exit 1
}
function insert(file, anchor, text,   line, out, found) {
	while ((getline line <file) > 0) {
		out = out line "\n"
		if (index(line, anchor) == 1) {
			out = out text
			found++
		}
	}
	close(file)
	if (found != 1)
		fail(file " has " found + 0 " lines that begin with \"" anchor "\"")
	printf "%s", out >file
	close(file)
}
/^<!-- (file|behind) / {
	sub(/^<!-- /, "")
	sub(/ -->$/, "")
	kind = $1
	file = $2
	anchor = substr($0, length(kind) + length(file) + 3)
	next
}
index($0, quote) == 1 && !inside { inside = 1; text = ""; next }
index($0, quote) == 1 {
	inside = 0
	if (kind == "file") {
		printf "%s", text >file
		close(file)
	} else if (kind == "behind") {
		insert(file, anchor, text)
	} else {
		fail("a block of code that nobody says where to put")
	}
	kind = ""
	blocks++
	next
}
inside { text = text $0 "\n" }
END { if (!failed && blocks != 8) fail(blocks " blocks of code, not 8") }
' docs/EXTENDING.md

make docs
if make -j2 WERROR=1 build/probecast build/tests/probes/test_signals >build.log 2>&1; then
	echo "ok 1 the examples of docs/EXTENDING.md build"
else
	tail -n 20 build.log | sed 's/^/# /'
	echo "not ok 1 the examples of docs/EXTENDING.md build"
	exit 1
fi
python3 scripts/check-style.py | sed 's/^/# /'
if scripts/check-layers.sh && python3 scripts/check-style.py >/dev/null &&
	scripts/metrics-doc.py --check; then
	echo "ok 2 the examples pass the checks"
else
	echo "not ok 2 the examples pass the checks"
fi
build/tests/probes/test_signals | sed -n 's/^\(not ok\|ok\) [0-9]* /\1 3 /p'
echo "1..3"
