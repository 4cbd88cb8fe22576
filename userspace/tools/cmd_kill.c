// SPDX-License-Identifier: MIT
/*
 * kcoro kill: cancel tasks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <kcoro.h>

#include "command.h"
#include "complain.h"
#include "json.h"
#include "text.h"

enum {
	OPT_ALL = OPT_FIRST_FREE,
	OPT_ONCE,
	OPT_CONTEXTS,
};

static const struct option options[] = {
	{ "all", no_argument, NULL, OPT_ALL },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "contexts", no_argument, NULL, OPT_CONTEXTS },
	COMMON_LONG_OPTIONS,
};

/* Returns how many tasks were asked to end, or -1 after a complaint. */
static int64_t kill_all(int ctx, uint32_t scope, uint32_t flags)
{
	int64_t n = kcoro_kill(ctx, 0, scope, flags);

	if (n == -ESRCH)
		return 0;
	if (n < 0) {
		failed_call(ctx, KCORO_CALL_KILL, n, "kill --all");
		return -1;
	}
	return n;
}

static int report(int64_t killed, int status)
{
	struct json j = { .file = stdout };

	if (json_output) {
		json_open(&j, NULL, '{');
		json_s64(&j, "killed", killed);
		json_close(&j, '}');
		json_end(&j);
	} else {
		printf("asked %" PRId64 " task%s to end\n", killed,
		       killed == 1 ? "" : "s");
	}
	return status;
}

static int run_kill(const struct command *cmd, int argc, char **argv)
{
	uint32_t scope = KCORO_SCOPE_USER, flags = 0;
	int c, i, ctx, status = STATUS_OK;
	int64_t n, killed = 0;
	bool all = false;
	uint64_t id;

	while ((c = getopt_long(argc, argv, "ah", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			scope = KCORO_SCOPE_ALL;
			break;
		case OPT_ALL:
			all = true;
			break;
		case OPT_ONCE:
			flags |= KCORO_KILL_ONCE;
			break;
		case OPT_CONTEXTS:
			flags |= KCORO_KILL_CONTEXTS;
			break;
		default:
			status = common_option(cmd, c);
			if (status >= 0)
				return status;
			status = STATUS_OK;
		}
	}
	if (all == (optind < argc))
		return usage_error(cmd, "give either ids of tasks or --all");
	if ((flags & KCORO_KILL_CONTEXTS) && !all)
		return usage_error(cmd, "--contexts goes with --all only");
	/* All of them before the first one ends. */
	for (i = optind; i < argc; i++) {
		if (!parse_u64(argv[i], 1, UINT64_MAX, &id))
			return usage_error(cmd, "'%s' is no id of a task",
					   argv[i]);
	}

	ctx = open_context();
	if (ctx < 0)
		return STATUS_FAILED;
	if (all) {
		n = kill_all(ctx, scope, flags);
		return n < 0 ? STATUS_FAILED : report(n, STATUS_OK);
	}
	for (i = optind; i < argc; i++) {
		parse_u64(argv[i], 1, UINT64_MAX, &id);
		n = kcoro_kill(ctx, id, scope, flags);
		if (n < 0)
			status = failed_call(ctx, KCORO_CALL_KILL, n, "task %s",
					     argv[i]);
		else
			killed += n;
	}
	return report(killed, status);
}

const struct command cmd_kill = {
	.name = "kill",
	.brief = "cancel tasks",
	.help = "usage: kcoro kill [-a] [--once] ID...\n"
		"       kcoro kill --all [-a] [--once] [--contexts]\n"
		"\n"
		"Cancels tasks: each wait of theirs fails from now on.\n"
		"\n"
		"  --all       all of your tasks\n"
		"  -a          everybody's tasks (needs CAP_SYS_ADMIN)\n"
		"  --once      only the next wait fails\n"
		"  --contexts  end the contexts too: they take no new tasks,\n"
		"              and the module can be unloaded once their\n"
		"              programs have closed them\n"
		"  --json      output for programs\n"
		"\n"
		"Exit status: 0 all were asked to end, 1 some were not.\n",
	.run = run_kill,
};
