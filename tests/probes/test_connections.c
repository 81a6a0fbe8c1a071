// SPDX-License-Identifier: Apache-2.0
/* Real TCP connections of this very process, held against what the agent says of it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"
#include "probes/once.h"

#define WINDOW_MS 2500
#define SHORT 200
#define HELD 8
#define ACTIVE 3
#define REFUSED 5
#define FILES 40
#define MANY 300 /* more than are read of one process along with its tasks */

static struct background once;

struct listener {
	int fd;
	struct sockaddr_storage address;
	socklen_t len;
};

static struct listener listen_on(int family)
{
	struct listener l = {.fd = socket(family, SOCK_STREAM, 0)};

	l.address.ss_family = (sa_family_t)family;
	l.len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	if (family == AF_INET)
		((struct sockaddr_in *)&l.address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&l.address)->sin6_addr = in6addr_loopback;
	CHECK(l.fd >= 0);
	if (bind(l.fd, (struct sockaddr *)&l.address, l.len) && errno == EADDRNOTAVAIL)
		SKIP("this machine has no IPv6 loopback");
	CHECK_INT(getsockname(l.fd, (struct sockaddr *)&l.address, &l.len), 0);
	CHECK_INT(listen(l.fd, SHORT), 0);
	return l;
}

static int connect_to(const struct listener *l)
{
	int fd = socket(l->address.ss_family, SOCK_STREAM, 0);

	CHECK(fd >= 0);
	CHECK_INT(connect(fd, (const struct sockaddr *)&l->address, l->len), 0);
	return fd;
}

/* Takes so many connections and closes each when the other side has. */
static void accept_and_close(int listener, int count)
{
	char byte;

	for (int i = 0; i < count; i++) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0 || read(fd, &byte, 1) < 0)
			_exit(1);
		close(fd);
	}
	_exit(0);
}

static pid_t fork_server(int listener, int count)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
		accept_and_close(listener, count);
	return pid;
}

static void wait_for(pid_t pid)
{
	int status;

	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

static json_t *row_of(json_t *document, pid_t pid)
{
	json_t *who = json_pack("{s:i}", "pid", (int)pid);
	json_t *row = process_row(document, who);

	json_decref(who);
	return row;
}

/* The pool of this process to that port. */
static json_t *pool_to(json_t *document, const struct listener *l)
{
	uint16_t port = ntohs(((const struct sockaddr_in *)&l->address)->sin_port);
	json_t *pools = json_object_get(json_object_get(document, "system"), "pools");
	json_t *pool, *found = NULL;
	size_t i;

	json_array_foreach (pools, i, pool)
		if (json_integer_value(json_object_get(pool, "pid")) == getpid() &&
		    json_integer_value(json_object_get(pool, "port")) == port)
			found = pool;
	CHECK(found != NULL);
	return found;
}

static json_t *finish(void)
{
	json_t *document = once_finish(&once);

	need_probe(document, "connections");
	return document;
}

static void check_short(int family)
{
	struct listener l = listen_on(family);

	once_start(&once, WINDOW_MS);

	pid_t server = fork_server(l.fd, SHORT);

	for (int i = 0; i < SHORT; i++) {
		int fd = connect_to(&l);

		CHECK_INT(write(fd, "x", 1), 1);
		close(fd);
	}
	wait_for(server);

	json_t *document = finish(), *client = row_of(document, getpid());
	json_t *other = row_of(document, server), *pool = pool_to(document, &l);

	CHECK_INT(number_at(client, "network.tcp.opened"), SHORT);
	CHECK_INT(number_at(client, "network.tcp.closed"), SHORT);
	CHECK_INT(number_at(client, "network.tcp.accepted"), 0);
	CHECK_INT(number_at(other, "network.tcp.accepted"), SHORT);
	CHECK_INT(number_at(other, "network.tcp.closed"), SHORT);
	CHECK_INT(number_at(pool, "opened"), SHORT);
	CHECK_INT(number_at(pool, "closed"), SHORT);
	CHECK_INT(number_at(pool, "tx_bytes"), SHORT);
	CHECK_STRING(json_string_value(json_object_get(pool, "address")),
		     family == AF_INET ? "127.0.0.1" : "::1");
}

TEST(short_connections_are_all_seen)
{
	check_short(AF_INET);
}

TEST(short_connections_over_ipv6_are_all_seen)
{
	check_short(AF_INET6);
}

TEST(a_pool_tells_active_from_idle)
{
	struct listener l = listen_on(AF_INET);
	int fds[HELD];

	/* Half of it is there before the agent is. */
	for (int i = 0; i < HELD / 2; i++)
		fds[i] = connect_to(&l);
	once_start(&once, WINDOW_MS);
	for (int i = HELD / 2; i < HELD; i++)
		fds[i] = connect_to(&l);
	for (int i = 0; i < ACTIVE; i++)
		CHECK_INT(write(fds[i], "query", 5), 5);

	json_t *document = finish(), *row = row_of(document, getpid());
	json_t *pool = pool_to(document, &l);

	CHECK_INT(number_at(pool, "established"), HELD);
	CHECK_INT(number_at(pool, "active"), ACTIVE);
	CHECK_INT(number_at(pool, "idle"), HELD - ACTIVE);
	CHECK_INT(number_at(pool, "opened"), HELD / 2);
	CHECK_INT(number_at(pool, "tx_bytes"), 5 * ACTIVE);
	CHECK(number_at(pool, "rtt_seconds") > 0 && number_at(pool, "rtt_seconds") < 1);
	CHECK_INT(number_at(row, "network.tcp.connections"), HELD);
	CHECK(number_at(row, "network.tcp.rtt_seconds") > 0);
}

TEST(refused_connections_are_failures)
{
	struct listener l = listen_on(AF_INET);

	/* Nobody listens on its port any more. */
	close(l.fd);
	once_start(&once, WINDOW_MS);
	for (int i = 0; i < REFUSED; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		CHECK(connect(fd, (struct sockaddr *)&l.address, l.len) != 0);
		close(fd);
	}

	json_t *document = finish();

	CHECK_INT(number_at(row_of(document, getpid()), "network.tcp.failed"), REFUSED);
	CHECK_INT(number_at(row_of(document, getpid()), "network.tcp.opened"), 0);
	CHECK_INT(number_at(pool_to(document, &l), "failed"), REFUSED);
}

/* The parent accepts, the child serves, as sshd does. */
TEST(a_connection_belongs_to_who_holds_it)
{
	struct listener l = listen_on(AF_INET);
	int client = connect_to(&l), served = accept(l.fd, NULL, NULL);
	int go[2];
	pid_t child;

	CHECK_INT(pipe(go), 0);
	child = fork();
	if (child == 0) {
		char byte;

		close(client);
		close(go[1]);
		_exit(read(go[0], &byte, 1) != 0);
	}
	close(served);
	close(go[0]);
	once_start(&once, 1000);

	json_t *document = finish();

	CHECK_INT(number_at(row_of(document, child), "network.tcp.connections"), 1);
	CHECK_INT(number_at(row_of(document, getpid()), "network.tcp.connections"), 1);
	close(go[1]);
	wait_for(child);
}

TEST(no_connection_of_a_process_with_many_is_left_out)
{
	struct listener l = listen_on(AF_INET);

	once_start(&once, WINDOW_MS);
	for (int i = 0; i < MANY; i++) {
		connect_to(&l);
		CHECK(accept(l.fd, NULL, NULL) >= 0);
	}

	json_t *document = finish(), *row = row_of(document, getpid());

	CHECK_INT(number_at(row, "network.tcp.connections"), 2 * MANY);
	CHECK_INT(number_at(row, "network.tcp.opened"), MANY);
	CHECK_INT(number_at(row, "network.tcp.accepted"), MANY);
	CHECK_INT(number_at(pool_to(document, &l), "established"), MANY);
}

/* The agent's first walk cannot see it: nobody holds it yet. */
TEST(a_connection_that_waited_to_be_accepted_is_seen)
{
	struct listener l = listen_on(AF_INET);
	int client = connect_to(&l);

	once_start(&once, WINDOW_MS);
	CHECK(accept(l.fd, NULL, NULL) >= 0);

	json_t *document = finish(), *row = row_of(document, getpid());

	CHECK_INT(number_at(row, "network.tcp.connections"), 2);
	CHECK_INT(number_at(row, "network.tcp.opened"), 0);
	close(client);
}

TEST(open_files_are_counted)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		close_range(0, ~0U, 0);
		for (int i = 0; i < FILES; i++)
			if (open("/dev/null", O_RDONLY) != i)
				_exit(1);
		pause();
		_exit(0);
	}
	once_start(&once, 1000);

	json_t *document = finish();

	CHECK_INT(number_at(row_of(document, child), "open_files"), FILES);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
