// SPDX-License-Identifier: Apache-2.0
/* Keeps the agent within its budget: switches probes, says so, and says why. */
#pragma once

#include "collect/collector.h"

/* To be called once a window of length_ns, after its end. */
void shed_probes(struct collector *c, uint64_t length_ns);
