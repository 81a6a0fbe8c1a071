// SPDX-License-Identifier: Apache-2.0
/* Snapshots like those of a real machine, made from a fixed seed. */
#pragma once

#include "snapshot/builder.h"

/* A snapshot of count processes with so many metrics each; inside b, which the caller frees. */
const struct snapshot *sample_snapshot(struct builder *b, size_t count, size_t metrics);
