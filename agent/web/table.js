// SPDX-License-Identifier: Apache-2.0
// The process table. Only the rows in sight are in the page, and only cells that changed are touched.

import { ABSENT, metric, name } from "./format.js";
import { DEFAULT_COLUMNS } from "./catalogue.js";

const ROW_HEIGHT = 27;
const OVERSCAN = 12;
const COLUMNS_KEY = "probecast.columns";
const SORT_KEY = "probecast.sort";

/** Where a cell begins to be warm; each step is four times the one before. */
const HEAT = new Map([["percent", 5], ["bytes_per_second", 256 * 1024]]);

/** @param {string} key @param {any} fallback */
function stored(key, fallback) {
	try {
		return JSON.parse(localStorage.getItem(key) ?? "null") ?? fallback;
	} catch {
		return fallback;
	}
}

/** @param {string} unit @param {number} value */
function heatOf(unit, value) {
	const from = HEAT.get(unit);

	if (!from || !(value >= from))
		return "";
	return `heat${Math.min(4, 1 + Math.floor(Math.log(value / from) / Math.log(4)))}`;
}

export class ProcessTable {
	/** @param {import("./catalogue.js").Column[]} columns */
	constructor(columns) {
		this.all = columns;
		this.head = /** @type {HTMLElement} */ (document.getElementById("head"));
		this.body = /** @type {HTMLElement} */ (document.getElementById("rows"));
		this.scroller = /** @type {HTMLElement} */ (document.getElementById("scroller"));
		this.empty = /** @type {HTMLElement} */ (document.getElementById("empty"));
		this.shownCount = /** @type {HTMLElement} */ (document.getElementById("shown"));
		/** @type {Record<string, string>} */
		this.reasons = {};
		/** @type {any[]} */
		this.processes = [];
		/** @type {any[]} */
		this.visible = [];
		this.total = 0;
		this.filter = "";
		this.sort = stored(SORT_KEY, { id: "cpu.percent", down: true });
		this.chosen = new Set(stored(COLUMNS_KEY, DEFAULT_COLUMNS));
		/** @type {Map<string, HTMLTableRowElement>} */
		this.rows = new Map();
		this.top = this.spacer();
		this.bottom = this.spacer();
		this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
		new ResizeObserver(() => this.draw()).observe(this.scroller);
		this.makeChooser();
		this.makeHead();
	}

	spacer() {
		const row = document.createElement("tr");
		const cell = document.createElement("td");

		row.className = "spacer";
		row.setAttribute("aria-hidden", "true");
		row.append(cell);
		return row;
	}

	makeChooser() {
		const list = /** @type {HTMLElement} */ (document.getElementById("column-list"));

		for (const column of this.all) {
			const label = document.createElement("label");
			const box = document.createElement("input");

			box.type = "checkbox";
			box.checked = this.chosen.has(column.id);
			box.addEventListener("change", () => this.choose(column.id, box.checked));
			label.append(box, `${column.title}`);
			label.title = column.help;
			list.append(label);
		}
	}

	/** @param {string} id @param {boolean} on */
	choose(id, on) {
		if (on)
			this.chosen.add(id);
		else
			this.chosen.delete(id);
		localStorage.setItem(COLUMNS_KEY, JSON.stringify([...this.chosen]));
		this.makeHead();
		this.draw();
	}

	makeHead() {
		const order = DEFAULT_COLUMNS;
		const rank = (/** @type {string} */ id) => order.includes(id) ? order.indexOf(id) : order.length;

		this.columns = this.all.filter((column) => this.chosen.has(column.id))
			.sort((a, b) => rank(a.id) - rank(b.id));
		this.head.replaceChildren(...this.columns.map((column) => this.headCell(column)));
		this.rows.clear();
		this.body.replaceChildren(this.top, this.bottom);
		for (const spacer of [this.top, this.bottom])
			/** @type {HTMLTableCellElement} */ (spacer.firstChild).colSpan = this.columns.length || 1;
	}

	/** @param {import("./catalogue.js").Column} column */
	headCell(column) {
		const cell = document.createElement("th");
		const button = document.createElement("button");

		cell.scope = "col";
		cell.className = column.text ? "text" : "";
		button.type = "button";
		button.textContent = column.title;
		button.title = column.help;
		button.addEventListener("click", () => this.sortBy(column));
		if (column.id === this.sort.id)
			cell.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
		cell.append(button);
		return cell;
	}

	/** @param {import("./catalogue.js").Column} column */
	sortBy(column) {
		const down = this.sort.id === column.id ? !this.sort.down : !column.text;

		this.sort = { id: column.id, down };
		localStorage.setItem(SORT_KEY, JSON.stringify(this.sort));
		for (const [i, cell] of [...this.head.children].entries()) {
			if (this.columns?.[i].id === column.id)
				cell.setAttribute("aria-sort", down ? "descending" : "ascending");
			else
				cell.removeAttribute("aria-sort");
		}
		this.arrange();
	}

	/** @param {string} text */
	setFilter(text) {
		this.filter = text.trim().toLowerCase();
		this.arrange();
	}

	/** @param {any[]} processes @param {number} total @param {Record<string, string>} reasons */
	update(processes, total, reasons) {
		this.processes = processes;
		this.total = total;
		this.reasons = reasons;
		this.arrange();
	}

	/** @param {any} row */
	matches(row) {
		return [row.comm, row.exe, row.pid, row.user, row.container, row.unit, row.pod]
			.some((part) => part !== undefined && String(part).toLowerCase().includes(this.filter));
	}

	arrange() {
		const column = this.all.find((one) => one.id === this.sort.id) ?? this.all[0];
		const sign = this.sort.down ? -1 : 1;

		this.visible = this.filter ? this.processes.filter((row) => this.matches(row))
			: this.processes.slice();
		this.visible.sort((a, b) => {
			const x = column.get(a), y = column.get(b);

			if (x === undefined || y === undefined)
				return x === y ? a.pid - b.pid : x === undefined ? 1 : -1;
			if (x === y)
				return a.pid - b.pid;
			return (x < y ? -1 : 1) * sign;
		});
		this.shownCount.textContent = this.visible.length === this.total ? String(this.total)
			: `${this.visible.length} of ${this.total}`;
		this.empty.hidden = this.visible.length > 0;
		this.empty.textContent = this.processes.length ? "No process matches."
			: "Waiting for the first window.";
		this.draw();
	}

	draw() {
		const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW_HEIGHT) - OVERSCAN);
		const last = Math.min(this.visible.length,
			first + Math.ceil(this.scroller.clientHeight / ROW_HEIGHT) + 2 * OVERSCAN);
		/** @type {Map<string, HTMLTableRowElement>} */
		const next = new Map();
		/** @type {Element} */
		let before = this.top;

		this.stretch(this.top, first);
		for (let i = first; i < last; i++) {
			const key = `${this.visible[i].pid}.${this.visible[i].start_time}`;
			const row = this.rows.get(key) ?? this.newRow();

			this.fill(row, this.visible[i]);
			if (before.nextElementSibling !== row)
				before.after(row);
			before = row;
			next.set(key, row);
		}
		for (const [key, row] of this.rows)
			if (!next.has(key))
				row.remove();
		this.rows = next;
		this.stretch(this.bottom, this.visible.length - last);
	}

	/** @param {HTMLTableRowElement} spacer @param {number} rows */
	stretch(spacer, rows) {
		const height = `${rows * ROW_HEIGHT}px`;
		const cell = /** @type {HTMLElement} */ (spacer.firstChild);

		if (cell.style.height !== height)
			cell.style.height = height;
		spacer.hidden = rows <= 0;
	}

	newRow() {
		const row = document.createElement("tr");

		for (const column of this.columns ?? []) {
			const cell = document.createElement("td");

			cell.append("");
			cell.dataset.base = column.text ? column.id === "name" ? "text name" : "text" : "";
			row.append(cell);
		}
		return row;
	}

	/** @param {HTMLTableRowElement} row @param {any} process */
	fill(row, process) {
		const exited = process.exited ? "exited" : "";

		if (row.className !== exited)
			row.className = exited;
		for (const [i, column] of (this.columns ?? []).entries())
			this.fillCell(/** @type {HTMLElement} */ (row.children[i]), column, process);
	}

	/** @param {HTMLElement} cell @param {import("./catalogue.js").Column} column @param {any} process */
	fillCell(cell, column, process) {
		const value = column.get(process);
		const text = this.textOf(column, value, process);
		const node = /** @type {Text} */ (cell.firstChild);
		let style = cell.dataset.base ?? "";

		if (node.data !== text) {
			node.data = text;
			cell.title = this.titleOf(column, value, process);
		}
		if (value === undefined)
			style += " absent";
		else if (value === 0)
			style += " zero";
		else
			style += ` ${heatOf(column.unit, value)}`;
		if (cell.className !== style)
			cell.className = style;
	}

	/** @param {import("./catalogue.js").Column} column @param {any} value @param {any} process */
	textOf(column, value, process) {
		if (column.unit)
			return metric(column.unit, value);
		if (value === undefined)
			return ABSENT;
		if (column.id !== "name" || !process.exited)
			return name(value);
		return `${name(value)} (ended${process.exit_signal ? `, signal ${process.exit_signal}`
			: process.exit_code ? `, status ${process.exit_code}` : ""})`;
	}

	/** @param {import("./catalogue.js").Column} column @param {any} value @param {any} process */
	titleOf(column, value, process) {
		if (value === undefined)
			return this.reasons[column.provider] ?? "not available for this process";
		if (column.id === "name")
			return name(process.exe ?? process.comm);
		return column.text ? name(value) : "";
	}
}
