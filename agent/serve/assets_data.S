/* SPDX-License-Identifier: Apache-2.0 */
/* The packed files between two symbols each; found by the assembler's search path. */
	.section .rodata
#define ASSET(symbol, file, type)                                              \
	.global asset_##symbol##_start;                                        \
	.global asset_##symbol##_end;                                          \
	asset_##symbol##_start:;                                               \
	.incbin file;                                                          \
	asset_##symbol##_end:;                                                 \
	.byte 0;
#include "serve/assets.def"
#undef ASSET
	.section .note.GNU-stack,"",%progbits
