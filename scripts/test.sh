#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs all tests that are built and ends with one plain line: N passed, N failed, N skipped.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build}
PROBECAST=$(realpath "$BUILD/probecast")
export PROBECAST

passed=0 failed=0 skipped=0 reasons=()

# Adds up the lines of a TAP stream; shows what failed.
count_tap() {
	local name=$1 file=$2 line
	while IFS= read -r line; do
		case "$line" in
		"ok "*" # SKIP "*)
			skipped=$((skipped + 1))
			reasons+=("$name: ${line#ok * }")
			;;
		"ok "*) passed=$((passed + 1)) ;;
		"not ok "*)
			failed=$((failed + 1))
			echo "$name: $line"
			;;
		"# "*) echo "    $line" ;;
		esac
	done <"$file"
}

# A program that dies without a verdict, hangs, or was not built is a failure too.
run_tap() {
	local name=$1 out status before=$failed
	shift
	out=$(mktemp)
	timeout --kill-after=10 600 "$@" >"$out" 2>&1
	status=$?
	count_tap "$name" "$out"
	if [ $status -ne 0 ] && [ $status -ne 77 ] && [ "$failed" = "$before" ]; then
		failed=$((failed + 1))
		echo "$name: ended with status $status"
		tail -n 20 "$out"
	fi
	rm -f "$out"
}

run_check() {
	local name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$name: failed"
	fi
}

run_check layers scripts/check-layers.sh
run_check style python3 scripts/check-style.py
run_check "metrics documentation" scripts/metrics-doc.py --check
for source in tests/unit/test_*.c tests/probes/test_*.c; do
	run_tap "$(basename "$source" .c)" "$BUILD/${source%.c}"
done
run_tap extending tests/extending.sh
if command -v node >/dev/null &&
	cmp -s tests/e2e/package-lock.json tests/e2e/node_modules/.installed; then
	for test in tests/e2e/*.test.mjs; do
		run_tap "$(basename "$test")" node scripts/tap.mjs "$test"
	done
else
	skipped=$((skipped + 1))
	reasons+=("e2e: node or its packages are not installed")
fi
for reason in "${reasons[@]}"; do
	echo "skipped: $reason"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
