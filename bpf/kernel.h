/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's types, as far as the probes read them. Only names and types of
 * the fields matter: CO-RE finds their offsets in the running kernel's BTF. This
 * replaces a generated header of 130,000 lines and is the same on every
 * architecture. Types whose shape changed have flavours (name___version).
 */
#pragma once

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;
typedef _Bool bool;
typedef __SIZE_TYPE__ size_t;
#define true 1
#define false 0
#ifndef NULL
#define NULL ((void *)0)
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

typedef atomic64_t atomic_long_t;

typedef struct {
	u32 val;
} kuid_t;

struct sched_entity {
	u64 sum_exec_runtime; /* ns; stale since the last tick while the task is on a CPU */
	u64 nr_migrations;
};

struct sched_info {
	unsigned long long run_delay;	 /* ns */
	unsigned long long last_arrival; /* ns, the scheduler's clock */
};

struct task_io_accounting {
	u64 rchar;
	u64 wchar;
	u64 read_bytes;
	u64 write_bytes;
	u64 cancelled_write_bytes;
};

struct task_delay_info {
	u64 blkio_delay; /* ns */
};

struct cred {
	kuid_t euid;
};

struct kernfs_node {
	u64 id;
};

struct cgroup_root {
	int hierarchy_id; /* 0: the unified one */
};

struct cgroup_subsys_state;

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
	struct cgroup_subsys_state *subsys[16];
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};

/* Its values depend on the kernel's configuration: read with bpf_core_enum_value(). */
enum cgroup_subsys_id {
	cpuset_cgrp_id,
	memory_cgrp_id,
};

struct percpu_counter {
	s64 count;
	s32 *counters; /* per-CPU address */
};

struct path {
	void *dentry;
};

struct inode {
	unsigned short i_mode;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds;
};

struct files_struct {
	struct fdtable *fdt;
};

/* MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES: unchanged since 4.5. */
#define MM_FILE 0
#define MM_ANON 1
#define MM_SWAP 2
#define MM_SHMEM 3
#define MM_COUNTERS 4

struct mm_struct {
	struct file *exe_file;
	unsigned long hiwater_rss; /* pages */
	unsigned long arg_start, arg_end;
	struct percpu_counter rss_stat[MM_COUNTERS];
};

/* Before 6.2 (f1a7941243c1: mm: convert mm's rss stats into percpu_counter). */
struct mm_rss_stat {
	atomic_long_t count[MM_COUNTERS];
};

struct mm_struct___before_6_2 {
	struct mm_rss_stat rss_stat;
};

struct signal_struct {
	atomic_t live;
	int nr_threads;
	int group_exit_code;
	unsigned int flags;
	unsigned long maxrss; /* pages; set when the last thread ends */
	unsigned long long sum_sched_runtime;
	u64 utime;
	u64 stime;
	unsigned long nvcsw;
	unsigned long nivcsw;
	unsigned long min_flt;
	unsigned long maj_flt;
	struct task_io_accounting ioac;
};

struct task_struct {
	unsigned int __state;
	int pid;
	int tgid;
	int on_cpu;
	unsigned int flags;
	int exit_state;
	int exit_code;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	u64 start_boottime; /* ns */
	u64 utime;	    /* ns */
	u64 stime;	    /* ns */
	unsigned long nvcsw;
	unsigned long nivcsw;
	unsigned long min_flt;
	unsigned long maj_flt;
	char comm[16];
	struct sched_entity se;
	struct sched_info sched_info;
	struct task_io_accounting ioac;
	struct mm_struct *mm;
	struct signal_struct *signal;
	const struct cred *cred;
	struct css_set *cgroups;
	struct files_struct *files;
	struct task_delay_info *delays;
};

/* Before 5.14 (2f064a59a11f: sched: Change task_struct::state). */
struct task_struct___before_5_14 {
	long state;
};

struct linux_binprm {
	const char *filename;
};

struct in6_addr {
	union {
		u8 u6_addr8[16];
	} in6_u;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	u32 skc_daddr;	   /* network byte order */
	u32 skc_rcv_saddr; /* network byte order */
	u16 skc_dport;	   /* network byte order */
	u16 skc_num;	   /* local port, host byte order */
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned long skc_flags;
	atomic64_t skc_cookie;
};

struct sock {
	struct sock_common __sk_common;
	unsigned short sk_type;
	unsigned short sk_protocol;
	u8 sk_shutdown;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct tcp_sock {
	u32 srtt_us;	    /* times 8 */
	u32 total_retrans;  /* segments */
	u64 bytes_received; /* one more when a FIN has come */
	u64 bytes_sent;	    /* payload, with what was sent again */
	u64 bytes_retrans;
	u64 bytes_acked; /* one more for the SYN of who opened it, and for a FIN */
	/* Sequence numbers; SYN and FIN take one each. */
	u32 rcv_nxt;	/* to arrive next */
	u32 copied_seq; /* the application takes next */
	u32 write_seq;	/* the application gives next */
	u32 snd_una;	/* acknowledged up to here */
	bool is_mptcp;	/* a part of a multipath connection; where the kernel knows those */
};

struct gendisk {
	int major;
	int first_minor;
	char disk_name[32];
};

struct request_queue {
	struct gendisk *disk;
};

struct request {
	struct request_queue *q;
	unsigned int cmd_flags;
	u64 start_time_ns;
};

/* Before 5.17 (f3fa33acca9f: block: remove the ->rq_disk field in struct request). */
struct request___before_5_17 {
	struct gendisk *rq_disk;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

/* A per-CPU array map: where its first element lies, as a per-CPU address. */
struct bpf_array {
	void *pptrs[0];
};

#pragma clang attribute pop

#define PF_KTHREAD 0x00200000
#define SIGNAL_GROUP_EXIT 0x00000004
#define EXIT_DEAD 0x10
#define EXIT_ZOMBIE 0x20
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_STOPPED_OR_TRACED 0xc
#define TASK_NOLOAD 0x400 /* with TASK_UNINTERRUPTIBLE: an idle kernel thread */
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define SOCK_STREAM 1
#define MSG_PEEK 2
#define MSG_ERRQUEUE 0x2000
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_MPTCP 262
#define SOCK_DONE 1 /* bit of skc_flags: the other side has sent its FIN */
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_FIN_WAIT1 4
#define TCP_CLOSE 7
#define TCP_CLOSE_WAIT 8
#define TCP_LAST_ACK 9
#define TCP_LISTEN 10
#define SHUTDOWN_MASK 3
#define REQ_OP_MASK 0xff
#define REQ_OP_READ 0
#define REQ_OP_WRITE 1
