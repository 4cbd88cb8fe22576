// SPDX-License-Identifier: MIT
/*
 * kcoro ps: list tasks. Columns and sort keys are in columns.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <kcoro.h>

#include "columns.h"
#include "command.h"
#include "complain.h"
#include "summary.h"
#include "text.h"

#define DEFAULT_COLUMNS \
	"id,name,state,wait,age,time,switches,stack,used,cpu,pid,comm"

struct view {
	const struct column *columns[MAX_COLUMNS];
	size_t nr_columns;
	bool header;
	uint64_t limit;
};

enum {
	OPT_SUMMARY = OPT_FIRST_FREE,
};

static const struct option options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "mine", no_argument, NULL, 'u' },
	{ "sort", required_argument, NULL, 's' },
	{ "columns", required_argument, NULL, 'o' },
	{ "no-header", no_argument, NULL, 'H' },
	{ "limit", required_argument, NULL, 'n' },
	{ "summary", no_argument, NULL, OPT_SUMMARY },
	COMMON_LONG_OPTIONS,
};

/* Returns the terminal's width, or 0 if lines may be of any length. */
static int line_width(void)
{
	struct winsize ws;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws))
		return 0;
	return ws.ws_col;
}

/*
 * Appends one cell to a line. Text goes left and numbers right, and nothing
 * is filled up at the end of the line.
 */
static void add_cell(char *line, size_t size, const struct column *c,
		     const char *cell, int width, bool last)
{
	size_t used = strlen(line);

	if (c->right)
		snprintf(line + used, size - used, "%*s%s", width, cell,
			 last ? "" : " ");
	else
		snprintf(line + used, size - used, "%-*s%s", last ? 0 : width,
			 cell, last ? "" : " ");
}

static void print_line(char *line, int width)
{
	if (width && strlen(line) > (size_t)width)
		line[width] = '\0';
	puts(line);
}

static void print_tasks(const struct view *v, const struct kcoro_task_info *t,
			size_t n)
{
	char cell[CELL_SIZE], line[MAX_COLUMNS * CELL_SIZE];
	int width[MAX_COLUMNS], len, max = line_width();
	size_t i, k;

	for (k = 0; k < v->nr_columns; k++) {
		width[k] = v->header ? strlen(v->columns[k]->title) : 0;
		for (i = 0; i < n; i++) {
			v->columns[k]->cell(&t[i], cell);
			len = strlen(cell);
			if (len > width[k])
				width[k] = len;
		}
	}
	if (v->header) {
		line[0] = '\0';
		for (k = 0; k < v->nr_columns; k++)
			add_cell(line, sizeof(line), v->columns[k],
				 v->columns[k]->title, width[k],
				 k == v->nr_columns - 1);
		print_line(line, max);
	}
	for (i = 0; i < n; i++) {
		line[0] = '\0';
		for (k = 0; k < v->nr_columns; k++) {
			v->columns[k]->cell(&t[i], cell);
			add_cell(line, sizeof(line), v->columns[k], cell,
				 width[k], k == v->nr_columns - 1);
		}
		print_line(line, max);
	}
}

static void write_tasks(const struct view *v, const struct kcoro_task_info *t,
			size_t n)
{
	struct json j = { .file = stdout };
	size_t i, k;

	json_open(&j, NULL, '[');
	for (i = 0; i < n; i++) {
		json_open(&j, NULL, '{');
		for (k = 0; k < v->nr_columns; k++)
			v->columns[k]->write(&j, v->columns[k]->name, &t[i]);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_end(&j);
}

static int show(const struct view *v, uint32_t scope, const char *sort_key,
		bool summary)
{
	struct kcoro_task_info *tasks;
	ssize_t n;
	int ctx;

	ctx = open_context();
	if (ctx < 0)
		return STATUS_FAILED;
	n = kcoro_list(ctx, scope, &tasks);
	if (n < 0)
		return failed_call(ctx, KCORO_CALL_LIST, n, "ps");
	if (summary) {
		summary_show(tasks, n);
	} else {
		columns_sort(tasks, n, sort_key);
		if ((uint64_t)n > v->limit)
			n = v->limit;
		if (json_output)
			write_tasks(v, tasks, n);
		else
			print_tasks(v, tasks, n);
	}
	free(tasks);
	return STATUS_OK;
}

static int run_ps(const struct command *cmd, int argc, char **argv)
{
	struct view v = { .header = true, .limit = UINT64_MAX };
	const char *wanted = NULL, *sort_key = "id";
	uint32_t scope = KCORO_SCOPE_USER;
	char bad[KCORO_NAME_MAX];
	bool summary = false;
	int c, status;

	while ((c = getopt_long(argc, argv, "aus:o:Hn:h", options, NULL)) !=
	       -1) {
		switch (c) {
		case 'a':
			scope = KCORO_SCOPE_ALL;
			break;
		case 'u':
			scope = KCORO_SCOPE_USER;
			break;
		case 's':
			sort_key = optarg;
			break;
		case 'o':
			wanted = optarg;
			break;
		case 'H':
			v.header = false;
			break;
		case 'n':
			if (!parse_u64(optarg, 0, UINT64_MAX, &v.limit))
				return usage_error(cmd, "-n: '%s' is no number",
						   optarg);
			break;
		case OPT_SUMMARY:
			summary = true;
			break;
		default:
			status = common_option(cmd, c);
			if (status >= 0)
				return status;
		}
	}
	if (optind != argc)
		return usage_error(cmd, "ps takes no arguments");
	if (!column_find(sort_key + (*sort_key == '-')))
		return usage_error(cmd, "-s: there is no column '%s'",
				   sort_key);
	/* Programs get everything. */
	if (!wanted)
		wanted = json_output ? columns_all() : DEFAULT_COLUMNS;
	v.nr_columns = columns_parse(wanted, v.columns, bad, sizeof(bad));
	if (!v.nr_columns)
		return usage_error(cmd, "-o: there is no column '%s': %s", bad,
				   columns_all());
	return show(&v, scope, sort_key, summary);
}

const struct command cmd_ps = {
	.name = "ps",
	.brief = "list tasks",
	.help = "usage: kcoro ps [OPTION...]\n"
		"\n"
		"Lists your tasks.\n"
		"\n"
		"  -a, --all            everybody's (needs CAP_SYS_ADMIN)\n"
		"  -u, --mine           those of your contexts (the default)\n"
		"  -s, --sort COLUMN    order; -COLUMN for the largest first\n"
		"  -o, --columns LIST   columns, with commas: id name body state\n"
		"                       wait age time switches waits wakes\n"
		"                       steals handovers hogs priority pin flags\n"
		"                       stack used mem cpu ctx parent pid uid comm\n"
		"  -H, --no-header      no header line\n"
		"  -n, --limit N        only the first N\n"
		"      --summary        counts by state, wait and body, and\n"
		"                       memory\n"
		"      --json           output for programs: all columns, times\n"
		"                       in nanoseconds, sizes in bytes\n"
		"\n"
		"Example: kcoro ps -s -age -n 10\n",
	.run = run_ps,
};
