// SPDX-License-Identifier: Apache-2.0
/*
 * A program that does exactly known work and says what it did, one JSON object
 * a line, so that what the agent measures can be held against it.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Ends the program with status 1 and a line that says what failed; with errno's text when it is
 * set. */
_Noreturn void work_fail(const char *what);

/* Milliseconds since 1970, as in the window of a snapshot. */
int64_t work_wall_ms(void);

/* When this process began. */
extern int64_t work_began_ms;

/* How long work_report() sleeps. */
extern int64_t work_linger_ms;

/* fork() that fails loudly. The child dies with its parent and has a start time of its own. */
pid_t work_fork(void);

/* Waits for a child and fails when it failed. Returns its CPU time (and that of its children) in
 * seconds. */
double work_wait(pid_t pid);

/*
 * Prints {"role":...,"pid":...,"began_ms":...,"ended_ms":..., and the rest}. One
 * write, so that lines of several processes do not mix. Then sleeps as long as
 * `work linger` asked for.
 */
void work_report(const char *role, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sleeps. */
void work_sleep_ms(int64_t ms);

/* Uses the CPU until this thread has had so much of it. */
void work_burn(double seconds);

/* Goes on as the first process of a pid namespace of its own. */
void namespace_pids(void);

/* Goes on in a child; the parent reports as "reaped" the CPU time that the kernel tells at its end.
 */
void work_reap(void);

/* Enters a network namespace of its own with a loopback device; ends the program, with the reason,
 * where that is not allowed. */
void namespace_network(void);

/* CPU time of this process so far, threads that ended included. */
double work_cpu_seconds(void);

/* work_report() with the CPU time of this process. */
void work_report_cpu(const char *role);

/* The commands; argv are their own arguments, count checked by the table in work.c. */
void work_cpu(char **argv);
void work_spawn(char **argv);
void work_spawn_exec(char **argv);
void work_threads(char **argv);
void work_crowd(char **argv);
void work_name(char **argv);
void work_storm(char **argv);
void work_storm_exec(char **argv);
void work_churn(char **argv);
void work_reuse(char **argv);
void work_leader_first(char **argv);
void work_vfork(char **argv);
void work_zombie(char **argv);
void work_fork_both(char **argv);
void work_uid(char **argv);
void work_become(char **argv);
void work_take_over(char **argv);
void work_taken_over(char **argv);
void work_sleepers(char **argv);
void work_memory(char **argv);
void work_tcp(char **argv);
void work_tcp6(char **argv);
void work_udp(char **argv);
void work_unix(char **argv);
void work_calls(char **argv);
void work_udp_refused(char **argv);
void work_mapped_write(char **argv);
void work_unlinked_write(char **argv);
void work_abandoned_write(char **argv);
void work_buffered_read(char **argv);
void work_direct_read(char **argv);
void work_mapped_read(char **argv);
void work_direct_write(char **argv);
void work_buffered_write(char **argv);
void work_requests(char **argv);

/* Arguments as numbers; the program fails when they are none. */
uint64_t work_number(const char *text);
double work_seconds(const char *text);
