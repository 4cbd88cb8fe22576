// SPDX-License-Identifier: MIT
/*
 * kcoro top on a terminal: drawing and keys. What there is to draw comes from
 * top_view.c.
 *
 * Signals are interrupt.c's: curses leaves a handler alone that is there
 * already, and so the terminal is put right in one place, here.
 */
#include <curses.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <term.h>

#include "command.h"
#include "complain.h"
#include "interrupt.h"
#include "text.h"
#include "top_screen.h"

struct screen {
	struct top *top;
	size_t selected, first; /* tasks: that with the bar, that on top */
	int page; /* lines for tasks */
	bool help;
	uint64_t asking; /* whether to cancel that task; 0: nothing */
	char note[TOP_LINE]; /* in the last line, until the next key */
};

static const char *const help[] = {
	"kcoro top: tasks by what they took since the last refresh",
	"",
	"  Up Down PgUp PgDn Home End   move",
	"  P T S N    sort by %CPU, time, switches, id",
	"  < >        sort by the column to the left, to the right",
	"  r          the other way round",
	"  k          cancel the task, after asking",
	"  Space      refresh now",
	"  q          quit",
	"",
	"%CPU is of one CPU; SW/S, WAIT/S, WAKE/S are per second;",
	"an asterisk after the state: pinned to its CPU.",
	"Any key goes on.",
};

/* Draws one line, cut at the terminal's width. */
static void put_line(int y, const char *line, attr_t attrs)
{
	if (y >= LINES)
		return;
	move(y, 0);
	attrset(attrs);
	addnstr(line, COLS);
	/* The bar goes to the edge. */
	if (attrs & A_REVERSE)
		hline(' ' | A_REVERSE, COLS - (int)strlen(line) > 0 ?
					       COLS - (int)strlen(line) :
					       0);
	attrset(A_NORMAL);
}

/* Returns the line after the CPUs. */
static int draw_cpus(const struct top *t, int y)
{
	size_t i, shown = top_cpus_shown(t->now.nr_cpus, LINES);
	char line[TOP_LINE];

	top_cpu_titles(line);
	put_line(y++, line, A_BOLD);
	for (i = 0; i < shown; i++) {
		top_cpu(t, i, line);
		put_line(y++, line, A_NORMAL);
	}
	if (shown < t->now.nr_cpus) {
		snprintf(line, sizeof(line), "    and %zu more: kcoro cpus",
			 t->now.nr_cpus - shown);
		put_line(y++, line, A_NORMAL);
	}
	return y;
}

static void draw_tasks(struct screen *s, int y)
{
	const struct top *t = s->top;
	size_t n = t->now.nr_tasks, i;
	char line[TOP_LINE];

	top_titles(line, sizeof(line));
	put_line(y++, line, A_REVERSE);
	/* The last line is for questions and notes. */
	s->page = LINES - 1 - y > 0 ? LINES - 1 - y : 1;
	if (s->selected >= n)
		s->selected = n ? n - 1 : 0;
	if (s->selected < s->first)
		s->first = s->selected;
	if (s->selected >= s->first + s->page)
		s->first = s->selected - s->page + 1;
	if (s->first && s->first + s->page > n)
		s->first = n > (size_t)s->page ? n - s->page : 0;
	for (i = s->first; i < n && i < s->first + s->page; i++) {
		top_row(line, sizeof(line), &t->tasks[i]);
		put_line(y++, line, i == s->selected ? A_REVERSE : A_NORMAL);
	}
}

static void draw_footer(const struct screen *s)
{
	size_t n = s->top->now.nr_tasks, last = s->first + s->page;
	char line[TOP_LINE];

	if (s->asking)
		snprintf(line, sizeof(line), "cancel task %" PRIu64 "? y/n",
			 s->asking);
	else if (*s->note)
		snprintf(line, sizeof(line), "%s", s->note);
	else if (n)
		snprintf(line, sizeof(line), "task %zu to %zu of %zu",
			 s->first + 1, last < n ? last : n, n);
	else
		snprintf(line, sizeof(line), "no tasks");
	put_line(LINES - 1, line, s->asking ? A_BOLD : A_NORMAL);
}

static void draw(struct screen *s)
{
	char line[TOP_LINE];
	int y;

	erase();
	if (s->help) {
		for (y = 0; y < (int)(sizeof(help) / sizeof(help[0])); y++)
			put_line(y, help[y], A_NORMAL);
	} else {
		for (y = 0; y < TOP_SUMMARY_LINES; y++) {
			top_summary(s->top, y, line);
			put_line(y, line, A_NORMAL);
		}
		draw_tasks(s, draw_cpus(s->top, y));
		draw_footer(s);
	}
	refresh();
}

static void cancel(struct screen *s)
{
	char why[384];
	int64_t n;

	n = kcoro_kill(s->top->ctx, s->asking, s->top->scope, 0);
	if (n < 0)
		snprintf(s->note, sizeof(s->note), "task %" PRIu64 ": %s",
			 s->asking,
			 kcoro_explain(s->top->ctx, KCORO_CALL_KILL, n, why,
				       sizeof(why)));
	else
		snprintf(s->note, sizeof(s->note),
			 "asked task %" PRIu64 " to end", s->asking);
}

static void sort_by(struct top *t, int column)
{
	t->order.column = column;
	t->order.reverse = false;
	top_resort(t);
}

static void move_bar(struct screen *s, int64_t by)
{
	int64_t to = (int64_t)s->selected + by, n = s->top->now.nr_tasks;

	if (to >= n)
		to = n - 1;
	s->selected = to < 0 ? 0 : to;
}

/* Keys of the list. Returns whether to refresh. */
static bool take_list_key(struct screen *s, int key)
{
	struct top *t = s->top;

	switch (key) {
	case KEY_UP:
		move_bar(s, -1);
		break;
	case KEY_DOWN:
		move_bar(s, 1);
		break;
	case KEY_PPAGE:
		move_bar(s, -s->page);
		break;
	case KEY_NPAGE:
		move_bar(s, s->page);
		break;
	case KEY_HOME:
		s->selected = 0;
		break;
	case KEY_END:
		s->selected = t->now.nr_tasks;
		break;
	case 'P':
		sort_by(t, top_column_find("cpu%"));
		break;
	case 'T':
		sort_by(t, top_column_find("time"));
		break;
	case 'S':
		sort_by(t, top_column_find("switches"));
		break;
	case 'N':
		sort_by(t, top_column_find("id"));
		break;
	case '<':
	case '>':
		sort_by(t,
			top_column_next(t->order.column, key == '<' ? -1 : 1));
		break;
	case 'r':
		t->order.reverse = !t->order.reverse;
		top_resort(t);
		break;
	case 'k':
		if (s->selected < t->now.nr_tasks)
			s->asking = t->tasks[s->selected].task->id;
		break;
	case 'h':
	case '?':
		s->help = true;
		break;
	case ' ':
		return true;
	}
	return false;
}

/* Returns whether to refresh. */
static bool take_key(struct screen *s, int key)
{
	/* A change of size is no answer. */
	if (key == KEY_RESIZE)
		return false;
	*s->note = '\0';
	if (s->help) {
		s->help = false;
		return false;
	}
	if (s->asking) {
		if (key == 'y' || key == 'Y')
			cancel(s);
		s->asking = 0;
		return true;
	}
	return take_list_key(s, key);
}

/*
 * Takes keys until it is time to refresh.
 * Returns whether to go on, or false: the user or a signal ends it.
 */
static bool wait_for_refresh(struct screen *s)
{
	int64_t until = kcoro_deadline_in(s->top->delay_ns), left;
	struct pollfd p[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = interrupt_fd(), .events = POLLIN },
	};
	int key, n;

	for (;;) {
		draw(s);
		left = (until - kcoro_deadline_in(0) + 999999) / 1000000;
		n = poll(p, 2, left < 0 ? 0 : left > 3600000 ? 3600000 : left);
		if (interrupt_signal() || (n < 0 && errno != EINTR))
			return false;
		/* The terminal is gone. */
		if (n > 0 && (p[0].revents & (POLLHUP | POLLERR | POLLNVAL)))
			return false;
		while ((key = getch()) != ERR) {
			if (key == 'q' && !s->asking && !s->help)
				return false;
			if (take_key(s, key))
				return true;
		}
		if (kcoro_deadline_in(0) >= until)
			return true;
	}
}

bool top_screen_fits(void)
{
	const char *move_cursor;
	int err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    setupterm(NULL, STDOUT_FILENO, &err) != OK)
		return false;
	move_cursor = tigetstr("cup");
	del_curterm(cur_term);
	return move_cursor && move_cursor != (char *)-1;
}

int top_screen(struct top *t)
{
	struct screen s = { .top = t };
	uint64_t i;
	int err = 0, call;
	SCREEN *scr;

	interrupt_catch();
	scr = newterm(NULL, stdout, stdin);
	if (!scr)
		return failed("top: this terminal cannot be used: use --batch");
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	for (i = 0; !t->count || i < t->count; i++) {
		err = top_refresh(t, &call);
		if (err || !wait_for_refresh(&s))
			break;
	}
	endwin();
	delscreen(scr);
	if (err)
		return failed_call(t->ctx, call, err, "top");
	return interrupt_signal() ? 128 + interrupt_signal() : STATUS_OK;
}
