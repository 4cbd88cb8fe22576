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
	int fds[FDS_MAX], n;

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
		n = kcoro_spawn_fds(r->ctx, s->body, &opts, 1, &u->id,
				    &u->task);
	} while (n == -EINTR && !interrupt_signal());
	if (n < 0)
		return n;
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

int runner_start(struct runner *r)
{
	int status;
	size_t i;

	r->count = r->chain->count;
	r->unit = calloc(r->count, sizeof(*r->unit));
	r->ends = calloc(r->count, sizeof(*r->ends));
	if (!r->unit || !r->ends) {
		r->count = 0;
		return failed("out of memory");
	}
	for (i = 0; i < r->count; i++) {
		r->unit[i].stage = &r->chain->stage[i];
		r->unit[i].task = -1;
		r->unit[i].pump.chan = -1;
		r->ends[i][0] = -1;
		r->ends[i][1] = -1;
	}
	status = make_channels(r);
	for (i = r->count; i-- && !status;)
		status = start_unit(r, i);
	return status;
}

/* Ends the first @end units, if they live, without asking what came of them. */
static void abandon(struct runner *r, size_t end)
{
	struct unit *u;

	for (u = r->unit; u < r->unit + end; u++) {
		if (u->ended || u->abandoned)
			continue;
		u->abandoned = true;
		if (u->pumped) {
			pump_stop(&u->pump);
			u->ended = true;
		} else {
			kcoro_kill(r->ctx, u->id, KCORO_SCOPE_CTX, 0);
		}
	}
}

/* Fills in the exit record of a pump that has ended. */
static void end_pump(struct unit *u)
{
	struct kcoro_exit *e = &u->exit;

	u->ended = true;
	e->error = u->pump.error;
	snprintf(e->name, sizeof(e->name), "%s", u->stage->body);
	if (e->error)
		snprintf(e->message, sizeof(e->message), "%s", u->stage->path);
}

static void end_task(struct unit *u)
{
	int err = kcoro_join(u->task, &u->exit, KCORO_NO_DEADLINE);

	if (err == -EINTR || err == -EAGAIN)
		return;
	if (err)
		u->exit.error = err;
	kcoro_task_info(u->task, &u->info);
	close_end(&u->task);
	u->ended = true;
}

/*
 * Whether a unit that has ended failed by itself. A stage that finds nobody to
 * send to any more did not: that is the doing of the stage after it.
 */
static bool has_failed(const struct unit *u)
{
	if (!u->ended || u->abandoned || kcoro_exit_ok(&u->exit))
		return false;
	return u->exit.reason != KCORO_EXIT_RETURNED ||
	       u->exit.error != -EPIPE || !u->stage->shape.sends;
}

/* Looks for the first failure, and ends what has become useless by it. */
static void look_for_failure(struct runner *r)
{
	size_t i;

	if (r->failure || r->broken_pipe)
		return;
	for (i = 0; i < r->count; i++) {
		if (!has_failed(&r->unit[i]))
			continue;
		if (r->unit[i].stage->file == STDOUT_FILENO &&
		    r->unit[i].exit.error == -EPIPE)
			r->broken_pipe = true;
		else
			r->failure = &r->unit[i];
		/* What a task that crashed held is not let go: no end follows. */
		abandon(r, r->unit[i].exit.reason == KCORO_EXIT_FAULT ?
				   r->count :
				   i);
		return;
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
	for (i = 0, p++; i < r->count; i++, p += PUMP_POLLS) {
		u = &r->unit[i];
		p[1].fd = -1;
		if (u->pumped) {
			pump_poll(&u->pump, p);
		} else {
			p[0].fd = u->task;
			p[0].events = POLLIN;
		}
	}
}

static void step(struct runner *r, const struct pollfd *p)
{
	struct unit *u;
	size_t i;

	for (i = 0, p++; i < r->count; i++, p += PUMP_POLLS) {
		u = &r->unit[i];
		if (u->ended)
			continue;
		if (u->pumped) {
			pump_step(&u->pump, p);
			if (!pump_running(&u->pump))
				end_pump(u);
		} else if (p[0].revents) {
			end_task(u);
		}
	}
	look_for_failure(r);
}

int runner_wait(struct runner *r)
{
	size_t n = 1 + r->count * PUMP_POLLS;
	int left, ready, status = STATUS_OK;
	struct pollfd *p;

	p = calloc(n, sizeof(*p));
	if (!p)
		return failed("out of memory");
	while (!all_ended(r)) {
		left = time_left(r);
		if (!left)
			r->timed_out = true;
		if (interrupt_signal() || r->timed_out)
			abandon(r, r->count);
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
		close_end(&r->unit[i].task);
		pump_stop(&r->unit[i].pump);
	}
	free(r->ends);
	free(r->unit);
}
