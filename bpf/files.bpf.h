/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The open files of a task that ran, read with the task. An iterator over all files
 * takes half a microsecond for each file of each process, also of those that sleep;
 * but only who runs can open, close or pass on a file. With 20,000 sleeping
 * processes that was two thirds of what the agent cost.
 *
 * No file is held on the way: what the pointers lead to is read as bytes, and the
 * slot in the table is looked at again behind it. What cannot be told this way sets
 * scan_unsure, and the agent walks over all files in this window, too.
 */
#pragma once

#include "probe.bpf.h"
#include "tcp.bpf.h"

/* As many as surely fit the buffer of the seq file, which takes all of a task or nothing. */
#define SCAN_SOCKETS 128

/* 64 files each. */
#define SCAN_WORDS 16384

/* Set by the agent before a walk, and answered. */
extern __u32 scan_wanted;
extern __u32 scan_possible; /* this kernel has what it takes */
extern __u32 scan_unsure;

/* Connections that were opened from here, by cookie. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, u8);
} opened __weak SEC(".maps");

struct scan_context {
	struct seq_file *seq;
	struct task_struct *task;
	bool shared; /* the process's files, not the thread's own */
};

/* One walk at a time. */
static struct {
	u64 files; /* address of the table of files */
	u64 open;  /* address of its bitmap */
	u64 bits;  /* of the word that is looked at */
	u64 count;
	u32 word;
	u32 sockets;
} scan;

/*
 * Tables that were read in this walk, by address, and for which task: threads share
 * theirs. One that finds its place taken is read again, which tells nothing twice.
 */
#define SCANNED_TABLES 512

static struct {
	u64 table;
	u32 walk;
	u32 tid;
} scanned_tables[SCANNED_TABLES];

static struct connection_record scanned;
static struct files_record scanned_files;

static __always_inline bool scan_works(void)
{
	return read_files && bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop);
}

static __always_inline void read_endpoints(struct connection_record *r, struct sock *sk)
{
	r->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	r->remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	r->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	if (r->family == AF_INET) {
		*(u32 *)r->local = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		*(u32 *)r->remote = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	} else if (bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		bpf_core_read(r->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(r->remote, 16, &sk->__sk_common.skc_v6_daddr);
	}
}

static __always_inline void read_connection(struct connection_record *r, struct sock *sk)
{
	struct tcp_sock *tcp = (void *)sk;
	bool ended = BPF_CORE_READ(sk, __sk_common.skc_flags) >> SOCK_DONE & 1;

	read_endpoints(r, sk);
	r->rx_bytes = BPF_CORE_READ(tcp, bytes_received) - ended;
	r->tx_bytes = BPF_CORE_READ(tcp, bytes_sent) - BPF_CORE_READ(tcp, bytes_retrans);
	r->retransmits = BPF_CORE_READ(tcp, total_retrans);
	r->rtt_us = BPF_CORE_READ(tcp, srtt_us) >> 3;
	r->opened = bpf_map_lookup_elem(&opened, &r->cookie) != NULL;
	r->read_bytes = tcp_read_bytes(
		r->rx_bytes, BPF_CORE_READ(tcp, rcv_nxt) - BPF_CORE_READ(tcp, copied_seq), ended);
	r->written_bytes = tcp_written_bytes(
		BPF_CORE_READ(tcp, bytes_acked),
		BPF_CORE_READ(tcp, write_seq) - BPF_CORE_READ(tcp, snd_una), r->opened, r->state);
}

/* Whether the socket is a TCP connection; then its cookie and state stand in the record. */
static __always_inline bool is_connection(struct connection_record *r, struct sock *sk)
{
	r->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if ((r->family != AF_INET && r->family != AF_INET6) ||
	    BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP ||
	    BPF_CORE_READ(sk, sk_type) != SOCK_STREAM)
		return false;
	r->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	r->cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	return r->state != TCP_LISTEN && r->state != TCP_CLOSE;
}

static __always_inline struct file *file_at(u64 slot)
{
	struct file *file = NULL;

	bpf_probe_read_kernel(&file, sizeof(file), (void *)slot);
	return file;
}

/* The socket of a file; NULL when it is none. */
static __always_inline struct sock *socket_of(struct file *file)
{
	struct socket *socket;

	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	if (!socket || BPF_CORE_READ(socket, file) != file)
		return NULL;
	return BPF_CORE_READ(socket, sk);
}

static __always_inline void fill_owner(struct record_header *head, u32 kind, struct scan_context *c)
{
	fill_header(head, kind, c->task);
	if (c->shared)
		head->tid = head->pid;
}

static __always_inline void scan_slot(struct scan_context *c, u64 slot)
{
	struct file *file = file_at(slot);
	struct sock *sk = file ? socket_of(file) : NULL;
	struct connection_record *r = &scanned;

	if (!sk)
		return;
	__builtin_memset(r, 0, sizeof(*r));
	if (!is_connection(r, sk))
		return;
	/* Only the iterator over files can give it a name. */
	if (!r->cookie || scan.sockets >= SCAN_SOCKETS) {
		scan_unsure = 1;
		return;
	}
	fill_owner(&r->head, RECORD_SOCKET, c);
	read_connection(r, sk);
	if (file_at(slot) != file)
		return;
	scan.sockets++;
	bpf_seq_write(c->seq, r, sizeof(*r));
}

static long scan_file(u32 i, struct scan_context *c)
{
	u64 left = scan.bits >> (i & 63);

	if (!left)
		return 1;
	if (!(left & 1))
		return 0;
	scan.count++;
	scan_slot(c, scan.files + (scan.word * 64ULL + i) * sizeof(void *));
	return 0;
}

static long scan_word(u32 word, struct scan_context *c)
{
	scan.bits = 0;
	bpf_probe_read_kernel(&scan.bits, sizeof(scan.bits), (void *)(scan.open + word * 8ULL));
	scan.word = word;
	if (scan.bits)
		bpf_loop(64, scan_file, c, 0);
	return 0;
}

/* The seq file asks again for a task when its buffer was full: that one was not told yet. */
static __always_inline bool was_scanned(struct files_struct *files, u32 tid, u32 walk)
{
	u32 place = (u64)files / 64 % SCANNED_TABLES;

	if (scanned_tables[place].table == (u64)files && scanned_tables[place].walk == walk &&
	    scanned_tables[place].tid != tid)
		return true;
	scanned_tables[place].table = (u64)files;
	scanned_tables[place].walk = walk;
	scanned_tables[place].tid = tid;
	return false;
}

/*
 * Writes the connections that the task holds, and how many files it has; once in a
 * walk for all threads that share them.
 */
static __always_inline void scan_files(struct seq_file *seq, struct task_struct *task, u32 walk)
{
	struct files_struct *files = BPF_CORE_READ(task, files);
	struct files_struct *of_leader = BPF_CORE_READ(task, group_leader, files);
	struct scan_context c = {seq, task, !of_leader || of_leader == files};
	struct fdtable *table;

	/* One that has ended has none. */
	if (!scan_works() || !files || was_scanned(files, task->pid, walk))
		return;
	table = BPF_CORE_READ(files, fdt);
	if (!table)
		return;

	u32 words = (BPF_CORE_READ(table, max_fds) + 63) / 64;

	if (words > SCAN_WORDS) {
		scan_unsure = 1;
		return;
	}
	scan.files = (u64)BPF_CORE_READ(table, fd);
	scan.open = (u64)BPF_CORE_READ(table, open_fds);
	scan.count = 0;
	scan.sockets = 0;
	bpf_loop(words, scan_word, &c, 0);

	struct process_storage *storage =
		bpf_task_storage_get(&processes, task->group_leader, NULL, 0);

	fill_owner(&scanned_files.head, RECORD_FILES, &c);
	scanned_files.files = scan.count;
	scanned_files.tcp_rx_bytes = storage ? storage->counters.tcp_rx_bytes : 0;
	bpf_seq_write(seq, &scanned_files, sizeof(scanned_files));
}
