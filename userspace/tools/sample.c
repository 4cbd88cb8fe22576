// SPDX-License-Identifier: MIT
/*
 * Asking the kernel: see sample.h.
 */
#include <stdlib.h>
#include <string.h>

#include "sample.h"

int sample_take(struct sample *s, int ctx, uint32_t scope, int *call)
{
	ssize_t n;
	int err;

	memset(s, 0, sizeof(*s));
	*call = KCORO_CALL_OTHER;
	err = kcoro_info(ctx, &s->info);
	if (err)
		return err;
	n = kcoro_cpus(ctx, &s->cpus);
	if (n < 0)
		return n;
	s->nr_cpus = n;
	*call = KCORO_CALL_LIST;
	s->at_ns = kcoro_deadline_in(0);
	n = kcoro_list(ctx, scope, &s->tasks);
	if (n < 0) {
		sample_free(s);
		return n;
	}
	s->nr_tasks = n;
	return 0;
}

void sample_free(struct sample *s)
{
	free(s->cpus);
	free(s->tasks);
	memset(s, 0, sizeof(*s));
}
