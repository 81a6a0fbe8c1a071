// SPDX-License-Identifier: Apache-2.0
/* How probes shall attach, as the configuration says it: "sockets=kprobe block=off". */
#pragma once

#include <stddef.h>

#include "collect/loader.h"

/*
 * Sets states[].wanted from the text. Returns 0, or -1 with one line in error (size
 * bytes). The walk and the life of tasks are what everything rests on: no wishes there.
 */
int wish_parse(const char *text, struct probe_state states[PROVIDERS], char *error, size_t size);
