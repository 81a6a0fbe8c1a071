// SPDX-License-Identifier: Apache-2.0
// Live metrics subscriptions: fields, filter, changes only, and what is changed on the way.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, missing, startAgent } from "./lib.mjs";

let agent;
const skip = missing;

before(async () => {
	if (!skip)
		agent = await startAgent();
});
after(async () => {
	await agent?.stop();
});

async function subscribe(options, { id = "s", to = agent } = {}) {
	const client = await connect(to);

	client.send({ type: "subscribe", id, data: { channel: "metrics", options } });
	return client;
}

test("fields: what names a process, and what was asked for", { skip }, async () => {
	const client = await subscribe({ fields: ["comm", "cpu", "memory.rss_bytes"], limit: 0 });
	const { data } = await client.next("admin:metrics:update");
	const own = data.processes.find((row) => row.pid === process.pid);

	assert.deepEqual(Object.keys(own), ["pid", "start_time", "comm", "cpu", "memory"]);
	assert.deepEqual(Object.keys(own.memory), ["rss_bytes"]);
	assert.ok(own.cpu.seconds_total > 0);
	client.close();
});

test("filter: globs and comparisons, and it may be changed", { skip }, async () => {
	const client = await subscribe({ filter: { pid: process.pid, comm: ["node*", "Main*"] }, limit: 0 });

	await client.next("subscribed");

	const first = await client.next((m) => m.type === "admin:metrics:update" && m.data.processes.length);

	assert.deepEqual(first.data.processes.map((row) => row.pid), [process.pid]);
	client.send({ type: "apply_filter", id: 2, data: { filter: { pid: process.pid, "memory.rss_bytes": { lt: 1 } } } });
	assert.equal((await client.next("subscribed")).id, 2);

	const answer = await client.next((m) => m.type === "initial_data" && m.id === 2);

	assert.deepEqual(answer.data.processes, []);
	client.messages = [];
	assert.deepEqual((await client.next("admin:metrics:update")).data.processes, []);
	client.send({ type: "apply_filter", id: 3, data: { filter: null, sort: "memory.rss_bytes:asc", limit: 2 } });

	const { data } = await client.next((m) => m.type === "initial_data" && m.id === 3);

	assert.equal(data.processes.length, 2);
	assert.ok(data.processes[0].memory.rss_bytes <= data.processes[1].memory.rss_bytes);
	client.close();
});

test("update_interval changes the pace and nothing else", { skip }, async () => {
	const client = await subscribe({ limit: 1, fields: ["comm"] });

	await client.next("admin:metrics:update");
	client.send({ type: "update_interval", id: "i", data: { interval_ms: 1000 } });
	assert.deepEqual((await client.next((m) => m.id === "i")).data, { channel: "metrics", interval_ms: 1000 });
	client.messages = [];

	const one = await client.next("admin:metrics:update");
	const two = await client.next("admin:metrics:update");

	assert.equal(two.seq, one.seq + 2);
	assert.equal(one.data.processes.length, 1);
	assert.deepEqual(Object.keys(one.data.processes[0]), ["pid", "start_time", "comm"]);
	client.send({ type: "get_status", id: "st" });
	assert.deepEqual((await client.next("status")).data.subscriptions,
		[{ channel: "metrics", interval_ms: 1000, delta: false, skipped: 0 }]);
	client.close();
});

const keyOf = (row) => ("pid" in row ? `${row.pid} ${row.start_time}` : `${row.kind} ${row.name}`);

/** What a client does with a document: the whole, or what changed. */
function apply(table, data) {
	if (!("since" in data)) {
		table.clear();
	} else {
		for (const row of [...data.gone.processes, ...data.gone.groups])
			assert.ok(table.delete(keyOf(row)), `${keyOf(row)} was there`);
	}
	for (const row of [...data.processes, ...data.groups])
		table.set(keyOf(row), row);
}

const sorted = (table) => [...table.entries()].sort(([a], [b]) => (a < b ? -1 : 1));

test("delta: changed and gone rows add up to the whole", { skip }, async () => {
	const whole = await subscribe({ limit: 0 });
	const client = await subscribe({ limit: 0, delta: true });
	const table = new Map();
	let have = 0, rows = 0, all = 0;

	apply(table, (await client.next("initial_data")).data ?? { processes: [], groups: [] });
	for (let i = 0; i < 6; i++) {
		const { data } = await client.next("admin:metrics:update");
		const expected = new Map();

		if ("since" in data)
			assert.ok(!have || data.since === have, "each builds on the one before");
		have = data.seq;
		apply(table, data);
		apply(expected, (await whole.next((m) => m.data?.seq === have && m.type === "admin:metrics:update")).data);
		assert.deepEqual(sorted(table), sorted(expected));
		if ("since" in data) {
			rows += data.processes.length;
			all += expected.size;
		}
	}
	assert.ok(all > 0 && rows < all, `${rows} of ${all} rows were sent`);
	whole.close();
	client.close();
});

test("one that comes later begins with the whole, and goes on with the others", { skip }, async () => {
	const first = await subscribe({ delta: true, limit: 0 });

	await first.next("admin:metrics:update");
	await first.next("admin:metrics:update");

	const second = await subscribe({ delta: true, limit: 0 });
	const initial = await second.next("initial_data");
	const next = await second.next("admin:metrics:update");

	assert.ok(!("since" in initial.data) && initial.data.processes.length > 0);
	assert.equal(initial.seq, initial.data.seq);
	assert.equal(next.data.since, initial.seq);
	first.close();
	second.close();
});

const WRONG = [
	[{ filter: { com: "x" } }, "bad_field", /filter: .*"com".* did you mean "comm"/],
	[{ fields: ["cpu.procent"] }, "bad_field", /fields: .*did you mean "cpu.percent"/],
	[{ sort: "cpu.percent:down" }, "bad_field", /:asc or :desc/],
	[{ limits: 3 }, "bad_field", /did you mean "limit"/],
	[{ interval_ms: 700 }, "bad_field", /multiple of the window, 500/],
	[{ delta: "yes" }, "bad_field", /true or false/],
	[{ filter: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`l${i}`, "x"])) }, "bad_field", /at most 16/],
	[{ filter: { comm: "x".repeat(2000) } }, "bad_field", /1024 bytes/],
	[{ filter: { comm: [[["x"]]] } }, "bad_field", /comm must be a text/],
];

test("wrong options are told by their name, and change nothing", { skip }, async () => {
	const client = await subscribe({ limit: 1 });

	await client.next("initial_data");
	for (const [options, code, text] of WRONG) {
		for (const type of ["subscribe", "apply_filter"]) {
			client.send({ type, data: type === "subscribe" ? { channel: "metrics", options } : options });

			const { data } = await client.next("error");

			assert.equal(data.code, code);
			assert.match(data.message, text);
		}
	}
	client.messages = [];
	assert.equal((await client.next("admin:metrics:update")).data.processes.length, 1);
	client.send({ type: "unsubscribe", data: { channel: "metrics" } });
	await client.next("unsubscribed");
	for (const type of ["update_interval", "apply_filter"]) {
		client.send({ type, data: { interval_ms: 1000 } });
		assert.equal((await client.next("error")).data.code, "not_subscribed");
	}
	client.close();
});

test("there are so many different views at the most", { skip }, async () => {
	const own = await startAgent();
	const clients = [];

	try {
		for (let i = 0; i < 256; i++) {
			clients.push(await subscribe({ limit: 1 + i }, { to: own }));
			await clients[i].next("initial_data");
		}
		clients.push(await subscribe({ limit: 1000 }, { to: own }), await subscribe({ limit: 7 }, { to: own }));
		assert.equal((await clients[256].next("error")).data.code, "limit");
		await clients[257].next("initial_data");
		for (const client of clients)
			client.close();
	} finally {
		await own.stop();
	}
});
