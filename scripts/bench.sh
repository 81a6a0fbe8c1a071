#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the benchmarks, one after the other, and prints one table, which stands in $BUILD/bench.json,
# too. Every ratio is between two things measured in the same run. Ends with 1 when a bar is missed.
# Names as arguments choose: json prometheus idle storm slowdown start latency; churn[=PROCESSES]
# only runs when it is named. Installs exitsnoop (Debian package libbpf-tools), which one row is
# held against.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build}
PROBECAST=${PROBECAST:-$(realpath "$BUILD/probecast")}
WORK=${WORK:-$(realpath "$BUILD/tests/work/work")}
export PROBECAST WORK
bench=$BUILD/tests/bench

rows=$(mktemp)
trap 'rm -f "$rows" "$rows.one"' EXIT
trap 'exit 130' INT TERM

chosen() {
	local name=$1 one
	shift
	[ $# -eq 0 ] && return 0
	for one in "$@"; do
		[ "${one%%=*}" = "$name" ] && return 0
	done
	return 1
}

# Per cent of the machine in use over two seconds.
busy() {
	{
		grep '^cpu ' /proc/stat
		sleep 2
		grep '^cpu ' /proc/stat
	} | awk '{ for (i = 2; i <= 9; i++) total[NR] += $i; idle[NR] = $5 + $6 }
		END { printf "%d\n", 100 * (1 - (idle[2] - idle[1]) / (total[2] - total[1])) }'
}

# Other work on the machine is noise in every number: it is waited for, but not for ever.
wait_until_idle() {
	local used _
	[ -n "${BENCH_QUICK:-}" ] && return
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		used=$(busy)
		[ "$used" -le 5 ] && return
		sleep 3
	done
	echo "the machine is busy with something else ($used %): what follows is noisy"
}

# The columns stand in tests/bench/row.h.
heading() {
	printf '%-66s %16s  %-36s %9s %8s  %s\n' what measured against compared bar ''
}

# Shows rows as soon as they are there, with what is worth telling below each.
table() {
	awk -F '\t' '{
		anchor = $5 == "" ? "" : $5 ": " $6 " " $3
		printf "%-66s %16s  %-36s %9s %8s  %s\n", $1, $4 " " $3, anchor, $7, $8 " " $9, $10
		if ($2 != "") printf "  %s\n", $2
		fflush() }'
}

run() {
	wait_until_idle
	if "$@" >"$rows.one"; then
		table <"$rows.one"
		cat "$rows.one" >>"$rows"
	else
		skip "$*" "it failed"
	fi
	rm -f "$rows.one"
}

# A row that is not measured, and why.
skip() {
	printf '%s\t%s\t\t\t\t\t\t\t\t%s\n' "$1" "$2" "${3:-failed}" | tee -a "$rows" | table
}

as_json() {
	python3 -c '
import json, sys
keys = "what detail unit value anchor anchor_value compared relation bar verdict".split()
numbers = {"value", "anchor_value", "compared", "bar"}
rows = [zip(keys, line.rstrip("\n").split("\t")) for line in sys.stdin]
rows = [{k: float(v) if k in numbers else v for k, v in row if v} for row in rows]
json.dump(rows, sys.stdout, indent=1)
print()'
}

install_exitsnoop() {
	command -v exitsnoop >/dev/null ||
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			libbpf-tools >/dev/null 2>&1
	command -v exitsnoop >/dev/null
}

# One that cannot attach ends at once.
exitsnoop_runs() {
	timeout 2 exitsnoop >/dev/null 2>&1
	[ $? = 124 ]
}

storm() {
	local what="2000 processes, 200 fork+exec/s"
	if ! install_exitsnoop; then
		skip "$what" "no exitsnoop: package libbpf-tools" skipped
	elif ! exitsnoop_runs; then
		skip "$what" "$(timeout 2 exitsnoop 2>&1 | tail -1)" skipped
	else
		run "$bench/bench_agent" 2000 1 0 200
	fi
}

slowdown() {
	local load
	for load in pipe tcp exec; do
		run "$bench/bench_slowdown" "$load" 5000
		run "$bench/bench_slowdown" "$load" 1000
	done
}

with_node() {
	if command -v node >/dev/null && [ -d tests/e2e/node_modules/ws ]; then
		run node "tests/bench/$1.mjs"
	else
		skip "$1" "it needs node and the npm package ws" skipped
	fi
}

churn_count() {
	local one
	for one in "$@"; do
		case $one in churn=*) echo "${one#*=}" && return ;; esac
	done
	echo 200000
}

heading
if chosen json "$@"; then
	run "$bench/bench_json" 500 22
	run "$bench/bench_json" 5000 22
fi
chosen prometheus "$@" && run "$bench/bench_prometheus" 500
if [ "$(id -u)" != 0 ]; then
	skip "the agent's own cost" "it needs root" skipped
else
	if [ "$(cat /proc/sys/kernel/bpf_stats_enabled)" != 0 ]; then
		echo "kernel.bpf_stats_enabled is on: BPF programs cost more than usual"
	fi
	if chosen idle "$@"; then
		run "$bench/bench_agent" 80 0.5 0
		run "$bench/bench_agent" 2000 0.1 16
		run "$bench/bench_agent" 20000 0.05 35
	fi
	chosen storm "$@" && storm
	chosen slowdown "$@" && slowdown
	chosen start "$@" && with_node start
	chosen latency "$@" && with_node latency
	[ $# -gt 0 ] && chosen churn "$@" && run "$bench/bench_churn" "$(churn_count "$@")" 1
fi
as_json <"$rows" >"$BUILD/bench.json"
echo "these rows: $BUILD/bench.json"
! grep -qE '(MISS|failed)$' "$rows"
