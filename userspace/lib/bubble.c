// SPDX-License-Identifier: MIT
/*
 * Bubbles: a context's tasks in virtual time.
 */
#include <string.h>

#include "internal.h"

KCORO_PUBLIC int kcoro_bubble(int ctx, uint64_t seed, uint32_t steps_max)
{
	struct kcoro_bubble_create req = { .seed = seed,
					   .steps_max = steps_max };

	return kcoro_call(ctx, KCORO_IOC_BUBBLE, &req);
}

KCORO_PUBLIC int kcoro_bubble_run(int ctx, struct kcoro_bubble_run *end,
				  struct kcoro_step *steps, unsigned int count,
				  int64_t deadline_ns)
{
	struct kcoro_bubble_run mine;

	if (!end)
		end = &mine;
	memset(end, 0, sizeof(*end));
	end->steps = (uintptr_t)steps;
	end->count = steps ? count : 0;
	end->deadline_ns = deadline_ns;
	return kcoro_call(ctx, KCORO_IOC_BUBBLE_RUN, end);
}
