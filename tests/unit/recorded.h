// SPDX-License-Identifier: Apache-2.0
/* Recordings made for a test: windows 1, 2, ... that end a second after each other. */
#pragma once

#include "harness/harness.h"
#include "snapshot/builder.h"
#include "snapshot/recording.h"

#define RECORDED_FIRST_MS 1700000000000LL
#define RECORDED_MOST 16384
#define RECORDED_ERROR 512

extern struct recorder recorder;
extern struct recording recording;
extern char recorded_path[64], recorded_error[RECORDED_ERROR];

/* A name in /tmp that is free. */
const char *recorded_name(void);

/* Begins a file that has lost its name, and is open again at recorded_path. */
void recorded_begin(void);

/* Builds the window that ends then. */
void recorded_build(uint64_t seq, int64_t end_wall_ms, struct builder_parts *ret);

/* Records it. */
void recorded_append(uint64_t seq, int64_t end_wall_ms);

/* Begins a file and records windows 1 to count. */
void recorded_windows(uint64_t count);

/* Closes the recorder. */
void recorded_finish(void);

/* Opens recorded_path. */
void recorded_open(void);

/* The file's bytes and back. */
size_t recorded_bytes(unsigned char to[RECORDED_MOST]);
void recorded_replace(const void *bytes, size_t len);

/* The window must be the one that was recorded, to the byte. */
void recorded_check(const struct snapshot *s, uint64_t seq);

/*
 * Reads and checks windows 1, 2, ... to the end, twice over the end. Returns how
 * many; how it ended in *ret.
 */
uint64_t recorded_read(enum recording_result *ret);

/* Opens, reads and closes. Returns how many windows there were, -1 when the file was refused. */
int64_t recorded_count(enum recording_result *ret);
