// SPDX-License-Identifier: Apache-2.0
// The list of alerts: each once, by its id; a resolved one stays in sight for a while.

import { ago, name } from "./format.js";

const KEEP_RESOLVED_MS = 30000;
const ORDER = ["critical", "high", "medium", "low"];

export class Alerts {
	constructor() {
		this.list = /** @type {HTMLElement} */ (document.getElementById("alerts"));
		this.none = /** @type {HTMLElement} */ (document.getElementById("alerts-none"));
		this.count = /** @type {HTMLElement} */ (document.getElementById("alerts-count"));
		/** @type {Map<string, {alert: any, element: HTMLElement, goneAt: number}>} */
		this.entries = new Map();
	}

	/** Everything that fires, after a (re)connect. @param {any[]} alerts */
	replace(alerts) {
		const ids = new Set(alerts.map((alert) => alert.id));

		for (const id of [...this.entries.keys()])
			if (!ids.has(id))
				this.remove(id);
		for (const alert of alerts)
			this.put(alert);
	}

	/** @param {any} alert */
	put(alert) {
		const known = this.entries.get(alert.id);
		const element = known?.element ?? document.createElement("li");

		this.entries.set(alert.id, { alert, element, goneAt: 0 });
		this.fill(element, alert);
		if (!known)
			this.insert(element, alert);
		this.tally();
	}

	/** @param {any} alert */
	resolve(alert) {
		this.put(alert);
		const entry = this.entries.get(alert.id);

		if (entry) {
			entry.goneAt = Date.now();
			entry.element.classList.add("gone");
		}
		this.tally();
	}

	/** @param {string} id */
	remove(id) {
		this.entries.get(id)?.element.remove();
		this.entries.delete(id);
		this.tally();
	}

	/** @param {HTMLElement} element @param {any} alert */
	insert(element, alert) {
		const rank = ORDER.indexOf(alert.severity);
		const after = [...this.list.children].find((one) =>
			ORDER.indexOf(/** @type {HTMLElement} */ (one).dataset.severity ?? "") > rank);

		this.list.insertBefore(element, after ?? null);
	}

	/** @param {HTMLElement} element @param {any} alert */
	fill(element, alert) {
		const severity = document.createElement("span");
		const text = document.createElement("span");
		const since = document.createElement("span");

		element.className = "alert";
		element.dataset.severity = alert.severity;
		severity.className = "severity";
		severity.textContent = alert.severity;
		text.className = "text";
		text.textContent = name(alert.message) + (alert.stale ? " (no new data)" : "") +
			(alert.state === "resolved" ? ` — resolved: ${name(alert.resolved_why)}` : "");
		since.className = "since";
		element.replaceChildren(severity, text, since);
		this.age(element, alert);
	}

	/** @param {HTMLElement} element @param {any} alert */
	age(element, alert) {
		const since = element.querySelector(".since");
		const at = Date.parse(alert.resolved_at ?? alert.fired_at ?? alert.started_at);

		if (since)
			since.textContent = ago(Date.now() - at);
	}

	/** Once a second. */
	tick() {
		for (const [id, entry] of [...this.entries]) {
			if (entry.goneAt && Date.now() - entry.goneAt > KEEP_RESOLVED_MS)
				this.remove(id);
			else
				this.age(entry.element, entry.alert);
		}
	}

	tally() {
		const firing = [...this.entries.values()].filter((entry) => !entry.goneAt).length;

		this.count.textContent = String(firing);
		this.none.hidden = this.entries.size > 0;
		document.title = firing ? `(${firing}) Probecast` : "Probecast";
	}
}
