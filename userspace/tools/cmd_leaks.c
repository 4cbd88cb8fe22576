// SPDX-License-Identifier: MIT
/*
 * kcoro leaks: tasks that nobody can wake any more.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <kcoro.h>

#include "command.h"
#include "complain.h"
#include "json.h"
#include "text.h"

/* Exit code: there are some. */
#define STATUS_FOUND 3

enum {
	OPT_END = OPT_FIRST_FREE,
};

static const struct option options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "end", no_argument, NULL, OPT_END },
	COMMON_LONG_OPTIONS,
};

static void print_json(const struct kcoro_leak *l, size_t n)
{
	struct json j = { .file = stdout };
	size_t i;

	json_open(&j, NULL, '[');
	for (i = 0; i < n; i++) {
		json_open(&j, NULL, '{');
		json_u64(&j, "id", l[i].id);
		json_str(&j, "name", l[i].name);
		json_u64(&j, "context", l[i].ctx);
		json_str(&j, "wait", kcoro_wait_name(l[i].wait));
		json_str(&j, "on", l[i].on_kind);
		json_u64(&j, "on_id", l[i].on);
		json_u64(&j, "sources", l[i].sources);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_end(&j);
}

static void print_text(const struct kcoro_leak *l, size_t n)
{
	char name[4 * KCORO_NAME_MAX + 1];
	size_t i;

	if (n)
		printf("%8s %-16s %8s %-8s ON\n", "ID", "NAME", "CONTEXT",
		       "WAIT");
	for (i = 0; i < n; i++) {
		text_escape(name, sizeof(name), l[i].name, sizeof(l[i].name));
		printf("%8llu %-16s %8llu %-8s %s %llu", l[i].id, name,
		       l[i].ctx, kcoro_wait_name(l[i].wait), l[i].on_kind,
		       l[i].on);
		if (l[i].sources > 1)
			printf(" and %" PRIu32 " more", l[i].sources - 1);
		putchar('\n');
	}
}

static int run_leaks(const struct command *cmd, int argc, char **argv)
{
	uint32_t scope = KCORO_SCOPE_USER, flags = 0;
	struct kcoro_leak *leaks;
	int c, ctx, status;
	ssize_t n;

	while ((c = getopt_long(argc, argv, "ah", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			scope = KCORO_SCOPE_ALL;
			break;
		case OPT_END:
			flags |= KCORO_LEAKS_END;
			break;
		default:
			status = common_option(cmd, c);
			if (status >= 0)
				return status;
		}
	}
	if (optind < argc)
		return usage_error(cmd, "unexpected '%s'", argv[optind]);
	ctx = open_context();
	if (ctx < 0)
		return STATUS_FAILED;
	n = kcoro_leaks(ctx, scope, flags, &leaks);
	if (n < 0)
		return failed_call(ctx, KCORO_CALL_LIST, n, "leaks");
	if (json_output)
		print_json(leaks, n);
	else
		print_text(leaks, n);
	free(leaks);
	return n ? STATUS_FOUND : STATUS_OK;
}

const struct command cmd_leaks = {
	.name = "leaks",
	.brief = "find tasks that nobody can wake any more",
	.help = "usage: kcoro leaks [-a] [--end] [--json]\n"
		"\n"
		"Lists tasks that wait for something that nobody who is alive\n"
		"can bring about any more: those who hold the other end of the\n"
		"channel, and so on, wait for ever themselves.\n"
		"\n"
		"  -a, --all  everybody's tasks (needs CAP_SYS_ADMIN)\n"
		"  --end      let their waits fail with EDEADLK\n"
		"  --json     output for programs\n"
		"\n"
		"Exit status: 0 there are none, 3 there are some, 1 it failed.\n",
	.run = run_leaks,
};
