// SPDX-License-Identifier: Apache-2.0
/*
 * Files of /proc and /sys that are kept open: reading them again costs no
 * look-up, and no privilege.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "machine/probe_state.h"

/* Larger files are not read. */
#define PROC_FILE_MOST_BYTES (16u << 20)

/*
 * Opens a file. Returns a descriptor that the caller closes, or -1. What became of it stands in
 * state, which may be NULL.
 */
int proc_file_open(const char *path, struct probe_state *state);

/*
 * Reads the whole file again, into text, whose memory is kept for the next call. Returns it
 * NUL-terminated, valid until then; NULL when fd is -1, or the file is empty, too large or cannot
 * be read.
 */
char *proc_file_read(int fd, struct buf *text);

/* Closes a descriptor, and sets it to -1; one that is -1 is fine. */
void proc_file_close(int *fd);

/* The number behind name, which stands at the beginning of a line of text: "MemFree:", "pswpin ".
 * False when there is no such line. */
bool proc_file_number(const char *text, const char *name, uint64_t *ret);
