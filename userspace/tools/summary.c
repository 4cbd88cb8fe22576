// SPDX-License-Identifier: MIT
/*
 * What many tasks come to: counts by state, by wait and by body, and memory.
 * For ten thousand tasks and more, where nobody reads a list.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "command.h"
#include "summary.h"
#include "text.h"

/* Numbers of states and waits that are counted; newer ones count as unknown. */
#define WORDS 16

struct counts {
	uint64_t state[WORDS];
	uint64_t wait[WORDS];
	uint64_t mem;
	uint32_t stack_used; /* the most of any */
	uint64_t oldest_ns;
};

static void count(struct counts *c, const struct kcoro_task_info *t, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++, t++) {
		c->state[t->state < WORDS ? t->state : WORDS - 1]++;
		if (t->state == KCORO_TASK_PARKED)
			c->wait[t->wait < WORDS ? t->wait : WORDS - 1]++;
		c->mem += t->mem_bytes;
		if (t->stack_used > c->stack_used)
			c->stack_used = t->stack_used;
		if (t->age_ns > c->oldest_ns)
			c->oldest_ns = t->age_ns;
	}
}

/* The number of tasks at @t, sorted by body, that run the same one. */
static size_t same_body(const struct kcoro_task_info *t, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++) {
		if (strncmp(t[i].body, t[0].body, sizeof(t[0].body)))
			break;
	}
	return i;
}

static void print_words(const char *title, const uint64_t *counts,
			const char *(*name)(uint32_t))
{
	const char *separator = " ";
	size_t i;

	printf("%s", title);
	for (i = 0; i < WORDS; i++) {
		if (!counts[i])
			continue;
		printf("%s%" PRIu64 " %s", separator, counts[i], name(i));
		separator = ", ";
	}
	puts(*separator == ',' ? "" : " none");
}

static void print_summary(const struct counts *c,
			  const struct kcoro_task_info *t, size_t n)
{
	char body[CELL_SIZE], mem[TEXT_SIZE], used[TEXT_SIZE], age[TEXT_SIZE];
	char each[TEXT_SIZE];
	size_t i, same;

	printf("tasks   %zu\n", n);
	print_words("state  ", c->state, kcoro_state_name);
	print_words("waits  ", c->wait, kcoro_wait_name);
	printf("memory  %s, %s each\n", text_bytes(mem, c->mem),
	       text_bytes(each, n ? c->mem / n : 0));
	printf("stack   at most %s used\n", text_bytes(used, c->stack_used));
	printf("oldest  %s\n", text_time(age, c->oldest_ns));
	for (i = 0; i < n; i += same) {
		same = same_body(t + i, n - i);
		text_escape(body, sizeof(body), t[i].body, sizeof(t[i].body));
		printf("body    %zu %s\n", same, *body ? body : "-");
	}
}

static void write_words(struct json *j, const char *key, const uint64_t *counts,
			const char *(*name)(uint32_t))
{
	size_t i;

	json_open(j, key, '{');
	for (i = 0; i < WORDS; i++) {
		if (counts[i])
			json_u64(j, name(i), counts[i]);
	}
	json_close(j, '}');
}

static void write_summary(const struct counts *c,
			  const struct kcoro_task_info *t, size_t n)
{
	struct json j = { .file = stdout };
	size_t i, same;

	json_open(&j, NULL, '{');
	json_u64(&j, "tasks", n);
	write_words(&j, "states", c->state, kcoro_state_name);
	write_words(&j, "waits", c->wait, kcoro_wait_name);
	json_u64(&j, "mem", c->mem);
	json_u64(&j, "stack_used_max", c->stack_used);
	json_u64(&j, "oldest", c->oldest_ns);
	json_open(&j, "bodies", '[');
	for (i = 0; i < n; i += same) {
		same = same_body(t + i, n - i);
		json_open(&j, NULL, '{');
		json_bytes(&j, "name", t[i].body,
			   strnlen(t[i].body, sizeof(t[i].body)));
		json_u64(&j, "tasks", same);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	json_end(&j);
}

void summary_show(struct kcoro_task_info *tasks, size_t n)
{
	struct counts c = { .mem = 0 };

	count(&c, tasks, n);
	columns_sort(tasks, n, "body");
	if (json_output)
		write_summary(&c, tasks, n);
	else
		print_summary(&c, tasks, n);
}
