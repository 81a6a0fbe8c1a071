// SPDX-License-Identifier: Apache-2.0
// Channels: events, activity, health and refusals, by name and by pattern, checked against the role.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { Client, connect, missing, startAgent } from "./lib.mjs";

const skip = missing;
let agent;

before(async () => {
	if (!skip)
		agent = await startAgent();
});
after(async () => {
	await agent?.stop();
});

async function subscribe(channel, token) {
	const client = await connect(agent, token);

	client.send({ type: "subscribe", id: "c", data: { channel } });
	client.answer = await client.next((m) => m.id === "c");
	return client;
}

test("activity tells who joins and leaves", { skip }, async () => {
	const watcher = await subscribe("activity");
	const ann = await connect(agent, agent.mint("--sub", "ann", "--role", "admin"));
	const ofAnn = (action) => (m) => m.type === "admin:activity" && m.data.userId === "ann" && m.data.action === action;
	const { data, channel } = await watcher.next(ofAnn("join"));

	assert.equal(channel, "activity");
	assert.deepEqual(data, { action: "join", userId: "ann", role: "admin",
		connectionId: ann.welcome.data.connectionId, address: "127.0.0.1" });
	ann.close();
	await watcher.next(ofAnn("leave"));
	watcher.close();
});

test("events tell the start and the end of a process, each once", { skip }, async () => {
	const client = await subscribe("events");

	await client.next("events", 10000).catch(() => {});

	const { pid } = spawnSync("sh", ["-c", "exit 3"]);
	const seen = { start: 0, exit: 0 };
	const take = (m) => {
		for (const event of m.data?.events ?? []) {
			if (event.pid !== pid)
				continue;
			seen[event.kind]++;
			if (event.kind === "exit")
				assert.equal(event.exit_code, 3);
			assert.equal(event.comm, "sh");
		}
		return seen.exit > 0;
	};

	await client.next(take);
	client.send({ type: "subscribe", data: { channel: "metrics" } });
	await client.next("admin:metrics:update");
	client.messages.forEach(take);
	assert.equal(seen.exit, 1);
	client.close();
});

test("platform:health says how the agent is, platform:security who was refused", { skip }, async () => {
	const client = await subscribe("platform:*");
	const { data } = await client.next("initial_data");

	assert.match(data.health.status, /ok|starting/);
	await new Client(`ws://127.0.0.1:${agent.port}/admin`, { headers: { Authorization: "Bearer nonsense" } }).refused;

	const refusal = await client.next("platform:security");

	assert.equal(refusal.channel, "platform:security");
	assert.equal(refusal.data.event, "refused");
	assert.equal(refusal.data.address, "127.0.0.1");
	client.close();
});

test("a pattern gives what the role allows of it, and no more", { skip }, async () => {
	const admin = await subscribe("platform:*", agent.mint("--role", "admin", "--sub", "ann"));

	assert.equal(admin.answer.type, "subscribed");
	for (const channel of ["platform:security", "platform:s*"]) {
		admin.send({ type: "subscribe", id: channel, data: { channel } });
		assert.equal((await admin.next((m) => m.id === channel)).data.code, "forbidden");
	}
	await new Client(`ws://127.0.0.1:${agent.port}/admin`, { headers: { Authorization: "Bearer nonsense" } }).refused;
	admin.send({ type: "ping" });
	await admin.next("pong");
	assert.ok(!admin.messages.some((m) => m.type === "platform:security"));
	admin.close();
});

test("a notice goes to system:notifications when keys and rules are read again", { skip }, async () => {
	const client = await subscribe("system:*");

	process.kill(agent.pid, "SIGHUP");

	const { data, channel } = await client.next("notification");

	assert.equal(channel, "system:notifications");
	assert.equal(data.severity, "info");
	client.close();
});

test("a channel is left by the name or pattern it was entered by", { skip }, async () => {
	const client = await subscribe("activity");

	client.send({ type: "unsubscribe", id: 2, data: { channel: "activity" } });
	assert.equal((await client.next((m) => m.id === 2)).type, "unsubscribed");
	client.send({ type: "get_status", id: 3 });
	assert.deepEqual((await client.next((m) => m.id === 3)).data.subscriptions, []);
	for (const channel of ["nothing", "tenant::alerts", "user:bob:notifications", "", "x".repeat(5000)]) {
		client.send({ type: "subscribe", id: 4, data: { channel } });
		assert.equal((await client.next((m) => m.id === 4)).data.code, "unknown_channel");
	}
	client.send({ type: "subscribe", id: 5, data: { channel: "alerts", options: {} } });
	assert.equal((await client.next((m) => m.id === 5)).data.code, "bad_field");
	client.close();
});

test("the channel may stand in the envelope; a field that there is not is told", { skip }, async () => {
	const client = await connect(agent);

	client.send({ type: "subscribe", id: 1, channel: "activity" });
	assert.deepEqual((await client.next((m) => m.id === 1)).data, { channel: "activity" });
	for (const type of ["subscribe", "unsubscribe"]) {
		client.send({ type, id: 2, data: { channel: "metrics", optons: {} } });

		const { data } = await client.next((m) => m.id === 2);

		assert.equal(data.code, "bad_field");
		assert.match(data.message, /"optons".*did you mean "options"/);
	}
	client.close();
});

test("a connection has so many subscriptions at the most", { skip }, async () => {
	const client = await connect(agent);

	for (let i = 0; i < 65; i++)
		client.send({ type: "subscribe", id: i, data: { channel: `tenant:t${i}:alerts` } });
	assert.equal((await client.next((m) => m.id === 63 && m.type === "subscribed")).id, 63);
	assert.equal((await client.next("error")).data.code, "limit");
	client.close();
});
