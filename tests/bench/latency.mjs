// SPDX-License-Identifier: Apache-2.0
// From the end of a window to its message at a WebSocket client, with 2,000 processes asleep.
// Prints one line of the benchmarks' table.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { connect, startAgent } from "../e2e/lib.mjs";
import { row } from "./row.mjs";

const WINDOWS = 20;
const BAR_MS = 10;
const SLEEPERS = "2000";

/** Milliseconds since 1970, with fractions. */
const now = () => performance.timeOrigin + performance.now();

/** The window's end is told in whole milliseconds, rounded down: at most 1 ms too much is counted. */
function collect(client) {
	const delays = [];
	let bytes = 0;

	return new Promise((resolve, reject) => {
		client.closed.then(() => reject(new Error("the agent closed the connection")));
		client.socket.prependListener("message", (data) => {
			const arrived = now();
			const message = JSON.parse(String(data));

			if (message.type !== "admin:metrics:update")
				return;
			bytes = data.length;
			delays.push(arrived - Date.parse(message.data.window.end));
			if (delays.length === WINDOWS)
				resolve({ delays: delays.sort((a, b) => a - b), bytes });
		});
		client.send({ type: "subscribe", data: { channel: "metrics" } });
	});
}

async function measure() {
	const work = spawn(process.env.WORK ?? path.resolve("build/tests/work/work"), ["sleepers", SLEEPERS, "300"],
		{ stdio: ["ignore", "pipe", "inherit"] });

	await once(work.stdout, "data");

	const agent = await startAgent({ interval: 1000, level: "error" });
	const client = await connect(agent);
	const result = await collect(client);

	client.close();
	await agent.stop();
	work.kill();
	return result;
}

const { delays, bytes } = await measure();
const worst = delays.at(-1);
const nearlyAll = delays[Math.floor(WINDOWS * 0.95) - 1];

row({
	what: "window's end to message at a WebSocket client, 95 %",
	detail: `median ${delays[WINDOWS / 2].toFixed(1)}, worst ${worst.toFixed(1)}; ${(bytes / 1000).toFixed(0)} KB`,
	unit: "ms", value: nearlyAll, bar: BAR_MS,
});
