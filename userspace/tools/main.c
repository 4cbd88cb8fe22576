// SPDX-License-Identifier: MIT
/*
 * kcoro - tasks and channels in the kernel, from the command line
 *
 * This file only finds the subcommand; each has a file of its own, cmd_*.c.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "complain.h"

#ifndef KCORO_VERSION
#define KCORO_VERSION "unknown"
#endif

bool json_output;

static const struct command *const commands[] = {
	&cmd_run,    &cmd_spawn, &cmd_ps,   &cmd_top,	 &cmd_set,
	&cmd_kill,   &cmd_leaks, &cmd_cpus, &cmd_policy, &cmd_chan,
	&cmd_bodies, &cmd_info,	 &cmd_test,
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	}
	return NULL;
}

static int show_help(FILE *f)
{
	size_t i;

	fputs("usage: kcoro [--json] COMMAND [ARGUMENT...]\n"
	      "\n"
	      "Tasks and channels in the kernel.\n"
	      "\n",
	      f);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(f, "  %-8s %s\n", commands[i]->name,
			commands[i]->brief);
	fputs("  help     show this, or with COMMAND what it does\n"
	      "\n"
	      "Options:\n"
	      "  --json      output for programs\n"
	      "  --version   show the version\n"
	      "  -h, --help  show this\n"
	      "\n"
	      "Exit status: 0 done, 1 it did not work, 2 not understood,\n"
	      "128+N ended by signal N. kcoro(1) tells more.\n",
	      f);
	return STATUS_OK;
}

static int help_command(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2)
		return show_help(stdout);
	cmd = find_command(argv[1]);
	if (!cmd)
		return usage_error(NULL, "there is no command '%s'", argv[1]);
	fputs(cmd->help, stdout);
	return STATUS_OK;
}

int common_option(const struct command *cmd, int option)
{
	switch (option) {
	case OPT_JSON:
		json_output = true;
		return -1;
	case 'h':
		fputs(cmd->help, stdout);
		return STATUS_OK;
	default: /* getopt_long() has said what is wrong. */
		return usage_error(cmd, NULL);
	}
}

int common_options(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = { COMMON_LONG_OPTIONS };
	int c, status;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		status = common_option(cmd, c);
		if (status >= 0)
			return status;
	}
	return -1;
}

/* Output that could not be written is a failure: a full disk, say. */
static int flush_output(int status)
{
	if ((fflush(stdout) || ferror(stdout)) && status == STATUS_OK)
		return failed("cannot write the output");
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "version", no_argument, NULL, 'V' },
		COMMON_LONG_OPTIONS,
	};
	const struct command *cmd;
	int c;

	/* "+": what follows the subcommand is for the subcommand. */
	while ((c = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		switch (c) {
		case OPT_JSON:
			json_output = true;
			break;
		case 'V':
			printf("kcoro %s\n", KCORO_VERSION);
			return flush_output(STATUS_OK);
		case 'h':
			return flush_output(show_help(stdout));
		default:
			return usage_error(NULL, NULL);
		}
	}
	if (optind == argc) {
		show_help(stderr);
		return STATUS_USAGE;
	}
	argc -= optind;
	argv += optind;
	if (!strcmp(argv[0], "help"))
		return flush_output(help_command(argc, argv));
	cmd = find_command(argv[0]);
	if (!cmd)
		return usage_error(NULL, "there is no command '%s'", argv[0]);
	optind = 0; /* Starts getopt anew. */
	return flush_output(cmd->run(cmd, argc, argv));
}
