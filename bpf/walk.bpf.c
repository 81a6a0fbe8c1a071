/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The walk: once a window over all tasks, writing those that ran since the last
 * walk. It keeps no state per task. A task can only have used CPU when it
 * arrived on one since the last walk began, is on one now, or was on one then
 * (its run time was not yet added up). Measured: no task missed in 4,626;
 * filtering by exec_start missed some.
 *
 * Every window one task in twelve is written in any case, so that what changes
 * while a task sleeps (its memory, when pages are reclaimed) is seen within a
 * minute, and a task that went without an event is found out.
 */
#include "files.bpf.h"

#define MM_CPUS 128
#define ON_CPU_BITS 4096

/* Set by the agent before each walk. */
__u32 walk_all = 0;   /* write every task, and what threads that ended have left behind */
__u32 walk_class = 0; /* tasks whose tid modulo walk_classes is this are written in any case */
__u32 walk_classes = 0;
__u64 walk_exe_since = 0; /* boot clock: write the program's path where it is newer than this */

/* The walker's own arrival on its CPU, at the beginning of this walk and of the one before. */
__u64 mark_now = 0;
__u64 mark_before = 0;
__u32 walk_number = 0;

static __u64 percpu_distance[MM_CPUS];

/*
 * Tasks that were on a CPU during this walk, and during the one before: a bit for
 * each tid modulo ON_CPU_BITS. Two tasks that share a bit cost a record too many.
 */
static __u64 on_cpu_now[ON_CPU_BITS / 64];
static __u64 on_cpu_before[ON_CPU_BITS / 64];

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct path_record);
} path_scratch SEC(".maps");

/* Before 6.2 the kernel kept whole counts, and no look-up of a per-CPU element before 5.19. */
static __always_inline bool mm_counts_are_atomic(void)
{
	return bpf_core_field_exists(((struct mm_struct___before_6_2 *)0)->rss_stat.count);
}

/* As a plain number, which the verifier lets us calculate with. */
static __always_inline u64 address_of(void *pointer)
{
	void *volatile there = pointer;
	u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), (void *)&there);
	return address;
}

/*
 * Where a CPU keeps its per-CPU data, as a distance from per-CPU addresses. Any
 * per-CPU variable of known address tells; a map of our own is always at hand,
 * while the kernel's variables are found only with CONFIG_KALLSYMS_ALL.
 */
static __always_inline void measure_percpu(void)
{
	struct bpf_array *map = (void *)address_of(&path_scratch);
	u64 origin = (u64)BPF_CORE_READ(map, pptrs[0]);

	for (u32 cpu = 0; cpu < MM_CPUS && cpu < cpu_count; cpu++) {
		u32 zero = 0;
		void *there = bpf_map_lookup_percpu_elem(&path_scratch, &zero, cpu);

		if (there)
			percpu_distance[cpu] = address_of(there) - origin;
	}
}

static __always_inline void begin_walk(void)
{
	struct task_struct *walker = bpf_get_current_task_btf();

	mark_before = mark_now;
	mark_now = walker->sched_info.last_arrival;
	for (u32 i = 0; i < ON_CPU_BITS / 64; i++) {
		on_cpu_before[i] = on_cpu_now[i];
		on_cpu_now[i] = 0;
	}
	walk_number++;
	scan_possible = scan_works();
	if (walk_number == 1 && !mm_counts_are_atomic())
		measure_percpu();
}

static __always_inline bool ran_since_last_walk(struct task_struct *task)
{
	u32 tid = task->pid, word = tid / 64 % (ON_CPU_BITS / 64);
	u64 bit = 1ULL << (tid % 64);

	if (task->on_cpu) {
		on_cpu_now[word] |= bit;
		return true;
	}
	return task->sched_info.last_arrival >= mark_before || (on_cpu_before[word] & bit);
}

/*
 * Adds what the CPUs have not yet folded into the counter: up to 32 pages a CPU
 * and kind, much for a small process.
 */
static __always_inline u64 percpu_sum(s64 sum, s32 *counters)
{
	for (u32 cpu = 0; cpu < MM_CPUS && cpu < cpu_count; cpu++) {
		s32 part = 0;

		bpf_probe_read_kernel(&part, sizeof(part),
				      (void *)((u64)counters + percpu_distance[cpu]));
		sum += part;
	}
	return sum > 0 ? sum : 0;
}

/* CO-RE relocates an index only where it is a constant of the source text. */
#define NEW_PAGES(mm, kind)                                 \
	percpu_sum(BPF_CORE_READ(mm, rss_stat[kind].count), \
		   BPF_CORE_READ(mm, rss_stat[kind].counters))
#define OLD_PAGES(mm, kind) BPF_CORE_READ(mm, rss_stat.count[kind].counter)

static __always_inline void fill_pages(struct task_record *r, struct mm_struct *mm)
{
	struct mm_struct___before_6_2 *old = (void *)mm;

	if (mm_counts_are_atomic()) {
		r->file_pages = OLD_PAGES(old, MM_FILE);
		r->anonymous_pages = OLD_PAGES(old, MM_ANON);
		r->swap_pages = OLD_PAGES(old, MM_SWAP);
		r->shared_pages = OLD_PAGES(old, MM_SHMEM);
	} else {
		r->file_pages = NEW_PAGES(mm, MM_FILE);
		r->anonymous_pages = NEW_PAGES(mm, MM_ANON);
		r->swap_pages = NEW_PAGES(mm, MM_SWAP);
		r->shared_pages = NEW_PAGES(mm, MM_SHMEM);
	}
}

static __always_inline void fill_memory(struct task_record *r, struct task_struct *task)
{
	struct mm_struct *mm = task->mm;

	if (!mm)
		return;
	r->has_memory = 1;
	fill_pages(r, mm);
	r->peak_pages = mm->hiwater_rss;
}

static __always_inline u32 state_of(struct task_struct *task)
{
	struct task_struct___before_5_14 *old = (void *)task;
	u32 state = bpf_core_field_exists(old->state) ? (u32)BPF_CORE_READ(old, state)
						      : task->__state;

	if (state == 0)
		return THREAD_RUNNING;
	if (state & TASK_STOPPED_OR_TRACED)
		return THREAD_STOPPED;
	return (state & (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)) == TASK_UNINTERRUPTIBLE
		       ? THREAD_BLOCKED
		       : THREAD_SLEEPING;
}

static __always_inline void fill_identity(struct task_record *r, struct task_struct *task)
{
	r->uid = task->cred->euid.val;
	r->threads = task->signal->nr_threads;
	r->state = state_of(task);
	r->zombie = (task->exit_state & (EXIT_ZOMBIE | EXIT_DEAD)) &&
		    task->signal->live.counter == 0;
	r->kernel_thread = !!(task->flags & PF_KTHREAD);
	r->exit_code = exit_status(task);
	r->cgroup_id = cgroup_of(task);
	bpf_core_read(r->comm, sizeof(r->comm), &task->group_leader->comm);
}

/*
 * A record in the making, one walk at a time. On the stack it would leave no room
 * for the calls that read files: 512 bytes are for all of them.
 */
static struct task_record record;

static __always_inline struct task_record *begin_record(u32 kind, struct task_struct *task)
{
	__builtin_memset(&record, 0, sizeof(record));
	fill_header(&record.head, kind, task);
	return &record;
}

static __always_inline void write_task(struct seq_file *seq, struct task_struct *task,
				       struct process_storage *storage)
{
	struct task_record *r = begin_record(RECORD_TASK, task);

	fill_identity(r, task);
	fill_memory(r, task);
	fill_thread(&r->thread, task);
	if (storage)
		r->shared = storage->counters;
	bpf_seq_write(seq, r, sizeof(*r));
}

/* What threads that ended before the agent began have added to their process. */
static __always_inline void write_dead_threads(struct seq_file *seq, struct task_struct *leader)
{
	struct signal_struct *signal = leader->signal;
	struct task_record *r = begin_record(RECORD_DEAD_THREADS, leader);

	r->thread.run_ns = signal->sum_sched_runtime;
	r->thread.user_ns = signal->utime;
	r->thread.system_ns = signal->stime;
	r->thread.voluntary_switches = signal->nvcsw;
	r->thread.involuntary_switches = signal->nivcsw;
	r->thread.minor_faults = signal->min_flt;
	r->thread.major_faults = signal->maj_flt;
	fill_io(&r->thread, &signal->ioac);
	bpf_seq_write(seq, r, sizeof(*r));
}

static __always_inline void write_exe(struct seq_file *seq, struct task_struct *leader)
{
	u32 zero = 0;
	struct path_record *r = bpf_map_lookup_elem(&path_scratch, &zero);
	struct mm_struct *mm = leader->mm;

	if (!r || !mm)
		return;

	struct file *exe = mm->exe_file;

	if (!exe)
		return;

	long length = bpf_d_path(&exe->f_path, r->path, sizeof(r->path));

	if (length <= 0)
		return;
	fill_header(&r->head, RECORD_EXE, leader);
	r->length = length;
	bpf_seq_write(seq, r, sizeof(*r));
}

static __always_inline bool exe_is_new(struct task_struct *leader, struct process_storage *storage)
{
	if (leader->start_boottime >= walk_exe_since)
		return true;
	return storage && storage->exec_ns >= walk_exe_since;
}

SEC("iter/task")
int walk__tasks(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	if (ctx->meta->seq_num == 0)
		begin_walk();

	bool leader = task->pid == task->tgid;
	bool ran = ran_since_last_walk(task);

	if (!ran && !walk_all && (u32)task->pid % walk_classes != walk_class)
		return 0;

	/* What a socket has counted, its process's counters then have, too. */
	if (scan_wanted)
		scan_files(seq, task, walk_number);

	struct process_storage *storage =
		bpf_task_storage_get(&processes, task->group_leader, NULL, 0);

	write_task(seq, task, storage);
	if (leader && walk_all)
		write_dead_threads(seq, task);
	if (leader && read_exe_path && (walk_all || exe_is_new(task, storage)))
		write_exe(seq, task);
	return 0;
}
