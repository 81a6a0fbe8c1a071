/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of cgroups. A container that lives for a second is gone, and its cgroup
 * with it, before /proc can be asked; the kernel tells the path as it is made.
 */
#include "probe.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct path_record);
} cgroup_scratch SEC(".maps");

/* In the hierarchy by which processes are known: see cgroup_of(). */
static __always_inline bool is_ours(struct cgroup *cgroup)
{
	if (!cgroup_v1)
		return BPF_CORE_READ(cgroup, root, hierarchy_id) == 0;
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return false;

	u32 index = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	struct cgroup_subsys_state *state = NULL;

	bpf_core_read(&state, sizeof(state), &cgroup->subsys[index & 15]);
	return state != NULL;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroups__mkdir, struct cgroup *cgroup, const char *path)
{
	u32 zero = 0;
	struct path_record *r = bpf_map_lookup_elem(&cgroup_scratch, &zero);

	count_run(PROBE_CGROUPS);
	if (!r || !is_ours(cgroup))
		return 0;

	long length = bpf_probe_read_kernel_str(r->path, sizeof(r->path), path);

	/* One that does not fit is asked of /proc. */
	if (length <= 0 || length >= RECORD_PATH_LENGTH)
		return 0;
	r->head.kind = RECORD_CGROUP;
	r->length = length;
	r->cgroup_id = BPF_CORE_READ(cgroup, kn, id);
	if (bpf_ringbuf_output(&events, r, sizeof(*r) - RECORD_PATH_LENGTH + length,
			       wakeup_flags()))
		__sync_fetch_and_add(&ring_dropped, 1);
	return 0;
}
