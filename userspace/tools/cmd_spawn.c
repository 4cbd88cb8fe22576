// SPDX-License-Identifier: MIT
/*
 * kcoro spawn: start tasks, wait for them and show how they ended.
 *
 * The tasks have ids and no descriptors, so that there can be as many as the
 * kernel allows. They belong to this process: if it ends, so do they.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <kcoro.h>

#include "command.h"
#include "complain.h"
#include "exits.h"
#include "interrupt.h"
#include "sched_opts.h"
#include "text.h"

/* Above this many tasks exits are only counted, unless -w asks for them. */
#define SHOW_MAX 16

/* Exit records taken with one read. */
#define BATCH 64

struct job {
	const struct command *cmd;
	const char *body;
	struct kcoro_spawn_opts opts;
	struct sched_opts sched;
	uint64_t count;
	uint64_t started;
	uint64_t ended;
	uint64_t failed;
	int why; /* not all were started */
	bool show; /* each exit, and not only the counts */
	struct json json;
};

enum {
	OPT_FD = OPT_FIRST_FREE,
};

static const struct option options[] = {
	{ "name", required_argument, NULL, 'n' },
	{ "stack", required_argument, NULL, 's' },
	{ "count", required_argument, NULL, 'c' },
	{ "deadline", required_argument, NULL, 't' },
	{ "wait", no_argument, NULL, 'w' },
	{ "fd", required_argument, NULL, OPT_FD },
	SCHED_LONG_OPTIONS,
	COMMON_LONG_OPTIONS,
};

/* Starts what is still to be started. Returns a status. */
static int start(int ctx, struct job *job)
{
	struct kcoro_info info;
	uint64_t batch;
	int n;

	n = kcoro_info(ctx, &info);
	if (n)
		return failed_call(ctx, KCORO_CALL_OTHER, n, "info");
	job->opts.error = &job->why;
	while (job->started < job->count && !interrupt_signal()) {
		batch = job->count - job->started;
		if (batch > info.spawn_max)
			batch = info.spawn_max;
		n = kcoro_spawn_many(ctx, job->body, &job->opts, batch, NULL);
		if (n > 0)
			job->started += n;
		if (!job->why || job->why == -EINTR)
			continue;
		if (job->started)
			return failed_call(ctx, KCORO_CALL_SPAWN, job->why,
					   "%s: only %" PRIu64 " of %" PRIu64
					   " tasks could be started",
					   job->body, job->started, job->count);
		return failed_call(ctx, KCORO_CALL_SPAWN, job->why, "%s",
				   job->body);
	}
	return STATUS_OK;
}

static void take_exit(struct job *job, const struct kcoro_exit *exit)
{
	job->ended++;
	if (!kcoro_exit_ok(exit))
		job->failed++;
	if (json_output)
		exit_json(&job->json, NULL, exit);
	else if (job->show)
		exit_print(exit);
}

/* Waits until all that were started have ended. Returns a status. */
static int collect(int ctx, struct job *job)
{
	struct pollfd p[] = {
		{ .fd = ctx, .events = POLLIN },
		{ .fd = interrupt_fd(), .events = POLLIN },
	};
	static struct kcoro_exit exits[BATCH];
	bool killed = false;
	int i, n;

	while (job->ended < job->started) {
		if (interrupt_signal() && !killed) {
			kcoro_kill(ctx, 0, KCORO_SCOPE_CTX, 0);
			killed = true;
		}
		if (poll(p, killed ? 1 : 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return failed_call(-1, KCORO_CALL_OTHER, errno, "wait");
		}
		if (!p[0].revents)
			continue;
		n = kcoro_next_exits(ctx, exits, BATCH, KCORO_NO_DEADLINE);
		if (n == -EINTR)
			continue;
		if (n <= 0)
			return failed_call(ctx, KCORO_CALL_OTHER, n ? n : -EIO,
					   "reading exits");
		for (i = 0; i < n; i++)
			take_exit(job, &exits[i]);
	}
	return STATUS_OK;
}

static int run_job(struct job *job)
{
	int ctx, status, sig;

	ctx = open_context();
	if (ctx < 0)
		return STATUS_FAILED;
	interrupt_catch();
	job->json.file = stdout;
	if (json_output) {
		json_open(&job->json, NULL, '{');
		json_open(&job->json, "exits", '[');
	}
	status = start(ctx, job);
	if (status)
		kcoro_kill(ctx, 0, KCORO_SCOPE_CTX, 0);
	if (collect(ctx, job))
		status = STATUS_FAILED;
	if (json_output) {
		json_close(&job->json, ']');
		json_u64(&job->json, "started", job->started);
		json_u64(&job->json, "failed", job->failed);
		json_close(&job->json, '}');
		json_end(&job->json);
	} else if (!job->show && job->started) {
		printf("%" PRIu64 " task%s ended: %" PRIu64 " ok, %" PRIu64
		       " failed\n",
		       job->ended, job->ended == 1 ? "" : "s",
		       job->ended - job->failed, job->failed);
	}
	sig = interrupt_signal();
	if (sig)
		return 128 + sig;
	return job->failed ? STATUS_FAILED : status;
}

/* Takes one of the options above. Returns -1 to go on, or a status. */
static int take_option(struct job *job, int c, int *fds)
{
	uint64_t value;
	int64_t ns;

	switch (c) {
	case 'n':
		job->opts.name = optarg;
		return -1;
	case 's':
		if (!parse_size(optarg, 1, UINT32_MAX, &value))
			return usage_error(job->cmd,
					   "-s: '%s' is no stack size", optarg);
		job->opts.stack_size = value;
		return -1;
	case 'c':
		if (!parse_u64(optarg, 1, UINT32_MAX, &job->count))
			return usage_error(job->cmd,
					   "-c: '%s' is no number of tasks",
					   optarg);
		return -1;
	case 't':
		if (!parse_time(optarg, &ns))
			return usage_error(
				job->cmd,
				"-t: '%s' is no time: 10, 1.5s, 200ms", optarg);
		job->opts.deadline_ns = kcoro_deadline_in(ns);
		return -1;
	case 'w':
		job->show = true;
		return -1;
	case OPT_FD:
		if (!parse_u64(optarg, 0, INT32_MAX, &value))
			return usage_error(job->cmd,
					   "--fd: '%s' is no descriptor",
					   optarg);
		fds[job->opts.nr_fds++] = value;
		return -1;
	default:
		return sched_option(job->cmd, &job->sched, c);
	}
}

static int run_spawn(const struct command *cmd, int argc, char **argv)
{
	struct job job = { .cmd = cmd, .count = 1 };
	int c, status = -1, *fds;

	/* There are fewer descriptors than words. */
	fds = calloc(argc, sizeof(*fds));
	if (!fds)
		return failed("out of memory");
	job.opts.fds = fds;
	/* "+": options after the body are the body's. */
	while (status < 0 && (c = getopt_long(argc, argv, "+n:s:c:t:wh",
					      options, NULL)) != -1)
		status = take_option(&job, c, fds);
	if (status < 0 && optind == argc)
		status = usage_error(cmd, "spawn wants a BODY");
	if (status < 0) {
		job.body = argv[optind];
		job.opts.argv = (const char *const *)argv + optind + 1;
		job.opts.flags = job.sched.flags;
		job.opts.priority = job.sched.priority;
		job.opts.cpu = job.sched.cpu;
		job.show |= job.count <= SHOW_MAX;
		status = run_job(&job);
	}
	free(fds);
	return status;
}

const struct command cmd_spawn = {
	.name = "spawn",
	.brief = "start tasks and wait for them",
	.help = "usage: kcoro spawn [OPTION...] BODY [ARGUMENT...]\n"
		"\n"
		"Starts tasks that run BODY, waits for them and shows how they\n"
		"ended. Ctrl-C cancels them. Options come before BODY; what\n"
		"comes after it is its argument.\n"
		"\n"
		"  -n, --name NAME      what ps shows\n"
		"  -s, --stack SIZE     of the stack: 8192, 16K\n"
		"  -c, --count N        start N of them\n"
		"  -t, --deadline TIME  cancel them after TIME: 10, 1.5s, 200ms\n"
		"      --fd N           give them this program's descriptor N;\n"
		"                       can be repeated, in the body's order\n"
		"      --priority N     -4 (first) to 3; under 0: CAP_SYS_NICE\n"
		"      --cpu N          only on that CPU\n"
		"      --own-thread     on a kernel thread of its own\n"
		"  -w, --wait           show each exit even if they are many\n"
		"      --json           output for programs\n"
		"\n"
		"Exit status: 0 all ended without error, 1 some did not.\n"
		"\n"
		"Example: kcoro spawn -c 10000 sleep 1000\n",
	.run = run_spawn,
};
