// SPDX-License-Identifier: MIT
/*
 * What kcoro top shows: see top_view.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu_state.h"
#include "text.h"
#include "top_view.h"

int top_refresh(struct top *t, int *call)
{
	struct task_rates *tasks;
	struct cpu_rates *cpus;
	struct sample s;
	int err;

	err = sample_take(&s, t->ctx, t->scope, call);
	if (err)
		return err;
	cpus = calloc(s.nr_cpus + 1, sizeof(*cpus));
	tasks = calloc(s.nr_tasks + 1, sizeof(*tasks));
	if (!cpus || !tasks) {
		free(cpus);
		free(tasks);
		sample_free(&s);
		return -ENOMEM;
	}
	sample_free(&t->before);
	free(t->cpus);
	free(t->tasks);
	t->before = t->now;
	t->now = s;
	t->cpus = cpus;
	t->tasks = tasks;
	rates_cpus(&t->before, &t->now, t->cpus);
	rates_tasks(&t->before, &t->now, t->tasks);
	rates_totals(&t->before, &t->now, &t->totals);
	top_resort(t);
	return 0;
}

void top_resort(struct top *t)
{
	top_sort(t->tasks, t->now.nr_tasks, t->order);
}

void top_free(struct top *t)
{
	sample_free(&t->before);
	sample_free(&t->now);
	free(t->cpus);
	free(t->tasks);
}

void top_summary(const struct top *t, int i, char *line)
{
	const struct kcoro_info *info = &t->now.info;
	char policy[4 * KCORO_POLICY_MAX + 1];
	unsigned int state[KCORO_TASK_EXITED + 1] = { 0 };
	size_t k;

	switch (i) {
	case 0:
		text_escape(policy, sizeof(policy), info->policy,
			    sizeof(info->policy));
		snprintf(line, TOP_LINE,
			 "kcoro: policy %s, every %gs, by %s%s, h for help",
			 *policy ? policy : "?", t->delay_ns / 1e9,
			 top_column_name(t->order.column),
			 t->order.reverse ? " reversed" : "");
		break;
	case 1:
		for (k = 0; k < t->now.nr_tasks; k++) {
			if (t->now.tasks[k].state <= KCORO_TASK_EXITED)
				state[t->now.tasks[k].state]++;
		}
		snprintf(
			line, TOP_LINE,
			"tasks: %zu: %u running, %u ready, %u parked; global queue %u; workers %u, spare %u",
			t->now.nr_tasks, state[KCORO_TASK_RUNNING],
			state[KCORO_TASK_READY], state[KCORO_TASK_PARKED],
			info->nr_global, info->workers, info->spares);
		break;
	default:
		snprintf(
			line, TOP_LINE,
			"per s: %.0f switches, %.0f spawned, %.0f steals, %.0f handovers, %.0f hogs",
			t->totals.switches, t->totals.spawned, t->totals.steals,
			t->totals.handovers, t->totals.hogs);
	}
}

void top_cpu_titles(char *line)
{
	snprintf(line, TOP_LINE, "%3s %-6s %5s %6s %7s %6s %8s %8s %8s %6s",
		 "CPU", "STATE", "BUSY%", "QUEUED", "WORKERS", "SPARES", "SW/S",
		 "STEALS/S", "HANDOV/S", "HOGS/S");
}

void top_cpu(const struct top *t, size_t i, char *line)
{
	const struct cpu_rates *r = &t->cpus[i];

	snprintf(line, TOP_LINE,
		 "%3u %-6s %5.1f %6u %7u %6u %8.0f %8.0f %8.0f %6.0f",
		 r->cpu->cpu, cpu_state(r->cpu), r->busy, r->cpu->queued,
		 r->cpu->workers, r->cpu->spares, r->switches, r->steals,
		 r->handovers, r->hogs);
}

size_t top_cpus_shown(size_t nr_cpus, int rows)
{
	/* The summary, two lines of titles, and that of the rest. */
	int room = rows / 2 - TOP_SUMMARY_LINES - 2;

	if (room < 0)
		room = 0;
	if (nr_cpus <= (size_t)room + 1)
		return nr_cpus;
	return room;
}
