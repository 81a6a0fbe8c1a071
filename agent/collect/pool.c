// SPDX-License-Identifier: Apache-2.0
#include "collect/pool.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "snapshot/derive.h"

#define BIT(id) (1ULL << POOL_INPUT(id))

/* Databases, caches, queues and what else is reached through pools; in order of the port. */
static const struct {
	uint16_t port;
	const char *service;
} services[] = {
	{25, "smtp"},
	{53, "dns"},
	{80, "http"},
	{389, "ldap"},
	{443, "https"},
	{636, "ldaps"},
	{1433, "sqlserver"},
	{1521, "oracle"},
	{2181, "zookeeper"},
	{2379, "etcd"},
	{3306, "mysql"},
	{4222, "nats"},
	{5432, "postgresql"},
	{5433, "postgresql"},
	{5671, "amqp"},
	{5672, "amqp"},
	{5984, "couchdb"},
	{6379, "redis"},
	{6380, "redis"},
	{6432, "pgbouncer"},
	{7687, "neo4j"},
	{8086, "influxdb"},
	{8123, "clickhouse"},
	{8529, "arangodb"},
	{9042, "cassandra"},
	{9092, "kafka"},
	{9200, "elasticsearch"},
	{9300, "elasticsearch"},
	{11210, "couchbase"},
	{11211, "memcached"},
	{26257, "cockroachdb"},
	{26379, "redis-sentinel"},
	{27017, "mongodb"},
	{27018, "mongodb"},
	{27019, "mongodb"},
	{28015, "rethinkdb"},
	{33060, "mysql"},
	{50000, "db2"},
};

const char *pool_service(uint16_t port)
{
	size_t low = 0, high = sizeof(services) / sizeof(*services);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (services[middle].port == port)
			return services[middle].service;
		if (services[middle].port < port)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Without padding: all of it is hashed. */
struct pool_identity {
	uint64_t process_start_ns;
	uint32_t pid;
	struct endpoint remote;
};

_Static_assert(sizeof(struct pool_identity) == 32, "no padding is hashed");

struct hash_pair pool_key(uint32_t pid, uint64_t process_start_ns, const struct endpoint *remote)
{
	struct pool_identity id = {process_start_ns, pid, *remote};

	return hash_bytes(&id, sizeof(id));
}

/* An IPv4 address inside an IPv6 socket is shown as what it is. */
static void format_address(char text[POOL_ADDRESS_LENGTH], const struct endpoint *remote)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (remote->family == AF_INET)
		inet_ntop(AF_INET, remote->address, text, POOL_ADDRESS_LENGTH);
	else if (memcmp(remote->address, mapped, sizeof(mapped)) == 0)
		inet_ntop(AF_INET, remote->address + sizeof(mapped), text, POOL_ADDRESS_LENGTH);
	else
		inet_ntop(AF_INET6, remote->address, text, POOL_ADDRESS_LENGTH);
}

struct pool *pool_new(uint32_t pid, uint64_t process_start_ns, const struct endpoint *remote)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->pid = pid;
	pool->process_start_ns = process_start_ns;
	pool->port = remote->port;
	format_address(pool->address, remote);
	return pool;
}

void pool_count(struct pool *pool, enum input input, uint64_t n)
{
	unsigned i = (unsigned)(input - INPUT_FIRST_POOL);

	pool->amount[i] += n;
	pool->value[i] += n;
}

/* The first connection of a walk begins the gauges anew. */
static void begin_gauges(struct pool *pool, uint32_t walk)
{
	if (pool->walk == walk)
		return;
	pool->walk = walk;
	pool->rtt_samples = 0;
	for (unsigned i = 0; i < POOL_INPUTS; i++)
		if (catalogue_inputs[INPUT_FIRST_POOL + i].level == LEVEL_GAUGE)
			pool->value[i] = 0;
}

void pool_gauge(struct pool *pool, uint32_t walk, enum input input, uint32_t rtt_us)
{
	begin_gauges(pool, walk);
	pool->value[input - INPUT_FIRST_POOL]++;
	if (input == INPUT_POOL_connecting)
		return;
	pool->value[POOL_INPUT(established)]++;
	if (!rtt_us)
		return;
	/* The sum of all until the row is made. */
	pool->value[POOL_INPUT(rtt_ns)] += rtt_us * (NS_PER_MS / 1000);
	pool->rtt_samples++;
}

bool pool_has_amount(const struct pool *pool)
{
	for (size_t i = 0; i < POOL_INPUTS; i++)
		if (pool->amount[i])
			return true;
	return false;
}

static void add_labels(const struct pool *pool, const struct process *p, struct builder *b,
		       struct builder_row *row)
{
	builder_label(row, SCOPE_POOL, LABEL_POOL_pid, pool->pid);
	builder_label(row, SCOPE_POOL, LABEL_POOL_start_time, pool->process_start_ns);
	builder_label_string(b, row, SCOPE_POOL, LABEL_POOL_address, pool->address);
	builder_label(row, SCOPE_POOL, LABEL_POOL_port, pool->port);
	builder_label_shared(b, row, SCOPE_POOL, LABEL_POOL_service, pool_service(pool->port));
	if (!p)
		return;
	builder_label_string(b, row, SCOPE_POOL, LABEL_POOL_comm, p->comm);
	if (!p->cgroup)
		return;
	builder_label_shared(b, row, SCOPE_POOL, LABEL_POOL_container, p->cgroup->container);
	builder_label_shared(b, row, SCOPE_POOL, LABEL_POOL_pod, p->cgroup->pod);
	builder_label_shared(b, row, SCOPE_POOL, LABEL_POOL_unit, p->cgroup->unit);
}

void pool_emit(const struct pool *pool, const struct process *p, struct builder *b, uint32_t walk,
	       uint64_t length_ns)
{
	struct builder_row row;
	uint64_t value[POOL_INPUTS];
	struct derive_inputs in = {
		.amount = pool->amount,
		.value = value,
		.available = (1ULL << POOL_INPUTS) - 1,
		.length_ns = length_ns,
		.cpus = 1,
	};

	memcpy(value, pool->value, sizeof(value));
	if (pool->walk != walk)
		value[POOL_INPUT(established)] = value[POOL_INPUT(active)] =
			value[POOL_INPUT(idle)] = value[POOL_INPUT(connecting)] = 0;
	if (pool->walk == walk && pool->rtt_samples)
		value[POOL_INPUT(rtt_ns)] /= pool->rtt_samples;
	else
		in.available &= ~BIT(rtt_ns);
	builder_row_clear(&row);
	add_labels(pool, p, b, &row);
	derive_row(&row, SCOPE_POOL, &in);
	builder_add(b, SCOPE_POOL, &row);
}
