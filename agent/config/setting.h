// SPDX-License-Identifier: Apache-2.0
/* The table of keys, for the files of this room: what may be set, how it is read and written. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/config.h"
#include "config/yaml.h"

enum setting_kind {
	SETTING_NUMBER,	  /* whole number in [least, most] */
	SETTING_MILLI,	  /* number with up to three decimals, kept in thousandths */
	SETTING_TEXT,	  /* array of size bytes; least is the shortest length */
	SETTING_CHOICE,	  /* index of one of the choices */
	SETTING_SWITCH,	  /* true or false */
	SETTING_ADDRESS,  /* listen_host and listen_port */
	SETTING_KEYS,	  /* the list auth.keys */
	SETTING_NETWORKS, /* the list metrics.allow */
};

struct setting {
	const char *group; /* the map it stands in, "" at the top */
	const char *name;
	const char *environment; /* variable that overrides it, or NULL */
	const char *fallback;	 /* default, as written in the sample */
	const char *help;
	enum setting_kind kind;
	size_t offset; /* in struct config */
	size_t size;   /* of that member */
	uint64_t least, most;
	const char *const *choices; /* ends with NULL; may limit a text too, and then
				     * "name:WHAT" stands for any text behind "name:" */
};

#define SETTINGS_MAX 64

extern const struct setting settings[];
extern const size_t settings_count;

/* Where a value comes from, and where its error goes. */
struct origin {
	const char *name; /* file, flag or environment variable */
	size_t line;	  /* 0 when there is none */
	struct config_error *error;
};

/* Writes the error of this origin; returns -1. */
int origin_error(const struct origin *from, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The key of that group, NULL when there is none. */
const struct setting *setting_find(const char *group, const char *name);

/* Full name, as in "limits.max_connections": written to out, which is returned. */
char *setting_path(const struct setting *s, char *out, size_t size);

/* The full name of the key that was meant; false when none is near. */
bool setting_nearest(const char *group, const char *name, char *out, size_t size);

/* What values it takes: "a whole number from 1 to 9". Written to out, which is returned. */
char *setting_wants(const struct setting *s, char *out, size_t size);

/* Sets a key from text. Returns 0, or -1 with the error of the origin written and c unchanged. */
int setting_parse(const struct setting *s, struct config *c, const char *text,
		  const struct origin *from);

/* Appends the value of a key as YAML (not for lists). */
void setting_print(const struct setting *s, const struct config *c, struct buf *out);

/* Replaces the keys by those of a list. Returns 0, or -1 with the error written and no change. */
int auth_keys_parse(struct config_auth *auth, const struct yaml_node *list,
		    const struct origin *from);

/* Appends auth.keys, material included, below a line that ends in "keys:". */
void auth_keys_print(const struct config_auth *auth, struct buf *out);

/* Replaces the networks by those of a list. Returns 0, or -1 with the error written, no change. */
int networks_parse(struct config_metrics *m, const struct yaml_node *list,
		   const struct origin *from);

/* Appends them as a list in one line. */
void networks_print(const struct config_metrics *m, struct buf *out);

/* Frees the keys. */
void auth_keys_free(struct config_auth *auth);

/* Copies the keys of from to a to that has none. False without memory; to then has none. */
bool auth_keys_copy(struct config_auth *to, const struct config_auth *from);

/*
 * The reason why a material is no good for an algorithm, a constant text; NULL when it is good.
 * Secrets have 32 bytes or more; RSA keys 2048 bits to 16384; EC keys the curve of the algorithm.
 */
const char *key_fault(const char *alg, const char *material);

/* True for HS256, HS384, HS512: the material is a secret, not a public key. */
bool key_is_secret(const char *alg);

/*
 * Reads a whole file of at most limit bytes; a NUL stands behind them. Returns 0 or a negative
 * errno: -EFBIG when it is larger.
 */
int file_read(const char *path, size_t limit, char **ret_text, size_t *ret_len);
