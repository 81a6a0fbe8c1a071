// SPDX-License-Identifier: Apache-2.0
// Numbers and names as text. Pure functions.

export const ABSENT = "–";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** @param {number} value @param {number} digits */
function fixed(value, digits) {
	return value.toFixed(digits);
}

/** @param {number} value bytes */
export function bytes(value) {
	let unit = 0;
	let sign = value < 0 ? "-" : "";
	let left = Math.abs(value);

	while (left >= 1023.5 && unit < UNITS.length - 1) {
		left /= 1024;
		unit++;
	}
	return `${sign}${fixed(left, unit > 0 && left < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}

/** @param {number} value seconds */
export function seconds(value) {
	const size = Math.abs(value);

	if (size === 0)
		return "0 s";
	if (size < 0.0009995)
		return `${fixed(value * 1e6, 0)} µs`;
	if (size < 0.9995)
		return `${fixed(value * 1e3, size < 0.00995 ? 2 : 1)} ms`;
	if (size < 99.95)
		return `${fixed(value, 2)} s`;
	if (size < 3600)
		return `${fixed(value / 60, 1)} min`;
	return `${fixed(value / 3600, 1)} h`;
}

/** @param {number} value */
export function count(value) {
	if (Math.abs(value) < 10000)
		return String(Math.round(value * 100) / 100);
	if (Math.abs(value) < 999500)
		return `${fixed(value / 1e3, 1)} k`;
	return `${fixed(value / 1e6, 1)} M`;
}

/** @param {number} value */
export function percent(value) {
	if (value !== 0 && Math.abs(value) < 0.05)
		return "<0.1 %";
	return `${fixed(value, 1)} %`;
}

/**
 * A metric's value by its unit in the catalogue.
 * @param {string} unit @param {number | undefined} value
 */
export function metric(unit, value) {
	if (value === undefined || value === null)
		return ABSENT;
	switch (unit) {
	case "bytes":
		return bytes(value);
	case "bytes_per_second":
		return `${bytes(value)}/s`;
	case "seconds":
		return seconds(value);
	case "percent":
		return percent(value);
	case "count_per_second":
		return `${count(value)}/s`;
	default:
		return count(value);
	}
}

// Controls and what changes the direction of text around it (Unicode Bidi_Control) are shown as codes.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/**
 * A name that may be any bytes, as text that shows what is in it.
 * @param {unknown} text
 */
export function name(text) {
	return String(text ?? "").replace(HIDDEN,
		(c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** @param {number} ms time that passed */
export function ago(ms) {
	const s = Math.max(0, Math.round(ms / 1000));

	if (s < 60)
		return `${s} s ago`;
	if (s < 3600)
		return `${Math.floor(s / 60)} min ago`;
	return `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min ago`;
}
