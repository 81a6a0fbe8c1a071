// SPDX-License-Identifier: Apache-2.0
/* Giving up rights: the collector's after its probes are loaded, the server's before it runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The uid the server runs as when the configuration names none and the system
 * has no user "probecast": one of the numbers that systemd's list of uids keeps
 * free (UIDS-GIDS.md, 60578 to 61183), so nothing else runs as it.
 */
#define PRIVILEGE_SERVER_UID 60947

struct privilege_user {
	uid_t uid;
	gid_t gid;
};

/*
 * Whom the server runs as: name is a user's name, a number, or "" for the
 * default. Without root it is the user of this process. Returns 0, or -1 with a
 * line in error (size bytes).
 */
int privilege_server_user(const char *name, struct privilege_user *ret, char *error, size_t size);

/*
 * In the child, before the server's program runs: other uid and gid, no groups,
 * no capability in any set, no new privileges. Returns 0 or a negative errno.
 */
int privilege_become(const struct privilege_user *user);

/*
 * In the collector, once all probes are attached: keeps only what it takes to
 * start the server again as another user with an empty bounding set (CAP_SETUID,
 * CAP_SETGID, CAP_SETPCAP) and to end one that hangs (CAP_KILL); no new
 * privileges. Without root it keeps none. Before Linux 5.19 it keeps CAP_BPF, too,
 * where it has that. Returns 0 or a negative errno.
 */
int privilege_drop(void);
