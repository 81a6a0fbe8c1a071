// SPDX-License-Identifier: Apache-2.0
/* Threads that a walk should have shown: how the window finds out what it was not told. */
#include <stdlib.h>

#include "collect/thread.h"

void window_walk_begin(struct window *w)
{
	w->walk++;
}

struct sweep {
	struct window *window;
	uint32_t walks; /* each thread should have been shown within so many */
};

/*
 * The walk no longer shows a thread that it should. Its release may still be on
 * its way, and must find the entry or all would be counted again: only a thread
 * that is missed twice has lost its event.
 */
static bool thread_is_gone(void *context, void *item)
{
	struct sweep *s = context;
	struct thread *t = item;

	if (s->window->walk - t->walk < s->walks)
		return false;
	if (s->window->exit_events && !t->missed) {
		t->missed = true;
		return false;
	}

	struct process *p = t->process;

	window_set_state(s->window, p, &t->state, THREAD_SLEEPING);
	if (--p->threads_known == 0 && !p->exited) {
		s->window->totals.exits_missed += s->window->exit_events;
		window_set_exited(s->window, p, 0);
	} else {
		s->window->totals.releases_missed += s->window->exit_events;
	}
	free(t);
	return true;
}

/* After a walk over one class: once a round, when each class had its turn. */
void window_walk_end(struct window *w, bool full, uint32_t class, uint32_t classes)
{
	struct sweep s = {w, full ? 1 : classes};

	if (full || class == classes - 1)
		table_sweep(&w->threads, thread_is_gone, &s);
}
