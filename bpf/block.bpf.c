/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long the requests of each block device took; how many there were, and of how
 * many bytes, the kernel counts by itself. The request carries its own start
 * time, so one hook gives the latency and no map of requests in flight is
 * needed: 116 ns per I/O against 605 ns for issue + complete.
 */
#include "probe.bpf.h"

#define MAX_DISKS 1024

/* By device number, major << 20 | minor. A disk takes 1.7 KB when it makes its first request. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_DISKS);
	__type(key, u32);
	__type(value, struct disk_counters);
} disks SEC(".maps");

/* Too large for the stack. */
static const struct disk_counters fresh;

static __always_inline struct gendisk *disk_of(struct request *request)
{
	struct request___before_5_17 *old = (void *)request;

	if (bpf_core_field_exists(old->rq_disk))
		return BPF_CORE_READ(old, rq_disk);
	return BPF_CORE_READ(request, q, disk);
}

static __always_inline struct disk_counters *counters_of(struct gendisk *disk)
{
	u32 key = BPF_CORE_READ(disk, major) << 20 | BPF_CORE_READ(disk, first_minor);
	struct disk_counters *c = bpf_map_lookup_elem(&disks, &key);

	if (c)
		return c;

	bpf_map_update_elem(&disks, &key, &fresh, BPF_NOEXIST);
	c = bpf_map_lookup_elem(&disks, &key);
	if (c)
		bpf_core_read(c->name, sizeof(c->name), &disk->disk_name);
	else
		__sync_fetch_and_add(&maps_full, 1);
	return c;
}

static __always_inline void count_latency(struct disk_counters *c, u64 ns)
{
	u32 bucket = latency_bucket(ns);

	__sync_fetch_and_add(&c->latency_sum_ns, ns);
	/* Always true. The verifier cannot know; the compiler does, and would leave it out. */
	barrier_var(bucket);
	if (bucket < LATENCY_BUCKETS)
		__sync_fetch_and_add(&c->latency[bucket], 1);
}

static __always_inline void complete(struct request *request)
{
	u32 operation = BPF_CORE_READ(request, cmd_flags) & REQ_OP_MASK;

	if (operation != REQ_OP_READ && operation != REQ_OP_WRITE)
		return;

	count_run(PROBE_BLOCK);

	struct gendisk *disk = disk_of(request);
	struct disk_counters *c = disk ? counters_of(disk) : NULL;

	if (c)
		count_latency(c, bpf_ktime_get_ns() - BPF_CORE_READ(request, start_time_ns));
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(block__complete, struct request *request)
{
	complete(request);
	return 0;
}

/* Where the typed tracepoint is refused. */
SEC("raw_tp/block_rq_complete")
int BPF_PROG(block__complete__raw_tp, struct request *request)
{
	complete(request);
	return 0;
}
