/* SPDX-License-Identifier: MIT */
/*
 * The columns of kcoro top: what each shows of a task, and its order.
 */
#ifndef TOP_COLUMNS_H
#define TOP_COLUMNS_H

#include <stdbool.h>

#include "rates.h"

/* How tasks are sorted. */
struct top_order {
	int column;
	bool reverse; /* not the column's own direction */
};

/* The column of that name, or -1. */
int top_column_find(const char *name);

/* The names of all, with blanks. */
const char *top_columns_all(void);

const char *top_column_name(int column);

/* The column @step to the right of it, or to the left. */
int top_column_next(int column, int step);

/* Sorts; tasks that are equal stay in order of id. */
void top_sort(struct task_rates *rates, size_t n, struct top_order order);

/* One line: the titles, or a task. @size: room at @line. */
void top_titles(char *line, size_t size);
void top_row(char *line, size_t size, const struct task_rates *r);

#endif /* TOP_COLUMNS_H */
