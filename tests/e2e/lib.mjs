// SPDX-License-Identifier: Apache-2.0
// Starts the agent for a test, and talks to it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import WebSocket from "ws";

const START_MS = 15000;

export const program = process.env.PROBECAST ?? path.resolve("build/probecast");

/** Why the tests cannot run; false when they can. */
export const missing = fs.existsSync(program) ? false : `${program} is not built`;

/** Waits for a line on a stream. */
async function firstLine(stream, ms) {
	let text = "";

	const timer = setTimeout(() => stream.destroy(new Error("the agent printed no address")), ms);
	for await (const part of stream.iterator({ destroyOnReturn: false })) {
		text += part;
		if (text.includes("\n"))
			break;
	}
	clearTimeout(timer);
	return text.split("\n")[0];
}

/** Windows of half a second cost more than the agent's budget allows for. */
const unlimited = { ...process.env, PROBECAST_CPU_BUDGET: "0" };

export async function startAgent({ args = [], interval = 500, port = 0, stateDir, level = "info", as = {} } = {}) {
	const state = stateDir ?? fs.mkdtempSync(path.join(os.tmpdir(), "probecast-e2e-"));
	const child = spawn(program, ["run", "--listen", `127.0.0.1:${port}`, "--interval", `${interval}`,
		"--state-dir", state, "--log-level", level, ...args],
	{ stdio: ["ignore", "pipe", "pipe"], env: unlimited, ...as });
	let log = "";

	child.stderr.on("data", (part) => {
		log += part;
	});

	const url = await firstLine(child.stdout, START_MS).catch((error) => {
		throw new Error(`${error.message}: ${log}`);
	});

	if (!url)
		throw new Error(`the agent did not start: ${log}`);

	const address = new URL(url);

	return {
		url,
		pid: child.pid,
		port: Number(address.port),
		origin: address.origin,
		token: address.hash.replace("#token=", ""),
		stateDir: state,
		log: () => log,
		mint: (...options) => mint(state, ...options),
		async stop(signal = "SIGTERM") {
			if (child.exitCode === null && child.signalCode === null) {
				child.kill(signal);
				await once(child, "exit");
			}
			if (!stateDir)
				fs.rmSync(state, { recursive: true, force: true });
			return child.exitCode;
		},
	};
}

/** A token of the agent's own key. */
export function mint(stateDir, ...options) {
	const result = spawnSync(program, ["token", "--state-dir", stateDir, ...options], { encoding: "utf8" });

	if (result.status !== 0)
		throw new Error(result.stderr);
	return result.stdout.trim();
}

/** A WebSocket client that keeps what it was told. */
export class Client {
	constructor(url, options) {
		this.socket = new WebSocket(url, options);
		this.messages = [];
		this.waiting = [];
		this.closed = new Promise((resolve) => {
			this.socket.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
		});
		this.refused = new Promise((resolve) => {
			this.socket.on("unexpected-response", (_request, response) => {
				let body = "";

				response.on("data", (part) => {
					body += part;
				});
				response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
			});
		});
		this.socket.on("error", () => {});
		this.socket.on("message", (data) => {
			this.messages.push(JSON.parse(String(data)));
			this.waiting = this.waiting.filter((one) => !one());
		});
	}

	send(message) {
		this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
	}

	/** The first message, from now or before, that fits; it is taken out. */
	next(fits, ms = 10000) {
		const match = typeof fits === "string" ? (m) => m.type === fits : fits;

		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`no such message within ${ms} ms; ` +
				`there are ${this.messages.map((m) => m.type)}`)), ms);
			const look = () => {
				const i = this.messages.findIndex(match);

				if (i < 0)
					return false;
				clearTimeout(timer);
				resolve(this.messages.splice(i, 1)[0]);
				return true;
			};

			if (!look())
				this.waiting.push(look);
		});
	}

	close() {
		this.socket.terminate();
	}
}

/** A client of /admin that is signed in. */
export async function connect(agent, token = agent.token) {
	const client = new Client(`ws://127.0.0.1:${agent.port}/admin`,
		{ headers: { Authorization: `Bearer ${token}` } });

	client.welcome = await client.next("welcome");
	return client;
}

/** Writes a recording of two tenants, blue and green: see recording.c. Why it cannot; false when it could. */
export function recordTenants(file) {
	const recorder = path.join(path.dirname(program), "tests/e2e/recording");

	if (!fs.existsSync(recorder))
		return `${recorder} is not built`;

	const { status, stderr } = spawnSync(recorder, [file], { encoding: "utf8" });

	return status === 0 ? false : `recording: ${stderr}`;
}

/** Rules that fire for every process and group, and for the machine. */
export function writeRules(dir) {
	const rule = (name, scope, metric) =>
		`- name: ${name}\n  scope: ${scope}\n  metric: ${metric}\n  op: ge\n  value: 1\n  message: "{node}"\n`;

	fs.mkdirSync(dir);
	fs.writeFileSync(path.join(dir, "all.yaml"), rule("of process", "process", "threads") +
		rule("of group", "group", "processes") + rule("of all", "system", "cpu.percent"));
}
