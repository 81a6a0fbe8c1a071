// SPDX-License-Identifier: Apache-2.0
#include "cli/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define STOP_TIMEOUT_MS 4000

/* While the server is away the loop looks after its backoff so often. */
#define TEND_MS 100

static int watch(const struct agent *a, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(a->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* To when the next window is due; one that never is leaves the timer off. */
static int set_timer(struct agent *a)
{
	uint64_t due_ns = a->feed.due_ns(a->feed.context);
	struct itimerspec spec = {
		.it_value = {(time_t)(due_ns / NS_PER_SECOND), (long)(due_ns % NS_PER_SECOND)},
	};

	return timerfd_settime(a->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) ? -errno : 0;
}

/* The boot clock: windows keep their length when the wall clock is set. */
static int start_timer(struct agent *a)
{
	a->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (a->timer_fd < 0)
		return -errno;

	int failed = set_timer(a);

	return failed ? failed : watch(a, a->timer_fd);
}

static int take_signals(struct agent *a)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	a->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return a->signal_fd < 0 ? -errno : watch(a, a->signal_fd);
}

int agent_open(struct agent *a)
{
	a->timer_fd = a->signal_fd = a->child_watched = -1;
	a->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (a->epoll_fd < 0)
		return -errno;

	int failed = take_signals(a);

	if (!failed)
		failed = start_timer(a);
	if (!failed && a->feed.event_fd >= 0)
		failed = watch(a, a->feed.event_fd);
	return failed;
}

static void stop(struct agent *a, int status)
{
	a->stop = true;
	a->status = status;
}

static void close_window(struct agent *a)
{
	struct collector_agent self = {
		.server_cpu_ns = child_cpu_ns(&a->child),
		.server_rss_bytes = child_rss_bytes(&a->child),
		.server_restarts = a->child.restarts,
	};
	struct builder_parts parts;

	if (!a->feed.next(a->feed.context, &self, &parts))
		log_error("no memory for the snapshot of this window");
	else if (a->child.fd >= 0)
		a->unanswered = child_send(&a->child, parts.list, parts.count);
	if (a->feed.rest)
		a->feed.rest(a->feed.context);
	a->overdue = false;
	set_timer(a);
}

static void take_tick(struct agent *a)
{
	uint64_t expired;

	if (read(a->timer_fd, &expired, sizeof(expired)) != sizeof(expired))
		return;
	if (a->feed.recorded && (a->unanswered || a->child.fd < 0))
		a->overdue = true;
	else
		close_window(a);
}

static void take_message(struct agent *a, const struct link_message *m)
{
	switch (m->kind) {
	case LINK_READY:
		a->port = (uint16_t)m->number;
		if (a->child.restarts == 0 && a->ready)
			a->ready(a->context, m->text);
		break;
	case LINK_FAILED:
		fprintf(stderr, "probecast: %s\n", m->text);
		stop(a, m->number ? (int)m->number : 1);
		break;
	case LINK_STATUS:
		a->child.cpu_ns = m->number;
		a->unanswered = false;
		if (a->overdue)
			close_window(a);
		break;
	case LINK_BUNDLE:
	case LINK_SNAPSHOT:
		log_warning("the server sent a message that only the collector sends");
		break;
	}
}

/* At its end the link stays readable: it is watched no more, and child_tend() sees to the rest. */
static void read_child(struct agent *a)
{
	struct link_message message;
	int result;

	while ((result = link_receive(a->child_watched, &message)) == 1) {
		take_message(a, &message);
		link_release(&message);
	}
	if (result == -EAGAIN)
		return;
	epoll_ctl(a->epoll_fd, EPOLL_CTL_DEL, a->child_watched, NULL);
	a->child_watched = -1;
}

static void take_signal(struct agent *a)
{
	struct signalfd_siginfo info;

	while (read(a->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP && a->reload)
			a->reload(a->context);
		else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			stop(a, 0);
	}
}

static void tend_child(struct agent *a)
{
	pid_t before = a->child.pid;

	/* What it said before it ended comes first: it may be why. */
	if (a->child_watched >= 0 && a->child_watched == a->child.fd)
		read_child(a);
	child_tend(&a->child, clock_boot_ns());
	if (a->child.pid != before && a->child.pid == 0)
		a->child_watched = -1;
	if (a->child.fd < 0 || a->child_watched == a->child.fd || a->child.pid == before)
		return;
	if (watch(a, a->child.fd) == 0)
		a->child_watched = a->child.fd;
	/* A new server gets a window at once, even when there is no other than the last. */
	if (a->feed.recorded)
		close_window(a);
}

static void dispatch(struct agent *a, int fd)
{
	if (fd == a->timer_fd)
		take_tick(a);
	else if (fd == a->signal_fd)
		take_signal(a);
	else if (fd == a->child_watched)
		read_child(a);
	else if (fd == a->feed.event_fd)
		a->feed.drain(a->feed.context);
}

int agent_loop(struct agent *a)
{
	struct epoll_event events[8];

	if (a->child.fd >= 0 && watch(a, a->child.fd) == 0)
		a->child_watched = a->child.fd;
	while (!a->stop) {
		int count = epoll_wait(a->epoll_fd, events, 8, a->child.pid ? -1 : TEND_MS);

		for (int i = 0; i < count; i++)
			dispatch(a, events[i].data.fd);
		if (!a->stop)
			tend_child(a);
	}
	return a->status;
}

void agent_close(struct agent *a)
{
	int fds[] = {a->epoll_fd, a->timer_fd, a->signal_fd};

	child_stop(&a->child, STOP_TIMEOUT_MS);
	feed_close(&a->feed);
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}
