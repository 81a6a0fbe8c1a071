// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Segments that cannot be written hold what stands in the file and nothing else, so nothing is
 * lost. Only whole pages: those at the ends may belong to a neighbour.
 */
static int drop_pages(struct dl_phdr_info *object, size_t size, void *context)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)context;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t address = object->dlpi_addr + segment->p_vaddr;
		uintptr_t start = (address + page - 1) & -page;
		uintptr_t end = (address + segment->p_filesz) & -page;

		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W) && start < end)
			madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 0;
}

void memory_trim(void)
{
	malloc_trim(0);
	dl_iterate_phdr(drop_pages, NULL);
}
