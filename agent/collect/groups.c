// SPDX-License-Identifier: Apache-2.0
#include "collect/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "snapshot/derive.h"

#define BIT(id) (1ULL << GROUP_INPUT(id))

/* A group in which nothing happens has its cgroup read once in so many windows. */
#define LIMITS_EVERY 12

/* Usage that is held, not done: counted of each living process anew. */
#define FIRST_GAUGE GROUP_INPUT(rss_bytes)
#define END_GAUGES (GROUP_INPUT(open_files) + 1)

_Static_assert(GROUP_INPUT(retransmits) == PROCESS_INPUT(retransmits), "the same usage");
_Static_assert(GROUP_INPUT(open_files) == PROCESS_INPUT(open_files), "in the same order");
_Static_assert(GROUP_INPUTS <= DERIVE_MAX_INPUTS, "availability is one bit an input");

static const char *const kind_names[GROUP_KINDS] = {
	[GROUP_CONTAINER] = "container", [GROUP_POD] = "pod",	[GROUP_TENANT] = "tenant",
	[GROUP_UNIT] = "unit",		 [GROUP_USER] = "user",
};

void groups_init(struct groups *g, struct probe_state *state)
{
	*g = (struct groups){.table.limit = GROUPS_MAX};
	g->mounted = cgroup_mounts_find(&g->mounts);
	state->attached = g->mounted;
	text_copy(state->variant, sizeof(state->variant), g->mounts.v1 ? "v1" : "v2");
	text_copy(state->reason, sizeof(state->reason),
		  g->mounted ? "" : "no cgroup hierarchy under /sys/fs/cgroup");
}

static void group_free(struct group *group)
{
	free(group->name);
	free(group->pod);
	free(group->namespace);
	free(group->cgroup);
	free(group);
}

static struct group *group_new(enum group_kind kind, const char *name)
{
	struct group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	group->kind = kind;
	group->name = strdup(name);
	if (group->name)
		return group;
	free(group);
	return NULL;
}

/*
 * The group of that kind and identity, made when it is not there yet. NULL when
 * there is no room. Names may be the same in two namespaces or below two users:
 * the identity is not.
 */
static struct group *find(struct groups *g, enum group_kind kind, const char *identity, size_t len,
			  const char *name)
{
	struct hash_pair key = hash_bytes(identity, len);

	key.a += (uint64_t)kind;

	struct group *group = table_get(&g->table, key.a, key.b);

	if (group)
		return group;
	group = group_new(kind, name);
	if (group && table_put(&g->table, key.a, key.b, group))
		return group;
	if (group)
		group_free(group);
	g->table_full++;
	return NULL;
}

/* The first cgroup that leads to a group tells where it is and whose. */
static void describe(struct group *group, const struct cgroup *c, uint16_t path_end)
{
	if (!group || group->cgroup)
		return;
	group->cgroup = strndup(c->path, path_end);
	if (group->kind != GROUP_UNIT && c->namespace)
		group->namespace = strdup(c->namespace);
	if (group->kind == GROUP_CONTAINER && c->pod)
		group->pod = strdup(c->pod);
}

static struct group *find_by(struct groups *g, enum group_kind kind, const char *identity,
			     const char *name)
{
	return identity && name ? find(g, kind, identity, strlen(identity), name) : NULL;
}

static void find_groups(struct groups *g, struct cgroup *c)
{
	c->groups_known = true;
	c->groups[GROUP_CONTAINER] = find_by(g, GROUP_CONTAINER, c->container, c->container);
	c->groups[GROUP_POD] = find_by(g, GROUP_POD, c->pod_uid, c->pod);
	c->groups[GROUP_TENANT] = find_by(g, GROUP_TENANT, c->namespace, c->namespace);
	if (c->unit)
		c->groups[GROUP_UNIT] = find(g, GROUP_UNIT, c->path, c->unit_end, c->unit);
	describe(c->groups[GROUP_CONTAINER], c, c->container_end);
	describe(c->groups[GROUP_POD], c, c->pod_end);
	describe(c->groups[GROUP_UNIT], c, c->unit_end);
}

void groups_begin(struct groups *g, uint64_t window)
{
	struct group *group;
	size_t at = 0;

	g->window = window;
	while ((group = table_next(&g->table, &at))) {
		memset(group->amount, 0, sizeof(group->amount));
		memset(group->value + FIRST_GAUGE, 0,
		       (END_GAUGES - FIRST_GAUGE) * sizeof(*group->value));
		group->value[GROUP_INPUT(processes)] = 0;
	}
}

static void add_amounts(struct group *group, const struct process *p)
{
	const uint64_t *amount = p->amount;

	for (unsigned i = 0; amount && i < USAGE_INPUTS_COUNT; i++) {
		group->amount[i] += amount[i];
		if (i < FIRST_GAUGE || i >= END_GAUGES)
			group->value[i] += amount[i];
	}
}

static void add_to(struct groups *g, struct group *group, const struct process *p,
		   const uint64_t *value, bool touched)
{
	if (!group)
		return;
	group->used_window = g->window;
	if (touched) {
		group->touched_window = g->window;
		add_amounts(group, p);
	}
	if (p->exited) {
		group->amount[GROUP_INPUT(exited)] += p->exited_window == g->window;
		return;
	}
	group->value[GROUP_INPUT(processes)]++;
	for (unsigned i = FIRST_GAUGE; i < END_GAUGES; i++)
		group->value[i] += value[i];
}

void groups_add(struct groups *g, struct process *p, const uint64_t *value, const char *user,
		bool touched)
{
	char number[16];

	/* A process that got another user is summed up there from now on. */
	if (!p->user_group || p->user_group_uid != p->uid) {
		snprintf(number, sizeof(number), "%u", p->uid);
		p->user_group = find_by(g, GROUP_USER, number, user ? user : number);
		p->user_group_uid = p->uid;
	}
	add_to(g, p->user_group, p, value, touched);
	if (!p->cgroup)
		return;
	if (!p->cgroup->groups_known)
		find_groups(g, p->cgroup);
	p->cgroup->used_window = g->window;
	for (int kind = 0; kind < GROUP_USER; kind++)
		add_to(g, p->cgroup->groups[kind], p, value, touched);
}

/* As series_counter(): the first reading is the base. */
static void take_counter(struct group *group, unsigned input, bool known, uint64_t reading)
{
	uint64_t bit = 1ULL << input;

	if (!known)
		return;
	if (group->seeded & bit) {
		group->amount[input] = reading >= group->last[input] ? reading - group->last[input]
								     : reading;
		group->value[input] += group->amount[input];
		group->limits |= bit;
	}
	group->seeded |= bit;
	group->last[input] = reading;
}

static void take_gauge(struct group *group, unsigned input, bool known, uint64_t value)
{
	group->value[input] = value;
	if (known)
		group->limits |= 1ULL << input;
}

static void read_limits(const struct groups *g, struct group *group)
{
	struct cgroup_stat s;
	uint64_t share = 0;

	cgroup_stat_read(&g->mounts, group->cgroup, &s);
	group->limits = 0;
	if (s.has_limit)
		share = (uint64_t)((double)s.usage_bytes / (double)s.limit_bytes * 100000);
	take_gauge(group, GROUP_INPUT(cpu_limit_share), s.has_quota, s.quota_share);
	take_gauge(group, GROUP_INPUT(memory_usage_bytes), s.has_memory, s.usage_bytes);
	take_gauge(group, GROUP_INPUT(memory_limit_bytes), s.has_limit, s.limit_bytes);
	take_gauge(group, GROUP_INPUT(memory_limit_share), s.has_limit && s.has_memory, share);
	take_counter(group, GROUP_INPUT(cpu_throttled_ns), s.has_cpu, s.throttled_ns);
	take_counter(group, GROUP_INPUT(cpu_throttled_periods), s.has_cpu, s.throttled_periods);
	take_counter(group, GROUP_INPUT(oom_kills), s.has_oom_kills, s.oom_kills);
}

static void add_labels(const struct group *group, struct builder *b, struct builder_row *row)
{
	builder_label_shared(b, row, SCOPE_GROUP, LABEL_GROUP_kind, kind_names[group->kind]);
	builder_label_string(b, row, SCOPE_GROUP, LABEL_GROUP_name, group->name);
	builder_label_string(b, row, SCOPE_GROUP, LABEL_GROUP_pod, group->pod);
	builder_label_string(b, row, SCOPE_GROUP, LABEL_GROUP_namespace, group->namespace);
	builder_label_string(b, row, SCOPE_GROUP, LABEL_GROUP_cgroup, group->cgroup);
}

static void emit(struct groups *g, struct group *group, struct builder *b, uint64_t available,
		 uint64_t length_ns)
{
	struct builder_row row;
	struct derive_inputs in = {
		.amount = group->amount, .value = group->value, .length_ns = length_ns, .cpus = 1};

	if (group->cgroup && g->mounted &&
	    (group->touched_window == g->window || g->window % LIMITS_EVERY == 0))
		read_limits(g, group);
	in.available = (available & ((1ULL << USAGE_INPUTS_COUNT) - 1)) | BIT(processes) |
		       BIT(exited) | group->limits;
	builder_row_clear(&row);
	add_labels(group, b, &row);
	derive_row(&row, SCOPE_GROUP, &in);
	builder_add(b, SCOPE_GROUP, &row);
}

void groups_emit(struct groups *g, struct builder *b, uint64_t available, uint64_t length_ns)
{
	struct group *group;
	size_t at = 0;

	while ((group = table_next(&g->table, &at)))
		if (group->used_window == g->window)
			emit(g, group, b, available, length_ns);
}

static bool is_unused(void *context, void *item)
{
	const struct groups *g = context;
	struct group *group = item;

	if (g->window - group->used_window <= IDENTITY_KEPT_WINDOWS)
		return false;
	group_free(group);
	return true;
}

void groups_sweep(struct groups *g)
{
	table_sweep(&g->table, is_unused, g);
}

void groups_free(struct groups *g)
{
	struct group *group;
	size_t at = 0;

	while ((group = table_next(&g->table, &at)))
		group_free(group);
	table_free(&g->table);
}
