// SPDX-License-Identifier: Apache-2.0
/* `probecast record`: windows into a file until the time is over or a signal comes. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "collect/feed.h"
#include "link/privilege.h"
#include "snapshot/recording.h"

#define MAX_DURATION_MS (366ULL * 24 * 3600 * 1000)

/* The one that the end finds begun is worth having, unless it is so short that rates mean nothing.
 */
#define LEAST_WINDOW_NS (100 * NS_PER_MS)

static struct option_spec options[] = {
	{.name = "interval",
	 .argument = "MS",
	 .help = "length of a window (default: 5000)",
	 .config_key = "interval_ms"},
	{.name = "duration", .argument = "MS", .help = "when to end (default: 0, at a signal)"},
	{.name = "force", .help = "overwrite FILE when it is there"},
	{.name = "source",
	 .argument = "SOURCE",
	 .help = "auto, bpf, procfs or replay:FILE (default: auto)",
	 .config_key = "source"},
	{.name = "config", .argument = "FILE", .help = "configuration file"},
	{.name = "log-level",
	 .argument = "LEVEL",
	 .help = "error, warning, info or debug (default: warning)",
	 .config_key = "log_level"},
};

static struct command command = {
	.name = "record",
	.help = "Records windows into FILE until SIGINT or SIGTERM, to be replayed with\n"
		"--source replay:FILE.",
	.options = options,
	.option_count = sizeof(options) / sizeof(*options),
	.operand = "FILE",
};

struct record {
	struct feed feed;
	struct recorder recorder;
	int signal_fd;
	uint64_t end_ns; /* boot clock */
};

static int take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	/* A file that may not grow is told like a disk that is full. */
	signal(SIGXFSZ, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Until then, or until a signal: then true. */
static bool wait_until(const struct record *r, uint64_t until_ns)
{
	struct pollfd fds[] = {
		{.fd = r->signal_fd, .events = POLLIN},
		{.fd = r->feed.event_fd, .events = POLLIN},
	};
	uint64_t now;

	while ((now = clock_boot_ns()) < until_ns) {
		uint64_t left_ms = (until_ns - now + NS_PER_MS - 1) / NS_PER_MS;

		poll(fds, 2, left_ms < 1000 ? (int)left_ms : 1000);
		if (fds[0].revents)
			return true;
		r->feed.drain(r->feed.context);
	}
	return false;
}

static int write_window(struct record *r, char *error, size_t size)
{
	struct builder_parts parts;

	if (!r->feed.next(r->feed.context, &(struct collector_agent){0}, &parts)) {
		log_error("no memory for the snapshot of this window");
		return 0;
	}
	return recorder_append(&r->recorder, parts.list, parts.count, error, size);
}

static int write_windows(struct record *r, char *error, size_t size)
{
	uint64_t began = clock_boot_ns(), due;
	bool last = false;

	while (!last && (due = r->feed.due_ns(r->feed.context))) {
		last = wait_until(r, due < r->end_ns ? due : r->end_ns) || r->end_ns < due;
		if (last && (r->feed.recorded || clock_boot_ns() - began < LEAST_WINDOW_NS))
			break;
		if (write_window(r, error, size))
			return -1;
		began = clock_boot_ns();
	}
	return 0;
}

/* Of two errors the first counts: the disk that was full for a window is so for the index. */
static int write_file(struct record *r)
{
	char error[512], unclosed[512];
	int failed = write_windows(r, error, sizeof(error));
	uint64_t windows = r->recorder.windows;

	if (recorder_close(&r->recorder, unclosed, sizeof(unclosed)) && !failed) {
		failed = -1;
		memcpy(error, unclosed, sizeof(error));
	}
	printf("recorded %" PRIu64 " windows in %" PRIu64 " bytes\n", windows, r->recorder.bytes);
	fflush(stdout);
	return failed ? options_fail(1, "%s", error) : 0;
}

static int record(struct record *r, const struct config *config, uint64_t duration_ms)
{
	bool force = options_get(&command, "force")->value;
	char error[512];

	r->signal_fd = take_signals();
	if (r->signal_fd < 0)
		return options_fail(1, "record: signals: %s", strerror(errno));
	if (feed_open(&r->feed, config, error, sizeof(error)) ||
	    recorder_open(&r->recorder, command.operand_value, r->feed.node, force, error,
			  sizeof(error)))
		return options_fail(1, "%s", error);

	int failed = privilege_drop();

	if (failed)
		log_warning("privileges are kept: %s", strerror(-failed));
	r->end_ns = duration_ms ? clock_boot_ns() + duration_ms * NS_PER_MS : UINT64_MAX;
	return write_file(r);
}

int cli_record(int argc, char **argv)
{
	enum options_result result = options_parse(&command, argc, argv);
	static struct record r;
	uint64_t duration_ms = 0;
	struct config config;
	int status = EXIT_USAGE;

	if (result != OPTIONS_OK)
		return result == OPTIONS_HELP ? 0 : EXIT_USAGE;
	if (options_number(&command, "duration", MAX_DURATION_MS, &duration_ms))
		return EXIT_USAGE;
	if (!options_configure(&command, &config)) {
		if (!options_get(&command, "log-level")->value)
			config.log_level = LOG_WARNING;
		/* A copy of a recording need not take its time. */
		config.replay_speed = 0;
		config.replay_loop = false;
		log_setup("record", config.log_level, config.log_json);
		status = record(&r, &config, duration_ms);
		feed_close(&r.feed);
	}
	config_free(&config);
	return status;
}
