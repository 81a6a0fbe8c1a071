// SPDX-License-Identifier: Apache-2.0
// A token of the tenant blue goes through every route and every message, and finds nothing of others.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { Client, connect, missing, recordTenants, startAgent, writeRules } from "./lib.mjs";

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "probecast-tenancy-"));
const recording = path.join(dir, "tenants.rec");
const skip = missing || recordTenants(recording);
const manual = fs.readFileSync("docs/PROTOCOL.md", "utf8");
let agent, blue;

/** What stands in the recording for all but blue: see recording.c. */
const FOREIGN = /green|alien|:4242\b|:4321\.25\b|"p?pid":[23]\d\d\b|"pid","value":"[23]\d\d"/;

before(async () => {
	if (skip)
		return;
	writeRules(path.join(dir, "rules"));
	fs.writeFileSync(path.join(dir, "config"), `rules_dir: ${dir}/rules\n`);
	agent = await startAgent({ args: ["--config", path.join(dir, "config"),
		"--source", `replay:${recording}`, "--replay-loop"] });
	blue = agent.mint("--tenant", "blue", "--role", "super_admin", "--sub", "ann");
	for (let i = 0; i < 100 && !(await get("/api/v1/alerts")).text.includes("of group"); i++)
		await new Promise((resolve) => setTimeout(resolve, 50));
});
after(async () => {
	await agent?.stop();
	fs.rmSync(dir, { recursive: true, force: true });
});

async function get(route, { token = agent.token, method = "GET" } = {}) {
	const answer = await fetch(`${agent.origin}${route}`, { method, headers: { Authorization: `Bearer ${token}` } });
	const text = await answer.text();

	return { status: answer.status, text, headers: JSON.stringify([...answer.headers]) };
}

/** Routes of the manual that need a token, with their parameters filled in. */
function routes() {
	const found = [...manual.matchAll(/^\| `(GET|POST) (\/api\/[^`]+)` \| yes/gm)];
	const names = { pid: ["100", "200", "300", "999", "green"], id: ["0", "green"] };

	assert.ok(found.length >= 11, "the manual lists the routes");
	return found.flatMap(([, method, route]) => {
		const name = /\{(\w+)\}/.exec(route)?.[1];

		return (name ? names[name] : [""]).map((value) => [method, route.replace(/\{\w+\}/, value)]);
	});
}

test("the recording has what must not be found", { skip }, async () => {
	for (const word of ["green", "alien", ":4242", ":4321.25"])
		assert.ok((await get("/api/v1/snapshot")).text.includes(word), word);
	assert.match((await get("/api/v1/alerts")).text, /green-web/);
	assert.match((await get("/api/v1/alerts")).text, /of all/);
	assert.match((await get("/api/v1/processes/200")).text, FOREIGN);
});

test("every route of the manual: own rows, and nothing foreign", { skip }, async () => {
	const parameters = ["", "?q=green", "?namespace=green", "?sort=cpu.percent&limit=0", "?limit=0&offset=0",
		"?pid=200", "?pid.ge=200", "?name=green", "?kind=*", "?q=alien", "?state=firing&q=green"];

	for (const [method, route] of routes()) {
		for (const query of parameters) {
			const answer = await get(route + query, { token: blue, method });

			assert.doesNotMatch(answer.text.replaceAll("q=green", ""), FOREIGN, `${method} ${route}${query}`);
			assert.doesNotMatch(answer.headers, FOREIGN);
		}
	}

	const snapshot = JSON.parse((await get("/api/v1/snapshot", { token: blue })).text);

	assert.deepEqual(new Set(snapshot.processes.map((row) => row.namespace)), new Set(["blue"]));
	assert.deepEqual(snapshot.groups.map((row) => `${row.kind} ${row.name}`), ["tenant blue", "pod blue-pod"]);
	assert.deepEqual(snapshot.totals,
		{ processes: 2, threads: 4, started: 1, exited: 1, shown: 3, cpu_seconds: 0.16 });
	assert.ok(!("system" in snapshot) && !("losses" in snapshot));
	assert.equal(JSON.parse((await get("/api/v1/processes?limit=1", { token: blue })).text).total, 3);
	assert.equal((await get("/api/v1/processes/100", { token: blue })).status, 200);
	for (const [query, total] of [["ppid=300", 0], ["ppid.ge=0", 0], ["ppid.not=300", 3]])
		assert.equal(JSON.parse((await get(`/api/v1/processes?${query}`, { token: blue })).text).total, total, query);
	for (const route of ["stats", "rules"])
		assert.equal((await get(`/api/v1/${route}`, { token: blue })).status, 403);
});

test("what is somebody else's looks like what is not there", { skip }, async () => {
	const { alerts } = JSON.parse((await get("/api/v1/alerts")).text);
	const foreign = alerts.find((alert) => alert.labels.comm === "green-web");
	const own = alerts.find((alert) => alert.labels.comm === "blue-web");
	const pairs = [
		["/api/v1/processes/200", "/api/v1/processes/999"],
		["/api/v1/processes/300", "/api/v1/processes/999"],
		["/api/v1/processes/200?start_time=5000000", "/api/v1/processes/999?start_time=5000000"],
		[`/api/v1/alerts/${foreign.id}`, "/api/v1/alerts/0"],
	];

	for (const [there, nowhere] of pairs) {
		const one = await get(there, { token: blue });
		const two = await get(nowhere, { token: blue });

		assert.equal(one.status, 404);
		assert.deepEqual({ ...one, headers: "" }, { ...two, headers: "" });
	}
	assert.equal((await get(`/api/v1/alerts/${own.id}`, { token: blue })).status, 200);
	assert.equal((await get(`/api/v1/alerts/${foreign.id}`)).status, 200);
});

const CHANNELS = ["metrics", "alerts", "events", "activity", "system:notifications", "platform:health",
	"platform:security", "platform:*", "tenant:blue:metrics", "tenant:blue:alerts", "tenant:green:metrics",
	"tenant:green:alerts", "tenant:*:metrics", "tenant:*:alerts", "tenant:*", "user:ann:notifications",
	"user:bob:notifications", "user:*", "*", "capture:1:progress"];
const DATA = [{}, { channel: "metrics", interval_ms: 1000 }, { filter: { namespace: "green" } }, { filter: { pid: { ge: 200 } } },
	{ q: "alien", limit: 0 }, { last_seq: 0 }, { tool: "capture", arguments: { pid: 200 } }];

/** Types of the manual's table of what a client may say. */
function messageTypes() {
	const table = /From the client:\n\n([\s\S]*?)\n\n/.exec(manual)[1];
	const types = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)]);

	assert.ok(types.length >= 8, "the manual lists the types");
	return types.map(([, type]) => type);
}

/** Says everything that can be said; gives back all that came within some windows. */
async function sayAll(client) {
	for (const channel of CHANNELS)
		for (const type of ["subscribe", "admin:subscribe"])
			client.send({ type, id: channel.length, data: { channel,
				...(/metrics$/.test(channel) ? { options: { limit: 0, delta: type !== "subscribe" } } : {}) } });
	for (let i = 0; i < 3; i++)
		await client.next((m) => m.type === "admin:metrics:update" && m.channel === "tenant:blue:metrics");
	for (const type of messageTypes().filter((one) => one !== "unsubscribe"))
		for (const data of DATA)
			client.send({ type, data });
	client.send({ type: "get_status", id: "status" });
	await client.next((m) => m.id === "status");
	await client.next("events");
	await client.next("admin:alert:new");
	await client.next("admin:metrics:update");
}

for (const door of ["/admin", "/ws"]) {
	test(`every message by ${door}: nothing foreign`, { skip }, async () => {
		const client = new Client(`ws://127.0.0.1:${agent.port}${door}`, { headers: { Authorization: `Bearer ${blue}` } });
		const all = [];

		client.socket.on("message", (data) => all.push(String(data)));
		await client.next("welcome");
		await sayAll(client);
		for (const text of all)
			assert.doesNotMatch(text, FOREIGN, text.slice(0, 300));
		assert.ok(all.some((text) => text.includes("blue-web")));
		assert.ok(all.some((text) => text.includes("\"kind\":\"exit\"") && text.includes("blue-job")));
		assert.ok(all.some((text) => text.includes("blue-victim")));
		assert.ok(all.some((text) => text.includes("admin:alert:new")));
		client.close();
	});
}

test("a token without tenants sees none by /ws, and all by /admin", { skip }, async () => {
	const client = new Client(`ws://127.0.0.1:${agent.port}/ws`, { headers: { Authorization: `Bearer ${agent.token}` } });
	const { data: welcome } = await client.next("welcome");

	assert.deepEqual(welcome.availableChannels,
		["metrics", "alerts", "events", "system:notifications", "user:local:notifications"]);
	client.send({ type: "subscribe", data: { channel: "metrics" } });
	assert.deepEqual((await client.next("initial_data")).data.processes, []);
	client.send({ type: "subscribe", data: { channel: "tenant:blue:metrics" } });
	assert.equal((await client.next("error")).data.code, "unknown_channel");
	client.close();

	const admin = await connect(agent);

	admin.send({ type: "subscribe", data: { channel: "tenant:*:metrics", options: { limit: 0 } } });

	const { data } = await admin.next("initial_data");

	assert.deepEqual(new Set(data.processes.map((row) => row.namespace)), new Set(["blue", "green"]));
	admin.send({ type: "subscribe", data: { channel: "tenant:green:alerts" } });

	const { data: { alerts } } = await admin.next((m) => m.channel === "tenant:green:alerts" && m.type === "initial_data");

	assert.ok(alerts.length > 0);
	for (const alert of alerts)
		assert.match(JSON.stringify(alert.labels), /green/);
	assert.equal((await admin.next("admin:alert:new")).channel, "tenant:green:alerts");
	admin.close();
});

test("a renewed token may give tenants up, and never gain any", { skip }, async () => {
	const client = await connect(agent, blue);
	const renew = (id, ...options) =>
		client.send({ type: "auth", id, data: { token: agent.mint("--sub", "ann", "--role", "admin", ...options) } });

	client.send({ type: "subscribe", data: { channel: "metrics", options: { limit: 0 } } });
	await client.next("initial_data");
	renew(1, "--tenant", "green");
	assert.equal((await client.next("error")).data.code, "forbidden");
	renew(2);
	assert.equal((await client.next("error")).data.code, "forbidden");
	renew(3, "--tenant", "blue");
	assert.equal((await client.next((m) => m.id === 3)).type, "welcome");
	client.close();

	const whole = await connect(agent, agent.mint("--sub", "ann", "--role", "admin"));

	whole.send({ type: "subscribe", data: { channel: "metrics", options: { limit: 0 } } });
	assert.ok((await whole.next("initial_data")).data.processes.some((row) => row.namespace === "green"));
	whole.send({ type: "auth", id: 4, data: { token: agent.mint("--sub", "ann", "--role", "admin", "--tenant", "blue") } });
	await whole.next((m) => m.id === 4);
	whole.messages = [];
	assert.doesNotMatch(JSON.stringify(await whole.next("admin:metrics:update")), FOREIGN);
	whole.close();
});
