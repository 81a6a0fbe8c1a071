#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Includes point in the direction of the data (docs/ARCHITECTURE.md): a room may include only these.
set -u
cd "$(dirname "$0")/.." || exit 2

declare -A may=(
	[base]="base"
	[snapshot]="base snapshot"
	[config]="base config"
	[link]="base snapshot config link"
	[machine]="base snapshot machine"
	[collect]="base snapshot config link machine collect"
	[alert]="base snapshot config alert"
	[encode]="base snapshot alert encode"
	[serve]="base snapshot config link alert encode serve"
	[cli]="base snapshot config link machine collect alert encode serve cli"
)

wrong=0
for room in agent/*/; do
	room=$(basename "$room")
	[ "$room" = web ] && continue
	if [ -z "${may[$room]:-}" ]; then
		echo "agent/$room: not a room that scripts/check-layers.sh knows"
		wrong=1
		continue
	fi
	while IFS=: read -r file line included; do
		case " ${may[$room]} " in
		*" $included "*) ;;
		*)
			echo "$file:$line: $room must not include $included"
			wrong=1
			;;
		esac
	done < <(grep -nHoE '^#include "[a-z]+/' "agent/$room"/*.[ch] |
		sed -E 's/#include "([a-z]+)\//\1/')
done
# What the kernel side shares knows nothing of the agent.
if grep -nHE '^#include "[a-z]+/' bpf/*.[ch] include/*; then
	echo "bpf/ and include/ must not include a room of agent/"
	wrong=1
fi
exit $wrong
