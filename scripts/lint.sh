#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Formatter, analyzers and spelling. Each finding is an error.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build}
wrong=0

check() {
	echo "lint: $1"
	shift
	"$@" || wrong=1
}

# The generated skeleton frees what the analyzer thinks it leaks.
tidy_one() {
	local checks=
	grep -q probecast.skel.h "$1" && checks=--checks=-clang-analyzer-unix.Malloc
	clang-tidy --quiet $checks "$1" -- -std=gnu17 -D_GNU_SOURCE -DPROBECAST_VERSION='"lint"' \
		-Iagent -Iinclude -I"$BUILD" 2>/dev/null
}
export -f tidy_one
export BUILD

tidy() {
	find agent -name '*.c' -print0 | xargs -0 -P 2 -I{} bash -c 'tidy_one "$1"' tidy {}
}

headers() {
	local header status=0
	for header in agent/*/*.h; do
		gcc -std=gnu17 -fsyntax-only -D_GNU_SOURCE -Iagent -Iinclude -I"$BUILD" \
			-include "$header" -x c /dev/null && continue
		echo "$header does not compile alone"
		status=1
	done
	return $status
}

check format make --no-print-directory fmt-check
check "headers compile alone" headers
check shellcheck shellcheck -S warning scripts/*.sh tests/*.sh .ci/run
# Words that tests misspell on purpose.
words=precent,serverity,proces,hexdecimal,fro,optons
check codespell codespell -q 3 -L "$words" --skip '*.png,*.json,*node_modules*' \
	agent bpf docs include scripts tests README.md
check clang-tidy tidy
exit $wrong
