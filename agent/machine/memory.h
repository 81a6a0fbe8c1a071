// SPDX-License-Identifier: Apache-2.0
/* Memory and swap of the machine, from /proc/meminfo and /proc/vmstat. */
#pragma once

#include "machine/proc_file.h"
#include "snapshot/series.h"

struct system_memory {
	int meminfo_fd;
	int vmstat_fd;
	uint64_t page_bytes;
};

/* Opens the files; what is missing stands in states. */
void system_memory_open(struct system_memory *m, struct probe_state states[PROVIDERS]);

/* Reads them into machine. text is scratch. */
void system_memory_read(struct system_memory *m, struct series *machine, struct buf *text);

/* Closes the files. */
void system_memory_close(struct system_memory *m);
