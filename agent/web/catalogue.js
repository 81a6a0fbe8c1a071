// SPDX-License-Identifier: Apache-2.0
// The metric catalogue of the agent: the columns of the table come from it.

/**
 * @typedef {{path: string, kind: string, unit: string, provider: string, help: string}} Metric
 * @typedef {{name: string, type: string, help: string}} Label
 * @typedef {{name: string, help: string, labels: Label[], metrics: Metric[]}} Scope
 * @typedef {{id: string, title: string, help: string, unit: string, text: boolean, provider: string,
 *            get: (row: any) => any}} Column
 */

/** Shown when the user has chosen nothing yet. */
export const DEFAULT_COLUMNS = ["pid", "name", "user", "cpu.percent", "cpu.run_queue_wait_seconds",
	"memory.rss_bytes", "network.rx_bytes_per_second", "network.tx_bytes_per_second",
	"disk.read_bytes_per_second", "disk.write_bytes_per_second", "threads", "container"];

const SHORT = {
	"cpu.percent": "CPU",
	"cpu.run_queue_wait_seconds": "CPU wait",
	"cpu.seconds_total": "CPU time",
	"memory.rss_bytes": "Memory",
	"network.rx_bytes_per_second": "Net in",
	"network.tx_bytes_per_second": "Net out",
	"disk.read_bytes_per_second": "Disk read",
	"disk.write_bytes_per_second": "Disk write",
};

/** "network.tcp.rx_bytes" as "network tcp rx". @param {string} path */
function titleOf(path) {
	return SHORT[/** @type {keyof typeof SHORT} */ (path)] ??
		path.replace(/_bytes_per_second$/, "/s").replace(/_(bytes|seconds|percent)$/, "")
			.replaceAll(/[._]/g, " ");
}

/** Follows a dotted path; undefined when any part is missing. @param {string} path */
export function getter(path) {
	const parts = path.split(".");

	return (/** @type {any} */ row) => {
		for (const part of parts) {
			if (row === undefined)
				return undefined;
			row = row[part];
		}
		return row;
	};
}

/** What a process is called: its program's file name, else its comm. @param {any} row */
export function processName(row) {
	return row.comm ?? "";
}

/** @param {Scope} scope @returns {Column[]} */
export function columnsOf(scope) {
	/** @type {Column[]} */
	const columns = [];

	for (const label of scope.labels) {
		if (label.name === "exited" || label.name === "start_time")
			continue;
		const isName = label.name === "comm";

		columns.push({
			id: isName ? "name" : label.name,
			title: isName ? "Name" : label.name.replaceAll("_", " "),
			help: label.help,
			unit: "",
			text: label.type === "string",
			provider: "",
			get: isName ? processName : getter(label.name),
		});
	}
	for (const metric of scope.metrics) {
		columns.push({
			id: metric.path,
			title: titleOf(metric.path),
			help: metric.help,
			unit: metric.unit,
			text: false,
			provider: metric.provider,
			get: getter(metric.path),
		});
	}
	return columns;
}
