// SPDX-License-Identifier: MIT
/*
 * kcoro bodies: what tasks can run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <kcoro.h>

#include "command.h"
#include "complain.h"
#include "json.h"
#include "text.h"

static void print_body(const struct kcoro_body_info *b)
{
	char name[4 * KCORO_NAME_MAX + 1], help[4 * KCORO_HELP_MAX + 1];
	char stack[TEXT_SIZE], fds[TEXT_SIZE];

	text_escape(name, sizeof(name), b->name, sizeof(b->name));
	text_escape(help, sizeof(help), b->help, sizeof(b->help));
	if (b->fds_min == b->fds_max)
		snprintf(fds, sizeof(fds), "%u", b->fds_min);
	else
		snprintf(fds, sizeof(fds), "%u-%u", b->fds_min, b->fds_max);
	printf("%-12s %5s %5s  %s\n", name, text_bytes(stack, b->stack_min),
	       fds, help);
}

static void write_body(struct json *j, const struct kcoro_body_info *b)
{
	json_open(j, NULL, '{');
	json_bytes(j, "name", b->name, strnlen(b->name, sizeof(b->name)));
	json_bytes(j, "help", b->help, strnlen(b->help, sizeof(b->help)));
	json_u64(j, "stack_min", b->stack_min);
	json_u64(j, "fds_min", b->fds_min);
	json_u64(j, "fds_max", b->fds_max);
	json_close(j, '}');
}

static int run_bodies(const struct command *cmd, int argc, char **argv)
{
	struct json j = { .file = stdout };
	struct kcoro_body_info *bodies;
	int status, ctx;
	ssize_t n, i;

	status = common_options(cmd, argc, argv);
	if (status >= 0)
		return status;
	if (optind != argc)
		return usage_error(cmd, "bodies takes no arguments");
	ctx = open_context();
	if (ctx < 0)
		return STATUS_FAILED;
	n = kcoro_bodies(ctx, &bodies);
	if (n < 0)
		return failed_call(ctx, KCORO_CALL_OTHER, n, "bodies");
	if (json_output) {
		json_open(&j, NULL, '[');
		for (i = 0; i < n; i++)
			write_body(&j, &bodies[i]);
		json_close(&j, ']');
		json_end(&j);
	} else {
		printf("%-12s %5s %5s  %s\n", "BODY", "STACK", "FDS", "HELP");
		for (i = 0; i < n; i++)
			print_body(&bodies[i]);
	}
	free(bodies);
	return STATUS_OK;
}

const struct command cmd_bodies = {
	.name = "bodies",
	.brief = "list what tasks can run",
	.help = "usage: kcoro bodies [--json]\n"
		"\n"
		"Lists the bodies that tasks can run: name, smallest stack,\n"
		"number of descriptors, and what it does.\n",
	.run = run_bodies,
};
