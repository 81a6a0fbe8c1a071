// SPDX-License-Identifier: Apache-2.0
// From exec to the first window at a WebSocket client, less the window; and to the totals that
// `probecast once` prints of what was before. Prints two lines of the benchmarks' table.
import { spawnSync } from "node:child_process";
import { connect, program, startAgent } from "../e2e/lib.mjs";
import { row } from "./row.mjs";

const ROUNDS = process.env.BENCH_QUICK ? 3 : 11;
const WINDOW_MS = 500;
const BAR_MS = 150;

async function firstWindow() {
	const began = performance.now();
	const agent = await startAgent({ interval: WINDOW_MS, level: "error" });
	const client = await connect(agent);

	client.send({ type: "subscribe", data: { channel: "metrics" } });
	await client.next((m) => m.data?.processes);

	const took = performance.now() - began - WINDOW_MS;

	client.close();
	await agent.stop();
	return took;
}

function totals() {
	const began = performance.now();
	const result = spawnSync(program, ["once", "--duration", "0", "--json"], { maxBuffer: 1 << 28 });

	if (result.status !== 0 || !JSON.parse(result.stdout).processes.length)
		throw new Error("probecast once --duration 0");
	return performance.now() - began;
}

async function measure(what, once) {
	const times = [];

	for (let i = 0; i < ROUNDS; i++)
		times.push(await once());
	times.sort((a, b) => a - b);
	row({
		what, detail: `median of ${ROUNDS}: ${times[0].toFixed(0)} to ${times.at(-1).toFixed(0)}`,
		unit: "ms", value: times[ROUNDS >> 1], bar: BAR_MS,
	});
}

await measure("start to first window at a client, beyond the window", firstWindow);
await measure("start to end of `once --duration 0`: totals since boot", totals);
