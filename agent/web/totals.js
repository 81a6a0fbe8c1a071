// SPDX-License-Identifier: Apache-2.0
// The machine in a few cards, and a line that says how it was measured and what was lost.

import { ABSENT, bytes, count, name, percent, seconds } from "./format.js";

const POINTS = 60;
const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {{value: string, more: string, number: number | undefined, level?: string}} Reading
 */

/** @param {any[]} rows @param {string} field */
function sum(rows, field) {
	const known = rows.filter((row) => row[field] !== undefined);

	return known.length ? known.reduce((total, row) => total + row[field], 0) : undefined;
}

/** @param {number | undefined} value @param {(n: number) => string} show */
function or(value, show) {
	return value === undefined ? ABSENT : show(value);
}

/** @param {number | undefined} value @param {number} warning @param {number} bad */
function level(value, warning, bad) {
	if (value === undefined || value < warning)
		return "";
	return value < bad ? "warning" : "bad";
}

/** @type {Record<string, (data: any) => Reading>} */
const CARDS = {
	CPU: ({ system: { cpu } }) => ({
		value: or(cpu?.percent, percent),
		more: cpu ? `user ${percent(cpu.user)}, system ${percent(cpu.system)}, ${cpu.count} CPUs` : "",
		number: cpu?.percent,
		level: level(cpu?.percent, 80, 95),
	}),
	Memory: ({ system: { memory } }) => {
		const share = memory?.total_bytes && memory.used_bytes !== undefined
			? memory.used_bytes / memory.total_bytes * 100 : undefined;

		return {
			value: or(share, percent),
			more: memory ? `${or(memory.used_bytes, bytes)} of ${bytes(memory.total_bytes)}` : "",
			number: share,
			level: level(share, 85, 95),
		};
	},
	Load: ({ system: { load, cpu } }) => ({
		value: or(load?.one, count),
		more: load ? `${count(load.five)} in 5 min, ${count(load.fifteen)} in 15` : "",
		number: load?.one,
		level: level(load?.one, 2 * (cpu?.count ?? 1), 5 * (cpu?.count ?? 1)),
	}),
	Network: ({ system: { interfaces } }) => {
		const real = interfaces.filter((/** @type {any} */ one) => one.name !== "lo");
		const received = sum(real, "rx_bytes_per_second"), sent = sum(real, "tx_bytes_per_second");

		return {
			value: or(received === undefined ? undefined : received + (sent ?? 0), (n) => `${bytes(n)}/s`),
			more: `in ${or(received, bytes)}, out ${or(sent, bytes)}, without loopback`,
			number: received === undefined ? undefined : received + (sent ?? 0),
		};
	},
	Disks: ({ system: { disks }, agent: { probes } }) => {
		const read = sum(disks, "read_bytes_per_second"), written = sum(disks, "write_bytes_per_second");
		const quiet = !String(probes.block).startsWith("unavailable") ? 0 : undefined;
		const all = read === undefined ? quiet : read + (written ?? 0);

		return {
			value: or(all, (n) => `${bytes(n)}/s`),
			more: `read ${or(read ?? quiet, bytes)}, written ${or(written ?? quiet, bytes)}`,
			number: all,
		};
	},
	Processes: ({ totals }) => ({
		value: or(totals.processes, count),
		more: `${or(totals.threads, count)} threads, ${or(totals.started, count)} began, ` +
			`${or(totals.exited, count)} ended`,
		number: totals.processes,
	}),
};

class Card {
	/** @param {string} title */
	constructor(title) {
		this.element = document.createElement("article");
		this.element.className = "card";
		this.value = document.createElement("span");
		this.more = document.createElement("span");
		this.line = document.createElementNS(SVG, "polyline");
		/** @type {number[]} */
		this.history = [];

		const head = document.createElement("h3");
		const picture = document.createElementNS(SVG, "svg");

		head.textContent = title;
		this.value.className = "value";
		this.more.className = "more";
		picture.setAttribute("viewBox", "0 0 64 26");
		picture.setAttribute("aria-hidden", "true");
		picture.append(this.line);
		this.element.append(head, this.value, picture, this.more);
	}

	/** @param {Reading} reading */
	show(reading) {
		this.value.textContent = reading.value;
		this.more.textContent = reading.more;
		this.element.dataset.level = reading.level ?? "";
		if (reading.number !== undefined)
			this.history.push(reading.number);
		this.history = this.history.slice(-POINTS);

		const most = Math.max(...this.history, 1e-9);
		const points = this.history.map((n, i) =>
			`${(64 * i / (POINTS - 1)).toFixed(1)},${(25 - 24 * n / most).toFixed(1)}`);

		this.line.setAttribute("points", points.join(" "));
	}
}

/** @param {any} losses */
function lossesOf(losses) {
	return Object.entries(losses)
		.filter(([key, value]) => key !== "unattributed_cpu_seconds" && value > 0)
		.map(([key, value]) => `${key.replaceAll("_", " ")}: ${count(value)}`);
}

/** Reasons by provider, for what is not measured. @param {any} agent @returns {Record<string, string>} */
export function reasonsOf(agent) {
	/** @type {Record<string, string>} */
	const reasons = {};

	for (const [probe, state] of Object.entries(agent.probes ?? {}))
		if (String(state).startsWith("unavailable: "))
			reasons[probe] = String(state).slice("unavailable: ".length);
	return reasons;
}

export class Totals {
	constructor() {
		this.cards = new Map(Object.keys(CARDS).map((title) => [title, new Card(title)]));
		document.getElementById("cards")?.replaceChildren(
			...[...this.cards.values()].map((card) => card.element));
		this.agent = /** @type {HTMLElement} */ (document.getElementById("agent"));
	}

	/** @param {any} data the snapshot document */
	update(data) {
		for (const [title, card] of this.cards)
			card.show(CARDS[title](data));
		this.tellAgent(data);
	}

	/** @param {any} data */
	tellAgent({ agent, losses, totals }) {
		const parts = [
			[`source ${agent.source}`, ""],
			[`agent ${or(agent.cpu_percent, percent)} of a core, ${or(agent.rss_bytes, bytes)}`, ""],
			[`CPU of processes ${or(totals.cpu_seconds, seconds)}, unattributed ` +
				or(losses.unattributed_cpu_seconds, seconds), ""],
			...lossesOf(losses).map((text) => [`lost: ${text}`, "wrong"]),
			...Object.entries(reasonsOf(agent))
				.filter(([, reason]) => !reason.startsWith("not needed"))
				.map(([probe, reason]) => [`not measured: ${probe} (${reason})`, ""]),
		];

		this.agent.replaceChildren(...parts.map(([text, style]) => {
			const part = document.createElement("span");

			part.textContent = name(text);
			part.className = style;
			return part;
		}));
	}
}
