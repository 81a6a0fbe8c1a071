// SPDX-License-Identifier: Apache-2.0
/* Lists of addresses and networks. */
#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"
#include "config/setting.h"

#define V4_BITS 32
#define V6_BITS 128

static const unsigned char v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* Reads an address of either family; its bits in *ret_bits (32 or 128). */
static bool read_address(const char *text, unsigned char address[16], uint32_t *ret_bits)
{
	*ret_bits = V6_BITS;
	if (inet_pton(AF_INET6, text, address) == 1)
		return true;
	*ret_bits = V4_BITS;
	memcpy(address, v4_prefix, sizeof(v4_prefix));
	return inet_pton(AF_INET, text, address + sizeof(v4_prefix)) == 1;
}

static void clear_behind(unsigned char address[16], uint32_t bits)
{
	for (uint32_t i = bits; i < V6_BITS; i++)
		address[i / 8] &= (unsigned char)~(0x80 >> i % 8);
}

/* ADDRESS or ADDRESS/BITS. */
static bool read_network(const char *text, struct config_network *ret)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN] = "";
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	uint64_t bits;
	uint32_t most;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	if (!read_address(address, ret->address, &most))
		return false;
	bits = most;
	if (slash && (!text_u64(slash + 1, &bits) || bits > most))
		return false;
	ret->bits = (uint32_t)bits + V6_BITS - most;
	clear_behind(ret->address, ret->bits);
	return true;
}

int networks_parse(struct config_metrics *m, const struct yaml_node *list,
		   const struct origin *from)
{
	struct config_network networks[CONFIG_MAX_NETWORKS] = {0};

	if (list->count > CONFIG_MAX_NETWORKS)
		return origin_error(from, "more than %d networks", CONFIG_MAX_NETWORKS);
	for (size_t i = 0; i < list->count; i++) {
		const struct yaml_node *one = list->children[i];
		struct origin at = {from->name, one->line, from->error};

		if (one->kind != YAML_SCALAR)
			return origin_error(&at,
					    "a network must be a text such as 10.0.0.0/8, not %s",
					    yaml_kind_text(one));
		if (!read_network(one->text, &networks[i]))
			return origin_error(&at,
					    "\"%.80s\" is no address and no network such as "
					    "10.0.0.0/8 or fd00::/8",
					    one->text);
	}
	memcpy(m->allow, networks, sizeof(networks));
	m->allow_count = list->count;
	return 0;
}

void networks_print(const struct config_metrics *m, struct buf *out)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < m->allow_count; i++) {
		char text[INET6_ADDRSTRLEN];

		inet_ntop(AF_INET6, m->allow[i].address, text, sizeof(text));
		buf_printf(out, "%s\"%s/%u\"", i ? ", " : "", text, m->allow[i].bits);
	}
	buf_add_char(out, ']');
}

static bool is_within(const struct config_network *network, const unsigned char address[16])
{
	unsigned char masked[16];

	memcpy(masked, address, sizeof(masked));
	clear_behind(masked, network->bits);
	return memcmp(masked, network->address, sizeof(masked)) == 0;
}

bool config_allows_scrape(const struct config *c, const char *address)
{
	unsigned char bytes[16];
	uint32_t bits;

	if (!read_address(address, bytes, &bits))
		return false;
	for (size_t i = 0; i < c->metrics.allow_count; i++)
		if (is_within(&c->metrics.allow[i], bytes))
			return true;
	return false;
}
