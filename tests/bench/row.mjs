// SPDX-License-Identifier: Apache-2.0
/** Prints a row of the benchmarks' table that is held against its bar alone, as row.c does. */
export function row({ what, detail = "", unit, value, bar }) {
	const number = Number(value.toPrecision(4));

	console.log([what, detail, unit, number, "", 0, number, "<=", bar, value <= bar ? "pass" : "MISS"].join("\t"));
}
