// SPDX-License-Identifier: Apache-2.0
/*
 * exec by a thread that is not the leader. The kernel (de_thread()) ends all other
 * threads, then swaps the tids of the two and gives the thread the leader's start
 * time: from then on the thread is told as the leader was, and the leader, when it
 * is released, under the thread's tid. Only the task itself tells who is meant.
 */
#include <stdlib.h>

#include "collect/thread.h"

/* task_structs begin at cache lines: this tells those apart that are alive together. */
uint32_t thread_task(const struct record_header *head)
{
	return (uint32_t)(head->task >> 6);
}

/* The process's entry of that task, or of that tid where tid is not 0. It is rarely looked for. */
static struct thread *search(struct window *w, const struct process *p, uint32_t task, uint32_t tid)
{
	struct thread *t;
	size_t at = 0;

	while ((t = table_next(&w->threads, &at)))
		if (t->process == p && t->tid != p->pid && (tid ? t->tid == tid : t->task == task))
			return t;
	return NULL;
}

/* Makes room for what is known of a former leader: nothing yet. NULL without memory. */
static struct former *former_new(struct window *w, struct process *p, uint32_t task)
{
	struct former *former = calloc(1, sizeof(*former));

	if (!former) {
		w->totals.table_full++;
		return NULL;
	}
	former->thread.task = task;
	/* Another that still waits for its release: what it did since the walk is lost. */
	w->totals.unowned += p->former != NULL;
	former_free(p->former);
	p->former = former;
	return former;
}

/*
 * The leader's entry becomes the successor's, with its key; what it knew of the
 * leader is kept for the release. A successor that is not known began after the
 * newest walk, so all of it is new; a task of 0 is told by its first record.
 */
static void take_over(struct window *w, struct thread *leader, struct thread *successor,
		      uint32_t task)
{
	struct process *p = leader->process;
	struct former *former = former_new(w, p, leader->task);

	if (!former)
		return;
	former->thread.last = leader->last;
	former->shared = p->shared;
	p->shared = NULL;
	/* What was heard of the leader comes late. */
	p->shares = true;
	leader->last = successor ? successor->last : (struct thread_counters){0};
	leader->task = successor ? successor->task : task;
	leader->ended = false;
	if (!successor)
		return;
	table_remove(&w->threads, successor->tid, successor->start_ns);
	p->threads_known--;
	free(successor);
}

bool former_is(const struct process *p, const struct record_header *head)
{
	return p->former && p->former->thread.task == thread_task(head);
}

/* The entry of a former leader of which nothing is known. */
static struct thread *unknown_former(struct window *w, struct process *p, uint32_t task)
{
	struct former *former = former_new(w, p, task);

	return former ? &former->thread : NULL;
}

/* The release of a former leader: under another tid, with the start time of the process. */
static struct thread *former_of_release(struct window *w, struct process *p,
					const struct record_header *head)
{
	struct thread *leader = table_get(&w->threads, p->pid, p->start_ns);
	uint32_t task = thread_task(head);

	if (!leader || leader->task != task)
		return unknown_former(w, p, task);
	take_over(w, leader, search(w, p, 0, head->tid), 0);
	return former_is(p, head) ? &p->former->thread : NULL;
}

struct thread *thread_find(struct window *w, struct process *p, const struct record_header *head)
{
	struct thread *t = table_get(&w->threads, head->tid, head->thread_start_ns);
	uint32_t task = thread_task(head);

	if (!task || (t && t->task == task) || head->thread_start_ns != p->start_ns)
		return t;
	if (former_is(p, head))
		return &p->former->thread;
	if (head->tid != p->pid)
		return former_of_release(w, p, head);
	/* The walk showed the successor before the leader's exit was heard of, and not the leader.
	 */
	if (t && t->task && head->kind == RECORD_EXIT && !t->ended)
		return unknown_former(w, p, task);
	if (t && t->task)
		take_over(w, t, search(w, p, task, 0), task);
	if (t)
		t->task = task;
	return t;
}
