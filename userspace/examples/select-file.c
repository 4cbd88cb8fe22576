// SPDX-License-Identifier: MIT
/*
 * Sends what comes from standard input, a pipe or a terminal, to a task in the
 * kernel, and prints what the task answers: one select waits for the input, for
 * both channels, and for the end of the task.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <kcoro.h>

static void fail(int ctx, const char *what, int call, int err)
{
	char why[256];

	fprintf(stderr, "select-file: %s: %s\n", what,
		kcoro_explain(ctx, call, err, why, sizeof(why)));
	exit(1);
}

int main(void)
{
	int ctx = kcoro_open(0), in[2], out[2], task, err;
	char line[4096], answer[4096];
	int input = STDIN_FILENO, answers, requests;
	ssize_t pending = 0;

	if (ctx < 0)
		fail(-1, "open", KCORO_CALL_OPEN, ctx);
	err = kcoro_chan_buf(ctx, sizeof(line), 1, in);
	if (!err)
		err = kcoro_chan_buf(ctx, sizeof(answer), 1, out);
	if (err)
		fail(ctx, "channel", KCORO_CALL_CHAN, err);
	requests = in[KCORO_SEND_END];
	answers = out[KCORO_RECV_END];

	int ends[] = { in[KCORO_RECV_END], out[KCORO_SEND_END] };
	struct kcoro_spawn_opts opts = { .fds = ends, .nr_fds = 2 };

	task = kcoro_spawn(ctx, "echo", &opts);
	if (task < 0)
		fail(ctx, "echo", KCORO_CALL_SPAWN, task);
	/* The task has its own: ours would hold up end of stream. */
	close(ends[0]);
	close(ends[1]);

	for (;;) {
		/* In order of priority; what has no descriptor is never ready. */
		struct kcoro_case c[] = {
			kcoro_case_recv(answers, answer, sizeof(answer)),
			kcoro_case_send(pending ? requests : -1, line, pending),
			kcoro_case_poll(pending ? -1 : input, POLLIN),
			kcoro_case_join(task),
		};
		struct kcoro_exit exit;
		int ready = kcoro_select(ctx, c, 4, KCORO_SELECT_PRIORITY,
					 KCORO_NO_DEADLINE, &err);

		switch (ready) {
		case 0:
			if (!c[0].len)
				answers = -1;
			else if (fwrite(answer, c[0].len, 1, stdout) != 1)
				return 1;
			break;
		case 1:
			pending = 0;
			break;
		case 2:
			pending = read(input, line, sizeof(line));
			if (pending > 0)
				break;
			/* No more input: let the task come to its end. */
			pending = 0;
			input = -1;
			close(requests);
			break;
		case 3:
			err = kcoro_join(task, &exit, KCORO_NOW);
			if (err)
				fail(ctx, "echo", KCORO_CALL_OTHER, err);
			printf("%" PRId64 " messages\n", (int64_t)exit.result);
			return !kcoro_exit_ok(&exit);
		default:
			fail(ctx, "select", KCORO_CALL_SELECT, ready);
		}
	}
}
