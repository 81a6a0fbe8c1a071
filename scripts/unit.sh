#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the unit tests of a build folder: unit.sh BUILD. Prints what failed, exits 1 on any.
set -u
cd "$(dirname "$0")/.." || exit 2
failed=0
# These do not free the texts that they make themselves; all others are held against leaks too.
leaky=" test_auth test_key test_message test_rule test_sample "

for source in tests/unit/test_*.c; do
	leaks=1
	[[ $leaky == *" $(basename "$source" .c) "* ]] && leaks=0
	out=$(ASAN_OPTIONS=detect_leaks=$leaks "$1/${source%.c}" 2>&1)
	status=$?
	if [ $status != 0 ] && [ $status != 77 ]; then
		failed=1
		echo "$source"
		grep -vE '^ok ' <<<"$out"
	fi
done
exit $failed
