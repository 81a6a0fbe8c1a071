// SPDX-License-Identifier: Apache-2.0
/* A thread, as the window knows it: private to the window's files. */
#pragma once

#include "collect/window.h"

struct thread {
	uint32_t tid;
	uint32_t walk; /* the newest that showed it */
	bool missed;   /* a walk should have shown it and did not */
	uint64_t start_ns;
	struct process *process;
	struct thread_counters last;
};

/* Marks a process as ended with this status, as wait() tells it; the first to say so counts. */
void window_set_exited(struct window *w, struct process *p, uint32_t status);
