// SPDX-License-Identifier: MIT
/*
 * The columns of kcoro top: see top_columns.h.
 *
 * Widths are fixed, so that nothing jumps from one refresh to the next; a value
 * that is longer moves its own line alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "top_columns.h"

#define CELL_SIZE (4 * KCORO_NAME_MAX + 1)

typedef const struct task_rates row_t;

/* The largest first, which is what one looks for, unless it says otherwise. */
#define NUMBER_ORDER(name, member)                                        \
	static int name##_compare(row_t *a, row_t *b)                     \
	{                                                                 \
		return (a->member < b->member) - (a->member > b->member); \
	}

#define NUMBER_COLUMN(name, member)                                       \
	static void name##_cell(row_t *r, char *buf)                      \
	{                                                                 \
		snprintf(buf, CELL_SIZE, "%" PRId64, (int64_t)r->member); \
	}                                                                 \
	NUMBER_ORDER(name, member)

/* Equal is what looks equal: noise must not shuffle the lines. */
#define ROUNDED_ORDER(name, member, unit)             \
	static int name##_compare(row_t *a, row_t *b) \
	{                                             \
		int64_t x = a->member * (unit) + 0.5; \
		int64_t y = b->member * (unit) + 0.5; \
		return (x < y) - (x > y);             \
	}

#define RATE_COLUMN(name, member)                            \
	static void name##_cell(row_t *r, char *buf)         \
	{                                                    \
		snprintf(buf, CELL_SIZE, "%.0f", r->member); \
	}                                                    \
	ROUNDED_ORDER(name, member, 1)

#define TIME_COLUMN(name, member)                    \
	static void name##_cell(row_t *r, char *buf) \
	{                                            \
		text_time(buf, r->member);           \
	}                                            \
	NUMBER_ORDER(name, member)

#define STRING_COLUMN(name)                                  \
	static void name##_cell(row_t *r, char *buf)         \
	{                                                    \
		text_escape(buf, CELL_SIZE, r->task->name,   \
			    sizeof(r->task->name));          \
	}                                                    \
	static int name##_compare(row_t *a, row_t *b)        \
	{                                                    \
		return strncmp(a->task->name, b->task->name, \
			       sizeof(a->task->name));       \
	}

RATE_COLUMN(switches, switches)
RATE_COLUMN(waits, waits)
RATE_COLUMN(wakes, wakes)
TIME_COLUMN(time, task->run_ns)
TIME_COLUMN(age, task->age_ns)
NUMBER_COLUMN(steals, task->steals)
NUMBER_COLUMN(hogs, task->hogs)
NUMBER_COLUMN(on, task->cpu)
ROUNDED_ORDER(share, cpu, 10)
STRING_COLUMN(name)
STRING_COLUMN(comm)

static void share_cell(row_t *r, char *buf)
{
	snprintf(buf, CELL_SIZE, "%.1f", r->cpu);
}

static void id_cell(row_t *r, char *buf)
{
	snprintf(buf, CELL_SIZE, "%" PRIu64, (uint64_t)r->task->id);
}

static int id_compare(row_t *a, row_t *b)
{
	return (a->task->id > b->task->id) - (a->task->id < b->task->id);
}

static void pri_cell(row_t *r, char *buf)
{
	snprintf(buf, CELL_SIZE, "%d", r->task->priority);
}

static int pri_compare(row_t *a, row_t *b)
{
	return a->task->priority - b->task->priority;
}

/* What it waits for, if it waits; an asterisk: it is pinned to its CPU. */
static void state_cell(row_t *r, char *buf)
{
	snprintf(buf, CELL_SIZE, "%s%s",
		 r->task->state == KCORO_TASK_PARKED ?
			 kcoro_wait_name(r->task->wait) :
			 kcoro_state_name(r->task->state),
		 r->task->pin >= 0 ? "*" : "");
}

static int state_compare(row_t *a, row_t *b)
{
	if (a->task->state != b->task->state)
		return a->task->state < b->task->state ? -1 : 1;
	return (a->task->wait > b->task->wait) -
	       (a->task->wait < b->task->wait);
}

static const struct top_column {
	const char *name; /* for -s */
	const char *title;
	int width; /* negative: to the left */
	void (*cell)(row_t *r, char *buf);
	int (*compare)(row_t *a, row_t *b);
} table[] = {
	{ "id", "ID", 6, id_cell, id_compare },
	{ "name", "NAME", -16, name_cell, name_compare },
	{ "state", "STATE", -8, state_cell, state_compare },
	{ "cpu", "CPU", 3, on_cell, on_compare },
	{ "pri", "PRI", 3, pri_cell, pri_compare },
	{ "cpu%", "%CPU", 5, share_cell, share_compare },
	{ "time", "TIME", 6, time_cell, time_compare },
	{ "switches", "SW/S", 6, switches_cell, switches_compare },
	{ "waits", "WAIT/S", 6, waits_cell, waits_compare },
	{ "wakes", "WAKE/S", 6, wakes_cell, wakes_compare },
	{ "age", "AGE", 6, age_cell, age_compare },
	{ "steals", "STEALS", 6, steals_cell, steals_compare },
	{ "hogs", "HOGS", 4, hogs_cell, hogs_compare },
	{ "comm", "COMM", -15, comm_cell, comm_compare },
};

#define NR_COLUMNS ((int)(sizeof(table) / sizeof(table[0])))

int top_column_find(const char *name)
{
	int i;

	for (i = 0; i < NR_COLUMNS; i++) {
		if (!strcmp(table[i].name, name))
			return i;
	}
	return -1;
}

const char *top_columns_all(void)
{
	static char all[NR_COLUMNS * 16];
	int i;

	all[0] = '\0';
	for (i = 0; i < NR_COLUMNS; i++) {
		if (i)
			strcat(all, " ");
		strcat(all, table[i].name);
	}
	return all;
}

const char *top_column_name(int column)
{
	return table[column].name;
}

int top_column_next(int column, int step)
{
	return (column + NR_COLUMNS + step) % NR_COLUMNS;
}

/* What the comparison needs to know; qsort(3) does not pass it on. */
static struct top_order sort_order;

static int compare(const void *a, const void *b)
{
	int order = table[sort_order.column].compare(a, b);

	if (!order)
		return id_compare(a, b);
	return sort_order.reverse ? -order : order;
}

void top_sort(struct task_rates *rates, size_t n, struct top_order order)
{
	sort_order = order;
	qsort(rates, n, sizeof(*rates), compare);
}

/* Appends a cell; nothing is filled up at the end of the line. */
static void add(char *line, size_t size, int i, const char *cell)
{
	size_t used = strlen(line);

	snprintf(line + used, size - used, "%s%*s", i ? " " : "",
		 i == NR_COLUMNS - 1 ? 0 : table[i].width, cell);
}

void top_titles(char *line, size_t size)
{
	int i;

	line[0] = '\0';
	for (i = 0; i < NR_COLUMNS; i++)
		add(line, size, i, table[i].title);
}

void top_row(char *line, size_t size, const struct task_rates *r)
{
	char cell[CELL_SIZE];
	int i;

	line[0] = '\0';
	for (i = 0; i < NR_COLUMNS; i++) {
		table[i].cell(r, cell);
		add(line, size, i, cell);
	}
}
