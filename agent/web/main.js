// SPDX-License-Identifier: Apache-2.0
// Joins the parts: what comes over the connection goes to cards, table and alerts.

import { Alerts } from "./alerts.js";
import { columnsOf } from "./catalogue.js";
import { Connection, Refused, api, dropToken, keepToken, takeToken } from "./connection.js";
import { ago, name } from "./format.js";
import { ProcessTable } from "./table.js";
import { Totals, reasonsOf } from "./totals.js";

const SUBSCRIPTIONS = [
	{ type: "subscribe", id: "metrics",
		data: { channel: "metrics", options: { sort: "cpu.percent", limit: 5000 } } },
	{ type: "subscribe", id: "alerts", data: { channel: "alerts" } },
];

/** Data counts as stale after so many windows without news. */
const STALE_WINDOWS = 2.5;

const TEXTS = {
	connecting: "Connecting",
	live: "Live",
	stale: "Stale: no new data",
	offline: "Offline",
	refused: "Signed out",
};

/** @param {string} id */
function byId(id) {
	return /** @type {HTMLElement} */ (document.getElementById(id));
}

class Board {
	constructor() {
		this.alerts = new Alerts();
		this.totals = new Totals();
		/** @type {ProcessTable | null} */
		this.table = null;
		this.connected = "connecting";
		this.updatedAt = 0;
		this.intervalMs = 5000;
		this.retryAt = 0;
		/** @type {HTMLInputElement} */ (byId("filter")).addEventListener("input", (event) =>
			this.table?.setFilter(/** @type {HTMLInputElement} */ (event.target).value));
		setInterval(() => this.tick(), 1000);
	}

	/** @param {any} catalogue */
	setCatalogue(catalogue) {
		const scope = catalogue.scopes.find((/** @type {any} */ one) => one.name === "process");

		if (!this.table)
			this.table = new ProcessTable(columnsOf(scope));
	}

	/** @param {any} data */
	update(data) {
		if (!data)
			return;
		this.updatedAt = Date.now();
		this.intervalMs = data.window.interval_ms;
		byId("node").textContent = name(data.node);
		// A tenant is told nothing of the machine.
		if (data.system)
			this.totals.update(data);
		this.table?.update(data.processes, data.totals.shown, reasonsOf(data.agent));
		this.tick();
	}

	/** @param {any} message */
	take(message) {
		if (message.type === "admin:metrics:update")
			this.update(message.data);
		else if (message.type === "initial_data" && message.channel === "metrics")
			this.update(message.data);
		else if (message.type === "initial_data" && message.channel === "alerts")
			this.alerts.replace(message.data.alerts);
		else if (message.type === "admin:alert:new" || message.type === "admin:alert:updated")
			this.alerts.put(message.data);
		else if (message.type === "admin:alert:resolved")
			this.alerts.resolve(message.data);
	}

	/** Live only while data comes: a connection that brings none is stale. */
	state() {
		const age = Date.now() - this.updatedAt;

		if (this.connected === "live" && this.updatedAt && age > STALE_WINDOWS * this.intervalMs + 1000)
			return "stale";
		return this.connected;
	}

	tick() {
		const state = this.state();
		const element = byId("state");
		let text = TEXTS[/** @type {keyof typeof TEXTS} */ (state)];

		if (state === "offline")
			text += `, next try in ${Math.max(0, Math.ceil((this.retryAt - Date.now()) / 1000))} s`;
		element.dataset.state = state;
		if (element.textContent !== text)
			element.textContent = text;
		byId("fresh").textContent = this.updatedAt ? `Updated ${ago(Date.now() - this.updatedAt)}` : "";
		this.alerts.tick();
	}
}

const board = new Board();

/** @param {string} why */
function askForToken(why) {
	dropToken();
	byId("login-why").textContent = why;
	byId("login").hidden = false;
	byId("board").hidden = true;
	board.connected = "refused";
	board.tick();
	byId("token").focus();
}

/** @param {string} token */
async function loadCatalogue(token) {
	for (let wait = 1000; ; wait = Math.min(30000, wait * 2)) {
		try {
			return await api(token, "/api/v1/metrics");
		} catch (error) {
			if (error instanceof Refused)
				throw error;
			board.connected = "offline";
			board.retryAt = Date.now() + wait;
			board.tick();
			await new Promise((resolve) => setTimeout(resolve, wait));
		}
	}
}

/** @param {string} token */
async function open(token) {
	byId("login").hidden = true;
	byId("board").hidden = false;
	try {
		board.setCatalogue(await loadCatalogue(token));
	} catch (error) {
		askForToken(error instanceof Error ? error.message : String(error));
		return;
	}

	const connection = new Connection(token, SUBSCRIPTIONS);

	connection.addEventListener("state", (event) => {
		const { state, retryMs, why } = /** @type {CustomEvent} */ (event).detail;

		board.connected = state;
		board.retryAt = Date.now() + (retryMs ?? 0);
		if (state === "refused")
			askForToken(why);
		board.tick();
	});
	connection.addEventListener("message", (event) =>
		board.take(/** @type {CustomEvent} */ (event).detail.message));
	connection.open();
}

byId("login").addEventListener("submit", (event) => {
	const field = /** @type {HTMLInputElement} */ (byId("token"));
	const token = field.value.trim();

	event.preventDefault();
	field.value = "";
	keepToken(token);
	open(token);
});

const token = takeToken();

if (token)
	open(token);
else
	askForToken("Open the address that the agent printed, or give a token.");
