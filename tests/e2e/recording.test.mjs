// SPDX-License-Identifier: Apache-2.0
// Recordings: known work is recorded, and replayed to the same numbers; what is wrong is told.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { connect, missing, program, startAgent } from "./lib.mjs";

const work = path.join(path.dirname(program), "tests/work/work");
const skip = missing || (fs.existsSync(work) ? false : `${work} is not built`);
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "probecast-recording-"));
const nobody = 65534;
const INTERVAL = 500;
const STEP_MS = 20;

let file;
let truth; // what the worker says of itself
let windows; // the documents of all windows of the file

after(() => fs.rmSync(dir, { recursive: true, force: true }));

async function until(holds, what) {
	for (let i = 0; i < 15000 / STEP_MS; i++) {
		if (await holds())
			return;
		await new Promise((resolve) => setTimeout(resolve, STEP_MS));
	}
	assert.fail(`waited in vain for ${what}`);
}

function size(name) {
	return fs.existsSync(name) ? fs.statSync(name).size : 0;
}

async function grown(name, times) {
	for (; times; times--) {
		const before = size(name);

		await until(() => size(name) > before, `${name} to grow`);
	}
}

/** A recorder that has begun. */
async function startRecorder(name) {
	const child = spawn(program, ["record", name, "--interval", `${INTERVAL}`]);
	const said = { out: "", err: "" };

	child.stdout.on("data", (part) => {
		said.out += part;
	});
	child.stderr.on("data", (part) => {
		said.err += part;
	});
	await until(() => size(name) > 0 || child.exitCode !== null, `${name} to be there`);
	assert.equal(child.exitCode, null, said.err);
	return { child, said };
}

function replayOnce(name, ...args) {
	const { status, stdout, stderr } = spawnSync(program, ["once", "--json", "--source", `replay:${name}`, ...args],
		{ encoding: "utf8" });

	return { status, stderr, data: status === 0 ? JSON.parse(stdout) : undefined };
}

/** One window after the other, each by its time. */
function readWindows(name) {
	const list = [];

	for (let next = replayOnce(name); next.status === 0;) {
		const later = new Date(Date.parse(next.data.window.end) + 1).toISOString();

		list.push(next.data);
		next = replayOnce(name, "--at", later);
	}
	return list;
}

function rowsOf(pid) {
	return (data) => data.processes.filter((row) => row.pid === pid);
}

before(async () => {
	if (skip)
		return;
	file = path.join(dir, "work.rec");

	const { child, said } = await startRecorder(file);
	const { stdout } = spawnSync(work, ["cpu", "0.7"], { encoding: "utf8" });

	truth = JSON.parse(stdout.trim().split("\n").at(-1));
	await grown(file, 2);
	child.kill("SIGINT");
	await once(child, "close");
	assert.equal(child.exitCode, 0, said.err);
	windows = readWindows(file);
	assert.equal(said.out, `recorded ${windows.length} windows in ${size(file)} bytes\n`);
});

test("every window is found by its time, and they join", { skip }, () => {
	assert.ok(windows.length >= 3);
	windows.forEach((data, i) => {
		assert.equal(data.seq, i + 1);
		assert.equal(data.agent.source, "replay");
		assert.equal(data.window.interval_ms, INTERVAL);
		if (i)
			assert.equal(data.window.start, windows[i - 1].window.end);
	});
});

test("the work is in the recording, to its last millisecond of CPU", { skip }, () => {
	const rows = windows.flatMap(rowsOf(truth.pid));
	const seconds = rows.reduce((sum, row) => sum + row.cpu.seconds, 0);

	assert.ok(rows.length >= 2);
	assert.equal(new Set(rows.map((row) => row.start_time)).size, 1);
	assert.ok(Math.abs(seconds - truth.cpu_seconds) <= truth.cpu_seconds * 0.01,
		`${seconds} s, truth ${truth.cpu_seconds} s`);
});

test("run serves the recorded rows to a browser, again and again", { skip }, async () => {
	const agent = await startAgent({ args: ["--source", `replay:${file}`, "--replay-loop", "--replay-speed", "5"] });

	try {
		const client = await connect(agent);
		const seen = new Map();
		let seq = 0;

		client.send({ type: "subscribe", data: { channel: "metrics", options: { limit: 0 } } });
		while (seen.size < windows.length || seq <= windows.length) {
			const { data } = await client.next("admin:metrics:update");

			assert.ok(data.seq > seq, "numbers never step back");
			seq = data.seq;
			seen.set(data.window.end, data);
		}
		for (const data of windows) {
			const served = seen.get(data.window.end);

			assert.deepEqual(served.processes, data.processes);
			assert.deepEqual(served.losses, data.losses);
			assert.equal(served.agent.source, "replay");
		}
		assert.equal(seen.size, windows.length);
		client.close();
	} finally {
		assert.equal(await agent.stop(), 0);
	}
});

function serverOf(agent) {
	return Number(fs.readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, "utf8").trim());
}

test("at the end the last window stays, also for a server that was started again", { skip }, async () => {
	const agent = await startAgent({ args: ["--source", `replay:${file}`, "--replay-speed", "0"] });
	const served = async () => {
		const answer = await fetch(`${agent.origin}/api/v1/snapshot`,
			{ headers: { Authorization: `Bearer ${agent.token}` } }).catch(() => undefined);

		return answer?.status === 200 ? (await answer.json()).window.end : undefined;
	};
	const last = windows.at(-1).window.end;

	try {
		await until(() => agent.log().includes("the last one stays"), "the end");
		assert.match(agent.log(), new RegExp(`has ended after ${windows.length} windows`));
		await until(async () => await served() === last, "the last window");

		const before = serverOf(agent);

		process.kill(before, "SIGKILL");
		await until(() => agent.log().includes("ended by signal 9"), "the end of the server");
		await until(async () => await served() === last, "the last window of the new server");
		assert.equal(agent.log().split("the last one stays").length, 2, "told once");
	} finally {
		assert.equal(await agent.stop(), 0);
	}
});

test("a recorder that is killed leaves what it wrote", { skip }, async () => {
	const killed = path.join(dir, "killed.rec");
	const copy = path.join(dir, "copy.rec");
	const { child } = await startRecorder(killed);

	await grown(killed, 3);
	child.kill("SIGKILL");
	await once(child, "exit");
	assert.ok(readWindows(killed).length >= 3);

	const { status, stdout, stderr } = spawnSync(program, ["record", copy, "--source", `replay:${killed}`],
		{ encoding: "utf8" });

	assert.equal(status, 0, stderr);
	assert.match(stderr, /killed\.rec: byte \d+: the recording was cut off here/);
	assert.match(stdout, new RegExp(`^recorded ${readWindows(killed).length} windows`));
	assert.deepEqual(readWindows(copy).map((data) => data.processes), readWindows(killed).map((data) => data.processes));
});

test("a time outside and a file that is wrong are told in one line", { skip }, () => {
	const bytes = fs.readFileSync(file);
	const wrong = (name, change) => {
		const changed = Buffer.from(bytes);

		change(changed);
		fs.writeFileSync(path.join(dir, name), changed);
		return path.join(dir, name);
	};
	const foreign = wrong("foreign.rec", (b) => b.write("PK\u0003\u0004"));
	const damaged = wrong("damaged.rec", (b) => b[400]++);
	const MISTAKES = [
		[["--source", `replay:${file}`, "--at", "2001-01-01T00:00:00Z"], 1, /no window of that time; .* begins at 20/],
		[["--source", `replay:${file}`, "--at", "2101-01-01T00:00:00Z"], 1, /the recording ends before that time/],
		[["--source", `replay:${file}`, "--at", "noon"], 2, /--at must be a time such as/],
		[["--at", "2101-01-01T00:00:00Z"], 2, /--at needs --source replay:FILE/],
		[["--source", `replay:${foreign}`], 1, /foreign\.rec: byte 0: not a recording/],
		[["--source", `replay:${damaged}`], 1, /damaged\.rec: byte 280: the window is damaged/],
		[["--source", "replay:/nonexistent"], 1, /\/nonexistent: No such file or directory/],
		[["--source", "replay:/dev/zero"], 1, /\/dev\/zero: not a regular file/],
	];

	for (const [args, status, line] of MISTAKES) {
		const result = spawnSync(program, ["once", ...args], { encoding: "utf8" });

		assert.equal(result.status, status, `${args}: ${result.stderr}`);
		assert.match(result.stderr, line);
		assert.match(result.stderr, /^probecast: [^\n]*\n$/);
	}

	const served = spawnSync(program, ["run", "--source", `replay:${foreign}`, "--state-dir", dir], { encoding: "utf8" });

	assert.equal(served.status, 1);
	assert.match(served.stderr, /^probecast: .*foreign\.rec: byte 0: not a recording\n$/);
});

test("a replay needs no privilege",
	{ skip: skip || (process.getuid() === 0 ? false : "needs root to become somebody else") }, async () => {
		const state = fs.mkdtempSync(path.join(os.tmpdir(), "probecast-nobody-"));

		fs.chmodSync(dir, 0o755);
		fs.chmodSync(file, 0o644);
		fs.chownSync(state, nobody, nobody);

		const agent = await startAgent({ args: ["--source", `replay:${file}`], stateDir: state,
			as: { uid: nobody, gid: nobody } });

		try {
			const client = await connect(agent);

			client.send({ type: "subscribe", data: { channel: "metrics", options: { limit: 0 } } });

			const { data } = await client.next((m) => m.channel === "metrics" && m.data?.window);

			assert.equal(data.agent.source, "replay");
			assert.ok(windows.some((one) => one.window.end === data.window.end));
			client.close();
		} finally {
			await agent.stop();
			fs.rmSync(state, { recursive: true, force: true });
		}
	});
