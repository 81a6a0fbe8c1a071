// SPDX-License-Identifier: Apache-2.0
/* Load averages and stall times: /proc/loadavg, /proc/pressure. */
#pragma once

#include "machine/proc_file.h"
#include "snapshot/series.h"

struct system_load {
	int loadavg_fd;
	int pressure_fd[3]; /* cpu, memory, io */
};

/* Opens the files; what is missing stands in states. */
void system_load_open(struct system_load *l, struct probe_state states[PROVIDERS]);

/* Reads them into machine. text is scratch. */
void system_load_read(struct system_load *l, struct series *machine, struct buf *text);

/* Closes the files. */
void system_load_close(struct system_load *l);
