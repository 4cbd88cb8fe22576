/* SPDX-License-Identifier: MIT */
/*
 * What changed from one sample to the next, per second. Pure arithmetic.
 *
 * Without an earlier sample (@at_ns of it is 0), or for a task that was not in
 * it, rates are over the life of the task, or since the module was loaded; the
 * latter has no length, so that only the CPUs' busy share is known then.
 * A counter that went back (a CPU's, if the module was loaded anew) counts 0.
 */
#ifndef RATES_H
#define RATES_H

#include "sample.h"

struct cpu_rates {
	const struct kcoro_cpu_info *cpu;
	double busy; /* of 100 */
	double switches, steals, handovers, hogs; /* per second */
};

struct task_rates {
	const struct kcoro_task_info *task;
	double cpu; /* of 100: the share of one CPU */
	double switches, waits, wakes; /* per second */
};

struct totals {
	double switches, steals, handovers, hogs, spawned; /* per second */
};

/* @rates: room for the CPUs (tasks) of @now, and in the same order. */
void rates_cpus(const struct sample *before, const struct sample *now,
		struct cpu_rates *rates);
void rates_tasks(const struct sample *before, const struct sample *now,
		 struct task_rates *rates);
void rates_totals(const struct sample *before, const struct sample *now,
		  struct totals *totals);

#endif /* RATES_H */
