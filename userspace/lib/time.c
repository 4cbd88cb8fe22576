// SPDX-License-Identifier: MIT
/*
 * Deadlines. Absolute ones, so that a call that is made again after EINTR
 * waits no longer in total.
 */
#include <time.h>

#include "internal.h"

KCORO_PUBLIC int64_t kcoro_deadline_in(int64_t ns)
{
	struct timespec now;
	int64_t t;

	clock_gettime(CLOCK_MONOTONIC, &now);
	t = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
	if (ns > INT64_MAX - t)
		return INT64_MAX;
	/* Never 0, which would be no deadline; always past if ns is. */
	return ns < 1 - t ? KCORO_NOW : t + ns;
}
