/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Settings and counters that all probes share; the maps are in probe.bpf.h. */
#include "probe.bpf.h"

/* The task iterators and task storage ask for a licence that is compatible with the GPL. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Which hierarchy names a process: see cgroup_of(). */
const volatile bool cgroup_v1 = false;

/* CPUs that may ever be online. */
const volatile __u32 cpu_count = 1;

/* The verifier of this kernel lets the walk call bpf_d_path(). */
const volatile bool read_exe_path = true;

/* The verifier of this kernel lets the walk over tasks read their files. */
const volatile bool read_files = true;

__u64 ring_dropped = 0;
__u64 storage_failed = 0;
__u64 returns_missed = 0;
__u64 maps_full = 0;
__u64 processes_started = 0;
__u64 processes_exited = 0;
__u32 read_arguments = 0;
__u32 scan_wanted = 0;
__u32 scan_possible = 0;
__u32 scan_unsure = 0;
