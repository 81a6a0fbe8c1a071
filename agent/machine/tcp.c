// SPDX-License-Identifier: Apache-2.0
#include "machine/tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "machine/listeners.h"
#include "machine/system.h"

void system_tcp_open(struct system_tcp *t, struct probe_state states[PROVIDERS])
{
	struct probe_state *diag = &states[PROVIDER_SOCKDIAG];
	int count;

	t->snmp_fd = proc_file_open("/proc/self/net/snmp", &states[PROVIDER_NETSTAT]);
	t->snmp6_fd = proc_file_open("/proc/self/net/snmp6", NULL);
	t->netstat_fd = proc_file_open("/proc/self/net/netstat", NULL);
	t->sockstat_fd = proc_file_open("/proc/self/net/sockstat", NULL);
	t->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	t->diag_fd = listeners_open();
	count = t->diag_fd < 0 ? t->diag_fd : listeners_count(t->diag_fd);
	diag->attached = count >= 0;
	text_copy(diag->variant, sizeof(diag->variant), "netlink");
	if (count < 0)
		snprintf(diag->reason, sizeof(diag->reason), "listing TCP sockets: %s",
			 strerror(-count));
}

/* What is read, by the names that nstat gives them: group and name in one. */
static const struct {
	const char *name;
	unsigned input;
} numbers[] = {
	{"TcpCurrEstab", SYSTEM_INPUT(tcp_established)},
	{"TcpActiveOpens", SYSTEM_INPUT(tcp_active_opens)},
	{"TcpPassiveOpens", SYSTEM_INPUT(tcp_passive_opens)},
	{"TcpAttemptFails", SYSTEM_INPUT(tcp_failed_attempts)},
	{"TcpEstabResets", SYSTEM_INPUT(tcp_resets)},
	{"TcpOutRsts", SYSTEM_INPUT(tcp_resets_sent)},
	{"TcpInSegs", SYSTEM_INPUT(tcp_in_segments)},
	{"TcpOutSegs", SYSTEM_INPUT(tcp_out_segments)},
	{"TcpRetransSegs", SYSTEM_INPUT(tcp_retransmitted)},
	{"TcpExtListenOverflows", SYSTEM_INPUT(tcp_listen_overflows)},
	{"TcpExtListenDrops", SYSTEM_INPUT(tcp_listen_drops)},
	{"UdpInDatagrams", SYSTEM_INPUT(udp_in_datagrams)},
	{"Udp6InDatagrams", SYSTEM_INPUT(udp_in_datagrams)},
	{"UdpOutDatagrams", SYSTEM_INPUT(udp_out_datagrams)},
	{"Udp6OutDatagrams", SYSTEM_INPUT(udp_out_datagrams)},
	{"UdpNoPorts", SYSTEM_INPUT(udp_no_port)},
	{"Udp6NoPorts", SYSTEM_INPUT(udp_no_port)},
	{"UdpRcvbufErrors", SYSTEM_INPUT(udp_receive_buffer_errors)},
	{"Udp6RcvbufErrors", SYSTEM_INPUT(udp_receive_buffer_errors)},
	{"UdpSndbufErrors", SYSTEM_INPUT(udp_send_buffer_errors)},
	{"Udp6SndbufErrors", SYSTEM_INPUT(udp_send_buffer_errors)},
};

/* A text in a longer one. */
struct word {
	const char *at;
	size_t len;
};

static bool word_is(struct word w, const char *text)
{
	return strlen(text) == w.len && memcmp(text, w.at, w.len) == 0;
}

/* The next word of a line, empty at its end. */
static struct word next_word(const char **line)
{
	const char *at = *line + strspn(*line, " \t");
	struct word w = {at, strcspn(at, " \t\n")};

	*line = at + w.len;
	return w;
}

/* Sums of one reading: IPv4 and IPv6 go into the same input. */
struct sums {
	uint64_t found; /* inputs, as bits */
	uint64_t sum[DERIVE_MAX_INPUTS];
};

static void take_number(struct sums *s, struct word group, struct word name, const char *value)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		const char *full = numbers[i].name;

		if (strncmp(full, group.at, group.len) != 0 || !word_is(name, full + group.len))
			continue;
		s->found |= 1ULL << numbers[i].input;
		s->sum[numbers[i].input] += strtoull(value, NULL, 10);
	}
}

/* "Tcp: RtoAlgorithm RtoMin ..." and on the next line "Tcp: 1 200 ...". */
static void take_pair_of_lines(struct sums *s, const char *names, const char *values)
{
	struct word group = next_word(&names), again = next_word(&values), name, value;

	if (!group.len || group.at[group.len - 1] != ':' || group.len != again.len ||
	    memcmp(group.at, again.at, group.len) != 0)
		return;
	group.len--;
	while ((name = next_word(&names)).len && (value = next_word(&values)).len)
		take_number(s, group, name, value.at);
}

static const char *next_line(const char *line)
{
	const char *end = line ? strchr(line, '\n') : NULL;

	return end && end[1] ? end + 1 : NULL;
}

static void take_pairs(struct sums *s, const char *text)
{
	while (text) {
		const char *values = next_line(text);

		if (values)
			take_pair_of_lines(s, text, values);
		text = next_line(values);
	}
}

/* "Udp6InDatagrams    12": one a line. */
static void take_list(struct sums *s, const char *text)
{
	for (; text; text = next_line(text)) {
		const char *line = text;
		struct word name = next_word(&line), value = next_word(&line);

		if (value.len)
			take_number(s, (struct word){"", 0}, name, value.at);
	}
}

/* "TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 0": memory in pages. */
static void take_sockstat(const struct system_tcp *t, struct series *machine, const char *text)
{
	while (text && strncmp(text, "TCP:", 4) != 0)
		text = next_line(text);
	if (!text)
		return;
	next_word(&text);
	for (;;) {
		struct word name = next_word(&text), value = next_word(&text);
		uint64_t number = value.len ? strtoull(value.at, NULL, 10) : 0;

		if (!value.len)
			return;
		if (word_is(name, "orphan"))
			series_gauge(machine, SYSTEM_INPUT(tcp_orphaned), number);
		else if (word_is(name, "tw"))
			series_gauge(machine, SYSTEM_INPUT(tcp_time_wait), number);
		else if (word_is(name, "mem"))
			series_gauge(machine, SYSTEM_INPUT(tcp_memory_bytes),
				     number * t->page_bytes);
	}
}

/* The kernel's count of segments sent has no retransmissions. */
static void take_retransmit_share(struct series *m)
{
	uint64_t both = 1ULL << SYSTEM_INPUT(tcp_retransmitted) |
			1ULL << SYSTEM_INPUT(tcp_out_segments);
	uint64_t again = m->amount[SYSTEM_INPUT(tcp_retransmitted)];

	if ((m->available & both) == both)
		series_share(m, SYSTEM_INPUT(tcp_retransmit_share), again,
			     again + m->amount[SYSTEM_INPUT(tcp_out_segments)]);
}

/* All of them are counters but one. */
static void take_sums(struct series *machine, const struct sums *s)
{
	for (uint64_t left = s->found; left; left &= left - 1) {
		unsigned input = (unsigned)__builtin_ctzll(left);

		if (input == SYSTEM_INPUT(tcp_established))
			series_gauge(machine, input, s->sum[input]);
		else
			series_counter(machine, input, s->sum[input]);
	}
	take_retransmit_share(machine);
}

void system_tcp_read(struct system_tcp *t, struct series *machine, struct buf *text)
{
	struct sums sums = {0};
	int listening = t->diag_fd < 0 ? -1 : listeners_count(t->diag_fd);

	take_pairs(&sums, proc_file_read(t->snmp_fd, text));
	take_pairs(&sums, proc_file_read(t->netstat_fd, text));
	take_list(&sums, proc_file_read(t->snmp6_fd, text));
	take_sums(machine, &sums);
	take_sockstat(t, machine, proc_file_read(t->sockstat_fd, text));
	if (listening >= 0)
		series_gauge(machine, SYSTEM_INPUT(tcp_listen), (uint64_t)listening);
}

void system_tcp_close(struct system_tcp *t)
{
	proc_file_close(&t->snmp_fd);
	proc_file_close(&t->snmp6_fd);
	proc_file_close(&t->netstat_fd);
	proc_file_close(&t->sockstat_fd);
	proc_file_close(&t->diag_fd);
}
