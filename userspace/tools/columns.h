/* SPDX-License-Identifier: MIT */
/*
 * The columns of kcoro ps: what each shows of a task, and its order.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <kcoro.h>

#include "json.h"

#define MAX_COLUMNS 32

/* A name with every byte escaped, and a zero. */
#define CELL_SIZE (4 * KCORO_NAME_MAX + 1)

struct column {
	const char *name; /* for -o, -s and JSON */
	const char *title;
	bool right; /* numbers */
	void (*cell)(const struct kcoro_task_info *t, char *buf);
	void (*write)(struct json *j, const char *key,
		      const struct kcoro_task_info *t);
	int (*compare)(const struct kcoro_task_info *a,
		       const struct kcoro_task_info *b);
};

const struct column *column_find(const char *name);

/* The names of all columns, with commas. */
const char *columns_all(void);

/*
 * Finds the columns of a list with commas. Returns their number, or 0 with the
 * name that is none in @bad.
 */
size_t columns_parse(const char *list, const struct column **columns, char *bad,
		     size_t bad_size);

/* Sorts by a column, with a '-' before its name the largest first. */
void columns_sort(struct kcoro_task_info *tasks, size_t n, const char *key);

#endif /* COLUMNS_H */
