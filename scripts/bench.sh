#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the benchmarks, one after the other, and prints one table. Every ratio is between two things
# measured in the same run. Ends with 1 when a bar is missed. Names as arguments choose: json agent
# pingpong latency.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build}
PROBECAST=${PROBECAST:-$(realpath "$BUILD/probecast")}
WORK=${WORK:-$(realpath "$BUILD/tests/work/work")}
export PROBECAST WORK

rows=$(mktemp)
trap 'rm -f "$rows" "$rows.one"' EXIT
trap 'exit 130' INT TERM

chosen() {
	local name=$1 one
	shift
	[ $# -eq 0 ] && return 0
	for one in "$@"; do
		[ "$one" = "$name" ] && return 0
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
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		used=$(busy)
		[ "$used" -le 5 ] && return
		sleep 3
	done
	echo "the machine is busy with something else ($used %): what follows is noisy"
}

# Shows a row as soon as it is there.
table() {
	awk -F '\t' '{ printf "%-58s %-52s %-24s %8s %8s  %s\n", $1, $2, $3, $4, $5, $6; fflush() }'
}

run() {
	wait_until_idle
	if "$@" >"$rows.one"; then
		table <"$rows.one"
		cat "$rows.one" >>"$rows"
	else
		echo "$1 failed" | tee -a "$rows"
	fi
	rm -f "$rows.one"
}

printf 'what\tvalue\tanchor\tmeasured\tbar\t\n' | table
if chosen json "$@"; then
	run "$BUILD/tests/bench/bench_json" 500 22
	run "$BUILD/tests/bench/bench_json" 5000 22
fi
if [ "$(id -u)" != 0 ]; then
	echo "the agent's own cost: not measured, it needs root"
else
	if [ "$(cat /proc/sys/kernel/bpf_stats_enabled)" != 0 ]; then
		echo "kernel.bpf_stats_enabled is on: BPF programs cost more than usual"
	fi
	chosen agent "$@" && run "$BUILD/tests/bench/bench_agent" 2000
	chosen pingpong "$@" && run "$BUILD/tests/bench/bench_pingpong"
	if ! chosen latency "$@"; then
		:
	elif command -v node >/dev/null && [ -d tests/e2e/node_modules/ws ]; then
		run node tests/bench/latency.mjs
	else
		echo "latency: not measured, it needs node and the npm package ws"
	fi
fi
! grep -qE 'MISS$|failed$' "$rows"
