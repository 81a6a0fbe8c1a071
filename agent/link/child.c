// SPDX-License-Identifier: Apache-2.0
#include "link/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* A server that lived so long is forgiven its earlier deaths. */
#define HEALTHY_NS (60 * NS_PER_SECOND)

int child_init(struct child *c, const struct privilege_user *user)
{
	*c = (struct child){.fd = -1, .user = *user, .backoff_ms = CHILD_BACKOFF_MIN_MS};

	/* By descriptor: the file may be replaced while the agent runs, and its path hidden from
	 * the user. */
	c->program_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	return c->program_fd < 0 ? -errno : 0;
}

void child_greet(struct child *c, struct buf *bundle)
{
	buf_free(&c->greeting);
	c->greeting = *bundle;
	*bundle = (struct buf){0};
}

void child_tell(struct child *c)
{
	if (c->fd < 0)
		return;

	int failed = link_send_block(c->fd, LINK_BUNDLE, c->greeting.data, c->greeting.len);

	if (failed)
		log_warning("the server was not told of the new configuration: %s",
			    strerror(-failed));
}

static void die(const char *what, int error)
{
	char line[256];
	int len = snprintf(line, sizeof(line), "probecast: starting the server: %s: %s\n", what,
			   strerror(-error));

	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		_exit(1);
	_exit(1);
}

/*
 * A fresh program image: nothing of the collector's memory, no descriptor but
 * the link, and addresses of its own.
 */
static void become_server(const struct child *c, int end)
{
	static char name[] = "probecast", command[] = "server", path[] = "PATH=/usr/bin:/bin";
	static char *const arguments[] = {name, command, NULL};
	static char *const environment[] = {path, NULL};
	sigset_t none;
	int program = fcntl(c->program_fd, F_DUPFD_CLOEXEC, LINK_SERVER_FD + 1);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (end == LINK_SERVER_FD ? fcntl(end, F_SETFD, 0) < 0 : dup2(end, LINK_SERVER_FD) < 0)
		die("link", -errno);

	int failed = privilege_become(&c->user);

	if (failed)
		die("giving up privileges", failed);
	if (chdir("/") || prctl(PR_SET_PDEATHSIG, SIGKILL))
		die("prctl", -errno);
	execveat(program, "", arguments, environment, AT_EMPTY_PATH);
	die("exec", -errno);
}

int child_start(struct child *c)
{
	int ends[2], failed = link_pair(ends);

	if (failed)
		return failed;

	pid_t pid = fork();

	if (pid < 0) {
		failed = -errno;
		close(ends[0]);
		close(ends[1]);
		return failed;
	}
	if (pid == 0)
		become_server(c, ends[1]);
	close(ends[1]);
	c->pid = pid;
	c->fd = ends[0];
	c->started_ns = clock_boot_ns();
	c->restart_at_ns = 0;
	return link_send_block(c->fd, LINK_BUNDLE, c->greeting.data, c->greeting.len);
}

bool child_send(struct child *c, const struct iovec *parts, int count)
{
	bool sent = c->fd >= 0 && link_send_parts(c->fd, LINK_SNAPSHOT, parts, count) == 0;

	c->unsent += !sent;
	return sent;
}

static void plan_restart(struct child *c, uint64_t now_ns, int status)
{
	if (now_ns - c->started_ns > HEALTHY_NS)
		c->backoff_ms = CHILD_BACKOFF_MIN_MS;
	c->restart_at_ns = now_ns + c->backoff_ms * NS_PER_MS;
	if (WIFSIGNALED(status))
		log_error("the server was ended by signal %d; starting it again in %u ms",
			  WTERMSIG(status), c->backoff_ms);
	else
		log_error("the server ended with status %d; starting it again in %u ms",
			  WEXITSTATUS(status), c->backoff_ms);
	c->backoff_ms *= 2;
	if (c->backoff_ms > CHILD_BACKOFF_MAX_MS)
		c->backoff_ms = CHILD_BACKOFF_MAX_MS;
}

static void bury(struct child *c)
{
	close(c->fd);
	c->fd = -1;
	c->pid = 0;
	c->cpu_dead_ns += c->cpu_ns;
	c->cpu_ns = 0;
}

bool child_tend(struct child *c, uint64_t now_ns)
{
	int status;

	if (c->pid > 0) {
		if (waitpid(c->pid, &status, WNOHANG) != c->pid)
			return false;
		bury(c);
		plan_restart(c, now_ns, status);
		return false;
	}
	if (!c->restart_at_ns || now_ns < c->restart_at_ns)
		return false;
	c->restarts++;

	int failed = child_start(c);

	if (failed) {
		log_error("the server does not start: %s", strerror(-failed));
		c->restart_at_ns = now_ns + c->backoff_ms * NS_PER_MS;
	}
	return !failed;
}

uint64_t child_rss_bytes(const struct child *c)
{
	char path[64];
	unsigned long resident = 0;

	if (c->pid <= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/statm", (int)c->pid);

	FILE *f = fopen(path, "re");

	if (!f)
		return 0;
	if (fscanf(f, "%*u %lu", &resident) != 1)
		resident = 0;
	fclose(f);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

void child_stop(struct child *c, uint32_t timeout_ms)
{
	struct timespec pause = {.tv_nsec = 10 * (long)NS_PER_MS};
	int status;

	if (c->pid > 0) {
		kill(c->pid, SIGTERM);
		for (uint32_t waited = 0; waitpid(c->pid, &status, WNOHANG) == 0; waited += 10) {
			if (waited >= timeout_ms)
				kill(c->pid, SIGKILL);
			nanosleep(&pause, NULL);
		}
		bury(c);
	}
	if (c->program_fd >= 0)
		close(c->program_fd);
	c->program_fd = -1;
	buf_free(&c->greeting);
}
