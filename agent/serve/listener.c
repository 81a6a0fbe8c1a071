// SPDX-License-Identifier: Apache-2.0
/*
 * libwebsockets 4.1 on our own libev loop. Its traps are named where they are
 * avoided; each was seen with Debian 12's build.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "serve/deflate.h"
#include "serve/server.h"

/* What a stalled reader can pin in the kernel; without it up to 4 MB each. */
#define SEND_BUFFER_BYTES (128 * 1024)

/* A peer that acknowledges nothing for so long is gone. */
#define USER_TIMEOUT_MS 30000

/* Descriptors kept for everything that is no client. */
#define SPARE_DESCRIPTORS 64

/* Plain HTTP requests on top of the WebSocket connections. */
#define HTTP_CONNECTIONS 256

#define HANG_UP_SECONDS 10

static struct server *server_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

static struct peer *peer_of(struct lws *wsi)
{
	return lws_get_opaque_user_data(wsi);
}

/* Refused here a socket costs nothing; at EMFILE libwebsockets would spin on accept(). */
static int filter_socket(struct server *s, int fd)
{
	int size = SEND_BUFFER_BYTES, timeout = USER_TIMEOUT_MS;

	if (s->stopping || s->connections >= s->connection_cap) {
		s->sockets_refused++;
		return 1;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
	return 0;
}

static int accept_peer(struct server *s, struct lws *wsi)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return -1;
	lws_get_peer_simple(wsi, peer->address, sizeof(peer->address));
	lws_set_opaque_user_data(wsi, peer);
	s->connections++;
	return 0;
}

static void forget_peer(struct server *s, struct lws *wsi)
{
	struct peer *peer = peer_of(wsi);

	if (!peer)
		return;
	lws_set_opaque_user_data(wsi, NULL);
	free(peer);
	s->connections--;
}

/*
 * A second upgrade on a kept-alive connection must be to WebSocket. The text
 * that libwebsockets passes with the callback may be freed memory by then
 * (2f082ec31 upstream), so the header is asked for by its name.
 */
static int confirm_upgrade(struct server *s, struct lws *wsi)
{
	char upgrade[32];
	struct peer *peer = peer_of(wsi);

	if (lws_hdr_copy(wsi, upgrade, sizeof(upgrade), WSI_TOKEN_UPGRADE) <= 0 ||
	    strcasecmp(upgrade, "websocket") != 0 || !peer)
		return -1;
	return http_upgrade(s, wsi, peer);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		    size_t len)
{
	struct session *session = user;

	switch (reason) {
	case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
		return filter_socket(server_of(wsi), (int)(intptr_t)in);
	case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
		return accept_peer(server_of(wsi), wsi);
	case LWS_CALLBACK_WSI_DESTROY:
		forget_peer(server_of(wsi), wsi);
		return 0;
	case LWS_CALLBACK_HTTP:
		return peer_of(wsi) ? http_serve(server_of(wsi), wsi, peer_of(wsi)) : -1;
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return confirm_upgrade(server_of(wsi), wsi);
	case LWS_CALLBACK_CONFIRM_EXTENSION_OKAY:
		return deflate_confirm(wsi, in);
	case LWS_CALLBACK_ESTABLISHED:
		session_open(session, server_of(wsi), wsi, peer_of(wsi));
		return 0;
	case LWS_CALLBACK_RECEIVE:
		return session_receive(session, in, len);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return session_writable(session);
	case LWS_CALLBACK_CLOSED:
		session_end(session);
		return 0;
	case LWS_CALLBACK_HTTP_BODY:
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
	case LWS_CALLBACK_HTTP_WRITEABLE:
	case LWS_CALLBACK_HTTP_FILE_COMPLETION:
		return 0;
	default:
		return 0;
	}
}

/*
 * tx_packet_size: without it libwebsockets sends 4 KiB a time and copies the
 * rest. rx_buffer_size is allocated for each connection.
 */
static const struct lws_protocols protocols[] = {
	{
		.name = "probecast",
		.callback = callback,
		.per_session_data_size = sizeof(struct session),
		.rx_buffer_size = 1024,
		.tx_packet_size = 64 << 20,
	},
	{0},
};

static void log_libwebsockets(int level, const char *line)
{
	char text[512];

	text_copy(text, sizeof(text), line);
	text[strcspn(text, "\n")] = '\0';
	if (level == LLL_ERR)
		log_warning("libwebsockets: %s", text);
	else
		log_debug("libwebsockets: %s", text);
}

/* The table of connections is sized by the limit at its creation. */
static void raise_file_limit(struct server *s)
{
	struct rlimit limit;
	rlim_t wanted = s->config.max_connections + HTTP_CONNECTIONS + SPARE_DESCRIPTORS;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	if (limit.rlim_cur < wanted || limit.rlim_cur == RLIM_INFINITY) {
		limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	s->connection_cap = s->config.max_connections + HTTP_CONNECTIONS;
	if (limit.rlim_cur < s->connection_cap + SPARE_DESCRIPTORS)
		s->connection_cap = (uint32_t)limit.rlim_cur - SPARE_DESCRIPTORS;
}

/* libwebsockets does not say why it cannot listen: this does. Returns 0 or an errno. */
static int try_to_bind(const struct server *s)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(s->config.listen_port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(s->config.listen_port)};
	const char *host = s->config.listen_host;
	bool is_v6 = strchr(host, ':') != NULL;
	int one = 1, error = 0;
	int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (is_v6) {
		if (inet_pton(AF_INET6, host, &v6.sin6_addr) != 1)
			error = EADDRNOTAVAIL;
	} else if (inet_pton(AF_INET, strcmp(host, "localhost") ? host : "127.0.0.1",
			     &v4.sin_addr) != 1) {
		error = EADDRNOTAVAIL;
	}
	if (!error && (is_v6 ? bind(fd, (struct sockaddr *)&v6, sizeof(v6))
			     : bind(fd, (struct sockaddr *)&v4, sizeof(v4))))
		error = errno;
	if (!error && listen(fd, 1))
		error = errno;
	close(fd);
	return error;
}

static int explain(const struct server *s, int error, char *text, size_t size)
{
	const char *advice = "name an address of this machine with --listen";

	if (error == EADDRINUSE)
		advice = "end what listens there, or name another port with --listen";
	else if (error == EACCES)
		advice = "ports below 1024 are not for the server; name another with --listen";
	snprintf(text, size, "cannot listen on %s:%u: %s; %s", s->config.listen_host,
		 s->config.listen_port, strerror(error), advice);
	return -1;
}

static struct lws_context *make_context(struct server *s)
{
	void *loops[] = {s->loop};
	struct lws_context_creation_info info = {
		.user = s,
		.foreign_loops = loops,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.max_http_header_data = 16384,
		.timeout_secs = HANG_UP_SECONDS,
		.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
			   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
	};

	lws_set_log_level(LLL_ERR | LLL_WARN, log_libwebsockets);
	return lws_create_context(&info);
}

/* alpn: HTTP/2 stays unreachable; its parser of 2020 was never made safe. */
static struct lws_vhost *make_host(struct server *s)
{
	static lws_retry_bo_t heartbeat;
	const char *host = s->config.listen_host;
	struct lws_context_creation_info info = {
		.port = s->config.listen_port,
		.iface = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 ? NULL : host,
		.protocols = protocols,
		.extensions = deflate_extensions,
		.alpn = "http/1.1",
		.vhost_name = "probecast",
		.retry_and_idle_policy = &heartbeat,
		.keepalive_timeout = 60,
		.options = strchr(host, ':') ? 0 : LWS_SERVER_OPTION_DISABLE_IPV6,
	};
	uint32_t seconds = s->config.ping_interval_ms / 1000;

	if (strcmp(host, "localhost") == 0)
		info.iface = "127.0.0.1";
	heartbeat.secs_since_valid_ping = (uint16_t)(seconds ? seconds : 1);
	heartbeat.secs_since_valid_hangup =
		(uint16_t)(heartbeat.secs_since_valid_ping + HANG_UP_SECONDS);
	return lws_create_vhost(s->context, &info);
}

int listener_open(struct server *s, char *error, size_t size)
{
	int failed = try_to_bind(s);

	if (failed)
		return explain(s, failed, error, size);
	raise_file_limit(s);
	s->context = make_context(s);
	s->host = s->context ? make_host(s) : NULL;
	if (!s->host) {
		snprintf(error, size,
			 "libwebsockets does not start; is the package libwebsockets-evlib-ev "
			 "installed?");
		return -1;
	}
	s->port = (uint16_t)lws_get_vhost_listen_port(s->host);
	return 0;
}
