// SPDX-License-Identifier: Apache-2.0
#include "work/work.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t work_began_ms;

int64_t work_linger_ms;

static const struct {
	const char *name;
	int arguments;
	void (*run)(char **argv);
	const char *help;
} commands[] = {
	{"cpu", 1, work_cpu, "SECONDS: use so much CPU time"},
	{"spawn", 2, work_spawn, "N MS: N processes, one after the other, each with MS ms of CPU"},
	{"spawn-exec", 2, work_spawn_exec, "N MS: the same, each executing this program"},
	{"threads", 2, work_threads, "N SECONDS: N threads, each with so much CPU time"},
	{"crowd", 2, work_crowd, "N SECONDS: the same; they stay until the end"},
	{"storm", 2, work_storm, "N RATE: N processes that do nothing, so many a second"},
	{"storm-exec", 2, work_storm_exec, "N RATE: the same, each executing /bin/true"},
	{"churn", 1, work_churn, "N: N processes, one after the other, that end at once"},
	{"reuse", 2, work_reuse, "SECONDS SECONDS: two processes with the same pid"},
	{"leader-first", 2, work_leader_first,
	 "SECONDS SECONDS: of a leader, and of a thread after it"},
	{"vfork", 1, work_vfork, "SECONDS: vfork, then exec of \"cpu\""},
	{"zombie", 1, work_zombie, "SECONDS: a child that ends and is not reaped"},
	{"fork-both", 3, work_fork_both, "SECONDS SECONDS SECONDS: before, parent, child"},
	{"uid", 2, work_uid, "UID SECONDS: so much CPU before it becomes that user, and after"},
	{"become", 3, work_become, "SECONDS HEXBYTES SECONDS: then exec of \"name\""},
	{"take-over", 8, work_take_over, "...: a thread executes (see life.c)"},
	{"taken-over", 4, work_taken_over, "...: what it executes"},
	{"name", 2, work_name, "HEXBYTES SECONDS: a process with any name, using CPU"},
	{"sleepers", 2, work_sleepers, "N SECONDS: N processes that sleep"},
	{"memory", 1, work_memory, "BYTES: touch so much anonymous memory and keep it"},
	{"tcp", 1, work_tcp, "BYTES: send them over 127.0.0.1, a quarter comes back"},
	{"tcp6", 1, work_tcp6, "BYTES: the same over ::1"},
	{"udp", 2, work_udp, "MESSAGES SIZE: each is answered with one byte"},
	{"unix", 1, work_unix, "BYTES: over a pair of stream sockets"},
	{"calls", 4, work_calls, "TRANSPORT SEND RECEIVE BYTES: by these system calls (ways.c)"},
	{"udp-refused", 1, work_udp_refused, "MESSAGES: to a port where nobody listens"},
	{"mapped-write", 2, work_mapped_write, "FILE BYTES: by mmap, then msync"},
	{"unlinked-write", 2, work_unlinked_write, "FILE BYTES: then remove and close it"},
	{"abandoned-write", 2, work_abandoned_write, "FILE BYTES: then remove it and end"},
	{"buffered-read", 1, work_buffered_read, "FILE: from the device through the page cache"},
	{"direct-read", 1, work_direct_read, "FILE: past the page cache"},
	{"mapped-read", 1, work_mapped_read, "FILE: from the device by mmap"},
	{"direct-write", 2, work_direct_write, "FILE BYTES: past the page cache"},
	{"buffered-write", 2, work_buffered_write,
	 "FILE BYTES: through the page cache, then fsync"},
	{"requests", 3, work_requests, "FILE COUNT SIZE: COUNT writes past the page cache, timed"},
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

void work_fail(const char *what)
{
	if (errno)
		fprintf(stderr, "work: %s: %s\n", what, strerror(errno));
	else
		fprintf(stderr, "work: %s\n", what);
	exit(1);
}

int64_t work_wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

pid_t work_fork(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		work_fail("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	work_began_ms = work_wall_ms();
	return 0;
}

double work_wait(pid_t pid)
{
	struct rusage usage;
	int status;

	if (wait4(pid, &status, 0, &usage) != pid)
		work_fail("wait4");
	errno = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		work_fail("a process of its own failed");
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* As the namespace knows it that /proc belongs to: there the agent looks. */
static int outer_pid(void)
{
	char text[16] = "";

	return readlink("/proc/self", text, sizeof(text) - 1) > 0 ? (int)work_number(text)
								  : getpid();
}

void work_report(const char *role, const char *format, ...)
{
	char line[512];
	va_list args;
	int len = snprintf(line, sizeof(line),
			   "{\"role\":\"%s\",\"pid\":%d,\"began_ms\":%lld,\"ended_ms\":%lld", role,
			   outer_pid(), (long long)work_began_ms, (long long)work_wall_ms());

	va_start(args, format);
	len += vsnprintf(line + len, sizeof(line) - (size_t)len, format, args);
	va_end(args);
	if (dprintf(STDOUT_FILENO, "%.*s}\n", len, line) < 0)
		work_fail("write");
	work_sleep_ms(work_linger_ms);
}

void work_sleep_ms(int64_t ms)
{
	struct timespec left = {ms / 1000, ms % 1000 * 1000000L};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

uint64_t work_number(const char *text)
{
	char *end;

	errno = 0;

	uint64_t value = strtoull(text, &end, 10);

	if (errno || end == text || *end)
		work_fail("not a number");
	return value;
}

double work_seconds(const char *text)
{
	char *end;

	errno = 0;

	double value = strtod(text, &end);

	if (errno || end == text || *end || !(value >= 0))
		work_fail("not a number of seconds");
	return value;
}

static int usage(void)
{
	fprintf(stderr,
		"Usage: work [delay MS] [linger MS] [netns] [pidns] [reap] COMMAND ARGUMENTS\n"
		"  delay MS       sleep before the work\n"
		"  linger MS      sleep after it, each process\n"
		"  netns          in a network namespace of its own\n"
		"  pidns          in a pid namespace of its own\n"
		"  reap           in a child, whose CPU time is told when it is gone\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stderr, "  %-14s %s\n", commands[i].name, commands[i].help);
	return 2;
}

/* "name MS" in front of the command. */
static bool take_prefix(char ***argv, const char *name, int64_t *ret)
{
	if (!**argv || strcmp(**argv, name) != 0 || !(*argv)[1])
		return false;
	*ret = (int64_t)work_number((*argv)[1]);
	*argv += 2;
	return true;
}

/* "name" in front of the command. */
static bool take_word(char ***argv, const char *name)
{
	if (!**argv || strcmp(**argv, name) != 0)
		return false;
	++*argv;
	return true;
}

static int count(char **argv)
{
	int n = 0;

	while (argv[n])
		n++;
	return n;
}

int main(int argc, char **argv)
{
	int64_t delay_ms;

	if (argc < 2)
		return usage();
	argv++;
	if (take_prefix(&argv, "delay", &delay_ms))
		work_sleep_ms(delay_ms);
	take_prefix(&argv, "linger", &work_linger_ms);
	if (take_word(&argv, "netns"))
		namespace_network();
	if (take_word(&argv, "pidns"))
		namespace_pids();
	if (take_word(&argv, "reap"))
		work_reap();
	work_began_ms = work_wall_ms();
	for (size_t i = 0; i < COMMANDS; i++) {
		if (count(argv) != commands[i].arguments + 1 ||
		    strcmp(argv[0], commands[i].name) != 0)
			continue;
		commands[i].run(argv + 1);
		return 0;
	}
	return usage();
}
