// SPDX-License-Identifier: Apache-2.0
/*
 * TCP and UDP, from /proc/net: of the network namespace that the agent was
 * started in, but for what the kernel counts only once for the whole machine.
 */
#pragma once

#include "machine/proc_file.h"
#include "snapshot/series.h"

struct system_tcp {
	/* /proc/net/snmp, snmp6, netstat and sockstat */
	int snmp_fd, snmp6_fd, netstat_fd, sockstat_fd;
	int diag_fd; /* netlink, to list the sockets that listen; -1 when there is none */
	uint64_t page_bytes;
};

/* Opens the files; what is missing stands in states. */
void system_tcp_open(struct system_tcp *t, struct probe_state states[PROVIDERS]);

/* Reads them into machine. text is scratch. */
void system_tcp_read(struct system_tcp *t, struct series *machine, struct buf *text);

/* Closes the files. */
void system_tcp_close(struct system_tcp *t);
