// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { ABSENT, ago, bytes, count, metric, name, percent, seconds } from "../../agent/web/format.js";

test("bytes", () => {
	assert.deepEqual([0, 1, 1023, 1024, 1536, 102400, 1048576, 1 << 30, -2048].map(bytes),
		["0 B", "1 B", "1023 B", "1.0 KiB", "1.5 KiB", "100 KiB", "1.0 MiB", "1.0 GiB", "-2.0 KiB"]);
});

test("seconds", () => {
	assert.deepEqual([0, 2e-6, 0.0015, 0.25, 1.5, 90, 600, 7200].map(seconds),
		["0 s", "2 µs", "1.50 ms", "250.0 ms", "1.50 s", "90.00 s", "10.0 min", "2.0 h"]);
});

test("counts and percentages", () => {
	assert.deepEqual([0, 7, 1.234, 9999, 12345, 2500000].map(count),
		["0", "7", "1.23", "9999", "12.3 k", "2.5 M"]);
	assert.deepEqual([0, 0.01, 0.05, 99.96, 100].map(percent), ["0.0 %", "<0.1 %", "0.1 %", "100.0 %", "100.0 %"]);
});

test("an absent value is not 0", () => {
	assert.equal(metric("bytes", undefined), ABSENT);
	assert.equal(metric("bytes", 0), "0 B");
	assert.equal(metric("bytes_per_second", 2048), "2.0 KiB/s");
});

test("controls and bidi marks are shown as codes", () => {
	assert.equal(name("a\u001b[0m\u202eb\u0085\u2066"), "a\\u001b[0m\\u202eb\\u0085\\u2066");
	assert.equal(name("<b>ünï</b>"), "<b>ünï</b>");
	assert.equal(name(undefined), "");
});

test("ago", () => {
	assert.deepEqual([-5, 2600, 61000, 3600000 * 2 + 60000].map(ago), ["0 s ago", "3 s ago", "1 min ago", "2 h 1 min ago"]);
});
