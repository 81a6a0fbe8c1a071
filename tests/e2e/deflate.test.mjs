// SPDX-License-Identifier: Apache-2.0
// permessage-deflate: each message compressed once for all who read it, and what clients compress.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import net from "node:net";
import { after, before, test } from "node:test";
import zlib from "node:zlib";
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

async function connectAs(options) {
	const client = new Client(`ws://127.0.0.1:${agent.port}/admin`,
		{ headers: { Authorization: `Bearer ${agent.token}` }, ...options });

	await client.next("welcome");
	return client;
}

const packs = { perMessageDeflate: { threshold: 0 } };

async function stats() {
	const answer = await fetch(`${agent.origin}/api/v1/stats`, { headers: { Authorization: `Bearer ${agent.token}` } });

	return answer.json();
}

test("one who takes it gets the same, in fewer bytes, compressed once for all", { skip }, async () => {
	const plain = await connectAs({ perMessageDeflate: false });
	const clients = [];

	for (let i = 0; i < 5; i++)
		clients.push(await connectAs({}));
	assert.equal(plain.socket.extensions, "");
	assert.match(clients[0].socket.extensions, /^permessage-deflate/);

	for (const client of [plain, ...clients]) {
		client.send({ type: "subscribe", data: { channel: "metrics", options: { limit: 0 } } });
		await client.next("initial_data");
	}

	let { seq } = await clients[4].next("admin:metrics:update");
	const before = { count: (await stats()).messages_deflated,
		plain: plain.socket._socket.bytesRead, packed: clients[0].socket._socket.bytesRead };

	for (let i = 0; i < 4; i++) {
		const expected = await plain.next((m) => m.type === "admin:metrics:update" && m.seq > seq);

		seq = expected.seq;
		for (const client of clients)
			assert.deepEqual(await client.next((m) => m.seq === expected.seq), expected);
	}

	const count = (await stats()).messages_deflated - before.count;
	const bytes = { plain: plain.socket._socket.bytesRead - before.plain,
		packed: clients[0].socket._socket.bytesRead - before.packed };

	assert.ok(count >= 4 && count <= 6, `${count} messages were compressed for 5 readers of 4`);
	assert.ok(bytes.packed * 2 < bytes.plain, `${bytes.packed} of ${bytes.plain} bytes`);
	for (const client of [plain, ...clients])
		client.close();
});

test("what a client compresses is read, whatever its size, each message once", { skip }, async () => {
	const client = await connectAs(packs);
	const sizes = [0, 1, 2, 100, 127, 128, 900, 960, 1000, 1010, 1020, 1023, 1024, 1025, 1100, 2047, 2048, 2049, 4096, 5000,
		65535, 65536, 200000];

	for (const size of sizes) {
		for (const text of ["x".repeat(size), crypto.randomBytes(size).toString("base64").slice(0, size),
			"\u00fc\ud83d\udc1d".repeat(size / 6)]) {
			client.send(JSON.stringify({ type: "ping", id: size, data: { text } }));
			assert.equal((await client.next("pong", 5000)).id, size, `${size} bytes`);
		}
	}
	for (let size = 900; size < 1100; size++) {
		client.send(JSON.stringify({ type: "ping", id: size, data: { text: "y".repeat(size) } }));
		assert.equal((await client.next("pong", 5000)).id, size);
	}
	assert.deepEqual(client.messages, []);
	client.close();
});

test("many small ones and fragments, one after the other", { skip }, async () => {
	const client = await connectAs(packs);

	for (let i = 0; i < 500; i++)
		client.send({ type: "ping", id: i });
	for (let i = 0; i < 500; i++)
		assert.equal((await client.next("pong")).id, i);

	const text = JSON.stringify({ type: "ping", id: "parts", data: { text: crypto.randomBytes(9000).toString("base64") } });

	for (let at = 0; at < text.length; at += 1000)
		client.socket.send(text.slice(at, at + 1000), { fin: at + 1000 >= text.length });
	assert.equal((await client.next("pong")).id, "parts");
	client.close();
});

test("a message that unpacks to more than 1 MiB closes with 1009", { skip }, async () => {
	for (const size of [1048577, 1100000, 2000000, 1 << 26]) {
		const one = await connectAs(packs);

		one.send("x".repeat(size));
		assert.equal((await one.closed).code, 1009, `${size} bytes`);
	}

	const other = await connectAs(packs);

	other.send(`{"type":"ping","id":1,"data":{"text":"${"x".repeat(1000000)}"}}`);
	assert.equal((await other.next("pong")).id, 1);
	other.close();
});

/** Upgrades with this offer; gives back the answer's headers and the socket. */
function upgrade(offer) {
	return new Promise((resolve, reject) => {
		const socket = net.connect(agent.port, "127.0.0.1");
		let head = "";

		socket.on("error", reject);
		socket.on("close", () => resolve({ head, socket }));
		socket.on("data", function take(part) {
			head += part.toString("latin1");
			if (!head.includes("\r\n\r\n"))
				return;
			socket.off("data", take);
			resolve({ head: head.split("\r\n\r\n")[0], socket });
		});
		socket.write("GET /admin HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
			`Authorization: Bearer ${agent.token}\r\nSec-WebSocket-Extensions: ${offer}\r\n\r\n`);
	});
}

const OFFERS = [
	["permessage-deflate", true],
	["permessage-deflate; client_max_window_bits", true],
	["permessage-deflate; client_no_context_takeover", true],
	["permessage-deflate; server_no_context_takeover; client_no_context_takeover", true],
	["permessage-deflate; server_max_window_bits=10", false],
	["permessage-deflate; server_max_window_bits=10, permessage-deflate", false],
	["x-webkit-deflate-frame", false],
	["x-unknown; a=b, permessage-deflate", true],
	["permessage-deflate-not", false],
];

test("offers are answered with what we do, or with nothing", { skip }, async () => {
	for (const [offer, taken] of OFFERS) {
		const { head, socket } = await upgrade(offer);
		const answer = /^Sec-WebSocket-Extensions: (.*)$/im.exec(head)?.[1]?.trim();

		assert.match(head, /^HTTP\/1\.1 101/, offer);
		assert.equal(answer, taken ? "permessage-deflate; client_no_context_takeover" : undefined, offer);
		socket.destroy();
	}
});

test("odd offers do no harm", { skip }, async () => {
	for (const offer of ["permessage-deflate, permessage-deflate", ",,,", "permessage-deflate;;;;", "; ; ;",
		"x".repeat(63), "x".repeat(64), "x".repeat(300), `permessage-deflate; ${"y".repeat(400)}`,
		`permessage-deflate${"; client_max_window_bits".repeat(50)}`])
		(await upgrade(offer)).socket.destroy();
	(await connectAs({})).close();
});

/** A masked text frame with RSV1, of these compressed bytes. */
function frame(payload, first = 0xc1) {
	const mask = crypto.randomBytes(4);
	const head = payload.length < 126 ? Buffer.from([first, 0x80 | payload.length])
		: Buffer.from([first, 0x80 | 126, payload.length >> 8, payload.length & 255]);

	return Buffer.concat([head, mask, Buffer.from(payload.map((byte, i) => byte ^ mask[i & 3]))]);
}

test("bad UTF-8 closes with 1007, compressed or not", { skip }, async () => {
	const bad = Buffer.concat([Buffer.from("{\"type\":\"ping\",\"id\":\""), Buffer.from([0xc3, 0x28]), Buffer.from("\"}")]);

	for (const options of [packs, { perMessageDeflate: false }]) {
		const client = await connectAs(options);

		client.socket.send(bad, { binary: false });
		assert.equal((await client.closed).code, 1007);
	}
});

test("what is no deflate stream ends its own connection only", { skip }, async () => {
	const good = await connectAs({});
	const packed = zlib.deflateRawSync("{\"type\":\"ping\"}", { finishFlush: zlib.constants.Z_SYNC_FLUSH });

	for (const bytes of [frame(Buffer.from([0xff, 0xff, 0xff, 0xff])), frame(crypto.randomBytes(5000)),
		frame(packed.subarray(0, 3)), frame(Buffer.alloc(0)), frame(packed, 0xe1), frame(packed, 0xc9)]) {
		const { socket } = await upgrade("permessage-deflate");

		socket.on("error", () => {});
		socket.write(bytes);
		await new Promise((resolve) => setTimeout(resolve, 50));
		socket.destroy();
	}
	good.send({ type: "ping", id: "alive" });
	assert.equal((await good.next("pong")).id, "alive");
	good.close();
});
