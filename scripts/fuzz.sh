#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes each parser for some seconds: fuzz.sh BUILD SECONDS.
# What crashed one is kept in BUILD/fuzz.
set -u
cd "$(dirname "$0")/.." || exit 2
OUT=$1/fuzz SECONDS_EACH=$2
sanitizers="-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined"
export OUT SECONDS_EACH sanitizers

build() {
	make --no-print-directory -j"$(nproc)" BUILD="$OUT" CC=clang V=0 \
		ROOMS="base snapshot config link alert encode serve" \
		CFLAGS="$sanitizers -fsanitize=fuzzer-no-link -U_FORTIFY_SOURCE" \
		"$OUT/libprobecast.a" >"$OUT/build.log" 2>&1 && return
	cat "$OUT/build.log"
	return 1
}

# Begins with what the project has as examples, and with what it found the last time.
fuzz_one() {
	local name=$1 corpus=tests/fuzz/corpus/${1#fuzz_} libraries
	libraries="$(pkg-config --libs yaml-0.1 openssl libcap zlib jansson libjwt libseccomp \
		libwebsockets) -lev -lm"
	[ -d "$corpus" ] || corpus=
	mkdir -p "$OUT/$name"
	# shellcheck disable=SC2086 # lists of words
	clang -std=gnu17 -D_GNU_SOURCE -Iagent -Iinclude $sanitizers -fsanitize=fuzzer \
		-o "$OUT/$name.bin" "tests/fuzz/$name.c" "$OUT/libprobecast.a" $libraries ||
		return 1
	# shellcheck disable=SC2086 # one name, or none
	if "$OUT/$name.bin" -max_total_time="$SECONDS_EACH" -rss_limit_mb=2048 -timeout=10 \
		-artifact_prefix="$OUT/$name/" "$OUT/$name" $corpus >"$OUT/$name.log" 2>&1; then
		echo "fuzz: $name: $(grep -oE 'Done [0-9]+ runs' "$OUT/$name.log" | tail -n 1)"
	else
		echo "fuzz: $name failed"
		tail -n 30 "$OUT/$name.log"
		return 1
	fi
}
export -f fuzz_one

mkdir -p "$OUT"
build || exit 1
printf '%s\0' tests/fuzz/fuzz_*.c |
	xargs -0 -P "$(nproc)" -I{} bash -c 'fuzz_one "$(basename "$1" .c)"' fuzz {}
