// SPDX-License-Identifier: Apache-2.0
#include "probes/agent.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/harness.h"

#define START_TIMEOUT_MS 15000

static void sleep_ms(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

static const char *program(void)
{
	const char *path = getenv("PROBECAST");

	return path ? path : "build/probecast";
}

static void read_url(struct test_agent *a)
{
	size_t len = 0;
	struct pollfd poller = {.fd = a->out, .events = POLLIN};

	while (len < sizeof(a->url) - 1 && !memchr(a->url, '\n', len)) {
		CHECK(poll(&poller, 1, START_TIMEOUT_MS) == 1);

		ssize_t got = read(a->out, a->url + len, sizeof(a->url) - 1 - len);

		CHECK(got > 0);
		len += (size_t)got;
	}
	a->url[strcspn(a->url, "\n")] = '\0';
}

void test_agent_start(struct test_agent *a, const char *source)
{
	int ends[2];

	if (access(program(), X_OK))
		SKIP("the agent is not built");
	*a = (struct test_agent){.state_dir = "/tmp/probecast-test-XXXXXX"};
	CHECK(mkdtemp(a->state_dir) != NULL);
	CHECK(chmod(a->state_dir, 0755) == 0);
	CHECK(pipe(ends) == 0);
	a->collector = fork();
	if (a->collector == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		/* Windows of half a second cost more than the budget allows for. */
		setenv("PROBECAST_CPU_BUDGET", "0", 1);
		execl(program(), "probecast", "run", "--listen", "127.0.0.1:0", "--interval", "500",
		      "--source", source, "--state-dir", a->state_dir, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	a->out = ends[0];
	read_url(a);
}

/* The parent is the fourth field of /proc/PID/stat; the name before it has no ')' here. */
static pid_t child_of(pid_t parent)
{
	char path[64], text[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);

	FILE *f = fopen(path, "re");

	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return (pid_t)strtol(text, NULL, 10);
}

pid_t test_agent_server(const struct test_agent *a, pid_t not_this)
{
	pid_t pid = 0;

	for (int i = 0; i < 1500 && (pid == 0 || pid == not_this); i++) {
		pid = child_of(a->collector);
		sleep_ms(10);
	}
	CHECK(pid > 0 && pid != not_this);
	return pid;
}

static bool get_healthz(const struct test_agent *a)
{
	static const char request[] =
		"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
	const char *colon = strchr(a->url + 7, ':');
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_sec = 1};
	char answer[64] = "";
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	    write(fd, request, sizeof(request) - 1) > 0 && read(fd, answer, sizeof(answer) - 1) < 0)
		answer[0] = '\0';
	close(fd);
	return strstr(answer, " 200 ") != NULL;
}

bool test_agent_healthy(const struct test_agent *a, int timeout_ms)
{
	for (int waited = 0; waited < timeout_ms; waited += 50) {
		if (get_healthz(a))
			return true;
		sleep_ms(50);
	}
	return false;
}

int test_agent_stop(struct test_agent *a)
{
	int status;

	kill(a->collector, SIGTERM);
	for (int waited = 0; waited < 8000; waited += 20) {
		if (waitpid(a->collector, &status, WNOHANG) == a->collector)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		sleep_ms(20);
	}
	kill(a->collector, SIGKILL);
	waitpid(a->collector, &status, 0);
	return -1;
}

bool test_is_gone(pid_t pid, int timeout_ms)
{
	for (int waited = 0; waited < timeout_ms; waited += 20) {
		char path[64], text[256] = "";

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);

		FILE *f = fopen(path, "re");

		if (!f || !fgets(text, sizeof(text), f) || strstr(text, ") Z ")) {
			if (f)
				fclose(f);
			return true;
		}
		fclose(f);
		sleep_ms(20);
	}
	return false;
}
