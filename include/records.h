/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF programs hand to user space: records of the task walk (a seq
 * file) and events (the ring buffer). Fixed widths, explicit padding; a size
 * that differs between the two sides does not compile.
 *
 * Include after <linux/types.h> (user space) or kernel.h (BPF).
 */
#pragma once

#include "latency.h"

#define RECORD_COMM_LENGTH 16
#define RECORD_PATH_LENGTH 256

/* Counters of one thread, as the kernel keeps them: absolute, never falling. */
struct thread_counters {
#define RECORD_FIELD_THREAD(id) __u64 id;
#define RECORD_FIELD_SHARED(id)
#define RECORD_FIELD_GAUGE(id)
#define RECORD_FIELD_COUNTER(id)
#define RECORD_FIELD_DERIVED(id)
#define RECORD_FIELD_EVENT(id)
#define INPUT(scope, level, provider, id) RECORD_FIELD_##level(id)
#include "metrics.def"
#undef RECORD_FIELD_THREAD
#undef RECORD_FIELD_SHARED
};

/* Counters of one process that a probe keeps in the storage of its leader. */
struct shared_counters {
#define RECORD_FIELD_THREAD(id)
#define RECORD_FIELD_SHARED(id) __u64 id;
#define INPUT(scope, level, provider, id) RECORD_FIELD_##level(id)
#include "metrics.def"
#undef RECORD_FIELD_THREAD
#undef RECORD_FIELD_SHARED
#undef RECORD_FIELD_GAUGE
#undef RECORD_FIELD_COUNTER
#undef RECORD_FIELD_DERIVED
#undef RECORD_FIELD_EVENT
};

enum record_kind {
	RECORD_TASK = 1,     /* struct task_record, from the walk */
	RECORD_DEAD_THREADS, /* struct task_record: counters of threads that ended earlier */
	RECORD_EXE,	     /* struct path_record, from the walk: path of the program */
	RECORD_FORK,	     /* struct fork_record, event: a process begins */
	RECORD_ARGUMENTS,    /* struct path_record, event: what a program was started with */
	RECORD_OOM,	     /* struct oom_record, event: a process is killed for want of memory */
	RECORD_EXEC,	     /* struct path_record, event: a process became another program */
	RECORD_CGROUP, /* struct path_record, event: a cgroup begins; of the rest only id and path
			  count */
	RECORD_EXIT,  /* struct task_record, event: a leader or the last thread of a process ends */
	RECORD_FREE,  /* struct task_record, event: the kernel lets go of a thread */
	RECORD_FILES, /* struct files_record, from the walk over files */
	RECORD_SOCKET,	   /* struct connection_record, from the walk over files: a TCP socket */
	RECORD_CONNECTION, /* struct connection_record, event: a TCP connection ended */
};

/* Which task: a pid means little without its start, a thread little without its process. */
struct record_header {
	__u32 kind; /* enum record_kind */
	__u32 tid;  /* thread; equals pid for the leader */
	__u32 pid;  /* process (the kernel's tgid) */
	__u32 ppid;
	__u64 thread_start_ns; /* boot time clock */
	__u64 process_start_ns;
	__u64 task; /* address of the task_struct: exec may change all of the above; 0: not known */
};

enum thread_state {
	THREAD_SLEEPING,
	THREAD_RUNNING, /* or ready to */
	THREAD_BLOCKED, /* uninterruptible, and not idle */
	THREAD_STOPPED,
	THREAD_STATES
};

struct task_record {
	struct record_header head;
	__u32 uid;	 /* effective */
	__u32 exit_code; /* as wait() gives it: status << 8 | signal */
	__u32 threads;
	__u8 group_dead; /* RECORD_EXIT: the last thread of the process */
	__u8 has_memory; /* the memory fields below were read */
	__u8 zombie;
	__u8 kernel_thread;
	__u8 state; /* enum thread_state */
	__u8 pad[7];
	__u64 cgroup_id; /* id of the cgroup's kernfs node; see cgroup_of() */
	__u64 anonymous_pages;
	__u64 file_pages;
	__u64 shared_pages;
	__u64 swap_pages;
	__u64 peak_pages;
	char comm[RECORD_COMM_LENGTH];
	struct thread_counters thread;
	struct shared_counters shared;
};

/* The parent is who called fork(): the head's may be another. */
struct fork_record {
	struct record_header head;
	__u64 parent_start_ns;
	__u32 parent;
	__u32 pad;
};

/* Sent as long as its path is: length says how many bytes of path count. */
struct path_record {
	struct record_header head;
	__u32 uid;
	__u32 length; /* with the final NUL */
	__u64 cgroup_id;
	char comm[RECORD_COMM_LENGTH];
	char path[RECORD_PATH_LENGTH];
};

/* Open files of a process, or of a thread that has a table of files of its own. */
struct files_record {
	struct record_header head;
	__u64 files;
	__u64 tcp_rx_bytes; /* of its calls, read behind its sockets; 0 where that is not read */
};

/* The head's pid is the victim's; before 6.9 its start is not told. */
struct oom_record {
	struct record_header head;
	__u64 boot_ns;
	char trigger[RECORD_COMM_LENGTH]; /* name of the process that asked for memory */
};

/* A TCP socket as it is now, or as it was at its end. */
struct connection_record {
	struct record_header head;  /* pid 0: the owner is not known */
	__u64 cookie;		    /* names the socket for as long as the machine runs */
	__u32 netns;		    /* inode of the network namespace */
	__u16 family;		    /* AF_INET or AF_INET6 */
	__u16 state;		    /* TCP_ESTABLISHED ...; at its end: the one before */
	__u8 local[16], remote[16]; /* as many bytes as the family has */
	__u16 local_port, remote_port;
	__u8 opened; /* this side began it; 0 where that was not seen */
	__u8 pad[3];
	__u64 rx_bytes, tx_bytes;	 /* payload: arrived, sent without what was sent again */
	__u64 read_bytes, written_bytes; /* payload that the application has taken, and given */
	__u64 closed_ns; /* at its end; boot clock: when the application closed it, or lost it */
	__u32 retransmits;
	__u32 rtt_us; /* smoothed; 0: not measured */
};

#define RECORD_DISK_NAME_LENGTH 32

/* Latency of the requests that one block device completed since the probe was attached. */
struct disk_counters {
	char name[RECORD_DISK_NAME_LENGTH];
	__u64 latency_sum_ns;
	__u32 latency[LATENCY_BUCKETS]; /* requests; wraps around */
};

_Static_assert(sizeof(struct record_header) == 40, "layout shared with the kernel side");
_Static_assert(sizeof(struct task_record) % 8 == 0, "records follow one another in the seq file");
_Static_assert(sizeof(struct connection_record) % 8 == 0, "records follow one another");
_Static_assert(sizeof(struct path_record) % 8 == 0, "records follow one another in the seq file");
