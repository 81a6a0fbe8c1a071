// SPDX-License-Identifier: Apache-2.0
// The command line: every mistake gets one line that says what is wrong and what to do.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { missing, program, startAgent } from "./lib.mjs";

const skip = missing;
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "probecast-cli-"));
const nobody = 65534;

function run(args, options = {}) {
	const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 20000, ...options });

	return { status, stdout, stderr };
}

/** The last line: what was logged before it does not count. */
function lastLine(text) {
	return text.trim().split("\n").at(-1);
}

function file(name, text) {
	const full = path.join(dir, name);

	fs.writeFileSync(full, text);
	return full;
}

test("help and version", { skip }, () => {
	assert.match(run(["--version"]).stdout, /^probecast \d+\.\d+\.\d+\n$/);
	for (const args of [["--help"], ["run", "--help"], ["once", "--help"], ["record", "--help"],
		["doctor", "--help"], ["token", "--help"], ["check-config", "--help"]]) {
		const { status, stdout, stderr } = run(args);

		assert.equal(status, 0);
		assert.match(stdout, /^Usage: probecast/);
		assert.equal(stderr, "");
	}
});

const MISTAKES = [
	[["dance"], 2, /unknown command dance/],
	[["run", "--lisen", "x"], 2, /unknown option --lisen \(did you mean --listen\?\)/],
	[["run", "extra"], 2, /unexpected argument extra/],
	[["run", "--listen"], 2, /--listen needs ADDR:PORT/],
	[["run", "--listen", "nowhere"], 2, /listen must be/],
	[["run", "--interval", "0"], 2, /interval_ms must be a whole number from 100/],
	[["run", "--source", "bfp"], 2, /did you mean "bpf"\?/],
	[["run", "--log-level", "loud"], 2, /log_level/],
	[["run", "--listen", "0.0.0.0:0"], 2, /not a loopback address and no key is configured/],
	[["run", "--state-dir", "/proc/nothing"], 1, /\/proc\/nothing: .*--state-dir/],
	[["run", "--config", "/nonexistent"], 2, /\/nonexistent/],
	[["once", "--duration", "soon"], 2, /--duration must be a number/],
	[["once", "--sort", "cpu.precent"], 2, /did you mean cpu.percent\?/],
	[["once", "--match", "com=x"], 2, /no label com \(did you mean comm\?\)/],
	[["once", "--match", "comm"], 2, /comm is not LABEL=GLOB/],
	[["once", "--match", "pid=x"], 2, /pid must be a number, not x/],
	[["once", "--json=1"], 2, /--json takes no argument/],
	[["record"], 2, /FILE is missing/],
	[["record", "--duration", "long", "x"], 2, /--duration must be a number/],
	[["record", "/nonexistent/x"], 1, /\/nonexistent\/x: No such file or directory/],
	[["record", "/dev/null", "--force"], 1, /\/dev\/null: it is there and is no regular file/],
	[["token", "--ttl", "0", "--state-dir", dir], 2, /--ttl must be from 1/],
	[["token", "--state-dir", "/nonexistent"], 1, /\/nonexistent\/hmac.key/],
	[["check-config"], 2, /FILE is missing/],
	[["run", "\u001b[31m"], 2, /unexpected argument \?\[31m/],
];

test("every mistake is told in one line", { skip }, () => {
	for (const [args, status, line] of MISTAKES) {
		const result = run(args);

		assert.equal(result.status, status, `${args}: ${result.stderr}`);
		assert.match(result.stderr, line);
		assert.match(result.stderr, /^probecast: [^\n]*\n$/, args.join(" "));
	}
});

test("a wrong configuration is told with its line and the nearest name", { skip }, () => {
	const config = file("bad.yaml", "# a comment\nlisten: 127.0.0.1:0\nintervall_ms: 5\n");
	const { status, stderr } = run(["check-config", config]);

	assert.equal(status, 2);
	assert.match(stderr, /bad\.yaml:3: unknown key "intervall_ms"; did you mean "interval_ms"\?/);
	assert.equal(run(["run", "--config", config]).status, 2);
});

test("a wrong rule is told before anything starts", { skip }, () => {
	const rules = path.join(dir, "rules");

	fs.mkdirSync(rules);
	fs.writeFileSync(path.join(rules, "a.yaml"),
		"name: x\nscope: process\nmetric: cpu.precent\nop: gt\nvalue: 5\nseverity: low\n");

	const config = file("rules.yaml", `rules_dir: ${rules}\n`);
	const { status, stderr } = run(["run", "--config", config, "--state-dir", dir]);

	assert.equal(status, 2);
	assert.match(stderr, /a\.yaml:3: .*cpu\.percent/);
});

test("a port in use is told", { skip }, async () => {
	const server = net.createServer().listen(0, "127.0.0.1");

	await new Promise((resolve) => server.on("listening", resolve));

	const child = spawn(program, ["run", "--state-dir", dir, "--listen", `127.0.0.1:${server.address().port}`]);
	let log = "";

	child.stderr.on("data", (part) => {
		log += part;
	});

	const status = await new Promise((resolve) => child.on("exit", resolve));

	server.close();
	assert.equal(status, 1);
	assert.match(lastLine(log), /Address already in use; end what listens there, or name another port/);
});

test("a key file that was cut is refused", { skip }, () => {
	const state = path.join(dir, "cut");

	fs.mkdirSync(state);
	fs.writeFileSync(path.join(state, "hmac.key"), "abc\n");

	const { status, stderr } = run(["run", "--listen", "127.0.0.1:0", "--state-dir", state]);

	assert.equal(status, 1);
	assert.match(stderr, /hmac\.key: not a key of 64 hexadecimal digits/);
});

test("the key is made with mode 0600, and kept", { skip }, async () => {
	const agent = await startAgent();

	try {
		assert.equal(fs.statSync(path.join(agent.stateDir, "hmac.key")).mode & 0o777, 0o600);
		assert.match(agent.mint("--ttl", "60"), /^[\w-]+\.[\w-]+\.[\w-]+$/);
	} finally {
		await agent.stop();
	}
});

test("once shows only what matches", { skip }, () => {
	const own = `pid=${process.pid}`;
	const rows = (match) => JSON.parse(run(["once", "--json", "--duration", "200", "--match", match]).stdout).processes;

	assert.deepEqual(rows(own).map((row) => row.pid), [process.pid]);
	assert.deepEqual(rows(`comm=nod*,${own}`).map((row) => row.pid), [process.pid]);
	assert.deepEqual(rows(`comm=nothing-*,${own}`), []);
});

test("once prints a table that fits, and JSON that parses", { skip }, () => {
	const table = run(["once", "--duration", "200", "--limit", "5"]);
	const json = run(["once", "--json", "--duration", "200", "--sort", "memory.rss_bytes", "--limit", "2"]);

	assert.equal(table.status, 0, table.stderr);
	assert.match(table.stdout, /PID USER/);
	assert.equal(JSON.parse(json.stdout).processes.length, 2);
});

test("without privilege it reads /proc and says what is missing",
	{ skip: skip || (process.getuid() === 0 ? false : "needs root to become somebody else") }, () => {
		const as = { uid: nobody, gid: nobody, env: { ...process.env, HOME: dir } };
		const { status, stdout, stderr } = run(["once", "--json", "--duration", "300"], as);
		const data = JSON.parse(stdout);

		assert.equal(status, 0);
		assert.match(stderr, /no BPF: loading BPF programs is not permitted: .*CAP_BPF/);
		assert.equal(data.agent.source, "procfs");
		assert.match(data.agent.probes.sockets, /^unavailable: /);
		assert.ok(data.processes.length > 5);
		assert.ok(data.processes.every((one) => one.network === undefined), "absent, not 0");
		assert.equal(data.totals.started, undefined);

		const forced = run(["once", "--source", "bpf"], as);

		assert.equal(forced.status, 1);
		assert.match(forced.stderr, /^probecast: .*CAP_BPF/);
	});

test("SIGHUP reads keys and rules again; what is wrong leaves the old in force", { skip }, async () => {
	const config = file("live.yaml", "process_limit: 10\n");
	const agent = await startAgent({ args: ["--config", config] });
	const told = async (text) => {
		for (let i = 0; i < 50 && !agent.log().includes(text); i++)
			await new Promise((resolve) => setTimeout(resolve, 100));
		assert.ok(agent.log().includes(text), agent.log());
	};

	try {
		fs.writeFileSync(config, "process_limit: many\n");
		process.kill(agent.pid, "SIGHUP");
		await told("the old one stays in force");
		fs.writeFileSync(config, "process_limit: 3\n");
		process.kill(agent.pid, "SIGHUP");
		await told("server: configuration, keys and rules were read again");

		let answer;

		do {
			await new Promise((resolve) => setTimeout(resolve, 100));
			answer = await fetch(`${agent.origin}/api/v1/snapshot`,
				{ headers: { Authorization: `Bearer ${agent.token}` } });
		} while (answer.status === 503);

		assert.equal((await answer.json()).processes.length, 3);
	} finally {
		await agent.stop();
	}
});
