// SPDX-License-Identifier: Apache-2.0
// The WebSocket protocol, with the npm package ws as the client.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client, connect, missing, startAgent } from "./lib.mjs";

let agent;
const skip = missing;

before(async () => {
	if (!skip)
		agent = await startAgent();
});
after(async () => {
	await agent?.stop();
});

const admin = () => `ws://127.0.0.1:${agent.port}/admin`;

test("welcome tells who and where one is", { skip }, async () => {
	const client = await connect(agent);
	const { data, timestamp } = client.welcome;

	assert.equal(data.userId, "local");
	assert.equal(data.role, "super_admin");
	assert.deepEqual(data.availableChannels, ["metrics", "alerts", "events", "system:notifications", "activity",
		"platform:health", "platform:security", "user:local:notifications", "tenant:*:metrics", "tenant:*:alerts"]);
	assert.match(data.version, /^\d+\.\d+\.\d+$/);
	assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
	assert.ok(Math.abs(Date.parse(data.serverTime) - Date.now()) < 5000);
	client.close();
});

test("metrics: initial_data at once, then a new seq each window", { skip }, async () => {
	const client = await connect(agent);

	client.send({ type: "subscribe", id: "m1", data: { channel: "metrics" } });
	assert.deepEqual((await client.next("subscribed")).data, { channel: "metrics", interval_ms: 500 });

	const first = await client.next("initial_data");

	assert.equal(first.id, "m1");
	assert.equal(first.channel, "metrics");

	const one = await client.next("admin:metrics:update");
	const two = await client.next("admin:metrics:update");

	assert.equal(two.seq, one.seq + 1);
	assert.equal(one.data.seq, one.seq);
	for (const key of ["node", "window", "system", "groups", "processes", "totals", "losses", "agent"])
		assert.ok(key in one.data, key);
	assert.ok(one.data.processes.some((p) => p.pid === process.pid && p.comm.startsWith("node")));
	assert.equal(one.data.window.interval_ms, 500);
	client.close();
});

test("sort and limit choose the processes", { skip }, async () => {
	const client = await connect(agent);

	client.send({ type: "admin:subscribe", id: 7,
		data: { channel: "metrics", options: { sort: "memory.rss_bytes", limit: 3 } } });

	const { data } = await client.next("admin:metrics:update");
	const sizes = data.processes.map((p) => p.memory.rss_bytes);

	assert.equal(sizes.length, 3);
	assert.deepEqual(sizes, [...sizes].sort((a, b) => b - a));
	client.close();
});

test("interval_ms skips windows", { skip }, async () => {
	const client = await connect(agent);

	client.send({ type: "subscribe", data: { channel: "metrics", options: { interval_ms: 1000 } } });

	const one = await client.next("admin:metrics:update");
	const two = await client.next("admin:metrics:update");

	assert.equal(two.seq, one.seq + 2);
	client.close();
});

test("unsubscribe ends the flow", { skip }, async () => {
	const client = await connect(agent);

	client.send({ type: "subscribe", data: { channel: "metrics" } });
	await client.next("admin:metrics:update");
	client.send({ type: "unsubscribe", id: "u", data: { channel: "metrics" } });
	assert.equal((await client.next("unsubscribed")).id, "u");
	client.messages = [];
	await new Promise((resolve) => setTimeout(resolve, 1300));
	assert.equal(client.messages.filter((m) => m.type === "admin:metrics:update").length, 0);
	client.close();
});

test("ping and status are answered with the request's id", { skip }, async () => {
	const client = await connect(agent);

	client.send({ type: "ping", id: "p\n\"1" });
	assert.equal((await client.next("pong")).id, "p\n\"1");
	client.send({ type: "get_status", id: 42 });

	const status = await client.next("status");

	assert.equal(status.id, 42);
	assert.ok(status.data.connections >= 1);
	client.close();
});

const WRONG = [
	["not json", "bad_json"],
	["[]", "bad_json"],
	["\"text\"", "bad_json"],
	["", "bad_json"],
	["{\"type\":\"ping\",\"type\":\"ping\"}", "bad_json"],
	["[".repeat(100000), "bad_json"],
	["{\"a\":".repeat(5000), "bad_json"],
	["{}", "bad_field"],
	["{\"type\":5}", "bad_field"],
	["{\"type\":\"ping\",\"data\":[]}", "bad_field"],
	["{\"type\":\"ping\",\"id\":{}}", "bad_field"],
	[`{"type":"ping","id":"${"x".repeat(129)}"}`, "bad_field"],
	["{\"type\":\"dance\"}", "unknown_type"],
	["{\"type\":\"subscribe\"}", "unknown_channel"],
	["{\"type\":\"subscribe\",\"data\":{\"channel\":\"tenant:x:else\"}}", "unknown_channel"],
	["{\"type\":\"subscribe\",\"data\":{\"channel\":\"metrics\",\"options\":7}}", "bad_field"],
	["{\"type\":\"subscribe\",\"data\":{\"channel\":\"metrics\",\"options\":{\"sort\":\"cpu\"}}}", "bad_field"],
	["{\"type\":\"subscribe\",\"data\":{\"channel\":\"metrics\",\"options\":{\"limit\":-1}}}", "bad_field"],
	["{\"type\":\"subscribe\",\"data\":{\"channel\":\"metrics\",\"options\":{\"limit\":1.5}}}", "bad_field"],
	["{\"type\":\"subscribe\",\"data\":{\"channel\":\"metrics\",\"options\":{\"interval_ms\":10}}}", "bad_field"],
	["{\"type\":\"subscribe\",\"data\":{\"channel\":\"metrics\",\"options\":{\"colour\":1}}}", "bad_field"],
	["{\"type\":\"unsubscribe\",\"data\":{}}", "unknown_channel"],
	["{\"type\":\"auth\",\"data\":{\"token\":1}}", "unauthorized"],
	["{\"type\":\"auth\",\"data\":{\"token\":\"a.b.c\"}}", "unauthorized"],
];

test("what is wrong gets an error, and the connection lives on", { skip }, async () => {
	const client = await connect(agent);

	for (const [text, code] of WRONG) {
		client.send(text);
		assert.equal((await client.next("error")).data.code, code, text.slice(0, 80));
	}
	client.send({ type: "ping", id: "still here" });
	assert.equal((await client.next("pong")).id, "still here");
	client.close();
});

test("a message of more than 1 MiB closes with 1009", { skip }, async () => {
	const client = await connect(agent);

	client.send("x".repeat(1048577));
	assert.equal((await client.closed).code, 1009);
});

test("a binary message closes with 1003", { skip }, async () => {
	const client = await connect(agent);

	client.socket.send(Buffer.from("{}"), { binary: true });
	assert.equal((await client.closed).code, 1003);
});

test("a connection without a token may sign in by its first message", { skip }, async () => {
	const client = new Client(admin());

	await new Promise((resolve) => client.socket.on("open", resolve));
	client.send({ type: "subscribe", id: 1, data: { channel: "metrics" } });
	assert.equal((await client.next("error")).data.code, "unauthorized");
	client.send({ type: "auth", id: 2, data: { token: agent.mint("--role", "admin", "--sub", "ann") } });

	const welcome = await client.next("welcome");

	assert.equal(welcome.id, 2);
	assert.equal(welcome.data.userId, "ann");
	assert.equal(welcome.data.role, "admin");
	client.close();
});

test("one that stays silent is closed with 4408 after ten seconds", { skip }, async () => {
	const begin = Date.now();
	const { code } = await new Client(admin()).closed;

	assert.equal(code, 4408);
	assert.ok(Date.now() - begin > 8000 && Date.now() - begin < 14000);
});

test("a live token may be renewed, never raised or passed on", { skip }, async () => {
	const client = await connect(agent, agent.mint("--sub", "ann", "--role", "system_administrator"));

	client.send({ type: "auth", id: 1, data: { token: agent.mint("--sub", "ann", "--role", "super_admin") } });
	assert.equal((await client.next("error")).data.code, "forbidden");
	client.send({ type: "auth", id: 2, data: { token: agent.mint("--sub", "bob", "--role", "admin") } });
	assert.equal((await client.next("error")).data.code, "forbidden");
	client.send({ type: "auth", id: 3, data: { token: agent.mint("--sub", "ann", "--role", "admin") } });
	assert.equal((await client.next((m) => m.id === 3)).data.role, "admin");
	client.close();
});

test("who holds a token that ends soon is told", { skip }, async () => {
	const client = await connect(agent, agent.mint("--ttl", "30"));
	const { data } = await client.next("auth_expiring");

	assert.ok(data.expires_in > 20 && data.expires_in <= 30);
	client.close();
});

test("a ticket is good once", { skip }, async () => {
	const answer = await fetch(`${agent.origin}/api/v1/ws-ticket`,
		{ method: "POST", headers: { Authorization: `Bearer ${agent.token}` } });
	const { ticket, expires_in: seconds } = await answer.json();

	assert.match(ticket, /^[0-9a-f]{64}$/);
	assert.equal(seconds, 30);

	const first = new Client(`${admin()}?ticket=${ticket}`);

	assert.equal((await first.next("welcome")).data.userId, "local");
	first.close();
	assert.equal((await new Client(`${admin()}?ticket=${ticket}`).refused).status, 401);
	assert.equal((await new Client(`${admin()}?ticket=${"0".repeat(64)}`).refused).status, 401);
	assert.ok(!agent.log().includes(ticket), "the ticket is not logged");
});

test("refused upgrades are answered before they are made", { skip }, async () => {
	const headers = { Authorization: "Bearer nonsense" };
	const bad = await new Client(admin(), { headers }).refused;

	assert.equal(bad.status, 401);
	assert.equal(bad.headers["www-authenticate"], "Bearer");
	assert.equal(JSON.parse(bad.body).error.code, "unauthorized");
	assert.equal((await new Client(`ws://127.0.0.1:${agent.port}/elsewhere`).refused).status, 404);
	assert.equal((await new Client(`${admin()}?token=${agent.token}`).refused).status, 401);
});

test("/ws/health answers and closes", { skip }, async () => {
	const client = new Client(`ws://127.0.0.1:${agent.port}/ws/health`);

	assert.equal((await client.next("health")).data.status, "ok");
	assert.equal((await client.closed).code, 1000);
});

test("a reader that stops reading loses updates, and is told how many", { skip, timeout: 90000 }, async () => {
	const slow = await startAgent({ interval: 100 });

	try {
		const client = new Client(`ws://127.0.0.1:${slow.port}/admin`,
			{ headers: { Authorization: `Bearer ${slow.token}` }, perMessageDeflate: false });

		await client.next("welcome");
		client.send({ type: "subscribe", data: { channel: "metrics", options: { limit: 0 } } });
		await client.next("admin:metrics:update");
		client.socket._socket.pause();

		const other = await connect(slow);
		const skipped = async () => {
			other.send({ type: "get_status", id: Date.now() });
			return (await other.next("status")).data.messages_skipped;
		};

		for (let i = 0; i < 400 && await skipped() < 3; i++)
			await new Promise((resolve) => setTimeout(resolve, 100));
		assert.ok(await skipped() >= 3, "updates were skipped");
		client.socket._socket.resume();

		const lagged = await client.next("lagged", 20000);

		assert.equal(lagged.data.channel, "metrics");
		assert.ok(lagged.data.missed >= 1);
		await client.next("admin:metrics:update");
		other.close();
		client.close();
	} finally {
		await slow.stop();
	}
});

test("a shutdown closes with 1001", { skip }, async () => {
	const own = await startAgent();
	const client = await connect(own);

	assert.equal(await own.stop(), 0);

	const { code, reason } = await client.closed;

	assert.equal(code, 1001);
	assert.equal(reason, "shutdown");
});
