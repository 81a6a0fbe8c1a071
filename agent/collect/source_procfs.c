// SPDX-License-Identifier: Apache-2.0
/*
 * Processes from /proc, where BPF is not to be had: each process as one record
 * with the counters of all its threads. Processes that begin and end between
 * two readings are not seen, and there are no bytes of sockets.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "collect/source.h"

struct procfs_source {
	int proc_fd;
	uint64_t tick_ns;
	uint64_t page_bytes;
};

/* Reads /proc/PID/NAME as a text; the number of bytes, or -1. */
static ssize_t read_file(const struct procfs_source *s, uint32_t pid, const char *name, char *text,
			 size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "%u/%s", pid, name);

	AUTO_CLOSE int fd = openat(s->proc_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, size - 1);

	if (len >= 0)
		text[len] = '\0';
	return len;
}

/* The name stands in the outer parentheses, whatever bytes it has. */
static const char *take_comm(struct task_record *r, const char *text)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');

	if (!open || !close || close < open)
		return NULL;

	size_t len = (size_t)(close - open - 1);

	memcpy(r->comm, open + 1, len < sizeof(r->comm) ? len : sizeof(r->comm) - 1);
	return close + 2;
}

/* proc_pid_stat(5) from field 3 on. */
static bool take_stat(const struct procfs_source *s, struct task_record *r, const char *text)
{
	const char *rest = take_comm(r, text);
	char state;
	int ppid;
	unsigned flags;
	unsigned long long minflt, majflt, utime, stime, start;
	long threads;

	if (!rest ||
	    sscanf(rest,
		   "%c %d %*d %*d %*d %*d %u %llu %*u %llu %*u %llu %llu %*d %*d %*d %*d %ld "
		   "%*d %llu",
		   &state, &ppid, &flags, &minflt, &majflt, &utime, &stime, &threads, &start) != 9)
		return false;
	r->head.ppid = (uint32_t)ppid;
	r->head.thread_start_ns = r->head.process_start_ns = start * s->tick_ns;
	r->threads = (uint32_t)threads;
	r->zombie = state == 'Z';
	r->kernel_thread = !!(flags & 0x00200000);
	r->thread.minor_faults = minflt;
	r->thread.major_faults = majflt;
	r->thread.user_ns = utime * s->tick_ns;
	r->thread.system_ns = stime * s->tick_ns;
	r->thread.run_ns = r->thread.user_ns + r->thread.system_ns;
	return true;
}

static uint64_t field(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? strtoull(line + strlen(name), NULL, 10) : 0;
}

/* Sizes in status are in KiB. */
static void take_status(const struct procfs_source *s, struct task_record *r, const char *text)
{
	const char *uid = strstr(text, "\nUid:\t");
	uint64_t kib_per_page = s->page_bytes / 1024;

	if (uid)
		sscanf(uid, "\nUid:\t%*u\t%u", &r->uid);
	r->has_memory = strstr(text, "\nRssAnon:") != NULL;
	r->anonymous_pages = field(text, "\nRssAnon:") / kib_per_page;
	r->file_pages = field(text, "\nRssFile:") / kib_per_page;
	r->shared_pages = field(text, "\nRssShmem:") / kib_per_page;
	r->swap_pages = field(text, "\nVmSwap:") / kib_per_page;
	r->peak_pages = field(text, "\nVmHWM:") / kib_per_page;
}

static void take_io(struct task_record *r, const char *text)
{
	r->thread.syscall_read_bytes = field(text, "rchar:");
	r->thread.syscall_write_bytes = field(text, "\nwchar:");
	r->thread.read_bytes = field(text, "\nread_bytes:");
	r->thread.write_bytes = field(text, "\nwrite_bytes:");
	r->thread.cancelled_write_bytes = field(text, "\ncancelled_write_bytes:");
}

static void take_exe(const struct procfs_source *s, struct window *w, const struct task_record *r)
{
	const struct process *p = table_get(&w->processes, r->head.pid, r->head.process_start_ns);
	struct path_record path = {.head = r->head};
	char name[64];

	if (!p || p->exe || r->kernel_thread)
		return;
	snprintf(name, sizeof(name), "%u/exe", r->head.pid);

	ssize_t len = readlinkat(s->proc_fd, name, path.path, sizeof(path.path) - 1);

	if (len <= 0)
		return;
	path.head.kind = RECORD_EXE;
	path.length = (uint32_t)len + 1;
	window_path(w, &path);
}

static void take_process(const struct procfs_source *s, struct window *w, uint32_t pid)
{
	struct task_record r = {.head = {.kind = RECORD_TASK, .tid = pid, .pid = pid}};
	char text[4096];

	if (read_file(s, pid, "stat", text, sizeof(text)) <= 0 || !take_stat(s, &r, text))
		return;
	if (read_file(s, pid, "status", text, sizeof(text)) > 0)
		take_status(s, &r, text);
	if (read_file(s, pid, "io", text, sizeof(text)) > 0)
		take_io(&r, text);
	window_task(w, &r);
	take_exe(s, w, &r);
}

static int procfs_walk(void *context, struct window *w, bool full)
{
	struct procfs_source *s = context;
	int fd = openat(s->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	(void)full;
	if (!directory)
		return -errno;
	window_walk_begin(w);
	while ((entry = readdir(directory))) {
		uint64_t pid;

		if (text_u64(entry->d_name, &pid))
			take_process(s, w, (uint32_t)pid);
	}
	closedir(directory);
	window_walk_end(w, true, 0, 1);
	return 0;
}

static void procfs_drain(void *context, struct window *w, struct connections *c)
{
	(void)context;
	(void)w;
	(void)c;
}

static bool procfs_counts(void *context, struct source_counts *ret)
{
	(void)context;
	(void)ret;
	return false;
}

static void procfs_close(void *context)
{
	struct procfs_source *s = context;

	close(s->proc_fd);
	free(s);
}

#define BIT(id) (1ULL << PROCESS_INPUT(id))

/* Bytes of others' I/O can be read by root alone; the leader's switches are not the process's. */
static uint64_t procfs_inputs(void)
{
	uint64_t bits = derive_inputs_of(SCOPE_PROCESS, PROVIDER_WALK);

	bits &= ~(BIT(threads_running) | BIT(threads_blocked) | BIT(threads_stopped));
	bits &= ~(BIT(run_queue_ns) | BIT(migrations) | BIT(voluntary_switches) |
		  BIT(involuntary_switches));
	if (geteuid() != 0)
		bits &= ~(BIT(read_bytes) | BIT(write_bytes) | BIT(cancelled_write_bytes) |
			  BIT(syscall_read_bytes) | BIT(syscall_write_bytes));
	return bits;
}

int source_procfs_open(struct source *ret, struct probe_state states[PROVIDERS], char *error,
		       size_t size)
{
	struct procfs_source *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->proc_fd < 0) {
		int failed = -errno;

		snprintf(error, size, "/proc: %s", strerror(errno));
		free(s);
		return failed;
	}
	s->tick_ns = NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
	s->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	states[PROVIDER_PROCFS].attached = true;
	text_copy(states[PROVIDER_PROCFS].variant, sizeof(states[PROVIDER_PROCFS].variant),
		  "procfs");
	*ret = (struct source){
		.name = "procfs",
		.available = procfs_inputs(),
		.exit_events = false,
		.event_fd = -1,
		.context = s,
		.walk = procfs_walk,
		.drain = procfs_drain,
		.counts = procfs_counts,
		.close = procfs_close,
	};
	return 0;
}
