// SPDX-License-Identifier: GPL-2.0
/* The trace events of trace.h, defined. */
#include <linux/module.h>

#define CREATE_TRACE_POINTS
#include "trace.h"

/**
 * kcoro_wait_name() - what a task waits for, in a word
 * @reason: KCORO_WAIT_*
 *
 * Context: any.
 */
const char *kcoro_wait_name(u8 reason)
{
	static const struct trace_print_flags names[] = { kcoro_wait_names };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].mask == reason)
			return names[i].name;
	return "?";
}
