// SPDX-License-Identifier: Apache-2.0
/* A thread, as the window knows it: private to the window's files. */
#pragma once

#include "collect/window.h"

struct thread {
	uint32_t tid;
	uint32_t walk; /* the newest that showed it */
	uint32_t task; /* see thread_task() */
	bool missed;   /* a walk should have shown it and did not */
	bool ended;    /* its exit was told */
	uint8_t state; /* enum thread_state, of the newest walk */
	uint64_t start_ns;
	struct process *process;
	struct thread_counters last;
};

/* A leader whose place another thread took by exec, until the kernel lets go of it. */
struct former {
	struct thread thread;
	struct shared_counters *shared; /* owned; see struct process */
};

/* Sets an input's value, or adds to it. Without memory it stays, and that is counted. */
void process_set(struct window *w, struct process *p, unsigned input, uint64_t value);
void process_add(struct window *w, struct process *p, unsigned input, uint64_t n);

/* To add to what the process did in this window. NULL, and counted, without memory. */
uint64_t *process_add_amounts(struct window *w, struct process *p);

/* Counts what was read and not heard of. To be called when what was heard is newer than what was
 * read. */
void process_settle_unseen(struct window *w, struct process *p);

/* Forgets it. */
void process_clear_amounts(struct process *p);

/* Frees a process, or its former leader, with what it owns; NULL is fine. */
void process_free(struct process *p);
void former_free(struct former *f);

/* Which task a record speaks of; 0 where the source does not know. */
uint32_t thread_task(const struct record_header *head);

/* The entry of the task that the record speaks of, whatever exec made of its tid; NULL when it is
 * not known. */
struct thread *thread_find(struct window *w, struct process *p, const struct record_header *head);

/* Whether the record speaks of the process's former leader. */
bool former_is(const struct process *p, const struct record_header *head);

/* Moves a thread of the process from one state to another in its counts; THREAD_SLEEPING is not
 * counted: also where a thread comes from and goes to. */
void window_set_state(struct window *w, struct process *p, uint8_t *state, uint8_t to);

/* Marks a process as ended with this status, as wait() tells it; the first to say so counts. */
void window_set_exited(struct window *w, struct process *p, uint32_t status);
