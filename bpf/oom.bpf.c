/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes that the kernel kills for want of memory. */
#include "probe.bpf.h"

/* Larger than any pid. */
#define PID_LIMIT (1 << 22)

/*
 * The tracepoint passes a pid; since 6.9 the task. A pointer is
 * larger than any pid.
 */
static __always_inline void fill_victim(struct record_header *head, u64 argument)
{
	struct task_struct *victim = (void *)argument;

	if (argument <= PID_LIMIT) {
		head->pid = argument;
		return;
	}
	head->pid = BPF_CORE_READ(victim, tgid);
	head->process_start_ns = BPF_CORE_READ(victim, group_leader, start_boottime);
}

SEC("raw_tp/mark_victim")
int oom__victim(struct bpf_raw_tracepoint_args *ctx)
{
	count_run(PROBE_OOM);

	struct oom_record *r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);

	if (!r) {
		__sync_fetch_and_add(&ring_dropped, 1);
		return 0;
	}
	__builtin_memset(r, 0, sizeof(*r));
	r->head.kind = RECORD_OOM;
	fill_victim(&r->head, ctx->args[0]);
	r->boot_ns = bpf_ktime_get_boot_ns();
	bpf_get_current_comm(r->trigger, sizeof(r->trigger));
	/* Rare, and somebody waits for it. */
	bpf_ringbuf_submit(r, BPF_RB_FORCE_WAKEUP);
	return 0;
}
