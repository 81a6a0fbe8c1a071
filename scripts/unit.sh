#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the unit tests of a build folder; prints what failed, exits 1 on any.
set -u
failed=0
for test in "$1"/tests/unit/test_*; do
	[ -x "$test" ] && [ -f "$test" ] || continue
	out=$("$test" 2>&1)
	status=$?
	if [ $status != 0 ] && [ $status != 77 ]; then
		failed=1
		echo "$test"
		grep -vE '^ok ' <<<"$out"
	fi
done
exit $failed
