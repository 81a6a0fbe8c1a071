// SPDX-License-Identifier: Apache-2.0
#include "serve/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "link/bundle.h"
#include "serve/publish.h"
#include "serve/sandbox.h"
#include "serve/server.h"
#include "serve/subscription.h"
#include "serve/token.h"

/* Collection counts as stuck after so many windows without a snapshot. */
#define STALE_WINDOWS 3

#define BUNDLE_TIMEOUT_MS 10000
#define STOP_SECONDS 3
#define REFUSALS_A_SECOND 10

/* Long enough to open the page, and to leave it open for a while. */
#define URL_TOKEN_SECONDS 3600

void server_log_refusal(struct server *s, const struct peer *peer, const char *why)
{
	uint64_t now = (uint64_t)time(NULL);

	s->counts.auth_refused++;
	if (now != s->refusals_second) {
		s->refusals_second = now;
		s->refusals_logged = 0;
	}
	if (s->refusals_logged++ >= REFUSALS_A_SECOND)
		return;
	log_warning("refused %s: %s", peer->address, why);
	publish_refusal(s, peer->address, why);
}

bool server_check_token(struct server *s, const struct peer *peer, const char *token, size_t len,
			struct claims *ret)
{
	const char *why;

	if (auth_check(&s->config.auth, token, len, (uint64_t)time(NULL), ret, &why))
		return true;
	server_log_refusal(s, peer, why);
	return false;
}

struct encode_server server_numbers(const struct server *s)
{
	return (struct encode_server){
		.connections = s->counts.sessions,
		.messages_sent = s->counts.messages_sent,
		.messages_skipped = s->counts.messages_skipped,
	};
}

double server_snapshot_age(const struct server *s)
{
	return (double)(clock_boot_ns() - s->snapshot_boot_ns) / 1e9;
}

const char *server_status(const struct server *s)
{
	if (!server_snapshot(s))
		return "starting";
	return server_snapshot_age(s) * 1000 < (double)s->config.interval_ms * STALE_WINDOWS + 1000
		       ? "ok"
		       : "stale";
}

static void send_updates(struct server *s)
{
	const struct snapshot *newest = server_snapshot(s);
	struct encode_server numbers = server_numbers(s);

	for (struct session *c = s->sessions; c; c = c->next)
		subscription_send_updates(c, newest, &numbers);
}

static void take_snapshot(struct server *s, struct link_message *m)
{
	const char *why = NULL;

	if (!m->block || !snapshot_check(m->block, m->bytes, &why)) {
		s->counts.snapshots_refused++;
		log_error("a snapshot was refused: %s", why ? why : "it has no block");
		link_release(m);
		return;
	}
	link_release(&s->snapshot);
	s->snapshot = *m;
	s->snapshot_boot_ns = clock_boot_ns();
	s->counts.snapshots++;
	tally_add(&s->tally, server_snapshot(s));
	send_updates(s);
	publish_events(s, server_snapshot(s));
	publish_health(s);
	alert_engine_evaluate(s->alerts, server_snapshot(s));
}

/* Configuration and rules out of a bundle. Returns 0, or -1 with one line in error (size bytes). */
static int read_bundle(const struct link_message *m, struct config *config,
		       struct rule_set **ret_rules, char *error, size_t size)
{
	struct rule_set *rules = rule_set_default();
	const char *name, *text;
	struct config_error wrong;
	size_t at = 0, len;
	int more = 0;

	config_init(config);
	snprintf(error, size, "the collector's configuration cannot be read");
	while (rules && m->block &&
	       (more = bundle_next(m->block, m->bytes, &at, &name, &text, &len)) == 1) {
		int failed = 0;

		if (strcmp(name, "probecast.yaml") == 0) {
			failed = config_parse(config, name, text, len, &wrong);
			if (failed)
				snprintf(error, size, "%s", wrong.text);
		} else if (strncmp(name, "rules/", 6) == 0) {
			failed = rule_set_parse(rules, name + 6, text, len, error, size);
		}
		if (failed) {
			more = -1;
			break;
		}
	}
	if (rules && m->block && more == 0) {
		*ret_rules = rules;
		return 0;
	}
	rule_set_free(rules);
	config_free(config);
	return -1;
}

/* What cannot change while it listens stays as it was. */
static void reload(struct server *s, const struct link_message *m)
{
	struct rule_set *rules;
	struct config fresh;
	char error[512];

	if (read_bundle(m, &fresh, &rules, error, sizeof(error))) {
		log_error("%s; the old configuration stays in force", error);
		return;
	}
	if (alert_engine_reload(s->alerts, rules)) {
		log_error("no memory for the new rules; the old configuration stays in force");
		config_free(&fresh);
		return;
	}
	fresh.listen_port = s->config.listen_port;
	config_free(&s->config);
	s->config = fresh;
	log_setup("server", fresh.log_level, fresh.log_json);
	log_info("configuration, keys and rules were read again");
	publish_notice(s, "info", "configuration, keys and rules were read again");
}

static void stop(struct server *s)
{
	if (s->stopping)
		return;
	s->stopping = true;
	for (struct session *c = s->sessions; c; c = c->next)
		session_close(c, CLOSE_SHUTDOWN, "shutdown");
	if (!s->sessions)
		ev_break(s->loop, EVBREAK_ALL);
}

/* Without the collector there is nothing to serve. */
static void on_link(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct server *s = watcher->data;
	struct link_message m;
	int result;

	(void)events;
	while ((result = link_receive(s->link_fd, &m)) == 1) {
		if (m.kind == LINK_SNAPSHOT) {
			take_snapshot(s, &m);
			link_send(s->link_fd, LINK_STATUS, clock_cpu_ns(), NULL);
			continue;
		}
		if (m.kind == LINK_BUNDLE)
			reload(s, &m);
		link_release(&m);
	}
	if (result == -EAGAIN)
		return;
	ev_io_stop(loop, watcher);
	stop(s);
}

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
	(void)loop;
	(void)events;
	stop(watcher->data);
}

/* Only while there are sessions: to be woken costs more than a window does. */
static void on_second(struct ev_loop *loop, ev_timer *watcher, int events)
{
	struct server *s = watcher->data;
	uint64_t now = (uint64_t)time(NULL);

	(void)events;
	for (struct session *c = s->sessions; c; c = c->next)
		session_second(c, now);
	publish_health(s);
	if (s->stopping && (!s->sessions || ++s->stop_seconds >= STOP_SECONDS))
		ev_break(loop, EVBREAK_ALL);
	if (!s->sessions)
		ev_timer_stop(loop, watcher);
}

static void watch(struct server *s)
{
	ev_io_init(&s->link_watcher, on_link, s->link_fd, EV_READ);
	ev_timer_init(&s->second, on_second, 1, 1);
	ev_signal_init(&s->terminate, on_signal, SIGTERM);
	ev_signal_init(&s->interrupt, on_signal, SIGINT);
	s->link_watcher.data = s->second.data = s->terminate.data = s->interrupt.data = s;
	ev_io_start(s->loop, &s->link_watcher);
	ev_signal_start(s->loop, &s->terminate);
	ev_signal_start(s->loop, &s->interrupt);
}

static int receive_first_bundle(struct server *s, struct link_message *m)
{
	struct pollfd poller = {.fd = s->link_fd, .events = POLLIN};

	if (poll(&poller, 1, BUNDLE_TIMEOUT_MS) != 1)
		return -1;
	return link_receive(s->link_fd, m) == 1 && m->kind == LINK_BUNDLE ? 0 : -1;
}

static int start(struct server *s, char *error, size_t size)
{
	struct link_message bundle = {0};
	struct rule_set *rules;
	int failed;

	snprintf(error, size, "the collector sent no configuration");
	if (receive_first_bundle(s, &bundle))
		return -1;
	failed = read_bundle(&bundle, &s->config, &rules, error, size);
	link_release(&bundle);
	if (failed)
		return -1;
	log_setup("server", s->config.log_level, s->config.log_json);
	s->alerts = alert_engine_new(rules, publish_alert, s);
	s->loop = ev_default_loop(EVFLAG_NOENV);
	if (!s->alerts || !s->loop) {
		snprintf(error, size, "out of memory");
		return -1;
	}
	if (listener_open(s, error, size))
		return -1;
	watch(s);
	failed = sandbox_enter();
	if (failed)
		snprintf(error, size, "the seccomp filter is refused: %s", strerror(-failed));
	return failed ? -1 : 0;
}

static void finish(struct server *s)
{
	if (s->context)
		lws_context_destroy(s->context);
	alert_engine_free(s->alerts);
	publish_events_free(s);
	buf_free(&s->health);
	link_release(&s->snapshot);
	tally_free(&s->tally);
	config_free(&s->config);
}

/*
 * The token is minted here: the collector then never touches the cryptographic
 * library, which saves it 3 MB.
 */
static void tell_ready(const struct server *s)
{
	const struct config_auth *auth = &s->config.auth;
	struct token_claims claims = {.ttl_seconds = URL_TOKEN_SECONDS};
	char error[256], *token = NULL;

	if (auth->key_count == 1 && strcmp(auth->keys[0].kid, TOKEN_AUTO_KID) == 0) {
		text_copy(claims.subject, sizeof(claims.subject), "local");
		text_copy(claims.role, sizeof(claims.role), "super_admin");
		token = token_mint(&claims, auth->keys[0].material, error, sizeof(error));
		if (!token)
			log_error("no token for the dashboard: %s", error);
	}
	link_send(s->link_fd, LINK_READY, s->port, token);
	free(token);
}

int serve_run(int link_fd)
{
	static struct server s;
	char error[512];

	log_setup("server", LOG_INFO, false);
	signal(SIGPIPE, SIG_IGN);
	s.link_fd = link_fd;
	if (start(&s, error, sizeof(error))) {
		if (link_send(link_fd, LINK_FAILED, 1, error))
			fprintf(stderr, "probecast: %s\n", error);
		return 1;
	}
	tell_ready(&s);
	log_info("listening on %s:%u", s.config.listen_host, s.port);
	memory_trim();
	ev_run(s.loop, 0);
	finish(&s);
	return 0;
}
