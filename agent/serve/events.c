// SPDX-License-Identifier: Apache-2.0
/* What happened to processes in a window: one message with all of it. */
#include <string.h>

#include "encode/row.h"
#include "encode/writer.h"
#include "serve/channel.h"
#include "serve/message.h"
#include "serve/publish.h"

/* In one message; what is beyond is counted in it. */
#define EVENTS_MAX 1000

/* Ends that are remembered for one window. */
#define EXITS_MAX 65536

#define BIT(scope, label) (1ULL << (LABEL_##scope##_##label - LABEL_FIRST_##scope))

struct writer {
	struct buf *out;
	const struct snapshot *snapshot;
	const struct tenants *tenants;
	size_t count, left_out;
};

static bool begin_event(struct writer *w, const char *kind)
{
	if (w->count == EVENTS_MAX) {
		w->left_out++;
		return false;
	}
	w->count++;
	encode_comma(w->out);
	buf_add_char(w->out, '{');
	encode_member_string(w->out, "kind", kind);
	return true;
}

static void add_process(struct writer *w, const char *kind, const struct snapshot_row *row,
			uint64_t without)
{
	if (w->tenants->limited)
		without |= BIT(PROCESS, ppid);
	if (!begin_event(w, kind))
		return;
	encode_labels(w->out, w->snapshot, SCOPE_PROCESS, row,
		      ~(without | BIT(PROCESS, exited) | BIT(PROCESS, cgroup)));
	buf_add_char(w->out, '}');
}

/* The kernel may tell late what else a process used: its end is then shown a second time. */
static bool ended_before(const struct server *s, const struct snapshot_row *row)
{
	uint64_t pid = 0, start_time = 0;

	snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &pid);
	snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_start_time, &start_time);
	return table_get(&s->exits, pid, start_time) != NULL;
}

static void add_processes(struct writer *w, const struct server *s)
{
	for (size_t i = 0; i < snapshot_rows(w->snapshot, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(w->snapshot, SCOPE_PROCESS, i);
		uint64_t start_time = 0, exited = 0;

		if (!tenants_allow(w->tenants, tenant_of_row(w->snapshot, SCOPE_PROCESS, row)))
			continue;
		if (snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_start_time, &start_time) &&
		    start_time >= w->snapshot->start_boot_ns)
			add_process(w, "start", row,
				    BIT(PROCESS, exit_code) | BIT(PROCESS, exit_signal));
		if (snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_exited, &exited) && exited &&
		    !ended_before(s, row))
			add_process(w, "exit", row, 0);
	}
}

/* Who asked for the memory may be another tenant's. */
static void add_kills(struct writer *w)
{
	uint64_t wanted = w->tenants->limited ? ~BIT(OOM_KILL, trigger) : UINT64_MAX;

	for (size_t i = 0; i < snapshot_rows(w->snapshot, SCOPE_OOM_KILL); i++) {
		const struct snapshot_row *row = snapshot_row(w->snapshot, SCOPE_OOM_KILL, i);

		if (!tenants_allow(w->tenants, tenant_of_row(w->snapshot, SCOPE_OOM_KILL, row)) ||
		    !begin_event(w, "oom_kill"))
			continue;
		encode_labels(w->out, w->snapshot, SCOPE_OOM_KILL, row, wanted);
		encode_metrics(w->out, w->snapshot, row,
			       catalogue_scopes[SCOPE_OOM_KILL].first_metric,
			       catalogue_scopes[SCOPE_OOM_KILL].end_metric, NULL);
		buf_add_char(w->out, '}');
	}
}

/* The message for those who may see these tenants; NULL when there is nothing to tell. */
static struct frame *make_frame(const struct server *s, const struct snapshot *newest,
				const struct tenants *tenants)
{
	static struct buf text;
	struct message m = {.type = "events", .channel = "events", .seq = newest->seq};
	struct writer w = {.out = &text, .snapshot = newest, .tenants = tenants};

	message_begin(&text, &m);
	buf_add_string(&text, "{\"events\":[");
	add_processes(&w, s);
	add_kills(&w);
	buf_add_char(&text, ']');
	encode_member_integer(&text, "left_out", w.left_out);
	buf_add_char(&text, '}');
	message_end(&text);
	return w.count && !buf_failed(&text) ? frame_shared(text.data, text.len) : NULL;
}

static bool drop_all(void *context, void *item)
{
	(void)context;
	(void)item;
	return true;
}

static void remember_exits(struct server *s, const struct snapshot *newest)
{
	table_sweep(&s->exits, drop_all, NULL);
	s->exits.limit = EXITS_MAX;
	for (size_t i = 0; i < snapshot_rows(newest, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(newest, SCOPE_PROCESS, i);
		uint64_t pid = 0, start_time = 0, exited = 0;

		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_exited, &exited);
		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &pid);
		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_start_time, &start_time);
		if (exited && !table_get(&s->exits, pid, start_time))
			table_put(&s->exits, pid, start_time, s);
	}
}

void publish_events_free(struct server *s)
{
	table_free(&s->exits);
}

/* Those without a limit share a message, and neighbours in the list with the same tenants. */
void publish_events(struct server *s, const struct snapshot *newest)
{
	struct tenants made_for = {0};
	struct frame *f = NULL;
	bool made = false;

	for (struct session *c = s->sessions; c; c = c->next) {
		if (!channel_has(c, "events"))
			continue;
		if (!made || memcmp(&made_for, &c->claims.tenants, sizeof(made_for)) != 0) {
			frame_unref(f);
			memcpy(&made_for, &c->claims.tenants, sizeof(made_for));
			f = make_frame(s, newest, &made_for);
			made = true;
		}
		session_send(c, f);
	}
	frame_unref(f);
	if (made)
		remember_exits(s, newest);
}
