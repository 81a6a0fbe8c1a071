#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes each parser for some seconds: fuzz.sh BUILD SECONDS. Fails on the first crash.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=$1 SECONDS_EACH=$2
OUT=$BUILD/fuzz
sources=$(ls agent/{base,snapshot,config,link,alert,encode}/*.c)
flags="-std=gnu17 -g -O1 -D_GNU_SOURCE -Iagent -Iinclude -fsanitize=fuzzer,address,undefined
  -fno-sanitize-recover=undefined"
libraries="$(pkg-config --libs yaml-0.1 openssl libcap) -lm"
failed=0

mkdir -p "$OUT"
for fuzzer in tests/fuzz/fuzz_*.c; do
	name=$(basename "$fuzzer" .c)
	mkdir -p "$OUT/$name"
	# shellcheck disable=SC2086 # lists of words
	clang $flags -o "$OUT/$name.bin" "$fuzzer" $sources $libraries || { failed=1; continue; }
	corpus=tests/fuzz/corpus/${name#fuzz_}
	[ -d "$corpus" ] || corpus=
	if "$OUT/$name.bin" -max_total_time="$SECONDS_EACH" -rss_limit_mb=2048 -timeout=10 \
		-artifact_prefix="$OUT/$name/" "$OUT/$name" $corpus >"$OUT/$name.log" 2>&1; then
		echo "fuzz: $name: $(grep -oE 'Done [0-9]+ runs' "$OUT/$name.log" | tail -n 1)"
	else
		echo "fuzz: $name failed"
		tail -n 30 "$OUT/$name.log"
		failed=1
	fi
done
exit $failed
