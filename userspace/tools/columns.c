// SPDX-License-Identifier: MIT
/*
 * The columns of kcoro ps.
 *
 * Most are a plain number or a plain string of struct kcoro_task_info: macros
 * make their three functions, so that a column is one line here and one in the
 * table.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "text.h"

typedef const struct kcoro_task_info row_t;

#define NUMBER_COLUMN(name, member)                                       \
	static void name##_cell(row_t *t, char *buf)                      \
	{                                                                 \
		snprintf(buf, CELL_SIZE, "%" PRId64, (int64_t)t->member); \
	}                                                                 \
	VALUE_FUNCTIONS(name, member)

/* A number for programs, with a unit for people. */
#define UNIT_COLUMN(name, member, format)            \
	static void name##_cell(row_t *t, char *buf) \
	{                                            \
		format(buf, t->member);              \
	}                                            \
	VALUE_FUNCTIONS(name, member)

#define VALUE_FUNCTIONS(name, member)                                       \
	static void name##_write(struct json *j, const char *key, row_t *t) \
	{                                                                   \
		json_s64(j, key, t->member);                                \
	}                                                                   \
	static int name##_compare(row_t *a, row_t *b)                       \
	{                                                                   \
		return (a->member > b->member) - (a->member < b->member);   \
	}

#define STRING_COLUMN(name)                                                 \
	static void name##_cell(row_t *t, char *buf)                        \
	{                                                                   \
		text_escape(buf, CELL_SIZE, t->name, sizeof(t->name));      \
		if (!*buf)                                                  \
			strcpy(buf, "-");                                   \
	}                                                                   \
	static void name##_write(struct json *j, const char *key, row_t *t) \
	{                                                                   \
		json_bytes(j, key, t->name,                                 \
			   strnlen(t->name, sizeof(t->name)));              \
	}                                                                   \
	static int name##_compare(row_t *a, row_t *b)                       \
	{                                                                   \
		return strncmp(a->name, b->name, sizeof(a->name));          \
	}

/* A number that has a word. */
#define WORD_COLUMN(name)                                                     \
	static void name##_cell(row_t *t, char *buf)                          \
	{                                                                     \
		snprintf(buf, CELL_SIZE, "%s", kcoro_##name##_name(t->name)); \
	}                                                                     \
	static void name##_write(struct json *j, const char *key, row_t *t)   \
	{                                                                     \
		json_str(j, key, kcoro_##name##_name(t->name));               \
	}                                                                     \
	static int name##_compare(row_t *a, row_t *b)                         \
	{                                                                     \
		return (a->name > b->name) - (a->name < b->name);             \
	}

NUMBER_COLUMN(id, id)
STRING_COLUMN(name)
STRING_COLUMN(body)
WORD_COLUMN(state)
WORD_COLUMN(wait)
UNIT_COLUMN(age, age_ns, text_time)
NUMBER_COLUMN(switches, switches)
UNIT_COLUMN(stack, stack_size, text_bytes)
UNIT_COLUMN(used, stack_used, text_bytes)
UNIT_COLUMN(mem, mem_bytes, text_bytes)
NUMBER_COLUMN(cpu, cpu)
NUMBER_COLUMN(ctx, ctx)
NUMBER_COLUMN(parent, parent)
NUMBER_COLUMN(pid, pid)
NUMBER_COLUMN(uid, uid)
STRING_COLUMN(comm)

UNIT_COLUMN(time, run_ns, text_time)
NUMBER_COLUMN(waits, waits)
NUMBER_COLUMN(wakes, wakes)
NUMBER_COLUMN(steals, steals)
NUMBER_COLUMN(handovers, handovers)
NUMBER_COLUMN(hogs, hogs)
NUMBER_COLUMN(priority, priority)
VALUE_FUNCTIONS(pin, pin)

static void pin_cell(row_t *t, char *buf)
{
	if (t->pin < 0)
		strcpy(buf, "-");
	else
		snprintf(buf, CELL_SIZE, "%d", t->pin);
}

/* A letter each, as ps(1) has them. */
static void flags_cell(row_t *t, char *buf)
{
	snprintf(buf, CELL_SIZE, "%s%s%s%s",
		 t->flags & KCORO_TASK_F_AWAY ? "A" : "",
		 t->flags & KCORO_TASK_F_HOG ? "H" : "",
		 t->flags & KCORO_TASK_F_THREAD ? "T" : "",
		 t->flags ? "" : "-");
}

static void flags_write(struct json *j, const char *key, row_t *t)
{
	json_open(j, key, '[');
	if (t->flags & KCORO_TASK_F_AWAY)
		json_str(j, NULL, "away");
	if (t->flags & KCORO_TASK_F_HOG)
		json_str(j, NULL, "hog");
	if (t->flags & KCORO_TASK_F_THREAD)
		json_str(j, NULL, "thread");
	json_close(j, ']');
}

static int flags_compare(row_t *a, row_t *b)
{
	return (a->flags > b->flags) - (a->flags < b->flags);
}

#define COLUMN(name, title, right)                                             \
	{                                                                      \
#name, title, right, name##_cell, name##_write, name##_compare \
	}

static const struct column table[] = {
	COLUMN(id, "ID", true),		COLUMN(name, "NAME", false),
	COLUMN(body, "BODY", false),	COLUMN(state, "STATE", false),
	COLUMN(wait, "WAIT", false),	COLUMN(age, "AGE", true),
	COLUMN(time, "TIME", true),	COLUMN(switches, "SWITCHES", true),
	COLUMN(waits, "WAITS", true),	COLUMN(wakes, "WAKES", true),
	COLUMN(steals, "STEALS", true), COLUMN(handovers, "HANDOVERS", true),
	COLUMN(hogs, "HOGS", true),	COLUMN(priority, "PRI", true),
	COLUMN(pin, "PIN", true),	COLUMN(flags, "FLAGS", false),
	COLUMN(stack, "STACK", true),	COLUMN(used, "USED", true),
	COLUMN(mem, "MEM", true),	COLUMN(cpu, "CPU", true),
	COLUMN(ctx, "CTX", true),	COLUMN(parent, "PARENT", true),
	COLUMN(pid, "PID", true),	COLUMN(uid, "UID", true),
	COLUMN(comm, "COMM", false),
};

#define NR_COLUMNS (sizeof(table) / sizeof(table[0]))

static const struct column *find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < NR_COLUMNS; i++) {
		if (strlen(table[i].name) == len &&
		    !memcmp(table[i].name, name, len))
			return &table[i];
	}
	return NULL;
}

const struct column *column_find(const char *name)
{
	return find(name, strlen(name));
}

const char *columns_all(void)
{
	static char all[NR_COLUMNS * 16];
	size_t i;

	all[0] = '\0';
	for (i = 0; i < NR_COLUMNS; i++) {
		if (i)
			strcat(all, ",");
		strcat(all, table[i].name);
	}
	return all;
}

size_t columns_parse(const char *list, const struct column **columns, char *bad,
		     size_t bad_size)
{
	const struct column *c;
	size_t n = 0, len;

	for (;;) {
		len = strcspn(list, ",");
		c = n < MAX_COLUMNS ? find(list, len) : NULL;
		if (!c) {
			snprintf(bad, bad_size, "%.*s", (int)len, list);
			return 0;
		}
		columns[n++] = c;
		if (!list[len])
			return n;
		list += len + 1;
	}
}

/* What the comparison needs to know; qsort(3) does not pass it on. */
static const struct column *sort_column;
static int sort_sign;

static int compare_tasks(const void *a, const void *b)
{
	row_t *x = a, *y = b;
	int order = sort_sign * sort_column->compare(x, y);

	return order ? order : id_compare(x, y);
}

void columns_sort(struct kcoro_task_info *tasks, size_t n, const char *key)
{
	sort_sign = *key == '-' ? -1 : 1;
	sort_column = column_find(key + (*key == '-'));
	qsort(tasks, n, sizeof(*tasks), compare_tasks);
}
