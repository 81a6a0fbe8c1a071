// SPDX-License-Identifier: Apache-2.0
/* The table of keys. The sample file, the errors and docs/CONFIGURATION.md follow from it. */
#include "config/setting.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define PLACE(member) \
	.offset = offsetof(struct config, member), .size = sizeof(((struct config *)0)->member)

static const char *const sources[] = {"auto", "bpf", "procfs", "replay:FILE", NULL};
static const char *const levels[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
	NULL,
};
static const char *const formats[] = {"text", "json", NULL};

const struct setting settings[] = {
	{
		.group = "",
		.name = "listen",
		.fallback = "127.0.0.1:9470",
		.help = "Address and port of HTTP and WebSocket. Port 0 takes any free one. "
			"An address that is not loopback needs a key under auth.",
		.kind = SETTING_ADDRESS,
	},
	{
		.group = "",
		.name = "interval_ms",
		.environment = "ADMIN_METRICS_INTERVAL",
		.fallback = "5000",
		.help = "Length of a window in milliseconds: how often there are new "
			"numbers.",
		.kind = SETTING_NUMBER,
		PLACE(interval_ms),
		.least = 100,
		.most = 3600000,
	},
	{
		.group = "",
		.name = "source",
		.fallback = "auto",
		.help = "Where the numbers come from: bpf, procfs, auto for bpf where it is to be "
			"had, or a file that `probecast record` made.",
		.kind = SETTING_TEXT,
		PLACE(source),
		.least = 1,
		.choices = sources,
	},
	{
		.group = "",
		.name = "replay_speed",
		.fallback = "1",
		.help = "How many times faster than it was recorded a file is replayed; 0 is as "
			"fast as possible.",
		.kind = SETTING_NUMBER,
		PLACE(replay_speed),
		.most = 1000,
	},
	{
		.group = "",
		.name = "replay_loop",
		.fallback = "false",
		.help = "Whether a replay begins anew at the end of its file. Otherwise the last "
			"window stays.",
		.kind = SETTING_SWITCH,
		PLACE(replay_loop),
	},
	{
		.group = "",
		.name = "arguments",
		.fallback = "true",
		.help = "Whether to show what programs were started with. Some are given "
			"passwords that way, which every admin then sees.",
		.kind = SETTING_SWITCH,
		PLACE(arguments),
	},
	{
		.group = "",
		.name = "tenants",
		.fallback = "\"\"",
		.help = "Tenants outside Kubernetes, as in \"shop=/shop.slice* lab=/lab*\": a name "
			"and a glob of cgroup paths each; the first that matches counts. The "
			"tenant of a pod is its namespace.",
		.kind = SETTING_TEXT,
		PLACE(tenants),
	},
	{
		.group = "",
		.name = "probes",
		.fallback = "\"\"",
		.help = "How probes attach, as in \"sockets=kprobe block=off\": only by that "
			"variant (tp_btf, fexit, raw_tp, tp, kprobe), or not at all. "
			"sockets=tcp-sampled reads TCP bytes from the sockets' own counters and "
			"hooks no call. \"\" takes the first that the kernel has; probecast "
			"doctor shows which.",
		.kind = SETTING_TEXT,
		PLACE(probes),
	},
	{
		.group = "",
		.name = "state_dir",
		.fallback = "/var/lib/probecast",
		.help = "Directory for what outlives a restart. For another user than root "
			"the default is $XDG_STATE_HOME/probecast or "
			"~/.local/state/probecast.",
		.kind = SETTING_TEXT,
		PLACE(state_dir),
		.least = 1,
	},
	{
		.group = "",
		.name = "rules_dir",
		.fallback = "/etc/probecast/rules.d",
		.help = "Directory of alert rules (*.yaml), read after the built-in ones. "
			"\"\" is for none, and is the default where the directory above "
			"does not exist.",
		.kind = SETTING_TEXT,
		PLACE(rules_dir),
	},
	{
		.group = "",
		.name = "server_user",
		.fallback = "\"\"",
		.help = "User, by name or number, that the server process runs as when "
			"started by root. \"\" chooses one without privileges.",
		.kind = SETTING_TEXT,
		PLACE(server_user),
	},
	{
		.group = "",
		.name = "node_name",
		.environment = "NODE_NAME",
		.fallback = "\"\"",
		.help = "Name of this machine in all messages. \"\" takes its host name.",
		.kind = SETTING_TEXT,
		PLACE(node),
	},
	{
		.group = "",
		.name = "log_level",
		.fallback = "info",
		.help = "What is logged to standard error: this level and those before it.",
		.kind = SETTING_CHOICE,
		PLACE(log_level),
		.choices = levels,
	},
	{
		.group = "",
		.name = "log_format",
		.fallback = "text",
		.help = "Form of the log lines.",
		.kind = SETTING_CHOICE,
		PLACE(log_json),
		.choices = formats,
	},
	{
		.group = "",
		.name = "websocket_enabled",
		.environment = "WEBSOCKET_ENABLED",
		.fallback = "true",
		.help = "Whether the WebSocket is offered; HTTP is always there.",
		.kind = SETTING_SWITCH,
		PLACE(websocket),
	},
	{
		.group = "",
		.name = "process_limit",
		.fallback = "500",
		.help = "Process rows that a client gets when it names no limit.",
		.kind = SETTING_NUMBER,
		PLACE(process_limit),
		.least = 1,
		.most = 1000000,
	},
	{
		.group = "budget",
		.name = "cpu_percent",
		.environment = "PROBECAST_CPU_BUDGET",
		.fallback = "1",
		.help = "What the agent and its probes may use, in per cent of one core. Above "
			"it, probes are switched off, the least valuable first, until there is "
			"room again. 0 is for no limit.",
		.kind = SETTING_MILLI,
		PLACE(budget_milli),
		.most = 100000,
	},
	{
		.group = "limits",
		.name = "max_process_rows",
		.fallback = "30000",
		.help = "Rows of processes in a snapshot. With more processes the smallest "
			"share one row, so that all still add up.",
		.kind = SETTING_NUMBER,
		PLACE(max_process_rows),
		.least = 10,
		.most = 262144,
	},
	{
		.group = "limits",
		.name = "max_connections",
		.environment = "MAX_ADMIN_CONNECTIONS",
		.fallback = "10000",
		.help = "WebSocket connections at the most; the next one is refused with "
			"503.",
		.kind = SETTING_NUMBER,
		PLACE(max_connections),
		.least = 1,
		.most = 1000000,
	},
	{
		.group = "limits",
		.name = "max_payload_bytes",
		.environment = "WEBSOCKET_MAX_PAYLOAD",
		.fallback = "1048576",
		.help = "Longest message that a client may send.",
		.kind = SETTING_NUMBER,
		PLACE(max_payload_bytes),
		.least = 1024,
		.most = 16777216,
	},
	{
		.group = "limits",
		.name = "ping_interval_ms",
		.environment = "WEBSOCKET_PING_INTERVAL",
		.fallback = "30000",
		.help = "Silence after which a connection is asked whether it is alive.",
		.kind = SETTING_NUMBER,
		PLACE(ping_interval_ms),
		.least = 100,
		.most = 3600000,
	},
	{
		.group = "limits",
		.name = "connection_timeout_ms",
		.environment = "WEBSOCKET_CONNECTION_TIMEOUT",
		.fallback = "300000",
		.help = "Silence after which a connection is closed.",
		.kind = SETTING_NUMBER,
		PLACE(connection_timeout_ms),
		.least = 100,
		.most = 86400000,
	},
	{
		.group = "metrics",
		.name = "processes",
		.fallback = "20",
		.help = "Processes that GET /metrics shows with series of their own, by each of "
			"CPU, memory, network and disk in and out; the others are one in sum. "
			"Connection pools likewise.",
		.kind = SETTING_NUMBER,
		PLACE(metrics.processes),
		.least = 1,
		.most = 10000,
	},
	{
		.group = "metrics",
		.name = "groups",
		.fallback = "200",
		.help = "Containers, pods, units and users that it shows, by the same measures.",
		.kind = SETTING_NUMBER,
		PLACE(metrics.groups),
		.least = 1,
		.most = 10000,
	},
	{
		.group = "metrics",
		.name = "allow",
		.fallback = "[]",
		.help = "Addresses and networks (10.0.0.0/8) that may read GET /metrics without "
			"a token. When listening on loopback only, everybody may.",
		.kind = SETTING_NETWORKS,
	},
	{
		.group = "metrics",
		.name = "token",
		.fallback = "true",
		.help = "Whether others may read it with a token (role admin).",
		.kind = SETTING_SWITCH,
		PLACE(metrics.token),
	},
	{
		.group = "auth",
		.name = "issuer",
		.fallback = "\"\"",
		.help = "What the iss claim of a token must be. \"\" accepts any.",
		.kind = SETTING_TEXT,
		PLACE(auth.issuer),
	},
	{
		.group = "auth",
		.name = "audience",
		.fallback = "\"\"",
		.help = "What the aud claim of a token must be or hold. \"\" accepts any.",
		.kind = SETTING_TEXT,
		PLACE(auth.audience),
	},
	{
		.group = "auth",
		.name = "query_token",
		.fallback = "false",
		.help = "Whether a WebSocket may bring its token in the address, as "
			"?token=. Addresses end up in logs and histories: leave it off "
			"where you can.",
		.kind = SETTING_SWITCH,
		PLACE(auth.query_token),
	},
	{
		.group = "auth",
		.name = "keys",
		.fallback = "[]",
		.help = "Keys that tokens may be signed with. alg is HS256, HS384, HS512, "
			"RS256, RS384, RS512, ES256, ES384 or ES512; a secret stands in "
			"secret or secret_file, a public key in PEM in public_key or "
			"public_key_file.",
		.kind = SETTING_KEYS,
	},
};

const size_t settings_count = sizeof(settings) / sizeof(*settings);
_Static_assert(sizeof(settings) / sizeof(*settings) <= SETTINGS_MAX, "SETTINGS_MAX is too small");

const struct setting *setting_find(const char *group, const char *name)
{
	for (size_t i = 0; i < settings_count; i++)
		if (strcmp(settings[i].group, group) == 0 && strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

char *setting_path(const struct setting *s, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", s->group, *s->group ? "." : "", s->name);
	return out;
}

/* Keys of the group, and at the top the groups themselves. */
static size_t names_of(const char *group, const char *names[SETTINGS_MAX * 2])
{
	size_t count = 0;

	for (size_t i = 0; i < settings_count; i++) {
		if (strcmp(settings[i].group, group) == 0)
			names[count++] = settings[i].name;
		else if (!*group)
			names[count++] = settings[i].group;
	}
	return count;
}

bool setting_nearest(const char *group, const char *name, char *out, size_t size)
{
	const char *names[SETTINGS_MAX * 2];

	/* The right name in the wrong map is nearer than another name in this one. */
	for (size_t i = 0; i < settings_count; i++) {
		if (strcmp(settings[i].name, name) != 0)
			continue;
		setting_path(&settings[i], out, size);
		return true;
	}

	const char *near = text_nearest(name, names, names_of(group, names));

	if (!near)
		return false;
	snprintf(out, size, "%s%s%s", group, *group ? "." : "", near);
	return true;
}
