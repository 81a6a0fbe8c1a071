// SPDX-License-Identifier: Apache-2.0
/* CPU time, short processes, threads, names, memory. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "work/work.h"

#define MAX_THREADS 8192
#define MAX_SLEEPERS 100000
#define COMM_LENGTH 16

static double clock_s(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The clock is asked rarely: the time is spent in user mode. */
void work_burn(double seconds)
{
	double end = clock_s(CLOCK_THREAD_CPUTIME_ID) + seconds;
	volatile unsigned sink = 0;

	while (clock_s(CLOCK_THREAD_CPUTIME_ID) < end)
		for (unsigned i = 0; i < 20000; i++)
			sink += i;
}

double work_cpu_seconds(void)
{
	return clock_s(CLOCK_PROCESS_CPUTIME_ID);
}

void work_report_cpu(const char *role)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	work_report(role, ",\"cpu_seconds\":%.6f,\"user_seconds\":%.6f,\"system_seconds\":%.6f",
		    work_cpu_seconds(),
		    (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6,
		    (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6);
}

void work_cpu(char **argv)
{
	work_burn(work_seconds(argv[0]));
	work_report_cpu("cpu");
}

static void report_spawned(uint64_t count, double cpu_seconds)
{
	work_report("spawn", ",\"spawned\":%llu,\"children_cpu_seconds\":%.6f",
		    (unsigned long long)count, cpu_seconds);
}

void work_spawn(char **argv)
{
	uint64_t count = work_number(argv[0]);
	double each = (double)work_number(argv[1]) / 1e3, total = 0;

	for (uint64_t i = 0; i < count; i++) {
		pid_t pid = work_fork();

		if (pid == 0) {
			work_burn(each);
			_exit(0);
		}
		total += work_wait(pid);
	}
	report_spawned(count, total);
}

/* What the children print goes nowhere: the parent tells their sum. */
void work_spawn_exec(char **argv)
{
	uint64_t count = work_number(argv[0]);
	double total = 0;
	char seconds[32];

	snprintf(seconds, sizeof(seconds), "%.6f", (double)work_number(argv[1]) / 1e3);
	for (uint64_t i = 0; i < count; i++) {
		pid_t pid = work_fork();

		if (pid == 0) {
			if (!freopen("/dev/null", "w", stdout))
				work_fail("/dev/null");
			execl("/proc/self/exe", "work", "cpu", seconds, (char *)NULL);
			work_fail("/proc/self/exe");
		}
		total += work_wait(pid);
	}
	report_spawned(count, total);
}

static pthread_barrier_t everyone;

static void *burn_thread(void *seconds)
{
	work_burn(*(double *)seconds);
	return NULL;
}

/* Stays until the process ends. */
static void *burn_and_stay(void *seconds)
{
	work_burn(*(double *)seconds);
	pthread_barrier_wait(&everyone);
	pause();
	return NULL;
}

/* Until nobody is on the way to sleep any more. */
static void settle(void)
{
	double before, now = work_cpu_seconds();

	do {
		before = now;
		work_sleep_ms(50);
		now = work_cpu_seconds();
	} while (now - before > 0.001);
}

/* Small stacks: thousands of them are no memory to speak of. */
static void start_threads(pthread_t *threads, uint64_t count, void *(*run)(void *), double *seconds)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	for (uint64_t i = 0; i < count; i++) {
		errno = pthread_create(&threads[i], &attributes, run, seconds);
		if (errno)
			work_fail("pthread_create");
	}
}

static uint64_t thread_count(const char *text)
{
	uint64_t count = work_number(text);

	errno = 0;
	if (count > MAX_THREADS)
		work_fail("too many threads");
	return count;
}

void work_threads(char **argv)
{
	static pthread_t threads[MAX_THREADS];
	uint64_t count = thread_count(argv[0]);
	double seconds = work_seconds(argv[1]);

	start_threads(threads, count, burn_thread, &seconds);
	for (uint64_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	work_report_cpu("threads");
}

void work_crowd(char **argv)
{
	static pthread_t threads[MAX_THREADS];
	static double seconds;
	uint64_t count = thread_count(argv[0]);

	seconds = work_seconds(argv[1]);
	pthread_barrier_init(&everyone, NULL, (unsigned)count + 1);
	start_threads(threads, count, burn_and_stay, &seconds);
	pthread_barrier_wait(&everyone);
	settle();
	work_report_cpu("crowd");
}

static void from_hex(const char *hex, char out[COMM_LENGTH])
{
	size_t len = strlen(hex) / 2;

	errno = 0;
	if (strlen(hex) % 2 || len >= COMM_LENGTH)
		work_fail("a name is at most 15 bytes, each as two hexadecimal digits");
	for (size_t i = 0; i < len; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'}, *end;

		out[i] = (char)strtoul(digits, &end, 16);
		if (*end)
			work_fail("not hexadecimal");
	}
	out[len] = '\0';
}

void work_name(char **argv)
{
	char name[COMM_LENGTH];

	from_hex(argv[0], name);
	if (prctl(PR_SET_NAME, name))
		work_fail("prctl");
	work_burn(work_seconds(argv[1]));
	work_report_cpu("name");
}

void work_sleepers(char **argv)
{
	uint64_t count = work_number(argv[0]);
	int64_t ms = (int64_t)(work_seconds(argv[1]) * 1e3);

	errno = 0;
	if (count > MAX_SLEEPERS)
		work_fail("too many processes");
	for (uint64_t i = 0; i < count; i++) {
		if (work_fork() == 0) {
			work_sleep_ms(ms);
			_exit(0);
		}
	}
	work_report("sleepers", ",\"sleeping\":%llu", (unsigned long long)count);
	work_sleep_ms(ms);
}

void work_memory(char **argv)
{
	uint64_t bytes = work_number(argv[0]);
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		work_fail("mmap");
	work_report("memory", ",\"bytes\":%llu", (unsigned long long)bytes);
	munmap(memory, bytes);
}
