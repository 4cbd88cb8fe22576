// SPDX-License-Identifier: MIT
/*
 * Counts the lines of a file that contain a string: four tasks and three
 * channels in the kernel, and this program only waits for the result.
 *
 *	pipeline FILE STRING
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <kcoro.h>

#define STAGES 4

static void fail(int ctx, const char *what, int call, int err)
{
	char why[256];

	fprintf(stderr, "pipeline: %s: %s\n", what,
		kcoro_explain(ctx, call, err, why, sizeof(why)));
	exit(1);
}

int main(int argc, char **argv)
{
	const char *bodies[STAGES] = { "file-source", "lines", "match",
				       "count" };
	int tasks[STAGES], ctx, in, err, i, status = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: pipeline FILE STRING\n");
		return 2;
	}
	/* What a stage reads from: first the file, then the channel before. */
	in = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (in < 0) {
		fprintf(stderr, "pipeline: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	ctx = kcoro_open(0);
	if (ctx < 0)
		fail(-1, "open", KCORO_CALL_OPEN, ctx);

	for (i = 0; i < STAGES; i++) {
		const char *words[] = { i == 2 ? argv[2] : NULL, NULL };
		struct kcoro_spawn_opts opts = { .argv = words };
		int chan[2] = { -1, -1 }, last = i == STAGES - 1;

		if (!last) {
			err = kcoro_chan_buf(ctx, 0, 16, chan);
			if (err)
				fail(ctx, "channel", KCORO_CALL_CHAN, err);
		}
		opts.fds = (int[]){ in, chan[KCORO_SEND_END] };
		opts.nr_fds = last ? 1 : 2;
		tasks[i] = kcoro_spawn(ctx, bodies[i], &opts);
		if (tasks[i] < 0)
			fail(ctx, bodies[i], KCORO_CALL_SPAWN, tasks[i]);
		/* The task has its own: ours would hold up end of stream. */
		close(in);
		if (!last)
			close(chan[KCORO_SEND_END]);
		in = chan[KCORO_RECV_END];
	}

	for (i = 0; i < STAGES; i++) {
		struct kcoro_exit exit;
		char how[256];

		err = kcoro_join(tasks[i], &exit, KCORO_NO_DEADLINE);
		if (err)
			fail(ctx, bodies[i], KCORO_CALL_OTHER, err);
		if (!kcoro_exit_ok(&exit)) {
			kcoro_explain_exit(&exit, how, sizeof(how));
			fprintf(stderr, "pipeline: %s: %s\n", bodies[i], how);
			status = 1;
		} else if (i == STAGES - 1) {
			printf("%" PRId64 "\n", (int64_t)exit.result);
		}
	}
	return status;
}
