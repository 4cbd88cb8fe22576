/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says at one moment, of everything that kcoro top shows.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stddef.h>
#include <stdint.h>
#include <kcoro.h>

struct sample {
	int64_t at_ns; /* CLOCK_MONOTONIC */
	struct kcoro_info info;
	struct kcoro_cpu_info *cpus;
	size_t nr_cpus;
	struct kcoro_task_info *tasks; /* in order of id */
	size_t nr_tasks;
};

/*
 * Asks the kernel. Returns 0 or a negative errno value, with the call for
 * kcoro_explain() in *@call; there is nothing to free then.
 */
int sample_take(struct sample *s, int ctx, uint32_t scope, int *call);

void sample_free(struct sample *s);

#endif /* SAMPLE_H */
