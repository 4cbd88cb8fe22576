/* SPDX-License-Identifier: MIT */
/*
 * The subcommands of kcoro, and what they have in common: exit codes and the
 * two options that every one of them takes.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <getopt.h>
#include <stdbool.h>

/* Exit codes; 128 + N after signal N. */
#define STATUS_OK 0
#define STATUS_FAILED 1 /* what was asked for did not work */
#define STATUS_USAGE 2 /* it was not clear what is asked for */

struct command {
	const char *name;
	const char *brief; /* for kcoro help */
	const char *help; /* for kcoro NAME --help; starts with the usage */
	int (*run)(const struct command *cmd, int argc, char **argv);
};

extern const struct command cmd_info, cmd_bodies, cmd_spawn, cmd_run, cmd_ps,
	cmd_kill, cmd_leaks, cmd_set, cmd_cpus, cmd_policy, cmd_top, cmd_chan,
	cmd_test;

/* --json was given, before or after the subcommand. */
extern bool json_output;

/* Values of long options without a letter. */
#define OPT_JSON 1000
#define OPT_FIRST_FREE 1001

/* Ends every list of long options. */
#define COMMON_LONG_OPTIONS                         \
	{ "json", no_argument, NULL, OPT_JSON },    \
		{ "help", no_argument, NULL, 'h' }, \
	{                                           \
		NULL, 0, NULL, 0                    \
	}

/*
 * Handles an option that the subcommand does not: --json, --help, and what is
 * none at all.
 * Returns -1 to go on, or the status to exit with.
 */
int common_option(const struct command *cmd, int option);

/*
 * For a subcommand without options of its own: parses the common ones.
 * Returns -1 to go on, or the status to exit with; optind is set.
 */
int common_options(const struct command *cmd, int argc, char **argv);

#endif /* COMMAND_H */
