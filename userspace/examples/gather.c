// SPDX-License-Identifier: MIT
/*
 * Finds primes by their numbers, each in a task of its own, two at a time: the
 * results come as tasks end, and are printed in the order of the arguments. If a
 * task fails, the others are ended.
 *
 *	gather N...
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <kcoro.h>

#define AT_A_TIME 2

static void fail(int fd, const char *what, int call, int err)
{
	char why[256];

	fprintf(stderr, "gather: %s: %s\n", what,
		kcoro_explain(fd, call, err, why, sizeof(why)));
	exit(1);
}

/* Takes what has ended. Returns the number of results. */
static int collect(int group, const uint64_t *ids, int64_t *results, int nr)
{
	struct kcoro_exit exits[16];
	int n, i, at;

	n = kcoro_next_exits(group, exits, 16, KCORO_NO_DEADLINE);
	if (n < 0)
		fail(group, "wait", KCORO_CALL_OTHER, n);
	for (i = 0; i < n; i++) {
		for (at = 0; at < nr && ids[at] != exits[i].id; at++)
			;
		if (at < nr)
			results[at] = exits[i].result;
	}
	return n;
}

int main(int argc, char **argv)
{
	int ctx, group, nr = argc - 1, i, n, err;
	struct kcoro_exit first;
	int64_t *results;
	uint64_t *ids;
	char why[256];

	ctx = kcoro_open(0);
	if (ctx < 0)
		fail(-1, "open", KCORO_CALL_OPEN, ctx);
	group = kcoro_group_create(ctx, KCORO_GROUP_FAIL_FAST, AT_A_TIME);
	if (group < 0)
		fail(ctx, "group", KCORO_CALL_GROUP, group);
	ids = calloc(nr + 1, sizeof(*ids));
	results = calloc(nr + 1, sizeof(*results));
	if (!ids || !results)
		return 1;

	/* Waits for a place, once two are at work. */
	for (i = 0; i < nr; i++) {
		const char *words[] = { argv[i + 1], NULL };
		struct kcoro_spawn_opts opts = { .argv = words };

		err = kcoro_spawn_id(group, "sieve", &opts, &ids[i]);
		if (err)
			fail(group, argv[i + 1], KCORO_CALL_SPAWN, err);
	}
	do {
		n = collect(group, ids, results, nr);
	} while (n);

	if (!kcoro_group_failed(group, 0, &first)) {
		fprintf(stderr, "gather: %s\n",
			kcoro_explain_exit(&first, why, sizeof(why)));
		return 1;
	}
	for (i = 0; i < nr; i++)
		printf("%s: %" PRId64 "\n", argv[i + 1], results[i]);
	return 0;
}
