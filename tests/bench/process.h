// SPDX-License-Identifier: Apache-2.0
/* Other programs: started, measured, ended. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Ends the benchmark with status 1 and a line that says why. */
_Noreturn void bench_fail(const char *what);

/* Sleeps. */
void bench_sleep(double seconds);

/* Fewer rounds, which show that a benchmark works (environment: BENCH_QUICK). */
bool bench_quick(void);

/* The program that does known work (environment: WORK). */
const char *bench_work(void);

/*
 * Starts a program. Its standard output goes to the pipe *ret_out, or nowhere when ret_out is NULL.
 * It dies with this benchmark.
 */
pid_t process_start(const char *const arguments[], int *ret_out);

/* Ends a program by SIGTERM and waits for it. */
void process_stop(pid_t pid);

/* CPU time of all threads, as the scheduler counts it. */
double process_cpu_seconds(pid_t pid);

/* Resident memory; pages that others have too count in full, or (PSS) in part. */
struct memory {
	double rss_bytes, pss_bytes;
};
struct memory process_memory(pid_t pid);

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

/*
 * Starts `probecast run` (environment: PROBECAST) on a free port and returns when it serves. It has
 * no budget: whatever it costs, it detaches no probe.
 */
void bench_agent_start(struct bench_agent *a, const char *interval_ms);

/* Of both processes in sum. */
double bench_agent_cpu_seconds(const struct bench_agent *a);
struct memory bench_agent_memory(const struct bench_agent *a);

void bench_agent_stop(struct bench_agent *a);
