#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command as root where that can be had without asking, and as it is elsewhere.
if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then
	exec sudo -n -E "$@"
fi
exec "$@"
