// SPDX-License-Identifier: Apache-2.0
// The way to the agent: token, ticket, WebSocket; comes back by itself after a loss.

const TOKEN_KEY = "probecast.token";
const BACKOFF_MIN_MS = 1000;
const BACKOFF_MAX_MS = 30000;
const CLOSE_TOKEN_EXPIRED = 4401;
const CLOSE_ROLE = 4403;

/** The token of this tab: from the address once, then kept for the tab's life. */
export function takeToken() {
	const match = /^#token=(.+)$/.exec(location.hash);

	if (match) {
		sessionStorage.setItem(TOKEN_KEY, match[1]);
		history.replaceState(null, "", location.pathname + location.search);
	}
	return sessionStorage.getItem(TOKEN_KEY);
}

/** @param {string} token */
export function keepToken(token) {
	sessionStorage.setItem(TOKEN_KEY, token);
}

export function dropToken() {
	sessionStorage.removeItem(TOKEN_KEY);
}

/** The server said no: another token is needed. */
export class Refused extends Error {}

/**
 * One request of the API.
 * @param {string} token @param {string} path @param {string} [method]
 */
export async function api(token, path, method = "GET") {
	const answer = await fetch(path, {
		method,
		headers: { Authorization: `Bearer ${token}` },
		cache: "no-store",
	});

	if (answer.status === 401 || answer.status === 403)
		throw new Refused(answer.status === 401 ? "The token is not accepted, or it has expired."
			: "This token does not allow it.");
	if (!answer.ok)
		throw new Error(`${path}: status ${answer.status}`);
	return answer.json();
}

/**
 * Events: "state" {state, retryMs?, why?}, "message" {message}.
 * States: connecting, live, offline, refused. Staleness is the page's to see.
 */
export class Connection extends EventTarget {
	/** @param {string} token @param {object[]} subscriptions sent after each welcome */
	constructor(token, subscriptions) {
		super();
		this.token = token;
		this.subscriptions = subscriptions;
		this.attempts = 0;
		/** @type {WebSocket | null} */
		this.socket = null;
		this.timer = 0;
		this.ended = false;
	}

	/** @param {string} type @param {object} detail */
	tell(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}

	async open() {
		this.tell("state", { state: "connecting" });
		try {
			const { ticket } = await api(this.token, "/api/v1/ws-ticket", "POST");
			const url = new URL("/admin", location.href);

			url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
			url.searchParams.set("ticket", ticket);
			this.listen(new WebSocket(url));
		} catch (error) {
			if (error instanceof Refused)
				this.refuse(error.message);
			else
				this.retry();
		}
	}

	/** @param {WebSocket} socket */
	listen(socket) {
		this.socket = socket;
		socket.addEventListener("message", (event) => this.take(event.data));
		socket.addEventListener("close", (event) => {
			this.socket = null;
			if (event.code === CLOSE_TOKEN_EXPIRED)
				this.refuse("Your token has expired.");
			else if (event.code === CLOSE_ROLE)
				this.refuse("Your rights were taken away.");
			else
				this.retry();
		});
	}

	/** @param {string} text */
	take(text) {
		const message = JSON.parse(text);

		if (message.type === "welcome") {
			this.attempts = 0;
			this.tell("state", { state: "live" });
			for (const subscription of this.subscriptions)
				this.socket?.send(JSON.stringify(subscription));
		}
		this.tell("message", { message });
	}

	/** @param {string} why */
	refuse(why) {
		this.ended = true;
		this.tell("state", { state: "refused", why });
	}

	// Doubles up to 30 s; the random part keeps many browsers from coming at once.
	retry() {
		if (this.ended)
			return;
		const base = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** this.attempts++);
		const retryMs = base / 2 + Math.random() * base / 2;

		this.tell("state", { state: "offline", retryMs });
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.open(), retryMs);
	}
}
