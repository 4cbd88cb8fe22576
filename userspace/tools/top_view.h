/* SPDX-License-Identifier: MIT */
/*
 * What kcoro top shows, as lines of text: its state without any drawing.
 */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include "rates.h"
#include "top_columns.h"

/* Room for any line; what does not fit on the terminal is cut when drawn. */
#define TOP_LINE 512

/* Lines of top_summary(). */
#define TOP_SUMMARY_LINES 3

struct top {
	int ctx;
	uint32_t scope;
	int64_t delay_ns;
	uint64_t count; /* of refreshes; 0: for ever */
	struct top_order order;
	struct sample before, now;
	struct cpu_rates *cpus;
	struct task_rates *tasks; /* sorted */
	struct totals totals;
};

/*
 * Takes a sample, works out what changed since the last one, and sorts.
 * Returns 0 or a negative errno value, with the call in *@call.
 */
int top_refresh(struct top *t, int *call);

/* Sorts again, after a change of the order. */
void top_resort(struct top *t);

void top_free(struct top *t);

/* Line @i of the summary; the titles of the CPUs and one of them. */
void top_summary(const struct top *t, int i, char *line);
void top_cpu_titles(char *line);
void top_cpu(const struct top *t, size_t i, char *line);

/*
 * How many CPUs to show on a terminal of @rows lines, so that half of it is
 * left for tasks: all, or some with a line for the rest.
 */
size_t top_cpus_shown(size_t nr_cpus, int rows);

#endif /* TOP_VIEW_H */
