// SPDX-License-Identifier: Apache-2.0
/* Routes of the API that read. */
#pragma once

#include "serve/answer.h"

/* In api_rows.c: documents and rows of the newest snapshot. */
void api_snapshot(struct answer *a);
void api_processes(struct answer *a);
void api_process(struct answer *a);
void api_groups(struct answer *a);

/* In api_state.c: what the server knows besides. */
void api_metrics(struct answer *a);
void api_stats(struct answer *a);
void api_rules(struct answer *a);
void api_alerts(struct answer *a);
void api_alert(struct answer *a);
void api_nodes(struct answer *a);
