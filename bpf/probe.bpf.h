/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every probe includes: shared maps, settings, losses, and how to fill a record. */
#pragma once

#include "kernel.h"
#include "records.h"

/*
 * Events between two walks, drained by the agent when a quarter full and at the
 * end of each window. 2,000 processes killed at once are 1.3 MB of them within
 * some 50 ms: with 256 KiB and a wake-up at half of it a thousand were lost. The
 * mapping counts twice in the agent's resident memory, so larger is not free.
 */
#define EVENTS_BYTES (512 * 1024)

/* The providers, numbered as in the agent. */
enum probe {
#define PROVIDER(id, name, help) PROBE_##id,
#include "metrics.def"
	PROBES
};

/* Kept on the leader of a process, whatever thread works. */
struct process_storage {
	struct shared_counters counters;
	u64 exec_ns; /* boot clock; 0 when it never called exec under our eyes */
};

/*
 * Weak, so that each probe may define them and the linker keeps one of each.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EVENTS_BYTES);
} events __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct process_storage);
} processes __weak SEC(".maps");

/* Runs of each probe's hooks: the agent multiplies them by the time that one takes. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROBES);
	__type(key, u32);
	__type(value, u64);
} runs __weak SEC(".maps");

/* Set between open and load. */
extern const volatile bool cgroup_v1;
extern const volatile __u32 cpu_count;
extern const volatile bool read_exe_path;
extern const volatile bool read_files;

/* Counted for ever; user space reports what was added. */
extern __u64 ring_dropped;
extern __u64 storage_failed;
extern __u64 returns_missed;
extern __u64 maps_full;
extern __u64 processes_started;
extern __u64 processes_exited;

/* Set by the agent: whether to tell what programs were started with. */
extern __u32 read_arguments;

/*
 * Wakes the reader only when the ring is a quarter full: at 2,000 events a second
 * one wake-up an event costs more than the events.
 */
static __always_inline u64 wakeup_flags(void)
{
	u64 waiting = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);

	return waiting > EVENTS_BYTES / 4 ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* Say once in each run of a hook: what it costs counts towards the agent's budget. */
static __always_inline void count_run(enum probe probe)
{
	u32 key = probe;
	u64 *count = bpf_map_lookup_elem(&runs, &key);

	if (count)
		++*count;
}

/*
 * Counters of the process that runs now, to be added to atomically: its other
 * threads do the same. Counts the run of the probe. NULL, and counted, when there
 * is no memory for them.
 */
static __always_inline struct shared_counters *counters_of_current(enum probe probe)
{
	struct task_struct *leader = bpf_get_current_task_btf()->group_leader;
	struct process_storage *storage;

	count_run(probe);
	storage = bpf_task_storage_get(&processes, leader, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!storage) {
		__sync_fetch_and_add(&storage_failed, 1);
		return NULL;
	}
	return &storage->counters;
}

static __always_inline void fill_header(struct record_header *head, u32 kind,
					struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	head->kind = kind;
	head->tid = task->pid;
	head->pid = task->tgid;
	/* A task that is released has outlived what this pointer says. */
	head->ppid = kind == RECORD_FREE ? 0 : task->real_parent->tgid;
	head->thread_start_ns = task->start_boottime;
	head->process_start_ns = leader->start_boottime;
	head->task = (u64)task;
}

/*
 * The cgroup by which a process is known. On v1 and hybrid set-ups every task is
 * in the root of the v2 hierarchy, so the memory controller's tells more.
 */
static __always_inline u64 cgroup_of(struct task_struct *task)
{
	struct css_set *set = task->cgroups;

	if (!cgroup_v1)
		return set->dfl_cgrp->kn->id;
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return 0;

	u32 index = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	struct cgroup_subsys_state *state = NULL;

	bpf_core_read(&state, sizeof(state), &set->subsys[index & 15]);
	return BPF_CORE_READ(state, cgroup, kn, id);
}

static __always_inline void fill_io(struct thread_counters *c, struct task_io_accounting *io)
{
	c->read_bytes = io->read_bytes;
	c->write_bytes = io->write_bytes;
	c->cancelled_write_bytes = io->cancelled_write_bytes;
	c->syscall_read_bytes = io->rchar;
	c->syscall_write_bytes = io->wchar;
}

static __always_inline void fill_thread(struct thread_counters *c, struct task_struct *task)
{
	c->run_ns = task->se.sum_exec_runtime;
	c->user_ns = task->utime;
	c->system_ns = task->stime;
	c->run_queue_ns = task->sched_info.run_delay;
	c->voluntary_switches = task->nvcsw;
	c->involuntary_switches = task->nivcsw;
	c->migrations = task->se.nr_migrations;
	c->minor_faults = task->min_flt;
	c->major_faults = task->maj_flt;
	fill_io(c, &task->ioac);
	if (bpf_core_field_exists(task->delays)) {
		struct task_delay_info *delays = task->delays;

		c->io_wait_ns = delays ? delays->blkio_delay : 0;
	}
}

/* Exit status of a process as wait() tells it; see wait_task_zombie(). */
static __always_inline u32 exit_status(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;

	if (signal->flags & SIGNAL_GROUP_EXIT)
		return signal->group_exit_code;
	return task->group_leader->exit_code;
}
