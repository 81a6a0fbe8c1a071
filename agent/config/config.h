// SPDX-License-Identifier: Apache-2.0
/*
 * Configuration: built-in defaults, then the YAML file, then the environment,
 * then flags. One table of keys (config.c) gives each its type, range, default
 * and help; the shipped probecast.yaml is that table's commented defaults.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"

#define CONFIG_PATH_MAX 4096
#define CONFIG_MAX_KEYS 64

/* A key that tokens may be signed with. Its material is text: a secret, or a public key in PEM. */
struct config_key {
	char kid[128];	/* "" when the key has none */
	char alg[8];	/* HS256 ... ES512: the only algorithm this key is used with */
	char *material; /* owned */
};

struct config_auth {
	struct config_key keys[CONFIG_MAX_KEYS];
	size_t key_count;
	char issuer[256];   /* "" accepts any */
	char audience[256]; /* "" accepts any */
	bool query_token;   /* accept ?token= on the WebSocket */
};

#define CONFIG_MAX_NETWORKS 64

/* Addresses that begin with the same bits; those of IPv4 as ::ffff:a.b.c.d. */
struct config_network {
	unsigned char address[16]; /* bits behind the prefix are 0 */
	uint32_t bits;		   /* 0 to 128 */
};

/* GET /metrics, for Prometheus. */
struct config_metrics {
	struct config_network allow[CONFIG_MAX_NETWORKS];
	size_t allow_count;
	bool token;
	uint32_t processes; /* by each measure */
	uint32_t groups;
};

struct config {
	char listen_host[256]; /* without the brackets of an IPv6 address */
	uint16_t listen_port;
	uint32_t interval_ms;	      /* length of a window: 100 to 3600000 */
	char source[CONFIG_PATH_MAX]; /* auto, bpf, procfs, replay:FILE */
	uint32_t replay_speed;	      /* 0: as fast as possible */
	bool replay_loop;
	bool arguments;
	char tenants[1024]; /* "shop=/shop.slice*": cgroups of tenants outside Kubernetes */
	char probes[256];   /* "sockets=kprobe block=off"; "" leaves the choice open */
	char state_dir[CONFIG_PATH_MAX];
	char rules_dir[CONFIG_PATH_MAX]; /* "" means built-in rules only */
	char server_user[64];		 /* name or number; "" picks one, see docs */
	char node[256];			 /* "" means the host's name */
	enum log_level log_level;
	bool log_json;
	bool websocket;
	uint32_t max_process_rows;
	uint32_t max_connections;
	uint32_t max_payload_bytes;
	uint32_t ping_interval_ms;
	uint32_t connection_timeout_ms;
	uint32_t budget_milli;	/* of 1 % of a core: 1000 is 1 %; 0 for no limit */
	uint32_t process_limit; /* process rows a client gets when it names no limit */
	struct config_auth auth;
	struct config_metrics metrics;
};

/* One line that says what is wrong, where, and what to do. */
struct config_error {
	char text[512];
};

/* Sets every key to its default. Never fails; free with config_free(). */
void config_init(struct config *c);

/* Frees the keys. */
void config_free(struct config *c);

/*
 * Applies a YAML text of len bytes over c. name stands in errors ("probecast.yaml:7: ...").
 * Key files that the text names (auth.keys[].secret_file, public_key_file) are read here.
 * Returns 0, or -1 with *error set; c is then unchanged.
 */
int config_parse(struct config *c, const char *name, const char *text, size_t len,
		 struct config_error *error);

/* Reads the file and parses it. Returns 0, or -1 with *error set and c unchanged. */
int config_load(struct config *c, const char *path, struct config_error *error);

/* Applies the environment variables that docs/CONFIGURATION.md lists. */
int config_environment(struct config *c, struct config_error *error);

/*
 * Sets one top-level key from text, as a flag does: config_set(c, "interval_ms", "1000",
 * "--interval", &e). origin stands in the error.
 */
int config_set(struct config *c, const char *key, const char *value, const char *origin,
	       struct config_error *error);

/* Writes the effective configuration as YAML that config_parse() reads back to the same values,
 * keys with their material included: it is how the server process gets its configuration. */
void config_print(const struct config *c, struct buf *out);

/* Writes the commented defaults: the shipped probecast.yaml. */
void config_print_sample(struct buf *out);

/* The file of the source replay:FILE; NULL for another source. */
const char *config_replay_file(const struct config *c);

/* True when an address, as text, is in one of the networks of metrics.allow. */
bool config_allows_scrape(const struct config *c, const char *address);

/* True when the listen address is a loopback one (127.0.0.0/8, ::1, localhost). */
bool config_is_loopback(const struct config *c);
