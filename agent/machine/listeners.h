// SPDX-License-Identifier: Apache-2.0
/*
 * How many TCP sockets listen, by the kernel's socket diagnosis (sock_diag(7)). No file of /proc
 * counts them, and /proc/net/tcp lists every connection.
 */
#pragma once

/* Opens the netlink socket, of this network namespace. Returns it, or a negative errno. */
int listeners_open(void);

/* Counts those of IPv4 and IPv6; a negative errno when the kernel does not say. */
int listeners_count(int fd);
