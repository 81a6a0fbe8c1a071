// SPDX-License-Identifier: Apache-2.0
/*
 * Log lines on stderr, as text or JSON. Rooms that are libraries (snapshot,
 * encode, config) do not log: they return an error with its text.
 */
#pragma once

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Sets what is logged and how; name stands in each line ("collector", "server"). */
void log_setup(const char *name, enum log_level level, bool json);

/* True when lines of this level are written. */
bool log_enabled(enum log_level level);

/* Writes one line; bytes that are not printable are escaped. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Level by name (error, warning, info, debug); -1 when there is none. */
int log_level_of(const char *name);

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
