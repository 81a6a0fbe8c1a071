// SPDX-License-Identifier: Apache-2.0
/* The state directory: made when missing, and the automatic key in it. */
#pragma once

#include <stddef.h>

/* 64 hexadecimal digits and a NUL. */
#define STATE_SECRET_LENGTH 65

/*
 * Makes the directory (and its parents) when missing, and checks that files can
 * be made in it. Returns 0, or -1 with one line in error (size bytes).
 */
int state_prepare(const char *directory, char *error, size_t size);

/* Reads the automatic key. Returns 0, or -1 with one line in error. */
int state_read_secret(const char *directory, char secret[STATE_SECRET_LENGTH], char *error,
		      size_t size);

/* Reads the automatic key, or makes one (mode 0600). Returns 0, or -1 with one line in error. */
int state_secret(const char *directory, char secret[STATE_SECRET_LENGTH], char *error, size_t size);
