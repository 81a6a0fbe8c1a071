// SPDX-License-Identifier: Apache-2.0
/* How processes begin, change and end. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "work/work.h"

#define MAX_TRIES 2000
#define LEADERLESS_BYTES 1000000

static double usage_seconds(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

void work_reap(void)
{
	pid_t pid = work_fork();

	if (pid == 0)
		return;

	work_began_ms = work_wall_ms();

	double seconds = work_wait(pid);

	work_report("reaped", ",\"cpu_seconds\":%.6f", seconds);
	exit(0);
}

/*
 * All children, as fast as asked for; those that have ended are reaped on the way. They execute the
 * program unless it is NULL.
 */
static void storm(char **argv, const char *program)
{
	uint64_t count = work_number(argv[0]), rate = work_number(argv[1]), running = 0;
	int64_t began = work_wall_ms();
	struct rusage usage;

	for (uint64_t i = 0; i < count; i++) {
		int64_t due = began + (int64_t)(i * 1000 / rate), now = work_wall_ms();

		if (due > now)
			work_sleep_ms(due - now);
		if (work_fork() == 0) {
			if (program)
				execl(program, program, (char *)NULL);
			_exit(program ? 127 : 0);
		}
		for (running++; running && waitpid(-1, NULL, WNOHANG) > 0;)
			running--;
	}
	while (running && waitpid(-1, NULL, 0) > 0)
		running--;
	getrusage(RUSAGE_CHILDREN, &usage);
	work_report("storm", ",\"spawned\":%llu,\"children_cpu_seconds\":%.6f",
		    (unsigned long long)count, usage_seconds(&usage));
}

void work_storm(char **argv)
{
	storm(argv, NULL);
}

void work_storm_exec(char **argv)
{
	storm(argv, "/bin/true");
}

/* No page is copied: as fast as processes can come and go. */
void work_churn(char **argv)
{
	uint64_t count = work_number(argv[0]);

	for (uint64_t i = 0; i < count; i++) {
		pid_t pid = vfork();

		if (pid == 0)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			work_fail("vfork");
	}
	work_report("churn", ",\"spawned\":%llu", (unsigned long long)count);
}

static bool next_pid(pid_t pid)
{
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
	bool done = fd >= 0 && dprintf(fd, "%d", pid - 1) > 0;

	close(fd);
	return done;
}

/* A child that says what it used; with the given pid unless that is 0. */
static pid_t burn_as(pid_t wanted, const char *role, double seconds)
{
	for (int i = 0; i < MAX_TRIES; i++) {
		if (wanted && !next_pid(wanted))
			return 0;

		pid_t pid = work_fork();

		if (pid == 0 && wanted && getpid() != wanted)
			_exit(0);
		if (pid == 0) {
			work_burn(seconds);
			work_report_cpu(role);
			_exit(0);
		}
		work_wait(pid);
		if (!wanted || pid == wanted)
			return pid;
	}
	return 0;
}

void work_reuse(char **argv)
{
	pid_t first = burn_as(0, "first", work_seconds(argv[0]));

	if (burn_as(first, "second", work_seconds(argv[1])) != first)
		work_report("unsupported", ",\"reason\":\"no pid could be had twice\"");
}

/* Bytes to itself over unix sockets: each is sent and received. */
static void talk(uint64_t bytes)
{
	static char chunk[4096];
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		work_fail("socketpair");
	for (uint64_t left = bytes, n; left; left -= n) {
		n = left < sizeof(chunk) ? left : sizeof(chunk);
		if (write(ends[0], chunk, n) != (ssize_t)n || read(ends[1], chunk, n) != (ssize_t)n)
			work_fail("socketpair");
	}
	close(ends[0]);
	close(ends[1]);
}

static double each_seconds;

static void *burn_and_report(void *leader)
{
	work_burn(each_seconds);
	pthread_join(*(pthread_t *)leader, NULL);
	talk(LEADERLESS_BYTES);
	work_report_cpu("leader-first");
	exit(0);
}

void work_leader_first(char **argv)
{
	static pthread_t leader;
	pthread_t thread;

	each_seconds = work_seconds(argv[1]);
	leader = pthread_self();
	errno = pthread_create(&thread, NULL, burn_and_report, &leader);
	if (errno)
		work_fail("pthread_create");
	work_burn(work_seconds(argv[0]));
	pthread_exit(NULL);
}

void work_vfork(char **argv)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/proc/self/exe", "work", "cpu", argv[0], (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		work_fail("vfork");
	work_wait(pid);
	work_report_cpu("parent");
}

/* Its numbers are known while it is not yet reaped. */
void work_zombie(char **argv)
{
	double seconds = work_seconds(argv[0]);
	struct rusage usage;
	siginfo_t info;
	pid_t pid = work_fork();

	if (pid == 0) {
		work_burn(seconds);
		_exit(0);
	}
	if (syscall(SYS_waitid, P_PID, pid, &info, WEXITED | WNOWAIT, &usage))
		work_fail("waitid");
	work_report("parent", ",\"zombie\":%d,\"zombie_cpu_seconds\":%.6f", pid,
		    usage_seconds(&usage));
}

void work_fork_both(char **argv)
{
	pid_t pid;

	work_burn(work_seconds(argv[0]));
	pid = work_fork();
	work_burn(work_seconds(argv[pid ? 1 : 2]));
	work_report_cpu(pid ? "parent" : "child");
	if (pid)
		work_wait(pid);
}

void work_uid(char **argv)
{
	uid_t uid = (uid_t)work_number(argv[0]);

	work_burn(work_seconds(argv[1]));
	if (setresuid(uid, uid, uid))
		work_fail("setresuid");
	work_burn(work_seconds(argv[1]));
	work_report_cpu("uid");
}

void work_become(char **argv)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len < 0)
		work_fail("/proc/self/exe");
	path[len] = '\0';
	work_burn(work_seconds(argv[0]));
	execl(path, "work", "name", argv[1], argv[2], (char *)NULL);
	work_fail("exec");
}

static struct {
	pthread_barrier_t barrier;
	double before, after;
	uint64_t bytes, bytes_after;
	int64_t pause_ms;
	const char *exec_seconds;
} relay;

/* Takes over the process, while its leader waits to be killed. */
static void *exec_thread(void *unused)
{
	char before[32], bytes[32], bytes_after[32], linger[32];

	(void)unused;
	work_burn(relay.before);
	pthread_barrier_wait(&relay.barrier);
	snprintf(before, sizeof(before), "%.9f", work_cpu_seconds());
	pthread_barrier_wait(&relay.barrier);
	work_sleep_ms(relay.pause_ms);
	work_burn(relay.after);
	talk(relay.bytes);
	pthread_barrier_wait(&relay.barrier);
	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)relay.bytes * 2);
	snprintf(bytes_after, sizeof(bytes_after), "%llu", (unsigned long long)relay.bytes_after);
	snprintf(linger, sizeof(linger), "%lld", (long long)work_linger_ms);
	execl("/proc/self/exe", "work", "linger", linger, "taken-over", before, bytes, bytes_after,
	      relay.exec_seconds, (char *)NULL);
	work_fail("exec");
}

/*
 * LEADER THREAD PAUSE_MS LEADER THREAD EXEC BYTES BYTES_AFTER: CPU time of both
 * before the pause and after it, then of what the thread executes; and bytes that
 * each of them sends itself, then what is executed.
 */
void work_take_over(char **argv)
{
	double leader_before = work_seconds(argv[0]), leader_after = work_seconds(argv[3]);
	pthread_t thread;

	relay.before = work_seconds(argv[1]);
	relay.pause_ms = (int64_t)work_number(argv[2]);
	relay.after = work_seconds(argv[4]);
	relay.exec_seconds = argv[5];
	relay.bytes = work_number(argv[6]);
	relay.bytes_after = work_number(argv[7]);
	pthread_barrier_init(&relay.barrier, NULL, 2);
	errno = pthread_create(&thread, NULL, exec_thread, NULL);
	if (errno)
		work_fail("pthread_create");
	work_burn(leader_before);
	pthread_barrier_wait(&relay.barrier);
	pthread_barrier_wait(&relay.barrier);
	if (relay.pause_ms && dprintf(STDOUT_FILENO, "{\"role\":\"ready\"}\n") < 0)
		work_fail("write");
	work_sleep_ms(relay.pause_ms);
	work_burn(leader_after);
	talk(relay.bytes);
	pthread_barrier_wait(&relay.barrier);
	for (;;)
		pause();
}

/* BEFORE BYTES BYTES_AFTER SECONDS: what work_take_over() executes. */
void work_taken_over(char **argv)
{
	double before = work_seconds(argv[0]);
	uint64_t bytes = work_number(argv[1]), bytes_after = work_number(argv[2]);

	work_burn(work_seconds(argv[3]));
	talk(bytes_after);
	work_report("taken-over",
		    ",\"cpu_seconds\":%.6f,\"total_cpu_seconds\":%.6f,\"unix_bytes\":%llu",
		    work_cpu_seconds() - before, work_cpu_seconds(),
		    (unsigned long long)(bytes + bytes_after));
}
