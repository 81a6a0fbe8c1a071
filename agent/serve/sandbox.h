// SPDX-License-Identifier: Apache-2.0
/* The server's seccomp filter: an allow-list; all else fails, and what no server does ends it. */
#pragma once

/* Puts the filter in force, for ever. Needs no_new_privs. Returns 0 or a negative errno. */
int sandbox_enter(void);
