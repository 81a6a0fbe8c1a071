// SPDX-License-Identifier: Apache-2.0
#include "bench/load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/process.h"

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The last CPU: interrupts mostly go to the first. */
static void pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bench_fail("sched_setaffinity");
}

/* One end of a connection, or of two pipes. */
struct end {
	int from, to;
};

static _Noreturn void echo(struct end e)
{
	char c;

	while (read(e.from, &c, 1) == 1)
		if (write(e.to, &c, 1) != 1)
			break;
	_exit(0);
}

/* Bytes that went to another process and back, per second. */
static double exchange_rate(struct end mine, struct end other, double seconds)
{
	pid_t pid = fork();
	double count = 0;
	char c = 0;

	if (pid < 0)
		bench_fail("fork");
	if (pid == 0) {
		close(mine.to);
		close(mine.from);
		echo(other);
	}
	close(other.from);
	close(other.to);

	double start = now_s(), end = start + seconds;

	for (; count < 1000 || now_s() < end; count++)
		if (write(mine.to, &c, 1) != 1 || read(mine.from, &c, 1) != 1)
			bench_fail("an exchange");

	double rate = count / (now_s() - start);

	close(mine.to);
	close(mine.from);
	waitpid(pid, NULL, 0);
	return rate;
}

static double pipe_rate(double seconds)
{
	int there[2], back[2];

	if (pipe(there) || pipe(back))
		bench_fail("pipe");
	return exchange_rate((struct end){back[0], there[1]}, (struct end){there[0], back[1]},
			     seconds);
}

static double tcp_rate(double seconds)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), mine = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &size) ||
	    connect(mine, (struct sockaddr *)&address, size))
		bench_fail("TCP over 127.0.0.1");

	int other = accept(listener, NULL, NULL), on = 1;

	close(listener);
	if (other < 0 || setsockopt(mine, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    setsockopt(other, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		bench_fail("TCP over 127.0.0.1");
	return exchange_rate((struct end){mine, mine}, (struct end){other, other}, seconds);
}

static double exec_rate(double seconds)
{
	double start = now_s(), end = start + seconds, count = 0;
	int status;

	for (; count < 10 || now_s() < end; count++) {
		pid_t pid = fork();

		if (pid == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			bench_fail("/bin/true");
	}
	return count / (now_s() - start);
}

static const struct load loads[] = {
	{"pipe", "pipe ping-pong", 0.98, pipe_rate},
	{"tcp", "TCP request and response", 0.97, tcp_rate},
	{"exec", "fork and exec", 0.98, exec_rate},
};

const struct load *load_find(const char *name)
{
	for (size_t i = 0; i < sizeof(loads) / sizeof(*loads); i++)
		if (strcmp(loads[i].name, name) == 0)
			return &loads[i];
	return NULL;
}

double load_pinned_rate(const struct load *load, double seconds)
{
	int ends[2];
	double rate;

	if (pipe(ends))
		bench_fail("pipe");

	pid_t pid = fork();

	if (pid < 0)
		bench_fail("fork");
	if (pid == 0) {
		pin();
		rate = load->rate(seconds);
		_exit(write(ends[1], &rate, sizeof(rate)) != sizeof(rate));
	}
	close(ends[1]);
	if (read(ends[0], &rate, sizeof(rate)) != sizeof(rate))
		bench_fail("the pinned process failed");
	close(ends[0]);
	waitpid(pid, NULL, 0);
	return rate;
}
