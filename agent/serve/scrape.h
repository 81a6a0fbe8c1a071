// SPDX-License-Identifier: Apache-2.0
/* GET /metrics: who may read it, and in which format. */
#pragma once

#include "serve/answer.h"

/* True when an Accept header (NULL: none) prefers OpenMetrics to the text format. */
bool scrape_wants_openmetrics(const char *accept);

/*
 * The route. Open when the agent listens on loopback only, and to those whom metrics.allow names;
 * others need a token, where metrics.token lets them.
 */
void scrape_serve(struct answer *a);
