// SPDX-License-Identifier: Apache-2.0
// probecast doctor: the same as what the agent does, told as root and as nobody.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { missing, program } from "./lib.mjs";

const skip = missing;
const asRoot = skip || (process.getuid() === 0 ? false : "needs root");
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "probecast-doctor-"));
const nobody = { uid: 65534, gid: 65534, env: { ...process.env, HOME: dir } };

function run(args, options = {}) {
	const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 20000, ...options });

	return { status, stdout, stderr };
}

function report(options) {
	const { status, stdout, stderr } = run(["doctor", "--json"], options);

	assert.equal(stderr, "");

	const data = JSON.parse(stdout);

	assert.equal(status, data.complete ? 0 : 1);
	return data;
}

function probe(data, name) {
	return data.probes.find((one) => one.name === name);
}

/** Every metric has a source or a reason, and what agrees with its probe. */
function checkMetrics(data) {
	const names = new Set(data.probes.filter((one) => one.available).map((one) => one.name));

	assert.ok(data.metrics.length > 80);
	for (const one of data.metrics) {
		assert.equal(typeof one.available, "boolean");
		if (one.available)
			assert.ok(names.has(one.source), `${one.path}: ${one.source}`);
		else
			assert.ok(one.reason.length > 5, one.path);
	}
	for (const one of data.probes)
		assert.ok(one.available ? one.variant : one.reason, one.name);
}

function checkWidth(text) {
	for (const line of text.split("\n")) {
		assert.ok(line.length <= 80, line);
		assert.equal(line, line.trimEnd());
	}
}

test("it says what the agent says", { skip: asRoot }, () => {
	const data = report();
	const once = JSON.parse(run(["once", "--json", "--duration", "200"]).stdout);

	checkMetrics(data);
	assert.equal(data.source, once.agent.source);
	assert.equal(data.kernel.release, os.release());
	assert.equal(data.privileges.uid, 0);
	for (const one of data.probes) {
		const told = once.agent.probes[one.name];

		assert.equal(told, one.available ? one.variant : `unavailable: ${one.reason}`);
	}

	const shown = new Set(data.metrics.filter((one) => one.scope === "process" && one.available)
		.map((one) => one.path));

	assert.equal(shown.has("network.rx_bytes"), once.processes.some((one) => one.network !== undefined));
});

test("the table fits 80 columns, as root and as nobody", { skip: asRoot }, () => {
	const root = run(["doctor"]);
	const other = run(["doctor"], nobody);

	for (const { stdout, stderr } of [root, other]) {
		assert.equal(stderr, "");
		assert.match(stdout, /^probecast .* on Linux/);
		assert.match(stdout, /\n {2}walk /);
		checkWidth(stdout);
	}
	assert.equal(other.status, 1);
	assert.match(other.stdout, /run as root, or grant CAP_BPF and\s+CAP_PERFMON/);
});

test("without privilege it runs, and says what to grant", { skip: asRoot }, () => {
	const data = report(nobody);

	checkMetrics(data);
	assert.equal(data.complete, false);
	assert.equal(data.source, "procfs");
	assert.equal(data.privileges.cap_bpf, false);
	assert.equal(probe(data, "procfs").available, true);
	for (const name of ["walk", "life", "sockets", "block"]) {
		assert.match(probe(data, name).reason, /not permitted/);
		assert.match(probe(data, name).advice, /CAP_BPF and CAP_PERFMON/);
	}

	const metric = (one) => data.metrics.find((m) => m.scope === "process" && m.path === one);

	assert.equal(metric("cpu.percent").source, "procfs");
	assert.match(metric("cpu.migrations").reason, /\/proc does not tell it/);
	assert.ok(data.remarks.some((one) => /are not seen/.test(one)));
});

test("a probe that is not wanted is told, and is no fault", { skip: asRoot }, () => {
	const config = path.join(dir, "off.yaml");

	fs.writeFileSync(config, 'probes: "block=off"\n');

	const { stdout, status } = run(["doctor", "--json", "--config", config]);
	const data = JSON.parse(stdout);

	assert.equal(status, data.complete ? 0 : 1);
	assert.equal(probe(data, "block").reason, "switched off by the configuration");
	assert.match(probe(data, "block").advice, /take block=off out of/);

	const disk = (one) => data.metrics.find((m) => m.scope === "disk" && m.path === one);

	assert.equal(disk("latency_p99_seconds").available, false);
	assert.equal(disk("reads").available, true);
});

test("a wrong wish is told before anything is tried", { skip }, () => {
	const config = path.join(dir, "wrong.yaml");

	fs.writeFileSync(config, 'probes: "sockets=ebpf"\n');
	for (const command of [["doctor", "--config", config], ["check-config", config]]) {
		const { status, stderr } = run(command);

		assert.equal(status, 2);
		assert.match(stderr, /probes: "sockets=ebpf": a variant is one of off, tp_btf/);
	}
});
