// SPDX-License-Identifier: MIT
/*
 * kcoro set: change how tasks are scheduled.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <kcoro.h>

#include "command.h"
#include "complain.h"
#include "json.h"
#include "sched_opts.h"
#include "text.h"

static const struct option options[] = {
	{ "priority", required_argument, NULL, OPT_PRIORITY },
	{ "cpu", required_argument, NULL, OPT_CPU },
	COMMON_LONG_OPTIONS,
};

static int report(uint64_t done, int status)
{
	struct json j = { .file = stdout };

	if (json_output) {
		json_open(&j, NULL, '{');
		json_u64(&j, "set", done);
		json_close(&j, '}');
		json_end(&j);
	} else {
		printf("set %" PRIu64 " task%s\n", done, done == 1 ? "" : "s");
	}
	return status;
}

/* Takes one option. Returns -1 to go on, or a status. */
static int take_option(const struct command *cmd, struct kcoro_set *set, int c)
{
	struct sched_opts opts = { .cpu = 0 };
	int status;

	if (c == 'a') {
		set->scope = KCORO_SCOPE_ALL;
		return -1;
	}
	if (c == OPT_CPU && !strcmp(optarg, "any")) {
		set->which |= KCORO_SET_CPU;
		set->cpu = -1;
		return -1;
	}
	status = sched_option(cmd, &opts, c);
	if (status < 0 && c == OPT_CPU) {
		set->which |= KCORO_SET_CPU;
		set->cpu = opts.cpu;
	} else if (status < 0 && c == OPT_PRIORITY) {
		set->which |= KCORO_SET_PRIORITY;
		set->priority = opts.priority;
	}
	return status;
}

static int run_set(const struct command *cmd, int argc, char **argv)
{
	struct kcoro_set set = { .scope = KCORO_SCOPE_USER };
	int c, i, ctx, err, status;
	uint64_t id, done = 0;

	while ((c = getopt_long(argc, argv, "ah", options, NULL)) != -1) {
		status = take_option(cmd, &set, c);
		if (status >= 0)
			return status;
	}
	if (optind == argc)
		return usage_error(cmd, "give ids of tasks");
	if (!set.which)
		return usage_error(cmd, "give --priority, --cpu or both");
	/* All of them before the first one is changed. */
	for (i = optind; i < argc; i++) {
		if (!parse_u64(argv[i], 1, UINT64_MAX, &id))
			return usage_error(cmd, "'%s' is no id of a task",
					   argv[i]);
	}

	ctx = open_context();
	if (ctx < 0)
		return STATUS_FAILED;
	status = STATUS_OK;
	for (i = optind; i < argc; i++) {
		parse_u64(argv[i], 1, UINT64_MAX, &id);
		set.id = id;
		err = kcoro_set(ctx, &set);
		if (err)
			status = failed_call(ctx, KCORO_CALL_SET, err,
					     "task %s", argv[i]);
		else
			done++;
	}
	return report(done, status);
}

const struct command cmd_set = {
	.name = "set",
	.brief = "change how tasks are scheduled",
	.help = "usage: kcoro set [-a] [--priority N] [--cpu N|any] ID...\n"
		"\n"
		"Changes how tasks are scheduled, from their next turn on.\n"
		"\n"
		"  --priority N  -4 (first) to 3 (last); under 0, or under what\n"
		"                it was, needs CAP_SYS_NICE\n"
		"  --cpu N       only on that CPU; any: on each again\n"
		"  -a            everybody's tasks (needs CAP_SYS_ADMIN)\n"
		"  --json        output for programs\n"
		"\n"
		"Exit status: 0 all were changed, 1 some were not.\n",
	.run = run_set,
};
