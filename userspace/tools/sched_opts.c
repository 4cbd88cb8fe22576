// SPDX-License-Identifier: MIT
/*
 * Options of scheduling: see sched_opts.h.
 */
#include <kcoro.h>

#include "command.h"
#include "complain.h"
#include "sched_opts.h"
#include "text.h"

bool parse_priority(const char *s, int *priority)
{
	bool negative = *s == '-';
	uint64_t value;

	if (!parse_u64(s + negative, 0,
		       negative ? -KCORO_PRIORITY_MIN : KCORO_PRIORITY_MAX,
		       &value))
		return false;
	*priority = negative ? -(int)value : (int)value;
	return true;
}

bool parse_cpu(const char *s, uint32_t *cpu)
{
	uint64_t value;

	if (!parse_u64(s, 0, INT32_MAX, &value))
		return false;
	*cpu = value;
	return true;
}

int sched_option(const struct command *cmd, struct sched_opts *opts, int c)
{
	switch (c) {
	case OPT_PRIORITY:
		if (!parse_priority(optarg, &opts->priority))
			return usage_error(
				cmd,
				"--priority: '%s' is no priority: %d to %d",
				optarg, KCORO_PRIORITY_MIN, KCORO_PRIORITY_MAX);
		return -1;
	case OPT_CPU:
		if (!parse_cpu(optarg, &opts->cpu))
			return usage_error(cmd,
					   "--cpu: '%s' is no number of a CPU",
					   optarg);
		opts->flags |= KCORO_SPAWN_PIN;
		return -1;
	case OPT_OWN_THREAD:
		opts->flags |= KCORO_SPAWN_THREAD;
		return -1;
	default:
		return common_option(cmd, c);
	}
}
