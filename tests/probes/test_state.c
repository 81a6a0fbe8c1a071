// SPDX-License-Identifier: Apache-2.0
/* What a process was started with, and what its threads are at. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/harness.h"
#include "probes/once.h"

#define SLEEPERS 3

static struct background once;

static json_t *row_of(json_t *document, pid_t pid)
{
	json_t *who = json_pack("{s:i}", "pid", (int)pid);
	json_t *row = process_row(document, who);

	json_decref(who);
	return row;
}

static const char *args_of(json_t *document, pid_t pid)
{
	return json_string_value(json_object_get(row_of(document, pid), "args"));
}

TEST(a_short_process_has_its_arguments)
{
	once_start(&once, 1500);

	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/true", "true", "with \"quotes\"", "", "--and=more\n", NULL);
		_exit(1);
	}
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	CHECK_STRING(args_of(once_finish(&once), pid), "true with \"quotes\"  --and=more\n");
}

TEST(a_process_older_than_the_agent_has_them_too)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sleep", "sleep", "100", NULL);
		_exit(1);
	}
	once_start(&once, 1000);

	json_t *document = once_finish(&once);

	if (number_at(document, "totals.processes") > 1000)
		SKIP("arguments of so many processes are read over several windows");
	CHECK_STRING(args_of(document, pid), "sleep 100");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST(long_arguments_are_cut_and_say_so)
{
	char longest[1000];
	const char *args;

	once_start(&once, 1500);

	pid_t pid = fork();

	if (pid == 0) {
		memset(longest, 'x', sizeof(longest) - 1);
		longest[sizeof(longest) - 1] = '\0';
		execl("/bin/true", "true", longest, NULL);
		_exit(1);
	}
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	args = args_of(once_finish(&once), pid);
	CHECK_INT(strlen(args), 256 + 3);
	CHECK_STRING(args + 256, "...");
}

static void *sleep_long(void *unused)
{
	pause();
	return unused;
}

/* One thread that runs, and some that sleep. */
static void run_and_sleep(void)
{
	pthread_t thread;

	for (int i = 0; i < SLEEPERS; i++)
		pthread_create(&thread, NULL, sleep_long, NULL);
	for (;;)
		;
}

TEST(threads_are_told_by_what_they_are_at)
{
	pid_t running = fork();

	if (running == 0)
		run_and_sleep();

	pid_t stopped = fork();

	if (stopped == 0) {
		raise(SIGSTOP);
		_exit(0);
	}
	CHECK_INT(waitpid(stopped, NULL, WUNTRACED), stopped);
	once_start(&once, 1500);

	json_t *document = once_finish(&once);

	CHECK_INT(number_at(row_of(document, running), "threads"), SLEEPERS + 1);
	CHECK_INT(number_at(row_of(document, running), "threads_running"), 1);
	CHECK_INT(number_at(row_of(document, running), "threads_stopped"), 0);
	CHECK_INT(number_at(row_of(document, stopped), "threads_stopped"), 1);
	CHECK_INT(number_at(row_of(document, stopped), "threads_running"), 0);
	kill(running, SIGKILL);
	kill(stopped, SIGKILL);
	waitpid(running, NULL, 0);
	waitpid(stopped, NULL, 0);
}
