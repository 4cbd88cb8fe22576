/* SPDX-License-Identifier: MIT */
/*
 * How a task is scheduled, as the command line says it: for run, spawn, set.
 */
#ifndef SCHED_OPTS_H
#define SCHED_OPTS_H

#include <stdbool.h>
#include <stdint.h>

/* What run and spawn take. */
struct sched_opts {
	uint32_t flags; /* KCORO_SPAWN_PIN, KCORO_SPAWN_THREAD */
	int priority;
	uint32_t cpu;
};

#define OPT_PRIORITY 900
#define OPT_CPU 901
#define OPT_OWN_THREAD 902

#define SCHED_LONG_OPTIONS                                       \
	{ "priority", required_argument, NULL, OPT_PRIORITY },   \
		{ "cpu", required_argument, NULL, OPT_CPU },     \
	{                                                        \
		"own-thread", no_argument, NULL, OPT_OWN_THREAD, \
	}

struct command;

/* Parse all of @s. Return whether it is one. */
bool parse_priority(const char *s, int *priority);
bool parse_cpu(const char *s, uint32_t *cpu);

/*
 * Takes one of the options above, or leaves it to common_option().
 * Returns -1 to go on, or a status.
 */
int sched_option(const struct command *cmd, struct sched_opts *opts, int c);

#endif /* SCHED_OPTS_H */
