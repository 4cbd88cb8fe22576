// SPDX-License-Identifier: MIT
/*
 * Rates: see rates.h.
 */
#include "rates.h"

/* What a counter grew by for each @unit_ns of @ns. */
static double per(uint64_t before, uint64_t now, int64_t ns, double unit_ns)
{
	return now > before && ns > 0 ? (now - before) * unit_ns / ns : 0;
}

static double per_second(uint64_t before, uint64_t now, int64_t ns)
{
	return per(before, now, ns, 1e9);
}

/* Nanoseconds between the samples, 0 if there is no earlier one. */
static int64_t between(const struct sample *before, const struct sample *now)
{
	return before->at_ns ? now->at_ns - before->at_ns : 0;
}

void rates_cpus(const struct sample *before, const struct sample *now,
		struct cpu_rates *rates)
{
	static const struct kcoro_cpu_info zero;
	const struct kcoro_cpu_info *old, *c = now->cpus;
	int64_t ns = between(before, now), all;
	size_t i, k = 0;

	for (i = 0; i < now->nr_cpus; i++, c++, rates++) {
		while (k < before->nr_cpus && before->cpus[k].cpu < c->cpu)
			k++;
		old = k < before->nr_cpus && before->cpus[k].cpu == c->cpu ?
			      &before->cpus[k] :
			      &zero;
		all = ns ? ns : (int64_t)(c->run_ns + c->idle_ns);
		rates->cpu = c;
		rates->busy = per(old->run_ns, c->run_ns, all, 100);
		/* A turn counts when it ends: it may be longer than this. */
		if (rates->busy > 100)
			rates->busy = 100;
		rates->switches = per_second(old->switches, c->switches, ns);
		rates->steals = per_second(old->steals, c->steals, ns);
		rates->handovers = per_second(old->handovers, c->handovers, ns);
		rates->hogs = per_second(old->hogs, c->hogs, ns);
	}
}

void rates_tasks(const struct sample *before, const struct sample *now,
		 struct task_rates *rates)
{
	static const struct kcoro_task_info zero;
	const struct kcoro_task_info *old, *t = now->tasks;
	int64_t ns;
	size_t i, k = 0;

	for (i = 0; i < now->nr_tasks; i++, t++, rates++) {
		while (k < before->nr_tasks && before->tasks[k].id < t->id)
			k++;
		if (k < before->nr_tasks && before->tasks[k].id == t->id) {
			old = &before->tasks[k];
			ns = between(before, now);
		} else {
			old = &zero;
			ns = t->age_ns;
		}
		rates->task = t;
		rates->cpu = per(old->run_ns, t->run_ns, ns, 100);
		if (rates->cpu > 100)
			rates->cpu = 100;
		rates->switches = per_second(old->switches, t->switches, ns);
		rates->waits = per_second(old->waits, t->waits, ns);
		rates->wakes = per_second(old->wakes, t->wakes, ns);
	}
}

void rates_totals(const struct sample *before, const struct sample *now,
		  struct totals *totals)
{
	const struct kcoro_info *a = &before->info, *b = &now->info;
	int64_t ns = between(before, now);

	totals->switches = per_second(a->switches, b->switches, ns);
	totals->steals = per_second(a->steals, b->steals, ns);
	totals->handovers = per_second(a->handovers, b->handovers, ns);
	totals->hogs = per_second(a->hogs, b->hogs, ns);
	totals->spawned = per_second(a->spawned, b->spawned, ns);
}
