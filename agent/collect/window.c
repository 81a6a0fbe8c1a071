// SPDX-License-Identifier: Apache-2.0
#include "collect/window.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "collect/thread.h"

/* A process that lives is seen in the window it began in. */
#define WINDOW_UNSEEN_MAX 2

/* After so many processes the free memory between those that live is worth looking for. */
#define WINDOW_LET_GO_MAX 4096

#define THREAD_COUNTERS (sizeof(struct thread_counters) / sizeof(uint64_t))
#define SHARED_COUNTERS (sizeof(struct shared_counters) / sizeof(uint64_t))

/* The records hold counters in the order of the metric list. */
_Static_assert(PROCESS_INPUT(run_ns) == 0, "thread counters come first");
_Static_assert(PROCESS_INPUT(tcp_rx_bytes) == THREAD_COUNTERS, "shared counters follow");
_Static_assert(PROCESS_INPUT(rx_bytes) == THREAD_COUNTERS + SHARED_COUNTERS, "then derived ones");

void window_init(struct window *w, struct identity *identity, uint64_t available)
{
	*w = (struct window){
		.processes.limit = WINDOW_MAX_PROCESSES,
		.threads.limit = WINDOW_MAX_THREADS,
		.identity = identity,
		.number = 1,
		.available = available,
		.exit_events = true,
	};
}

static struct process *process_new(struct window *w, const struct record_header *head)
{
	struct process *p = calloc(1, sizeof(*p));

	if (!p || !table_put(&w->processes, head->pid, head->process_start_ns, p)) {
		free(p);
		w->totals.table_full++;
		return NULL;
	}
	p->pid = head->pid;
	p->start_ns = head->process_start_ns;
	return p;
}

/*
 * When a task is released its parent, and a thread's leader, may be gone: what
 * the record says of them is not to be trusted. A thread that is known knows its
 * process; one that is not belongs to a process that is, or is counted as lost.
 */
static struct process *process_of_release(struct window *w, const struct record_header *head)
{
	struct thread *t = table_get(&w->threads, head->tid, head->thread_start_ns);

	if (t)
		return t->process;

	struct process *p = table_get(&w->processes, head->pid, head->process_start_ns);

	/* A former leader (take_over.c) began with its process. */
	if (!p)
		p = table_get(&w->processes, head->pid, head->thread_start_ns);
	if (p)
		return p;
	if (head->tid == head->pid)
		return process_new(w, head);
	/* One from before the agent, of a process that no walk could show any more, is no loss. */
	w->totals.unowned += head->thread_start_ns >= w->watched_from_ns;
	return NULL;
}

struct process *window_process(struct window *w, const struct record_header *head)
{
	struct process *p;

	if (head->kind == RECORD_FREE) {
		p = process_of_release(w, head);
	} else {
		p = table_get(&w->processes, head->pid, head->process_start_ns);
		if (!p)
			p = process_new(w, head);
		if (p)
			p->ppid = head->ppid;
	}
	if (p)
		p->touched_window = w->number;
	return p;
}

static struct thread *thread_new(struct window *w, struct process *p,
				 const struct record_header *head)
{
	struct thread *t = calloc(1, sizeof(*t));

	if (!t || !table_put(&w->threads, head->tid, head->thread_start_ns, t)) {
		free(t);
		w->totals.table_full++;
		return NULL;
	}
	t->tid = head->tid;
	t->start_ns = head->thread_start_ns;
	t->task = thread_task(head);
	t->walk = w->walk;
	t->process = p;
	p->threads_known++;
	return t;
}

static void thread_remove(struct window *w, const struct record_header *head)
{
	struct thread *t = table_remove(&w->threads, head->tid, head->thread_start_ns);

	if (!t)
		return;
	window_set_state(w, t->process, &t->state, THREAD_SLEEPING);
	t->process->threads_known--;
	free(t);
}

static void count_run(struct window *w, const struct process *p, uint64_t run_ns)
{
	w->totals.run_ns += run_ns;
	if (p->cgroup_id == IDENTITY_ROOT_CGROUP)
		w->totals.root_run_ns += run_ns;
}

/* Adds what the counters grew by. A task older than the agent brings its past as total, not as
 * amount. */
static void add_thread(struct window *w, struct process *p, struct thread_counters *last,
		       const struct thread_counters *now, bool past)
{
	const uint64_t *to = (const uint64_t *)now;
	uint64_t *from = (uint64_t *)last, *amount = NULL;

	for (size_t i = 0; i < THREAD_COUNTERS; i++) {
		if (to[i] <= from[i])
			continue;

		uint64_t grown = to[i] - from[i];

		if (!past)
			amount = process_add_amounts(w, p);
		if (!past && !amount)
			return;
		from[i] = to[i];
		process_add(w, p, (unsigned)i, grown);
		if (past)
			continue;
		amount[i] += grown;
		if (i == PROCESS_INPUT(run_ns))
			count_run(w, p, grown);
	}
}

/*
 * Counters of the whole process begin with the agent. What finds no memory is
 * found again in the next reading.
 */
static void add_shared(struct window *w, struct process *p, struct shared_counters **last,
		       const struct shared_counters *now)
{
	const uint64_t *to = (const uint64_t *)now;

	for (size_t i = 0; i < SHARED_COUNTERS; i++) {
		if (to[i] <= (*last ? ((uint64_t *)*last)[i] : 0))
			continue;

		uint64_t *amount = process_add_amounts(w, p);

		if (!*last)
			*last = calloc(1, sizeof(**last));
		if (!*last || !amount)
			return;

		uint64_t *from = (uint64_t *)*last, grown = to[i] - from[i];

		from[i] = to[i];
		amount[THREAD_COUNTERS + i] += grown;
		process_add(w, p, (unsigned)(THREAD_COUNTERS + i), grown);
	}
}

static void raise_peak(struct window *w, struct process *p, uint64_t bytes)
{
	if (bytes > process_value(p, PROCESS_INPUT(peak_rss_bytes)))
		process_set(w, p, PROCESS_INPUT(peak_rss_bytes), bytes);
}

static void set_memory(struct window *w, struct process *p, const struct task_record *r,
		       uint64_t page)
{
	uint64_t rss = r->anonymous_pages + r->file_pages + r->shared_pages;
	uint64_t peak = r->peak_pages > rss ? r->peak_pages : rss;

	process_set(w, p, PROCESS_INPUT(anonymous_bytes), r->anonymous_pages * page);
	process_set(w, p, PROCESS_INPUT(file_bytes), r->file_pages * page);
	process_set(w, p, PROCESS_INPUT(shared_bytes), r->shared_pages * page);
	process_set(w, p, PROCESS_INPUT(swap_bytes), r->swap_pages * page);
	process_set(w, p, PROCESS_INPUT(rss_bytes), rss * page);
	raise_peak(w, p, peak * page);
	p->has_memory = true;
}

static void set_identity(struct window *w, struct process *p, const struct task_record *r)
{
	p->uid = r->uid;
	memcpy(p->comm, r->comm, RECORD_COMM_LENGTH);
	p->kernel_thread = r->kernel_thread;
	if (!p->cgroup || r->cgroup_id != p->cgroup_id) {
		p->cgroup_id = r->cgroup_id;
		p->cgroup = identity_cgroup(w->identity, r->cgroup_id, r->head.pid);
	}
}

void window_set_exited(struct window *w, struct process *p, uint32_t status)
{
	if (!p->exited)
		p->exited_window = w->number;
	p->exited = true;
	p->exit_status = status;
	for (unsigned i = PROCESS_INPUT(threads); i <= PROCESS_INPUT(threads_stopped); i++)
		process_set(w, p, i, 0);
}

/* The final memory numbers: a process that ended holds none, its peak stays. */
static void take_exit(struct window *w, struct process *p, const struct task_record *r)
{
	uint64_t peak = r->peak_pages * (uint64_t)sysconf(_SC_PAGESIZE);

	if (!r->group_dead)
		return;
	window_set_exited(w, p, r->exit_code);
	raise_peak(w, p, peak);
	if (peak)
		p->has_memory = true;
	for (unsigned i = PROCESS_INPUT(rss_bytes); i <= PROCESS_INPUT(swap_bytes); i++)
		process_set(w, p, i, 0);
}

static void take_walk(struct window *w, struct process *p, const struct task_record *r)
{
	if (r->has_memory)
		set_memory(w, p, r, (uint64_t)sysconf(_SC_PAGESIZE));
	p->zombie = r->zombie;
	if (r->zombie)
		window_set_exited(w, p, r->exit_code);
	else if (!p->exited)
		process_set(w, p, PROCESS_INPUT(threads), r->threads);
	if (!former_is(p, &r->head))
		add_shared(w, p, &p->shared, &r->shared);
}

static void take_counters(struct window *w, struct process *p, const struct task_record *r)
{
	struct thread *known = thread_find(w, p, &r->head);
	bool past = !known && r->head.thread_start_ns < w->watched_from_ns;
	struct thread_counters zero = {0};

	/* The release is the last that is heard of a thread: it needs no entry. */
	if (r->head.kind == RECORD_FREE) {
		add_thread(w, p, known ? &known->last : &zero, &r->thread, past);
		return;
	}

	struct thread *t = known ? known : thread_new(w, p, &r->head);

	if (!t)
		return;
	add_thread(w, p, &t->last, &r->thread, past);
	t->ended |= r->head.kind == RECORD_EXIT;
	if (r->head.kind == RECORD_TASK) {
		t->walk = w->walk;
		t->missed = false;
		window_set_state(w, p, &t->state, r->zombie ? THREAD_SLEEPING : r->state);
	}
}

static void take_release(struct window *w, struct process *p, const struct task_record *r)
{
	if (former_is(p, &r->head)) {
		former_free(p->former);
		p->former = NULL;
		return;
	}
	thread_remove(w, &r->head);
	if (r->head.tid != r->head.pid)
		return;
	p->zombie = false;
	if (!p->exited)
		window_set_exited(w, p, r->exit_code);
}

void window_task(struct window *w, const struct task_record *r)
{
	struct process *p = window_process(w, &r->head);

	if (!p)
		return;
	if (r->head.kind == RECORD_DEAD_THREADS) {
		add_thread(w, p, &(struct thread_counters){0}, &r->thread, true);
		return;
	}
	if (r->head.kind != RECORD_FREE || !p->comm[0])
		set_identity(w, p, r);
	take_counters(w, p, r);
	if (r->head.kind == RECORD_TASK)
		take_walk(w, p, r);
	else
		add_shared(w, p, former_is(p, &r->head) ? &p->former->shared : &p->shared,
			   &r->shared);
	if (r->head.kind == RECORD_TASK || r->head.kind == RECORD_EXIT)
		process_settle_unseen(w, p);
	if (r->head.kind == RECORD_EXIT)
		take_exit(w, p, r);
	if (r->head.kind == RECORD_FREE)
		take_release(w, p, r);
}

void window_clear_amounts(struct window *w)
{
	struct process *p;
	size_t at = 0;

	while ((p = table_next(&w->processes, &at)))
		process_clear_amounts(p);
}

/* Known by its beginning alone, and no walk showed it since: its end was lost. */
static bool end_was_lost(const struct window *w, const struct process *p)
{
	return !p->exited && !p->threads_known && w->number - p->touched_window > WINDOW_UNSEEN_MAX;
}

/* Zombies keep their row until they are reaped: they still hold their pid. */
static bool process_is_over(void *context, void *item)
{
	struct window *w = context;
	struct process *p = item;

	process_clear_amounts(p);
	if (end_was_lost(w, p)) {
		w->totals.exits_missed++;
		process_free(p);
		return true;
	}
	if (!p->exited || p->threads_known || p->touched_window == w->number)
		return false;
	process_free(p);
	return true;
}

void window_next(struct window *w)
{
	size_t before = w->processes.count;

	table_sweep(&w->processes, process_is_over, w);
	w->number++;
	w->let_go += (uint32_t)(before - w->processes.count);
	if (w->let_go < WINDOW_LET_GO_MAX)
		return;
	w->let_go = 0;
	memory_trim_heap();
}

void window_free(struct window *w)
{
	void *item;
	size_t at = 0;

	while ((item = table_next(&w->threads, &at)))
		free(item);
	at = 0;
	while ((item = table_next(&w->processes, &at)))
		process_free(item);
	table_free(&w->threads);
	table_free(&w->processes);
}
