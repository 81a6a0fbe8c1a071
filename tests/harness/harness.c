// SPDX-License-Identifier: Apache-2.0
#include "harness/harness.h"

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_SKIPPED 77
#define OUTPUT_BYTES 16384

static struct test *tests, **last = &tests;

void harness_register(struct test *test)
{
	*last = test;
	last = &test->next;
}

void harness_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	printf("%s:%d: ", file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void harness_skip(const char *format, ...)
{
	va_list args;

	printf("SKIP ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(EXIT_SKIPPED);
}

void harness_int(const char *file, int line, const char *text, int64_t actual, int64_t expected)
{
	if (actual != expected)
		harness_fail(file, line, "%s is %lld, not %lld", text, (long long)actual,
			     (long long)expected);
}

void harness_uint(const char *file, int line, const char *text, uint64_t actual, uint64_t expected)
{
	if (actual != expected)
		harness_fail(file, line, "%s is %llu, not %llu", text, (unsigned long long)actual,
			     (unsigned long long)expected);
}

void harness_real(const char *file, int line, const char *text, double actual, double expected,
		  double tolerance)
{
	if (!(fabs(actual - expected) <= tolerance))
		harness_fail(file, line, "%s is %.12g, not %.12g (within %g)", text, actual,
			     expected, tolerance);
}

void harness_string(const char *file, int line, const char *text, const char *actual,
		    const char *expected)
{
	if (!actual || strcmp(actual, expected) != 0)
		harness_fail(file, line, "%s is \"%s\", not \"%s\"", text,
			     actual ? actual : "(null)", expected);
}

/* There where the leak sanitizer is linked in. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A group of its own, so that what the test started ends with it; and it ends with its parent. */
static pid_t start(const struct test *test, const int ends[2])
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(ends[1], STDOUT_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[0]);
	close(ends[1]);
	test->run();
	fflush(stdout);
	_exit(__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check() ? 1 : 0);
}

/* What is there to be read, into text; the newest bytes are kept. */
static void read_some(int fd, char *text, size_t *len)
{
	if (*len > OUTPUT_BYTES / 2) {
		memmove(text, text + *len / 2, *len - *len / 2);
		*len -= *len / 2;
	}

	ssize_t got = read(fd, text + *len, OUTPUT_BYTES - 1 - *len);

	if (got > 0)
		*len += (size_t)got;
	text[*len] = '\0';
}

/*
 * Until the test's process ends or its time is over. The pipe's end is not
 * waited for: what the test started may still hold it.
 */
static bool follow(pid_t pid, int fd, char *text, double deadline, int *status)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	size_t len = 0;
	bool ended = false;

	text[0] = '\0';
	while (!ended && now_s() < deadline) {
		int ready = poll(&poller, 1, 20);

		ended = waitpid(pid, status, WNOHANG) == pid;
		if (ready > 0)
			read_some(fd, text, &len);
	}
	while (ended && poll(&poller, 1, 0) > 0 && (poller.revents & POLLIN))
		read_some(fd, text, &len);
	kill(-pid, SIGKILL);
	if (!ended)
		waitpid(pid, status, 0);
	return ended;
}

/* The reason stands in the last line that begins with SKIP. */
static const char *skip_reason(char *text)
{
	char *reason = NULL;

	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "SKIP ", 5) == 0)
			reason = line + 5;
	}
	if (!reason)
		return "no reason given";
	reason[strcspn(reason, "\n")] = '\0';
	return reason;
}

static void print_comment(const char *text)
{
	while (*text) {
		int len = (int)strcspn(text, "\n");

		printf("# %.*s\n", len, text);
		text += len + (text[len] == '\n');
	}
}

/* Returns the exit status of the test: 0, EXIT_SKIPPED or 1. */
static int run(const struct test *test, unsigned number)
{
	static char text[OUTPUT_BYTES];
	int ends[2], status;

	fflush(stdout);
	if (pipe(ends))
		return 1;

	pid_t pid = start(test, ends);

	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return 1;
	}

	bool in_time = follow(pid, ends[0], text, now_s() + test->timeout_s, &status);

	close(ends[0]);
	if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		printf("ok %u %s\n", number, test->name);
		return 0;
	}
	if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED) {
		printf("ok %u %s # SKIP %s\n", number, test->name, skip_reason(text));
		return EXIT_SKIPPED;
	}
	printf("not ok %u %s\n", number, test->name);
	if (!in_time)
		printf("# took more than %u s\n", test->timeout_s);
	else if (WIFSIGNALED(status))
		printf("# ended by signal %d\n", WTERMSIG(status));
	print_comment(text);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned number = 0, skipped = 0, failed = 0;

	for (const struct test *test = tests; test; test = test->next) {
		if (argc > 1 && !strstr(test->name, argv[1]))
			continue;

		int result = run(test, ++number);

		skipped += result == EXIT_SKIPPED;
		failed += result == 1;
	}
	printf("1..%u\n", number);
	if (failed || number == 0)
		return 1;
	return skipped == number ? EXIT_SKIPPED : 0;
}
