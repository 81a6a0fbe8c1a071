// SPDX-License-Identifier: Apache-2.0
/* What the server is told first: configuration and rule files, checked here where the user sees the
 * error. */
#pragma once

#include "base/buf.h"
#include "config/config.h"

/*
 * Packs the effective configuration and the rule files of rules_dir into a
 * bundle (see link/bundle.h). Returns 0, or -1 with one line in error (size bytes).
 */
int rules_bundle(const struct config *config, struct buf *bundle, char *error, size_t size);
