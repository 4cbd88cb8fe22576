// SPDX-License-Identifier: MIT
/*
 * kcoro top: what tasks and CPUs are doing, again and again.
 *
 *	sample.c -> rates.c -> top_columns.c, top_view.c -> top_screen.c
 *
 * On a terminal top_screen.c draws; else this file prints the same lines, all
 * of them and at their full length.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "command.h"
#include "complain.h"
#include "interrupt.h"
#include "text.h"
#include "top_screen.h"
#include "top_view.h"

static const struct option options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "delay", required_argument, NULL, 'd' },
	{ "count", required_argument, NULL, 'n' },
	{ "sort", required_argument, NULL, 's' },
	{ "reverse", no_argument, NULL, 'r' },
	{ "batch", no_argument, NULL, 'b' },
	COMMON_LONG_OPTIONS,
};

static void print(const struct top *t)
{
	char line[TOP_LINE];
	size_t i;

	for (i = 0; i < TOP_SUMMARY_LINES; i++) {
		top_summary(t, i, line);
		puts(line);
	}
	top_cpu_titles(line);
	puts(line);
	for (i = 0; i < t->now.nr_cpus; i++) {
		top_cpu(t, i, line);
		puts(line);
	}
	top_titles(line, sizeof(line));
	puts(line);
	for (i = 0; i < t->now.nr_tasks; i++) {
		top_row(line, sizeof(line), &t->tasks[i]);
		puts(line);
	}
	fflush(stdout);
}

/* Returns whether it was a signal that ended the wait. */
static bool wait_or_signal(int64_t ns)
{
	struct pollfd p = { .fd = interrupt_fd(), .events = POLLIN };
	int64_t until = kcoro_deadline_in(ns), left;

	while (!interrupt_signal()) {
		left = (until - kcoro_deadline_in(0) + 999999) / 1000000;
		if (left <= 0)
			return false;
		poll(&p, 1, left > 3600000 ? 3600000 : left);
	}
	return true;
}

static int batch(struct top *t)
{
	uint64_t i;
	int err, call;

	interrupt_catch();
	for (i = 0; !t->count || i < t->count; i++) {
		if (i) {
			if (wait_or_signal(t->delay_ns))
				return 128 + interrupt_signal();
			putchar('\n');
		}
		err = top_refresh(t, &call);
		if (err)
			return failed_call(t->ctx, call, err, "top");
		print(t);
		/* main() says so. */
		if (ferror(stdout))
			break;
	}
	return STATUS_OK;
}

/* Takes one option. Returns -1 to go on, or a status. */
static int take_option(const struct command *cmd, struct top *t,
		       bool *want_batch, int c)
{
	switch (c) {
	case 'a':
		t->scope = KCORO_SCOPE_ALL;
		return -1;
	case 'd':
		/* Less would be a load of its own. */
		if (!parse_time(optarg, &t->delay_ns) || t->delay_ns < 10000000)
			return usage_error(
				cmd,
				"-d: '%s' is no time from 10ms on: 2, 0.5, 200ms",
				optarg);
		return -1;
	case 'n':
		if (!parse_u64(optarg, 1, UINT64_MAX, &t->count))
			return usage_error(cmd,
					   "-n: '%s' is no number of refreshes",
					   optarg);
		return -1;
	case 's':
		t->order.column = top_column_find(optarg);
		if (t->order.column < 0)
			return usage_error(cmd,
					   "-s: there is no column '%s': %s",
					   optarg, top_columns_all());
		return -1;
	case 'r':
		t->order.reverse = true;
		return -1;
	case 'b':
		*want_batch = true;
		return -1;
	default:
		return common_option(cmd, c);
	}
}

static int run_top(const struct command *cmd, int argc, char **argv)
{
	struct top t = { .scope = KCORO_SCOPE_USER, .delay_ns = 1000000000 };
	bool want_batch = false;
	int c, status;

	t.order.column = top_column_find("cpu%");
	while ((c = getopt_long(argc, argv, "ad:n:s:rbh", options, NULL)) !=
	       -1) {
		status = take_option(cmd, &t, &want_batch, c);
		if (status >= 0)
			return status;
	}
	if (optind != argc)
		return usage_error(cmd, "top takes no arguments");
	if (json_output)
		return usage_error(
			cmd,
			"top has no JSON: use kcoro ps, cpus and info for it");
	t.ctx = open_context();
	if (t.ctx < 0)
		return STATUS_FAILED;
	if (want_batch || !top_screen_fits())
		status = batch(&t);
	else
		status = top_screen(&t);
	top_free(&t);
	return status;
}

const struct command cmd_top = {
	.name = "top",
	.brief = "watch tasks and CPUs",
	.help = "usage: kcoro top [OPTION...]\n"
		"\n"
		"Shows what CPUs and your tasks are doing, and refreshes it: on\n"
		"a terminal with keys (h for help, q to quit), else as text.\n"
		"Rates are those since the last refresh, at first those of each\n"
		"task's life.\n"
		"\n"
		"  -a, --all          everybody's tasks (needs CAP_SYS_ADMIN)\n"
		"  -d, --delay TIME   between refreshes (1s)\n"
		"  -n, --count N      end after N refreshes\n"
		"  -s, --sort COLUMN  cpu% (first), id name state cpu pri time\n"
		"                     switches waits wakes age steals hogs comm\n"
		"  -r, --reverse      the other way round\n"
		"  -b, --batch        text, also on a terminal\n",
	.run = run_top,
};
