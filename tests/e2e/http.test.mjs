// SPDX-License-Identifier: Apache-2.0
// HTTP: routes, methods, rights, and requests that no client should send.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import { missing, startAgent } from "./lib.mjs";

let agent;
const skip = missing;

before(async () => {
	if (!skip)
		agent = await startAgent();
});
after(async () => {
	await agent?.stop();
});

function get(route, { token = agent.token, ...options } = {}) {
	const headers = { ...options.headers };

	if (token)
		headers.Authorization = `Bearer ${token}`;
	return fetch(`${agent.origin}${route}`, { ...options, headers });
}

/** Sends bytes as they are; gives back all that comes until the end or the time is over. */
function raw(text, ms = 3000) {
	return new Promise((resolve) => {
		const socket = net.connect(agent.port, "127.0.0.1");
		let answer = "";

		socket.setTimeout(ms, () => socket.destroy());
		socket.on("data", (part) => {
			answer += part;
		});
		socket.on("error", () => {});
		socket.on("close", () => resolve(answer));
		socket.write(text);
	});
}

async function untilFresh() {
	for (let i = 0; i < 50; i++) {
		if ((await get("/health/admin-metrics", { token: null })).status === 200)
			return;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	assert.fail("no snapshot within 5 s");
}

test("health needs no token", { skip }, async () => {
	await untilFresh();
	for (const route of ["/healthz", "/health/websocket", "/health/admin-metrics"]) {
		const answer = await get(route, { token: null });

		assert.equal(answer.status, 200, route);
		assert.equal((await answer.json()).status, "ok");
	}
});

test("the API needs one", { skip }, async () => {
	for (const route of ["/api/v1/snapshot", "/api/v1/metrics", "/api/v1/alerts", "/api/v1/stats"]) {
		const without = await get(route, { token: null });

		assert.equal(without.status, 401, route);
		assert.equal(without.headers.get("www-authenticate"), "Bearer");
		assert.equal((await without.json()).error.code, "unauthorized");
		await untilFresh();
		assert.equal((await get(route)).status, 200, route);
		assert.equal((await get(route, { token: agent.mint("--role", "admin") })).status, 200, route);
	}
});

test("the snapshot document is what the socket sends", { skip }, async () => {
	await untilFresh();

	const data = await (await get("/api/v1/snapshot?limit=2&sort=memory.rss_bytes")).json();

	assert.equal(data.processes.length, 2);
	assert.ok(data.processes[0].memory.rss_bytes >= data.processes[1].memory.rss_bytes);
	assert.ok(data.totals.processes > 2);
});

test("a wrong sort or limit is told", { skip }, async () => {
	for (const query of ["sort=cpu", "limit=-1", "limit=x", "limit=99999999999999999999", "sort="]) {
		const answer = await get(`/api/v1/snapshot?${query}`);

		assert.equal(answer.status, 400, query);
		assert.equal((await answer.json()).error.code, "bad_field");
	}
});

test("the catalogue names every member of a process", { skip }, async () => {
	await untilFresh();

	const { scopes } = await (await get("/api/v1/metrics")).json();
	const scope = scopes.find((one) => one.name === "process");
	const paths = new Set([...scope.metrics.map((m) => m.path), ...scope.labels.map((l) => l.name)]);
	const walk = (value, prefix) => {
		for (const [key, member] of Object.entries(value)) {
			if (member !== null && typeof member === "object")
				walk(member, `${prefix}${key}.`);
			else
				assert.ok(paths.has(prefix + key), prefix + key);
		}
	};

	for (const process of (await (await get("/api/v1/snapshot")).json()).processes)
		walk(process, "");
});

function hs(key, alg, claims, header = {}) {
	const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
	const text = `${encode({ alg, typ: "JWT", kid: "auto", ...header })}.${encode(claims)}`;
	const hash = { HS256: "sha256", HS384: "sha384", HS512: "sha512" }[alg] ?? "sha256";

	return `${text}.${crypto.createHmac(hash, key).update(text).digest("base64url")}`;
}

test("tokens that are not provably right are refused", { skip }, async () => {
	const key = fs.readFileSync(path.join(agent.stateDir, "hmac.key"), "utf8").trim();
	const now = Math.floor(Date.now() / 1000);
	const claims = { iss: "probecast", sub: "x", role: "admin", iat: now, exp: now + 600 };
	const none = (c) => `${Buffer.from("{\"alg\":\"none\"}").toString("base64url")}.` +
		`${Buffer.from(JSON.stringify(c)).toString("base64url")}.`;
	const wrong = {
		expired: hs(key, "HS256", { ...claims, exp: now - 61 }),
		"without exp": hs(key, "HS256", { ...claims, exp: undefined }),
		"exp as text": hs(key, "HS256", { ...claims, exp: `${now + 600}` }),
		"not yet valid": hs(key, "HS256", { ...claims, nbf: now + 120 }),
		"issued in the future": hs(key, "HS256", { ...claims, iat: now + 120 }),
		"another issuer": hs(key, "HS256", { ...claims, iss: "else" }),
		"another key": hs("0".repeat(64), "HS256", claims),
		"another algorithm": hs(key, "HS384", claims),
		"no such role": hs(key, "HS256", { ...claims, role: "root" }),
		"no role": hs(key, "HS256", { ...claims, role: undefined }),
		"no subject": hs(key, "HS256", { ...claims, sub: "" }),
		"another kid": hs(key, "HS256", claims, { kid: "../../hmac.key" }),
		crit: hs(key, "HS256", claims, { crit: ["b64"] }),
		jku: hs(key, "HS256", claims, { jku: "http://127.0.0.1/" }),
		unsigned: none(claims),
		"cut": hs(key, "HS256", claims).slice(0, -2),
		"with more behind it": `${hs(key, "HS256", claims)}!!`,
		"four parts": `${hs(key, "HS256", claims)}.x`,
		empty: "",
		words: "not a token",
		"8 KiB and more": hs(key, "HS256", { ...claims, pad: "x".repeat(8000) }),
	};

	assert.equal((await get("/api/v1/metrics", { token: hs(key, "HS256", claims) })).status, 200);
	for (const [name, token] of Object.entries(wrong)) {
		const answer = await get("/api/v1/metrics", { token: token || null, headers:
			token ? {} : { Authorization: "Bearer " } });

		assert.equal(answer.status, 401, name);
		assert.ok(!(await answer.text()).includes("expired"), "the reason is not told");
	}
	assert.ok(agent.log().includes("expired"), "the reason is logged");
	assert.ok(!agent.log().includes(wrong.expired), "the token is not");
});

test("a token of 1 MB is refused without harm", { skip }, async () => {
	const answer = await raw(`GET /api/v1/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n` +
		`Authorization: Bearer ${"x".repeat(1 << 20)}\r\n\r\n`);

	assert.ok(!answer.includes(" 200 "));
	assert.equal((await get("/healthz")).status, 200);
});

test("wrong methods and paths", { skip }, async () => {
	const post = await get("/api/v1/snapshot", { method: "POST" });

	assert.equal(post.status, 405);
	assert.equal(post.headers.get("allow"), "GET, HEAD");
	assert.equal((await get("/api/v1/ws-ticket")).status, 405);
	for (const route of ["/nowhere", "/api/v1/", "/../../etc/passwd", "/%2e%2e/etc/passwd", "//healthz/"])
		assert.equal((await get(route)).status, 404, route);
});

test("HEAD is GET without its body", { skip }, async () => {
	const answer = await get("/api/v1/metrics", { method: "HEAD" });

	assert.equal(answer.status, 200);
	assert.ok(Number(answer.headers.get("content-length")) > 1000);
	assert.equal(await answer.text(), "");
});

test("a Host that names another machine is refused on loopback", { skip }, async () => {
	for (const host of ["evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example"])
		assert.match(await raw(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`), / 403 /);
	for (const host of ["localhost", "127.0.0.1:1", "[::1]:80"])
		assert.match(await raw(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 500), / 200 /);
});

test("requests that can be read in two ways are refused", { skip }, async () => {
	const head = "POST /api/v1/ws-ticket HTTP/1.1\r\nHost: 127.0.0.1\r\n";

	for (const line of ["Transfer-Encoding: chunked\r\nContent-Length: 3", "Transfer-Encoding: chunked",
		"Content-Length: 3x", "Content-Length: -1", "Content-Length: 0x10", "Content-Length: 99999999999"])
		assert.ok(!/ 200 /.test(await raw(`${head}${line}\r\n\r\nabc`)), line);
	assert.equal((await get("/healthz")).status, 200);
});

test("an upgrade to something else on a kept connection does no harm", { skip }, async () => {
	for (let i = 0; i < 20; i++)
		await raw("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" +
			"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: AAAA\r\nConnection: Upgrade\r\n\r\n", 200);
	await raw("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n" +
		"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", 300);
	assert.equal((await get("/healthz")).status, 200);
});

test("the page and its files come from memory, packed and guarded", { skip }, async () => {
	const answer = await get("/", { token: null });
	const policy = answer.headers.get("content-security-policy");
	const page = await answer.text();

	assert.match(answer.headers.get("content-type"), /text\/html/);
	assert.equal(answer.headers.get("content-encoding"), "gzip");
	assert.match(policy, /script-src 'self'/);
	assert.match(policy, /frame-ancestors 'none'/);
	assert.ok(!/unsafe/.test(policy));
	assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
	assert.equal(page, fs.readFileSync("agent/web/index.html", "utf8"));
	for (const file of fs.readdirSync("agent/web")) {
		const plain = await get(`/${file}`, { token: null, headers: { "Accept-Encoding": "identity" } });

		assert.equal(plain.status, 200, file);
		assert.equal(await plain.text(), fs.readFileSync(`agent/web/${file}`, "utf8"), file);

		const etag = plain.headers.get("etag");
		const again = await get(`/${file}`, { token: null, headers: { "If-None-Match": etag } });

		assert.equal(again.status, 304, file);
	}
});

test("all files together are small", { skip }, async () => {
	let size = 0;

	for (const file of fs.readdirSync("agent/web"))
		size += Number((await get(`/${file}`, { token: null, method: "HEAD" })).headers.get("content-length"));
	assert.ok(size < 60 * 1024, `${size} bytes`);
});
