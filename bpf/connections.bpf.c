/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TCP connections with their owner, and open files. An iterator over all open files
 * shows every TCP socket that a process holds, with what the kernel counts for it
 * anyway: no packet costs anything. It is run at the start, and where the walk over
 * tasks cannot tell (files.bpf.h). What begins and ends between two walks is told by
 * the state changes: those to SYN_SENT, FIN_WAIT1 and LAST_ACK happen in the context
 * of the process that connects or closes, so the owner is noted there; CLOSE happens
 * anywhere, and has the final counters.
 *
 * From the counters and sequence numbers follows as well what the application has
 * read and written, for when no hook hears of its calls.
 */
#include "files.bpf.h"

/* Who connected or closed. */
struct connection_owner {
	u64 process_start_ns;
	u64 closed_ns; /* boot clock; 0 before */
	u32 pid;
	bool opened;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct connection_owner);
} owners SEC(".maps");

/* Files of the task that the walk is at; one walk at a time. */
static struct files_record current_files;
static bool current_files_wanted;

/* Set by the agent before each walk over files. */
__u32 files_all = 0; /* tell every process's number of files */
__u32 files_class =
	0; /* processes whose pid modulo files_classes is this are told of in any case */
__u32 files_classes = 1;

/* The walker's own arrival on its CPU, at the beginning of this walk and of the one before. */
static u64 files_now, files_before;

static __always_inline void fill_endpoints(struct connection_record *r, struct sock *sk)
{
	struct sock_common *c = &sk->__sk_common;

	r->family = c->skc_family;
	r->local_port = c->skc_num;
	r->remote_port = __builtin_bswap16(c->skc_dport);
	r->netns = c->skc_net.net->ns.inum;
	if (r->family == AF_INET) {
		*(u32 *)r->local = c->skc_rcv_saddr;
		*(u32 *)r->remote = c->skc_daddr;
	} else if (bpf_core_field_exists(c->skc_v6_daddr)) {
		bpf_core_read(r->local, 16, &c->skc_v6_rcv_saddr);
		bpf_core_read(r->remote, 16, &c->skc_v6_daddr);
	}
}

/* At the end of a connection its state is the one before. */
static __always_inline void fill_connection(struct connection_record *r, struct sock *sk,
					    struct tcp_sock *tcp, int state)
{
	bool fin = sk->__sk_common.skc_flags >> SOCK_DONE & 1;

	fill_endpoints(r, sk);
	r->state = state;
	r->cookie = bpf_get_socket_cookie(sk);
	r->rx_bytes = tcp->bytes_received - fin;
	r->tx_bytes = tcp->bytes_sent - tcp->bytes_retrans;
	r->retransmits = tcp->total_retrans;
	r->rtt_us = tcp->srtt_us >> 3;
	/* The application has another socket, and the kernel's threads serve this one. */
	if (bpf_core_field_exists(tcp->is_mptcp) && tcp->is_mptcp)
		return;
	r->read_bytes = tcp_read_bytes(r->rx_bytes, tcp->rcv_nxt - tcp->copied_seq, fin);
	r->written_bytes = tcp_written_bytes(tcp->bytes_acked, tcp->write_seq - tcp->snd_una,
					     r->opened, state);
}

/* Its cookie is asked for here, so that the scan of a task's files finds one. */
static __always_inline void note_opened(struct sock *sk, int after)
{
	u64 cookie = bpf_get_socket_cookie(sk);
	u8 yes = 1;

	if (after == TCP_SYN_SENT && bpf_map_update_elem(&opened, &cookie, &yes, BPF_ANY))
		__sync_fetch_and_add(&maps_full, 1);
	if (after == TCP_CLOSE)
		bpf_map_delete_elem(&opened, &cookie);
}

static __always_inline void note_owner(struct sock *sk, bool opened)
{
	struct task_struct *leader = bpf_get_current_task_btf()->group_leader;
	struct connection_owner *owner =
		bpf_sk_storage_get(&owners, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);

	if (!owner) {
		__sync_fetch_and_add(&storage_failed, 1);
		return;
	}
	/* A socket may be connected again. */
	if (opened)
		owner->closed_ns = 0;
	else if (!owner->closed_ns)
		owner->closed_ns = bpf_ktime_get_boot_ns();
	/* Who opened it is not replaced by who closed it. */
	if (owner->pid)
		return;
	owner->pid = leader->tgid;
	owner->process_start_ns = leader->start_boottime;
	owner->opened = opened;
}

static __always_inline void send_end(struct sock *sk, struct tcp_sock *tcp, int state)
{
	struct connection_owner *owner = bpf_sk_storage_get(&owners, sk, NULL, 0);
	struct connection_record *r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);

	if (!r) {
		__sync_fetch_and_add(&ring_dropped, 1);
		return;
	}
	__builtin_memset(r, 0, sizeof(*r));
	r->head.kind = RECORD_CONNECTION;
	if (owner) {
		r->head.tid = r->head.pid = owner->pid;
		r->head.process_start_ns = owner->process_start_ns;
		r->opened = owner->opened;
		r->closed_ns = owner->closed_ns;
	}
	if (!r->closed_ns)
		r->closed_ns = bpf_ktime_get_boot_ns();
	fill_connection(r, sk, tcp, state);
	bpf_ringbuf_submit(r, wakeup_flags());
}

/*
 * Closed with data unread there is a reset instead of a FIN, in the context of the
 * process, too. One that the other side has reset is not shut down yet.
 */
static __always_inline bool is_abandoned(struct sock *sk, int before, int after)
{
	return after == TCP_CLOSE && sk->sk_shutdown == SHUTDOWN_MASK &&
	       (before == TCP_ESTABLISHED || before == TCP_CLOSE_WAIT);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(connections__state, struct sock *sk, int before, int after)
{
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	count_run(PROBE_CONNECTIONS);
	if (scan_works())
		note_opened(sk, after);
	if (after == TCP_SYN_SENT || after == TCP_FIN_WAIT1 || after == TCP_LAST_ACK ||
	    is_abandoned(sk, before, after))
		note_owner(sk, after == TCP_SYN_SENT);
	if (after != TCP_CLOSE || before == TCP_LISTEN)
		return 0;

	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (tcp)
		send_end(sk, tcp, before);
	return 0;
}

/* Only what ran can have opened or closed a file; of a process with threads any of them. */
static __always_inline bool files_may_differ(struct task_struct *task)
{
	return files_all || task->signal->nr_threads > 1 || task->on_cpu ||
	       task->sched_info.last_arrival >= files_before ||
	       (u32)task->pid % files_classes == files_class;
}

static __always_inline void end_files(struct seq_file *seq)
{
	if (current_files_wanted)
		bpf_seq_write(seq, &current_files, sizeof(current_files));
	current_files_wanted = false;
}

static __always_inline void count_file(struct seq_file *seq, struct task_struct *task)
{
	if (current_files.head.tid != task->pid || !current_files.files) {
		end_files(seq);
		fill_header(&current_files.head, RECORD_FILES, task);
		current_files.files = 0;
		current_files_wanted = files_may_differ(task);
	}
	current_files.files++;
}

static __always_inline void write_socket(struct seq_file *seq, struct task_struct *task,
					 struct sock *sk, struct tcp_sock *tcp)
{
	struct connection_owner *owner = bpf_sk_storage_get(&owners, sk, NULL, 0);
	struct connection_record r = {};

	fill_header(&r.head, RECORD_SOCKET, task);
	r.opened = owner && owner->opened;
	fill_connection(&r, sk, tcp, sk->__sk_common.skc_state);
	bpf_seq_write(seq, &r, sizeof(r));
}

SEC("iter/task_file")
int connections__files(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (ctx->meta->seq_num == 0) {
		files_before = files_now;
		files_now = bpf_get_current_task_btf()->sched_info.last_arrival;
	}
	if (!task || !file) {
		end_files(seq);
		current_files.files = 0;
		return 0;
	}
	count_file(seq, task);

	struct socket *socket = bpf_sock_from_file(file);

	if (!socket)
		return 0;

	struct sock *sk = socket->sk;

	if (!sk || sk->sk_protocol != IPPROTO_TCP)
		return 0;

	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (tcp)
		write_socket(seq, task, sk, tcp);
	return 0;
}
