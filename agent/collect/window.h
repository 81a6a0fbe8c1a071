// SPDX-License-Identifier: Apache-2.0
/*
 * Processes over time: records in, rows of a snapshot out.
 *
 * A process is the pair (pid, start time). Its threads' counters are absolute
 * and never fall, so what a record adds is its difference to the newest value
 * seen of that thread: the differences telescope, and walk, exit and release
 * cannot count anything twice, in whatever order they come. A process that ended
 * is kept one more window, for the release of its last thread may come late.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

#include "base/sparse.h"
#include "base/table.h"
#include "collect/identity.h"
#include "records.h"
#include "snapshot/builder.h"

#define PROCESS_INPUTS (INPUT_END_PROCESS - INPUT_FIRST_PROCESS)

/* Index of a process input in the arrays below. */
#define PROCESS_INPUT(id) (INPUT_PROCESS_##id - INPUT_FIRST_PROCESS)

#define WINDOW_MAX_PROCESSES 262144
#define WINDOW_MAX_THREADS 1048576
#define WINDOW_FILES_WALKS 12 /* each process with files is told of at least this often */

struct process {
	uint32_t pid, ppid, uid, exit_status;
	uint64_t start_ns;
	uint64_t cgroup_id;
	struct cgroup *cgroup;	  /* of the identity cache; NULL until known */
	struct group *user_group; /* of the groups; NULL until asked for */
	uint32_t user_group_uid;
	char *exe;  /* owned; NULL when not known */
	char *args; /* owned; NULL when there are none, or not known */
	char comm[RECORD_COMM_LENGTH + 1];
	bool args_known; /* they were told, or asked for */
	bool exited;
	bool zombie; /* ended, and its parent has not asked for it */
	bool has_memory;
	bool kernel_thread;
	bool shares;		   /* connections with another process, or it may: see unseen.c */
	uint64_t exited_window;	   /* number of the window it ended in */
	uint64_t touched_window;   /* number of the newest window with a record of it */
	uint32_t threads_known;	   /* thread entries that point here */
	uint32_t files_walk;	   /* newest walk over files that told its open files; 0: none */
	uint32_t connections_walk; /* the connection gauges are of this walk over files */
	uint32_t rtt_samples;	   /* connections that value[rtt_ns] is the sum of */
	struct former *former;	   /* owned; leader before an exec by another thread, or NULL */
	struct shared_counters *shared; /* owned; newest reading, NULL while that is 0 */
	uint64_t *amount;		/* owned; added in this window, NULL: nothing */
	struct sparse value;		/* counters: since it began; gauges: newest */
};

/* Of an input: what it counted since it began, or its newest value. */
static inline uint64_t process_value(const struct process *p, unsigned input)
{
	return sparse_get(&p->value, input);
}

/* What a process did in this window: all inputs, most of them mostly 0. */
const uint64_t *process_amounts(const struct process *p);

/* Losses and sums, counted for ever. */
struct window_totals {
	uint64_t run_ns;	  /* of all processes */
	uint64_t root_run_ns;	  /* of those in the root cgroup */
	uint64_t table_full;	  /* records of tasks that found no room */
	uint64_t exits_missed;	  /* processes found gone without an event */
	uint64_t releases_missed; /* threads found gone whose release was not told */
	uint64_t unowned;	  /* threads that were released and whose process is not known */
};

struct groups;
struct oom;

struct window {
	struct table processes; /* struct process, owned */
	struct table threads;	/* struct thread, owned */
	struct identity *identity;
	struct oom *oom;	  /* kills of this window; may be NULL */
	struct groups *groups;	  /* what the processes are summed up in; may be NULL */
	uint64_t number;	  /* of the current window, from 1 */
	uint64_t watched_from_ns; /* boot clock: tasks that began later are counted from 0 */
	uint64_t available;	  /* bit i: the source fills process input i */
	size_t rows_limit;	  /* rows of processes in a snapshot; 0: all */
	bool show_arguments;	  /* else no process has any */
	bool exit_events;	  /* false: a process that is gone is not a loss */
	uint32_t let_go;	  /* processes since memory was given back */
	uint32_t walk;		  /* number of the newest walk */
	uint32_t files_walk;	  /* number of the newest walk over files */
	struct window_totals totals;
};

/* Begins the first window. identity outlives the window. */
void window_init(struct window *w, struct identity *identity, uint64_t available);

/*
 * The process of a record, made when it is not there yet. NULL when there is no
 * room, or a thread is released whose process is not known.
 */
struct process *window_process(struct window *w, const struct record_header *head);

/* Takes the beginning of a process. */
void window_fork(struct window *w, const struct fork_record *r);

/* Takes one record of a task: from the walk, or an event. */
void window_task(struct window *w, const struct task_record *r);

/* Takes a record with a program's path. */
void window_path(struct window *w, const struct path_record *r);

/* Whether the process has a place in this window's snapshot. */
bool process_is_shown(const struct window *w, const struct process *p);

/* Takes what a program was started with. */
void window_arguments(struct window *w, const struct path_record *r);

/* Takes the number of open files of a process. */
void window_files(struct window *w, const struct files_record *r);

/* Adds to what a process did in this window; input is one of level EVENT. */
void window_count(struct window *w, struct process *p, enum input input, uint64_t n);

/* Adds a connection to those that the newest walk over files shows. rtt_ns 0: not measured.
 * close_wait: the other end has closed it. */
void window_connection(struct window *w, struct process *p, uint64_t rtt_ns, bool close_wait);

/* Adds to what the process's own connections say that it has read. */
void window_read(struct window *w, struct process *p, uint64_t n);

/* What processes have read so far is known, whatever was heard of it: unseen is what comes. */
void window_restart_unseen(struct window *w);

/* Say when a walk begins and ends. At the end, tasks that it should have shown and did not are
 * gone: all of them after a full walk, those of one class (tid modulo classes) after another. */
void window_walk_begin(struct window *w);
void window_walk_end(struct window *w, bool full, uint32_t class, uint32_t classes);

/* Forgets what was added so far: called after the first walk, which only sets the base. */
void window_clear_amounts(struct window *w);

/* What window_emit() saw on its way. */
struct window_counts {
	uint64_t rows;	    /* added */
	uint64_t processes; /* alive */
	uint64_t threads;   /* of these */
	uint64_t zombies;
	uint64_t merged; /* in the row "other" */
};

/* Adds a row for each process. length_ns is the time the window took. */
struct window_counts window_emit(struct window *w, struct builder *b, uint64_t length_ns);

/*
 * Ends the window: amounts back to 0, processes that ended in the window before are let go, and
 * what very many of them took is given back.
 */
void window_next(struct window *w);

/* Frees all processes and threads. */
void window_free(struct window *w);
