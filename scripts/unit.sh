#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the unit tests of a build folder: unit.sh BUILD. Prints what failed, exits 1 on any.
set -u
cd "$(dirname "$0")/.." || exit 2
failed=0
for source in tests/unit/test_*.c; do
	test=$1/${source%.c}
	out=$("$test" 2>&1)
	status=$?
	if [ $status != 0 ] && [ $status != 77 ]; then
		failed=1
		echo "$test"
		grep -vE '^ok ' <<<"$out"
	fi
done
exit $failed
