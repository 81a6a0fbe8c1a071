// SPDX-License-Identifier: Apache-2.0
/* One window of the agent, and known work inside it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/* A program that runs in the background; what it prints is read at its end. */
struct background {
	pid_t pid;
	int out;
	int log; /* its standard error, when log_wanted was set before it was started */
	bool log_wanted;
};

/* Starts a program, found as execvp() finds it; arguments begin with its name. */
void program_start(struct background *b, const char *program, const char *const arguments[]);

/* Waits for its end; returns what it printed, owned by the caller. The test fails when it failed.
 */
char *program_finish(struct background *b, const char *what);

/* Paths of the agent and of tests/work; skip the test when they are not built. */
const char *agent_program(void);
const char *work_program(void);

/*
 * Starts `probecast once --json` and returns when it is watching. Skips the test
 * without root, without the program, or where BPF is not to be had.
 */
void once_start(struct background *once, unsigned duration_ms);

/* The same, from a source of the test's choice: "bpf", "procfs". Needs no root. */
void once_start_from(struct background *once, const char *source, unsigned duration_ms);

/* Waits for the window's end; returns the document, whatever its source. */
json_t *once_document(struct background *once);

/* Waits for the window's end; returns the document. Skips the test when it does not come from BPF.
 */
json_t *once_finish(struct background *once);

/* The same; skips the test when events were lost, as the document itself says. */
json_t *once_whole(struct background *once);

/* Starts tests/work with these arguments. */
void work_start(struct background *work, const char *const arguments[]);

/* Waits for its end; returns the list of what its processes did. */
json_t *work_finish(struct background *work);

/* Reads what it printed so far, up to so many lines; for work that goes on living. */
json_t *work_lines(struct background *work, size_t lines);

/* What the process of that role did; the test fails when there is none. */
json_t *work_of(json_t *lines, const char *role);

/* The row of the process; the test fails unless there is just one. */
json_t *process_row(json_t *document, json_t *work);

/* A number inside nested objects ("cpu.seconds"); the test fails when it is absent. */
double number_at(json_t *object, const char *path);

/* Length of the document's window. */
double window_seconds(json_t *document);

/* Skips the test unless all this work lay inside the document's window, and ended well before its
 * end: the machine is too busy. */
void check_inside(json_t *document, json_t *lines);

/* Skips the test when the probe is not attached, with its reason. */
void need_probe(json_t *document, const char *name);

/* Fails unless the number is within 1 % of the expected one; prints both and the difference. */
void check_close(json_t *row, const char *path, double expected);

/* Makes an empty file on a block device, beside the test's own program; skips the test when that is
 * on none. */
void make_file(char *path, size_t size);
