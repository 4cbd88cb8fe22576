// SPDX-License-Identifier: MIT
/*
 * Runs a chain: see runner.h.
 *
 * Ends of channels: an end has one owner. Those in r->ends are still ours;
 * once a task was started with one, our copy is closed, or nobody would ever
 * see end of stream or a receiver that is gone; a pump's is the pump's.
 *
 * Stages start from the last to the first: none has touched its input yet when
 * the kernel refuses another one.
 *
 * All tasks are in one group. It gives their exit records in the order in which
 * they ended, so the first failure is the first that is read, and it cancels them
 * together. Not KCORO_GROUP_FAIL_FAST: to the kernel a stage that finds nobody to
 * send to has failed, and often before the one that it sent to is known to have.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "complain.h"
#include "interrupt.h"
#include "runner.h"

/* A file, a receiving end and a sending end. */
#define FDS_MAX 3

/* Exit records that are taken with one call. */
#define EXITS_MAX 16

/* Before those of the pumps: signals, the group. */
#define POLLS 2

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int make_channels(struct runner *r)
{
	const struct stage *s = r->chain->stage;
	uint32_t capacity;
	size_t i;
	int err;

	for (i = 0; i + 1 < r->count; i++) {
		capacity = r->capacity;
		/* A pump polls, and on an unbuffered channel that is vain. */
		if (!capacity && (s[i].shape.file || s[i + 1].shape.file))
			capacity = 1;
		err = kcoro_chan_buf(r->ctx, 0, capacity, r->ends[i]);
		if (err)
			return failed_call(r->ctx, KCORO_CALL_CHAN, err,
					   "channel %zu", i + 1);
	}
	return STATUS_OK;
}

/* The ends that a stage gets, or NULL. */
static int *input_of(struct runner *r, size_t i)
{
	return i ? &r->ends[i - 1][KCORO_RECV_END] : NULL;
}

static int *output_of(struct runner *r, size_t i)
{
	return i + 1 < r->count ? &r->ends[i][KCORO_SEND_END] : NULL;
}

/* Returns 0 or a negative errno value. */
static int start_task(struct runner *r, size_t i)
{
	int *in = input_of(r, i), *out = output_of(r, i);
	struct unit *u = &r->unit[i];
	const struct stage *s = u->stage;
	struct kcoro_spawn_opts opts = {
		.argv = (const char *const *)s->args,
		.stack_size = r->stack_size,
		.flags = r->sched.flags,
		.priority = r->sched.priority,
		.cpu = r->sched.cpu,
	};
	int fds[FDS_MAX], err;

	if (s->shape.file == READS_FILE)
		fds[opts.nr_fds++] = s->file;
	if (in)
		fds[opts.nr_fds++] = *in;
	if (out)
		fds[opts.nr_fds++] = *out;
	if (s->shape.file == WRITES_FILE)
		fds[opts.nr_fds++] = s->file;
	opts.fds = fds;
	do {
		err = kcoro_spawn_id(r->group, s->body, &opts, &u->id);
	} while (err == -EINTR && !interrupt_signal());
	if (err)
		return err;
	if (in)
		close_end(in);
	if (out)
		close_end(out);
	return 0;
}

static int start_pump(struct runner *r, size_t i)
{
	struct unit *u = &r->unit[i];
	const struct stage *s = u->stage;
	int *end, err;

	if (s->shape.file == READS_FILE) {
		end = output_of(r, i);
		err = pump_source(&u->pump, s->file, *end, s->chunk);
	} else {
		end = input_of(r, i);
		err = pump_sink(&u->pump, s->file, *end,
				r->json && s->file == STDOUT_FILENO);
	}
	if (err)
		return err;
	u->pumped = true;
	*end = -1;
	return 0;
}

static bool wants_pump(const struct runner *r, const struct stage *s)
{
	if (!s->shape.file)
		return false;
	/* A terminal's job control works by process, and a task is none. */
	return isatty(s->file) || (r->json && s->file == STDOUT_FILENO);
}

static int start_unit(struct runner *r, size_t i)
{
	const struct stage *s = r->unit[i].stage;
	char label[64];
	int err;

	err = wants_pump(r, s) ? -EOPNOTSUPP : start_task(r, i);
	if (err == -EOPNOTSUPP && s->shape.file)
		err = start_pump(r, i);
	if (!err)
		return STATUS_OK;
	if (err == -EPIPE && s->file == STDOUT_FILENO) {
		r->broken_pipe = true;
		return STATUS_FAILED;
	}
	stage_label(s, label, sizeof(label));
	if (err == -EINVAL && *s->help && !r->stack_size)
		return failed("%s does not take these arguments; it takes: %s",
			      label, s->help);
	return failed_call(r->ctx, KCORO_CALL_SPAWN, err, "%s", label);
}

static int make_group(struct runner *r)
{
	r->group = kcoro_group_create(r->ctx, 0, 0);
	if (r->group < 0)
		return failed_call(r->ctx, KCORO_CALL_GROUP, r->group,
				   "the tasks' group");
	return STATUS_OK;
}

int runner_start(struct runner *r)
{
	int status;
	size_t i;

	r->group = -1;
	r->count = r->chain->count;
	r->unit = calloc(r->count, sizeof(*r->unit));
	r->ends = calloc(r->count, sizeof(*r->ends));
	if (!r->unit || !r->ends) {
		r->count = 0;
		return failed("out of memory");
	}
	for (i = 0; i < r->count; i++) {
		r->unit[i].stage = &r->chain->stage[i];
		r->unit[i].pump.chan = -1;
		r->ends[i][0] = -1;
		r->ends[i][1] = -1;
	}
	status = make_group(r);
	if (!status)
		status = make_channels(r);
	for (i = r->count; i-- && !status;)
		status = start_unit(r, i);
	return status;
}

/* Ends what lives, without asking what comes of it. */
static void abandon(struct runner *r, const char *why)
{
	struct unit *u;

	/* Or it was before; they have been told. */
	kcoro_group_cancel(r->group, why);
	for (u = r->unit; u < r->unit + r->count; u++) {
		if (u->ended)
			continue;
		u->abandoned = true;
		if (u->pumped) {
			pump_stop(&u->pump);
			u->ended = true;
		}
	}
}

/*
 * Whether a unit that has ended failed by itself. A stage that finds nobody to
 * send to any more did not: that is the doing of the stage after it.
 */
static bool has_failed(const struct unit *u)
{
	if (u->abandoned || kcoro_exit_ok(&u->exit))
		return false;
	return u->exit.reason != KCORO_EXIT_RETURNED ||
	       u->exit.error != -EPIPE || !u->stage->shape.sends;
}

/* A unit has ended, @u->exit says how. The first that failed ends the others. */
static void end_unit(struct runner *r, struct unit *u)
{
	char label[64], why[KCORO_CAUSE_MAX + sizeof(label)];

	u->ended = true;
	if (r->failure || r->broken_pipe || !has_failed(u))
		return;
	if (u->stage->file == STDOUT_FILENO && u->exit.error == -EPIPE)
		r->broken_pipe = true;
	else
		r->failure = u;
	stage_label(u->stage, label, sizeof(label));
	snprintf(why, sizeof(why), "%s failed", label);
	why[KCORO_CAUSE_MAX - 1] = '\0';
	abandon(r, why);
}

static void end_pump(struct runner *r, struct unit *u)
{
	struct kcoro_exit *e = &u->exit;

	e->error = u->pump.error;
	snprintf(e->name, sizeof(e->name), "%s", u->stage->body);
	if (e->error)
		snprintf(e->message, sizeof(e->message), "%s", u->stage->path);
	end_unit(r, u);
}

static void end_tasks(struct runner *r)
{
	struct kcoro_exit exits[EXITS_MAX];
	struct unit *u;
	int i, n;

	n = kcoro_next_exits(r->group, exits, EXITS_MAX, KCORO_NOW);
	for (i = 0; i < n; i++) {
		for (u = r->unit; u < r->unit + r->count; u++) {
			if (u->pumped || u->id != exits[i].id)
				continue;
			u->exit = exits[i];
			end_unit(r, u);
		}
	}
}

static bool all_ended(const struct runner *r)
{
	size_t i;

	for (i = 0; i < r->count; i++) {
		if (!r->unit[i].ended)
			return false;
	}
	return true;
}

/* Returns the milliseconds that are left, -1 if there is no deadline. */
static int time_left(const struct runner *r)
{
	int64_t ms;

	if (!r->deadline_ns || r->timed_out)
		return -1;
	ms = (r->deadline_ns - kcoro_deadline_in(0) + 999999) / 1000000;
	return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : ms;
}

static void fill_polls(const struct runner *r, struct pollfd *p)
{
	const struct unit *u;
	size_t i;

	/* Once it has been seen it would end each poll at once. */
	p[0].fd = interrupt_signal() ? -1 : interrupt_fd();
	p[0].events = POLLIN;
	/* So would a group without tasks that was cancelled. */
	p[1].fd = -1;
	p[1].events = POLLIN;
	for (i = 0, p += POLLS; i < r->count; i++) {
		u = &r->unit[i];
		if (u->pumped)
			pump_poll(&u->pump, p + i * PUMP_POLLS);
		else if (!u->ended)
			p[-1].fd = r->group;
	}
}

static void step(struct runner *r, const struct pollfd *p)
{
	struct unit *u;
	size_t i;

	if (p[1].revents)
		end_tasks(r);
	for (i = 0, p += POLLS; i < r->count; i++, p += PUMP_POLLS) {
		u = &r->unit[i];
		if (!u->pumped || u->ended)
			continue;
		pump_step(&u->pump, p);
		if (!pump_running(&u->pump))
			end_pump(r, u);
	}
}

int runner_wait(struct runner *r)
{
	size_t n = POLLS + r->count * PUMP_POLLS;
	int left, ready, status = STATUS_OK;
	struct pollfd *p;

	p = calloc(n, sizeof(*p));
	if (!p)
		return failed("out of memory");
	while (!all_ended(r)) {
		left = time_left(r);
		if (!left)
			r->timed_out = true;
		if (interrupt_signal())
			abandon(r, "interrupted");
		else if (r->timed_out)
			abandon(r, "the deadline passed");
		fill_polls(r, p);
		ready = poll(p, n, time_left(r));
		if (ready > 0) {
			step(r, p);
		} else if (ready < 0 && errno != EINTR) {
			status = failed("poll: %s", strerror(errno));
			break;
		}
	}
	free(p);
	return status;
}

void runner_free(struct runner *r)
{
	size_t i;

	for (i = 0; i < r->count; i++) {
		close_end(&r->ends[i][0]);
		close_end(&r->ends[i][1]);
		pump_stop(&r->unit[i].pump);
	}
	close_end(&r->group);
	free(r->ends);
	free(r->unit);
}
