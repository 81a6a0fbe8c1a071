// SPDX-License-Identifier: Apache-2.0
/* The server process: unprivileged, the only one that listens. */
#pragma once

/*
 * Runs the server on the link end link_fd until the collector goes away or
 * SIGTERM. Reads its configuration from the first LINK_BUNDLE. Returns the
 * exit status of the process.
 */
int serve_run(int link_fd);

/* Mints a token: see agent/serve/token.h */
