/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tasks begin and end. The exit hook tells who ended and how; the release hook
 * has the final counters. Both are needed: at exit the run time is stale since
 * the last tick, and most of a short process's work (tearing down its memory) is
 * still to come; without the release hook 91 % of the CPU of fork+exec was lost.
 * The release comes through RCU and may lag by 200 ms and more.
 */
#include "probe.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct path_record);
} exec_scratch SEC(".maps");

static __always_inline struct task_record *reserve_task(u32 kind, struct task_struct *task)
{
	struct task_record *r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);

	if (!r) {
		__sync_fetch_and_add(&ring_dropped, 1);
		return NULL;
	}
	__builtin_memset(r, 0, sizeof(*r));
	fill_header(&r->head, kind, task);
	r->uid = task->cred->euid.val;
	r->cgroup_id = cgroup_of(task);
	r->exit_code = exit_status(task);
	r->kernel_thread = !!(task->flags & PF_KTHREAD);
	bpf_core_read(r->comm, sizeof(r->comm), &task->group_leader->comm);
	fill_thread(&r->thread, task);
	return r;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(life__fork, struct task_struct *parent, struct task_struct *child)
{
	count_run(PROBE_LIFE);
	if (child->pid != child->tgid)
		return 0;
	__sync_fetch_and_add(&processes_started, 1);

	/* Known from its first moment: what other events tell of it finds it. */
	struct fork_record *r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);

	if (!r) {
		__sync_fetch_and_add(&ring_dropped, 1);
		return 0;
	}
	fill_header(&r->head, RECORD_FORK, child);
	r->parent = parent->tgid;
	r->parent_start_ns = parent->group_leader->start_boottime;
	r->pad = 0;
	bpf_ringbuf_submit(r, wakeup_flags());
	return 0;
}

/* The new program's own memory: exec has just written it, so it is there. */
static __always_inline void send_arguments(struct path_record *r, struct task_struct *task)
{
	u64 start = BPF_CORE_READ(task, mm, arg_start), end = BPF_CORE_READ(task, mm, arg_end);
	u64 length = end - start;

	if (end <= start)
		return;
	if (length > sizeof(r->path))
		length = sizeof(r->path);
	if (bpf_probe_read_user(r->path, length, (void *)start))
		return;
	r->head.kind = RECORD_ARGUMENTS;
	r->length = length;
	if (bpf_ringbuf_output(&events, r, sizeof(*r) - RECORD_PATH_LENGTH + length,
			       wakeup_flags()))
		__sync_fetch_and_add(&ring_dropped, 1);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(life__exec, struct task_struct *task, s32 old_pid, struct linux_binprm *binary)
{
	count_run(PROBE_LIFE);

	u32 zero = 0;
	struct path_record *r = bpf_map_lookup_elem(&exec_scratch, &zero);
	struct process_storage *storage = bpf_task_storage_get(&processes, task->group_leader, NULL,
							       BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (storage)
		storage->exec_ns = bpf_ktime_get_boot_ns();
	else
		__sync_fetch_and_add(&storage_failed, 1);
	if (!r)
		return 0;

	long length = bpf_probe_read_kernel_str(r->path, sizeof(r->path), binary->filename);

	if (length <= 0 || length > RECORD_PATH_LENGTH)
		return 0;
	fill_header(&r->head, RECORD_EXEC, task);
	r->uid = task->cred->euid.val;
	r->length = length;
	r->cgroup_id = cgroup_of(task);
	bpf_core_read(r->comm, sizeof(r->comm), &task->comm);
	if (bpf_ringbuf_output(&events, r, sizeof(*r) - RECORD_PATH_LENGTH + length,
			       wakeup_flags()))
		__sync_fetch_and_add(&ring_dropped, 1);
	if (read_arguments)
		send_arguments(r, task);
	return 0;
}

static __always_inline void fill_shared(struct task_record *r, struct task_struct *leader)
{
	struct process_storage *storage = bpf_task_storage_get(&processes, leader, NULL, 0);

	if (storage)
		r->shared = storage->counters;
}

/* Threads that end before their process does are told by their release alone. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(life__exit, struct task_struct *task)
{
	count_run(PROBE_LIFE);

	bool group_dead = task->signal->live.counter == 0;

	if (group_dead)
		__sync_fetch_and_add(&processes_exited, 1);
	if (!group_dead && task->pid != task->tgid)
		return 0;

	struct task_record *r = reserve_task(RECORD_EXIT, task);

	if (!r)
		return 0;
	r->group_dead = group_dead;
	r->peak_pages = task->signal->maxrss;
	fill_shared(r, task->group_leader);
	bpf_ringbuf_submit(r, wakeup_flags());
	return 0;
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(life__free, struct task_struct *task)
{
	count_run(PROBE_LIFE);

	struct task_record *r = reserve_task(RECORD_FREE, task);

	if (!r)
		return 0;

	/* Leaders have them, also those that were: exec may have given their tid to another. */
	fill_shared(r, task);
	bpf_ringbuf_submit(r, wakeup_flags());
	return 0;
}
