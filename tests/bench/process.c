// SPDX-License-Identifier: Apache-2.0
#include "bench/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ITERATORS 16

void bench_fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
	exit(1);
}

void bench_sleep(double seconds)
{
	struct timespec left = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

bool bench_quick(void)
{
	return getenv("BENCH_QUICK") != NULL;
}

const char *bench_work(void)
{
	const char *work = getenv("WORK");

	return work ? work : "build/tests/work/work";
}

pid_t process_start(const char *const arguments[], int *ret_out)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		bench_fail("pipe");

	pid_t pid = fork();

	if (pid < 0)
		bench_fail("fork");
	if (pid == 0) {
		int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(ret_out ? ends[1] : nowhere, STDOUT_FILENO);
		dup2(nowhere, STDERR_FILENO);
		execvp(arguments[0], (char *const *)arguments);
		_exit(127);
	}
	close(ends[1]);
	if (ret_out)
		*ret_out = ends[0];
	else
		close(ends[0]);
	return pid;
}

void process_stop(pid_t pid)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

/* The first line of a file of the process; empty when there is none. */
static void read_line(pid_t pid, const char *name, char *line, int size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);

	FILE *f = fopen(path, "re");

	line[0] = '\0';
	if (f && !fgets(line, size, f))
		line[0] = '\0';
	if (f)
		fclose(f);
}

double process_cpu_seconds(pid_t pid)
{
	char path[64], name[300], line[128];
	double total = 0;
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);

	DIR *dir = opendir(path);

	if (!dir)
		bench_fail(path);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "task/%s/schedstat", entry->d_name);
		read_line(pid, name, line, sizeof(line));
		total += strtod(line, NULL) / 1e9;
	}
	closedir(dir);
	return total;
}

struct memory process_memory(pid_t pid)
{
	struct memory memory = {0};
	char path[64], line[128];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);

	FILE *f = fopen(path, "re");

	if (!f)
		bench_fail(path);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Rss:", 4) == 0)
			memory.rss_bytes = strtod(line + 4, NULL) * 1024;
		else if (strncmp(line, "Pss:", 4) == 0)
			memory.pss_bytes = strtod(line + 4, NULL) * 1024;
	}
	fclose(f);
	return memory;
}

pid_t process_child(pid_t pid)
{
	char name[64], line[128];

	snprintf(name, sizeof(name), "task/%d/children", pid);
	read_line(pid, name, line, sizeof(line));
	return (pid_t)strtol(line, NULL, 10);
}

/* What the kernel tells of a descriptor that is a BPF program or link. */
struct bpf_fd {
	unsigned program;
	double run_ns;
	bool is_program, is_iterator;
};

static struct bpf_fd read_bpf_fd(pid_t pid, const char *fd)
{
	struct bpf_fd found = {0};
	char path[300], line[256];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, fd);

	FILE *f = fopen(path, "re");

	if (!f)
		return found;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "prog_id:", 8) == 0)
			found.program = (unsigned)strtoul(line + 8, NULL, 10);
		else if (strncmp(line, "run_time_ns:", 12) == 0)
			found.run_ns = strtod(line + 12, NULL);
		else if (strncmp(line, "prog_type:", 10) == 0)
			found.is_program = true;
		else if (strncmp(line, "link_type:", 10) == 0)
			found.is_iterator = strstr(line, "iter") != NULL;
	}
	fclose(f);
	return found;
}

/* Twice over the descriptors: which programs are iterators is told by their links. */
double process_bpf_seconds(pid_t pid)
{
	unsigned iterators[MAX_ITERATORS];
	size_t count = 0;
	double total = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	for (int round = 0; round < 2; round++) {
		DIR *dir = opendir(path);
		struct dirent *entry;

		if (!dir)
			bench_fail(path);
		while ((entry = readdir(dir))) {
			struct bpf_fd fd = read_bpf_fd(pid, entry->d_name);
			bool known = false;

			for (size_t i = 0; i < count; i++)
				known |= iterators[i] == fd.program;
			if (round == 0 && fd.is_iterator && !known && count < MAX_ITERATORS)
				iterators[count++] = fd.program;
			if (round == 1 && fd.is_program && !known)
				total += fd.run_ns / 1e9;
		}
		closedir(dir);
	}
	return total;
}

static void read_first_line(int fd)
{
	char c = 0;

	while (c != '\n')
		if (read(fd, &c, 1) != 1)
			bench_fail("the agent does not start");
}

void bench_agent_start(struct bench_agent *a, const char *interval_ms)
{
	const char *program = getenv("PROBECAST");

	setenv("PROBECAST_CPU_BUDGET", "0", 1);
	*a = (struct bench_agent){.state_dir = "/tmp/probecast-bench-XXXXXX"};
	if (!mkdtemp(a->state_dir) || chmod(a->state_dir, 0755))
		bench_fail(a->state_dir);
	a->collector =
		process_start((const char *const[]){program ? program : "build/probecast", "run",
						    "--listen", "127.0.0.1:0", "--interval",
						    interval_ms, "--state-dir", a->state_dir, NULL},
			      &a->out);
	read_first_line(a->out);
	a->server = process_child(a->collector);
	if (!a->server)
		bench_fail("the agent has no server process");
}

double bench_agent_cpu_seconds(const struct bench_agent *a)
{
	return process_cpu_seconds(a->collector) + process_cpu_seconds(a->server);
}

struct memory bench_agent_memory(const struct bench_agent *a)
{
	struct memory collector = process_memory(a->collector), server = process_memory(a->server);

	return (struct memory){collector.rss_bytes + server.rss_bytes,
			       collector.pss_bytes + server.pss_bytes};
}

void bench_agent_stop(struct bench_agent *a)
{
	char key[80];

	process_stop(a->collector);
	close(a->out);
	snprintf(key, sizeof(key), "%s/hmac.key", a->state_dir);
	unlink(key);
	rmdir(a->state_dir);
}
