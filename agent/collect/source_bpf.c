// SPDX-License-Identifier: Apache-2.0
/* Processes from the BPF programs: the walk's seq file, the events' ring buffer, the disks' map. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "collect/iterator.h"
#include "collect/oom.h"
#include "collect/source.h"
#include "probecast.skel.h"

#define WALK_CLASSES WINDOW_FILES_WALKS

struct bpf_source {
	struct loader loader;
	struct ring_buffer *ring;
	struct window *window; /* while draining */
	struct connections *connections;
	bool scanning;	       /* the walk over tasks reads files, too, into connections */
	char *buffer;	       /* ITERATOR_BUFFER_BYTES */
	uint64_t dropped_seen; /* ring_dropped at the newest walk */
	uint64_t walked_ns;    /* boot clock, when the newest walk began */
	uint32_t class;
	bool full_again; /* events were lost: the next walk looks for what is gone, too */
};

static void take_file_record(void *context, const struct record_header *head)
{
	struct connections *c = context;

	if (head->kind == RECORD_FILES)
		window_files(c->window, (const struct files_record *)head);
	else
		connections_take(c, (const struct connection_record *)head);
}

static void take_walk_record(void *context, const struct record_header *head)
{
	struct bpf_source *s = context;

	if (head->kind == RECORD_EXE)
		window_path(s->window, (const struct path_record *)head);
	else if (head->kind == RECORD_FILES || head->kind == RECORD_SOCKET)
		take_file_record(s->connections, head);
	else
		window_task(s->window, (const struct task_record *)head);
}

/* Over all open files of all processes. */
static int walk_all_files(struct bpf_source *s, struct connections *c, bool full)
{
	struct probecast_bpf__bss *bss = s->loader.skeleton->bss;

	bss->files_all = full;
	bss->files_class = s->class;
	connections_walk_begin(c);

	int error = iterator_read(s->loader.files_link, s->buffer, take_file_record, c);

	if (!error)
		connections_walk_end(c, true);
	return error;
}

/* Where the walk over tasks can do it, files are read there, of those that ran. */
static int bpf_walk_files(void *context, struct connections *c, bool full)
{
	struct bpf_source *s = context;

	if (s->loader.files_link < 0)
		return 0;
	if (full || !s->loader.skeleton->bss->scan_possible)
		return walk_all_files(s, c, full);
	s->connections = c;
	s->scanning = true;
	return 0;
}

static void begin_scan(struct bpf_source *s)
{
	struct probecast_bpf__bss *bss = s->loader.skeleton->bss;

	bss->scan_wanted = s->scanning;
	bss->scan_unsure = 0;
	if (s->scanning)
		connections_walk_begin(s->connections);
}

static int end_scan(struct bpf_source *s, int error)
{
	bool scanned = s->scanning;

	s->scanning = false;
	if (!scanned || error)
		return error;
	if (s->loader.skeleton->bss->scan_unsure)
		return walk_all_files(s, s->connections, false);
	connections_walk_end(s->connections, false);
	return 0;
}

static void prepare_walk(struct bpf_source *s, const struct window *w, bool full)
{
	struct probecast_bpf__bss *bss = s->loader.skeleton->bss;

	bss->read_arguments = w->show_arguments;
	bss->walk_all = full;
	bss->walk_class = s->class;
	bss->walk_exe_since = s->walked_ns;
	s->walked_ns = clock_boot_ns();
}

static int bpf_walk(void *context, struct window *w, bool full)
{
	struct bpf_source *s = context;
	uint64_t dropped = s->loader.skeleton->bss->ring_dropped;
	bool lost = dropped != s->dropped_seen;

	full |= lost || s->full_again;
	s->full_again = lost;
	s->dropped_seen = dropped;
	prepare_walk(s, w, full);
	begin_scan(s);
	s->window = w;
	window_walk_begin(w);

	int error = iterator_read(s->loader.walk_link, s->buffer, take_walk_record, s);

	if (!error)
		window_walk_end(w, full, s->class, WALK_CLASSES);
	error = end_scan(s, error);
	s->class = (s->class + 1) % WALK_CLASSES;
	return error;
}

static int take_event(void *context, void *data, size_t size)
{
	struct bpf_source *s = context;
	const struct record_header *head = data;

	if (size < sizeof(*head))
		return 0;
	if (head->kind == RECORD_CGROUP && size > sizeof(struct path_record) - RECORD_PATH_LENGTH)
		identity_learn(s->window->identity, ((const struct path_record *)data)->cgroup_id,
			       ((const struct path_record *)data)->path, s->window->number);
	else if (head->kind == RECORD_ARGUMENTS &&
		 size > sizeof(struct path_record) - RECORD_PATH_LENGTH)
		window_arguments(s->window, data);
	else if (head->kind == RECORD_OOM && size >= sizeof(struct oom_record))
		oom_take(s->window->oom, s->window, data);
	else if (head->kind == RECORD_FORK && size >= sizeof(struct fork_record))
		window_fork(s->window, data);
	else if (head->kind == RECORD_EXEC &&
		 size > sizeof(struct path_record) - RECORD_PATH_LENGTH)
		window_path(s->window, data);
	else if (head->kind == RECORD_CONNECTION && size >= sizeof(struct connection_record))
		connections_take(s->connections, data);
	else if (size >= sizeof(struct task_record))
		window_task(s->window, data);
	return 0;
}

static void bpf_drain(void *context, struct window *w, struct connections *c)
{
	struct bpf_source *s = context;

	s->window = w;
	s->connections = c;
	if (s->ring)
		ring_buffer__consume(s->ring);
}

static bool bpf_counts(void *context, struct source_counts *ret)
{
	struct bpf_source *s = context;
	const struct probecast_bpf__bss *bss = s->loader.skeleton->bss;

	*ret = (struct source_counts){
		.ring_dropped = bss->ring_dropped,
		.storage_failed = bss->storage_failed,
		.returns_missed = bss->returns_missed,
		.maps_full = bss->maps_full,
		.started = bss->processes_started,
		.exited = bss->processes_exited,
	};
	return true;
}

/* A device that is gone makes room: its number may come again. */
static void bpf_read_disks(void *context, struct system_disks *disks)
{
	struct bpf_source *s = context;
	int map = s->loader.disks_fd;
	struct disk_counters c;
	uint32_t key, next;
	bool more = s->loader.states[PROVIDER_BLOCK].attached &&
		    bpf_map_get_next_key(map, NULL, &next) == 0;

	while (more) {
		key = next;
		more = bpf_map_get_next_key(map, &key, &next) == 0;
		if (bpf_map_lookup_elem(map, &key, &c))
			continue;
		c.name[sizeof(c.name) - 1] = '\0';
		if (!system_disks_trace(disks, key, &c))
			bpf_map_delete_elem(map, &key);
	}
}

static void bpf_run_ns(void *context, uint64_t ret_ns[PROVIDERS])
{
	cost_read(&((struct bpf_source *)context)->loader.cost, ret_ns);
}

static void bpf_close(void *context)
{
	struct bpf_source *s = context;

	ring_buffer__free(s->ring);
	loader_close(&s->loader);
	free(s->buffer);
	free(s);
}

/* Waiting for block I/O is counted only when the kernel was told to. */
static void check_delay_accounting(struct probe_state *state)
{
	FILE *f = fopen("/proc/sys/kernel/task_delayacct", "re");
	int c = f ? fgetc(f) : EOF;

	if (f)
		fclose(f);
	state->attached = c == '1';
	if (state->attached)
		text_copy(state->variant, sizeof(state->variant), "kernel");
	else
		text_copy(state->reason, sizeof(state->reason),
			  "delay accounting is off (sysctl kernel.task_delayacct=1 turns it on)");
}

static uint64_t available_inputs(const struct probe_state states[PROVIDERS])
{
	uint64_t bits = 0;

	for (int p = 0; p < PROVIDERS; p++)
		if (states[p].attached)
			bits |= derive_inputs_of(SCOPE_PROCESS, (enum provider)p);
	return bits;
}

static int bpf_switch_probe(struct source *source, enum provider p, bool on,
			    struct probe_state states[PROVIDERS])
{
	struct bpf_source *s = source->context;
	int failed = 0;

	if (on)
		failed = loader_attach(&s->loader, p);
	else
		loader_detach(&s->loader, p);
	states[p] = s->loader.states[p];
	source->available = available_inputs(states);
	return failed;
}

int source_bpf_open(struct source *ret, struct probe_state states[PROVIDERS], char *error,
		    size_t size)
{
	struct bpf_source *s = calloc(1, sizeof(*s));

	if (s)
		s->buffer = malloc(ITERATOR_BUFFER_BYTES);
	if (!s || !s->buffer) {
		snprintf(error, size, "out of memory");
		if (s)
			bpf_close(s);
		return -ENOMEM;
	}

	memcpy(s->loader.states, states, sizeof(s->loader.states));

	int failed = loader_open(&s->loader, error, size);

	if (failed) {
		bpf_close(s);
		return failed;
	}
	s->ring = ring_buffer__new(s->loader.ring_fd, take_event, s, NULL);
	for (int p = 0; p < PROVIDERS; p++)
		if (s->loader.states[p].attached || s->loader.states[p].reason[0])
			states[p] = s->loader.states[p];
	check_delay_accounting(&states[PROVIDER_DELAYACCT]);
	text_copy(states[PROVIDER_PROCFS].reason, sizeof(states[PROVIDER_PROCFS].reason),
		  "not needed: processes come from BPF");
	s->loader.skeleton->bss->walk_classes = WALK_CLASSES;
	s->loader.skeleton->data->files_classes = WALK_CLASSES;
	*ret = (struct source){
		.name = "bpf",
		.available = available_inputs(states),
		.exit_events = states[PROVIDER_LIFE].attached,
		.optional = loader_optional(&s->loader),
		.map_bytes = s->loader.map_bytes,
		.event_fd = s->ring ? ring_buffer__epoll_fd(s->ring) : -1,
		.context = s,
		.walk = bpf_walk,
		.walk_files = bpf_walk_files,
		.drain = bpf_drain,
		.counts = bpf_counts,
		.read_disks = bpf_read_disks,
		.run_ns = bpf_run_ns,
		.switch_probe = bpf_switch_probe,
		.close = bpf_close,
	};
	return 0;
}
