// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Only whole pages: those at the ends may belong to a neighbour. */
static void drop_range(uintptr_t start, uintptr_t end)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	start = (start + page - 1) & -page;
	end &= -page;
	if (start < end)
		madvise((void *)start, end - start, MADV_DONTNEED);
}

void memory_give_back(void *start, size_t len)
{
	drop_range((uintptr_t)start, (uintptr_t)start + len);
}

/* Segments that cannot be written hold what stands in the file and nothing else: none is lost. */
static int drop_program(struct dl_phdr_info *object, size_t size, void *context)
{
	(void)size;
	(void)context;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
			drop_range(start, start + segment->p_filesz);
	}
	return 0;
}

void memory_trim_heap(void)
{
	malloc_trim(0);
}

void memory_trim(void)
{
	memory_trim_heap();
	dl_iterate_phdr(drop_program, NULL);
}
