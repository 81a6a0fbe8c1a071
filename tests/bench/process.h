// SPDX-License-Identifier: Apache-2.0
/* Other programs: started, measured, ended; and the rows of the benchmarks' table. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Ends the benchmark with status 1 and a line that says why. */
_Noreturn void bench_fail(const char *what);

/* Sleeps. */
void bench_sleep(double seconds);

/*
 * Starts a program. Its standard output goes to the pipe *ret_out, or nowhere when ret_out is NULL.
 * It dies with this benchmark.
 */
pid_t process_start(const char *const arguments[], int *ret_out);

/* Ends a program by SIGTERM and waits for it. */
void process_stop(pid_t pid);

/* CPU time of all threads, as the scheduler counts it. */
double process_cpu_seconds(pid_t pid);

/* Resident memory. */
double process_rss_bytes(pid_t pid);

/* The first child. */
pid_t process_child(pid_t pid);

/*
 * Run time of the BPF programs that the process holds, less those that it runs itself (iterators:
 * they are in its own CPU time already). Counted only while bpf_enable_stats() holds.
 */
double process_bpf_seconds(pid_t pid);

/* A running agent. */
struct bench_agent {
	pid_t collector, server;
	int out;
	char state_dir[64];
};

/* Starts `probecast run` (environment: PROBECAST) on a free port and returns when it serves. */
void bench_agent_start(struct bench_agent *a);
void bench_agent_stop(struct bench_agent *a);

/*
 * One line of the table, tab-separated: what, value, anchor, what is compared, its bar, pass or
 * miss. at_most says on which side of the bar is good.
 */
void bench_row(const char *what, const char *value, const char *anchor, double compared,
	       bool at_most, double bar);

/* The middle of the values, which are sorted for it. */
double bench_median(double *values, size_t count);
