// SPDX-License-Identifier: MIT
/*
 * Runs work in the kernel under a deadline, as timeout(1) runs a program: two tasks
 * of a body, as a group. Tells work that failed from work that took too long, and
 * that none of it goes on afterwards.
 *
 *	timeout MILLISECONDS BODY [WORD...]
 *
 * Exits with 0: done; 1: failed; 2: wrong arguments; 124: not done in time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <kcoro.h>

#define TASKS 2
#define TOO_LONG 124

static int fail(int fd, const char *what, int call, int err)
{
	char why[256];

	fprintf(stderr, "timeout: %s: %s\n", what,
		kcoro_explain(fd, call, err, why, sizeof(why)));
	return 1;
}

int main(int argc, char **argv)
{
	struct kcoro_group_wait state;
	int ctx, group, err, status;
	struct kcoro_exit exit;
	struct kcoro_task_info *left;
	char how[256];

	if (argc < 3) {
		fprintf(stderr, "usage: timeout MILLISECONDS BODY [WORD...]\n");
		return 2;
	}
	ctx = kcoro_open(0);
	if (ctx < 0)
		return fail(-1, "open", KCORO_CALL_OPEN, ctx);
	group = kcoro_group_create(ctx, KCORO_GROUP_FAIL_FAST, 0);
	if (group < 0)
		return fail(ctx, "group", KCORO_CALL_GROUP, group);

	int64_t deadline = kcoro_deadline_in(atol(argv[1]) * INT64_C(1000000));
	struct kcoro_spawn_opts opts = {
		.argv = (const char *const *)argv + 3,
		.error = &err,
	};
	int n = kcoro_spawn_many(group, argv[2], &opts, TASKS, NULL);

	/* The first may have failed before the others could be started. */
	if (n < 1 || (n < TASKS && err != -ECANCELED))
		return fail(ctx, argv[2], KCORO_CALL_SPAWN, n < 0 ? n : err);

	err = kcoro_group_wait(group, KCORO_UNTIL_ENDED, &state, deadline);
	if (err == -ETIMEDOUT) {
		/* A request each; whoever has just failed has failed. */
		kcoro_group_cancel(group, "not done in time");
		err = kcoro_group_wait(group, KCORO_UNTIL_ENDED, &state,
				       KCORO_NO_DEADLINE);
		status = TOO_LONG;
	} else {
		status = 0;
	}
	if (err)
		return fail(ctx, "wait", KCORO_CALL_GROUP, err);

	if (!kcoro_group_failed(group, 0, &exit)) {
		printf("failed: %s\n",
		       kcoro_explain_exit(&exit, how, sizeof(how)));
		status = 1;
	} else if (status) {
		while (kcoro_next_exits(group, &exit, 1, KCORO_NO_DEADLINE) > 0)
			printf("%s\n",
			       kcoro_explain_exit(&exit, how, sizeof(how)));
	} else {
		printf("done\n");
	}
	/* The group has ended: its tasks run no more, and hold nothing. */
	while (kcoro_next_exits(group, &exit, 1, KCORO_NO_DEADLINE) > 0)
		;
	ssize_t running = kcoro_list(ctx, KCORO_SCOPE_CTX, &left);

	if (running < 0)
		return fail(ctx, "list", KCORO_CALL_LIST, running);
	printf("%zd tasks are left\n", running);
	free(left);
	return status;
}
