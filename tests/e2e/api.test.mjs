// SPDX-License-Identifier: Apache-2.0
// Routes that read: processes, groups, alerts and the rest, and their parameters.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { connect, missing, startAgent } from "./lib.mjs";

const skip = missing;
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "probecast-api-"));
const RULE = `name: test process lives
scope: process
metric: threads
op: ge
value: 1
severity: high
match: { pid: "${process.pid}" }
message: "{comm} <lives>"
`;
let agent;

async function get(route, token = agent.token) {
	const answer = await fetch(`${agent.origin}/api/v1/${route}`, { headers: { Authorization: `Bearer ${token}` } });

	return { status: answer.status, ...await answer.json() };
}

before(async () => {
	if (skip)
		return;
	fs.writeFileSync(path.join(dir, "rule.yaml"), RULE);
	fs.writeFileSync(path.join(dir, "probecast.conf"), `rules_dir: ${dir}\n`);
	agent = await startAgent({ args: ["--config", path.join(dir, "probecast.conf")] });
	for (let i = 0; i < 100 && !(await get("alerts?severity=high")).alerts?.length; i++)
		await new Promise((resolve) => setTimeout(resolve, 100));
});
after(async () => {
	await agent?.stop();
	fs.rmSync(dir, { recursive: true, force: true });
});

test("processes: sorted, in pages that join", { skip }, async () => {
	const all = await get("processes?limit=0&sort=memory.rss_bytes&fields=memory.rss_bytes");
	const sizes = all.processes.map((row) => row.memory?.rss_bytes ?? -1);

	assert.equal(all.total, all.processes.length);
	assert.deepEqual(sizes, [...sizes].sort((a, b) => b - a));

	const page = await get("processes?limit=2&offset=1&sort=memory.rss_bytes:asc&fields=comm");

	assert.equal(page.processes.length, 2);
	assert.deepEqual([page.offset, page.limit], [1, 2]);
	assert.deepEqual(Object.keys(page.processes[0]), ["pid", "start_time", "comm"]);
	assert.deepEqual((await get("processes?offset=100000")).processes, []);
});

test("processes: conditions and a text", { skip }, async () => {
	const own = await get(`processes?pid=${process.pid}&threads.ge=1`);

	assert.deepEqual(own.processes.map((row) => row.pid), [process.pid]);
	assert.equal(own.total, 1);
	assert.equal((await get(`processes?pid=${process.pid}&comm.not=*`)).total, 0);
	assert.ok((await get("processes?q=NODE")).processes.some((row) => row.pid === process.pid));
	assert.ok((await get(`processes?q=${process.pid}`)).processes.some((row) => row.pid === process.pid));
});

test("one process by its pid", { skip }, async () => {
	const { processes: [row] } = await get(`processes/${process.pid}`);

	assert.equal(row.pid, process.pid);
	assert.equal((await get(`processes/${process.pid}?start_time=${row.start_time}`)).processes.length, 1);
	for (const wrong of [`${process.pid}?start_time=1`, "4194999", "0", "abc", "1*", "-1", "*", "%00"]) {
		const answer = await get(`processes/${wrong}`);

		assert.equal(answer.status, 404, wrong);
		assert.equal(answer.error.code, "not_found");
	}
});

test("groups: by kind, name and text", { skip }, async () => {
	const { groups, total } = await get("groups");
	const users = await get("groups?kind=user&fields=processes");

	assert.equal(groups.length, total);
	assert.ok(users.groups.length > 0 && users.groups.length <= groups.length);
	for (const row of users.groups) {
		assert.equal(row.kind, "user");
		assert.deepEqual(Object.keys(row), ["kind", "name", "processes"]);
	}
	assert.equal((await get("groups?name=nobody-has-this-name")).total, 0);
	assert.ok((await get("groups?q=ROOT")).total > 0);
});

test("alerts: by severity and text, and one by its id", { skip }, async () => {
	const { alerts: [alert] } = await get("alerts?severity=high,low&q=LIVES&state=firing");

	assert.equal(alert.rule, "test process lives");
	assert.deepEqual((await get("alerts?severity=low&q=lives")).alerts, []);
	assert.deepEqual((await get("alerts?q=nothing-has-this")).alerts, []);
	assert.equal((await get(`alerts/${alert.id}`)).id, alert.id);
	assert.equal((await get("alerts/0")).status, 404);
	assert.equal((await get("alerts?severity=worst")).status, 400);
	assert.equal((await get("alerts?state=asleep")).status, 400);
});

test("rules: built-in ones and those of the directory", { skip }, async () => {
	const { rules } = await get("rules");
	const own = rules.find((rule) => rule.name === "test process lives");

	assert.ok(rules.length > 5);
	assert.deepEqual(own, { name: "test process lives", severity: "high", scope: "process", metric: "threads",
		unit: "count", op: ">=", value: 1, clear: 1, for_seconds: 0, match: { pid: `${process.pid}` },
		message: "{comm} <lives>" });
});

test("stats count connections, users and subscriptions, and tell losses and cost", { skip }, async () => {
	const ann = agent.mint("--sub", "ann", "--role", "admin");
	const clients = [await connect(agent), await connect(agent, ann), await connect(agent, ann)];

	clients[0].send({ type: "subscribe", data: { channel: "metrics" } });
	clients[1].send({ type: "subscribe", data: { channel: "metrics" } });
	clients[1].send({ type: "subscribe", data: { channel: "alerts" } });
	await clients[0].next("initial_data");
	await clients[1].next((m) => m.channel === "alerts");

	const stats = await get("stats");

	assert.equal(stats.connections, 3);
	assert.equal(stats.users, 2);
	assert.equal(stats.subscriptions, 3);
	assert.equal(stats.views, 1);
	assert.equal(typeof stats.losses.ring_dropped, "number");
	assert.ok(stats.agent.rss_bytes > 0);
	for (const client of clients)
		client.close();
});

test("nodes: this one, and how fresh it is", { skip }, async () => {
	const { nodes } = await get("nodes");

	assert.equal(nodes.length, 1);
	assert.equal(nodes[0].status, "ok");
	assert.ok(nodes[0].age_seconds < 5);
	assert.match(nodes[0].version, /^\d/);
});

const WRONG = [
	["processes?lmit=3", /"lmit".*did you mean "limit"/],
	["processes?coom=x", /"coom".*did you mean "comm"/],
	["processes?limit=3&limit=4", /limit is given twice/],
	["processes?sort=cpu", /sort: no metric "cpu"/],
	["processes?offset=-1", /offset must be/],
	["processes?cpu.percent.gt=lots", /cpu.percent is compared with a number/],
	["processes?fields=comm,,cpu", /fields: no metric/],
	["processes?=3", /no name/],
	[`processes?q=${"x".repeat(100)}`, /q: at most/],
	[`processes?comm=${"x".repeat(600)}`, /too long|at most/],
	[`processes?${Array.from({ length: 40 }, (_, i) => `a${i}=1`).join("&")}`, /32 parameters/],
	["processes/1?limit=3", /no parameter "limit"/],
	["groups?kid=user", /"kid".*did you mean "kind"/],
	["alerts?severty=low", /did you mean "severity"/],
	["alerts/1?x=1", /no parameter "x"/],
	["stats?x=1", /no parameter "x"/],
	["metrics?x", /no parameter "x"/],
	["rules?x=1", /no parameter "x"/],
	["nodes?x=1", /no parameter "x"/],
	["snapshot?offset=3", /"offset"/],
];

test("a parameter that is wrong or unknown is told by its name", { skip }, async () => {
	for (const [route, text] of WRONG) {
		const answer = await get(route);

		assert.equal(answer.status, 400, route);
		assert.equal(answer.error.code, "bad_field");
		assert.match(answer.error.message, text);
	}
});
