// SPDX-License-Identifier: Apache-2.0
// GET /metrics: read by hand, by promtool, and by a Prometheus that runs for it.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { missing, startAgent } from "./lib.mjs";

const BYTES = 1234567;
const WAIT_MS = 15000;
const skip = missing;

/** A program of Debian's package prometheus, from PATH or PROMETHEUS_DIR; null when it is not there. */
function find(name) {
	const dirs = [process.env.PROMETHEUS_DIR, ...(process.env.PATH ?? "").split(":")];

	return dirs.filter(Boolean).map((dir) => path.join(dir, name)).find((file) => fs.existsSync(file)) ?? null;
}

const promtool = find("promtool");
const prometheus = find("prometheus");
const without = (file, name) => skip || (file ? false : `${name} is not installed (Debian: prometheus)`);

// Sends BYTES to itself over TCP, says so, and goes on using the CPU a little.
const known = `
	const net = require("node:net");
	let left = ${BYTES};
	const server = net.createServer((c) => c.on("data", (part) => {
		left -= part.length;
		if (left === 0)
			console.log("done");
	}));
	server.listen(0, "127.0.0.1", () => net.connect(server.address().port, "127.0.0.1").write(Buffer.alloc(${BYTES})));
	setInterval(() => { for (const end = Date.now() + 5; Date.now() < end;); }, 50);
`;

let agent, dir, child;

before(async () => {
	if (skip)
		return;
	dir = fs.mkdtempSync(path.join(os.tmpdir(), "probecast-prometheus-"));
	agent = await startAgent();
	await until(async () => (await get()).status === 200);
	child = spawn(process.execPath, ["-e", known], { stdio: ["ignore", "pipe", "inherit"] });
	await once(child.stdout, "data");
});
after(async () => {
	child?.kill("SIGKILL");
	await agent?.stop();
	if (dir)
		fs.rmSync(dir, { recursive: true, force: true });
});

function get(headers = {}, port = agent.port) {
	return fetch(`http://127.0.0.1:${port}/metrics`, { headers });
}

/** Asks again until the answer is something, which is returned. */
async function until(ask, ms = WAIT_MS) {
	for (const end = Date.now() + ms; Date.now() < end;) {
		const answer = await ask();

		if (answer)
			return answer;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error(`not within ${ms} ms: ${ask}`);
}

/** The value of the first series of that name whose labels have this text; undefined when none has. */
function value(text, name, labels = "") {
	const line = text.split("\n").find((one) => one.startsWith(`${name}{`) && one.includes(labels));

	return line && Number(line.slice(line.lastIndexOf(" ")));
}

test("on loopback it is open, in the format that is asked for", { skip }, async () => {
	const plain = await get();
	const open = await get({ Accept: "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1" });
	const head = await fetch(`http://127.0.0.1:${agent.port}/metrics`, { method: "HEAD" });

	assert.equal(plain.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
	assert.match(await plain.text(), /^# TYPE probecast_system_cpu_seconds_total counter$/m);
	assert.equal(open.headers.get("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
	assert.match(await open.text(), /^# UNIT probecast_system_cpu_seconds seconds$[^]*\n# EOF\n$/m);
	assert.equal(head.status, 200);
	assert.equal(await head.text(), "");
	assert.equal((await fetch(`${agent.origin}/metrics`, { method: "POST" })).status, 405);
});

test("a process has its series while it is there", { skip }, async () => {
	const burner = spawn("sh", ["-c", "while :; do :; done"]);
	const pid = `pid="${burner.pid}"`;
	const cpu = async () => value(await (await get()).text(), "probecast_process_cpu_seconds_total", pid);

	await until(async () => await cpu() > 0.5);
	burner.kill("SIGKILL");
	await once(burner, "exit");
	await until(async () => await cpu() === undefined);
});

test("promtool has nothing to say", { skip: without(promtool, "promtool") }, async () => {
	const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"],
		{ input: await (await get()).text(), encoding: "utf8" });

	assert.equal(stdout + stderr, "");
	assert.equal(status, 0);
});

/** A port that was free just now: Prometheus does not tell which one it took. */
async function freePort() {
	const server = net.createServer().listen(0, "127.0.0.1");

	await once(server, "listening");

	const { port } = server.address();

	server.close();
	await once(server, "close");
	return port;
}

/** A Prometheus that scrapes the agent twice a second; its address. */
async function startPrometheus(t) {
	const config = path.join(dir, "prometheus.yml");
	const port = await freePort();

	fs.writeFileSync(config, `global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs:
  - {job_name: probecast, honor_labels: true, static_configs: [{targets: ['127.0.0.1:${agent.port}']}]}\n`);

	const server = spawn(prometheus, [`--config.file=${config}`, `--storage.tsdb.path=${dir}/data`,
		`--web.listen-address=127.0.0.1:${port}`], { stdio: "ignore" });

	t.after(() => server.kill("SIGKILL"));
	return `http://127.0.0.1:${port}/api/v1`;
}

async function query(address, expression) {
	try {
		const answer = await fetch(`${address}/query?query=${encodeURIComponent(expression)}`);

		return (await answer.json()).data.result;
	} catch {
		return []; /* it does not listen yet */
	}
}

test("Prometheus scrapes it and answers for a process", { skip: without(prometheus, "prometheus"), timeout: 60000 }, async (t) => {
	const address = await startPrometheus(t);
	const one = async (expression) => Number((await query(address, expression))[0]?.value[1]);
	const pid = `pid="${child.pid}"`;
	const sockets = value(await (await get()).text(), "probecast_probe_info", 'name="sockets",variant=');

	assert.ok(await until(() => one(`probecast_process_memory_rss_bytes{${pid}}`)) > 10e6);
	assert.ok(await until(() => one(`rate(probecast_process_cpu_seconds_total{${pid}}[5s])`)) < 0.9);
	assert.equal(await one("up"), 1);
	assert.ok(await one("scrape_samples_scraped") > 300);
	if (sockets)
		assert.equal(await one(`probecast_process_network_tcp_rx_bytes_total{${pid}}`), BYTES);
	else
		t.diagnostic("network bytes are not compared: the probe sockets is not there");

	const { data } = await (await fetch(`${address}/targets`)).json();

	assert.equal(data.activeTargets[0].lastError, "");
	child.kill("SIGKILL");
	await until(async () => (await query(address, `probecast_process_memory_rss_bytes{${pid}}`)).length === 0);
	assert.equal(await one("up"), 1);
});

const secret = "0123456789abcdef0123456789abcdef";

function sign(claims) {
	const part = (json) => Buffer.from(JSON.stringify(json)).toString("base64url");
	const text = `${part({ alg: "HS256", kid: "test" })}.${part({ sub: "prometheus", exp: Math.floor(Date.now() / 1000) + 60, ...claims })}`;

	return `${text}.${crypto.createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** The statuses without and with a token of an agent that does not listen on loopback alone. */
async function statuses(metrics) {
	const config = path.join(dir, "agent.yaml");

	fs.writeFileSync(config, `auth: {keys: [{kid: test, alg: HS256, secret: ${secret}}]}\nmetrics: ${metrics}\n`);

	const other = await startAgent({ args: ["--config", config, "--listen", "0.0.0.0:0", "--source", "procfs"] });
	const ask = async (token) => (await get(token ? { Authorization: `Bearer ${token}` } : {}, other.port)).status;

	await until(async () => (await fetch(`http://127.0.0.1:${other.port}/health/admin-metrics`)).status === 200);

	const seen = [await ask(), await ask(sign({ role: "admin" })), await ask(sign({ role: "admin", tenants: ["shop"] }))];

	await other.stop();
	return seen;
}

test("elsewhere it wants a token or an address", { skip }, async () => {
	assert.deepEqual(await statuses("{}"), [401, 200, 403]);
	assert.deepEqual(await statuses("{token: false}"), [403, 403, 403]);
	assert.deepEqual(await statuses("{allow: [127.0.0.0/8]}"), [200, 200, 200]);
	assert.deepEqual(await statuses("{allow: [192.0.2.0/24], token: false}"), [403, 403, 403]);
});
