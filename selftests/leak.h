/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests of leaks: rings of tasks that nobody can wake. */
#ifndef KCORO_SELFTESTS_LEAK_H
#define KCORO_SELFTESTS_LEAK_H

#include "kcoro_test.h"

#define LEAK_WARNINGS "/sys/module/kcoro/parameters/leak_warnings"

/*
 * What the kernel's log tells of lost tasks is a complaint. These programs lose theirs
 * on purpose, so while they run it tells nothing. The main process does that, whatever
 * becomes of the tests.
 */
static char leak_warnings[16];

__attribute__((constructor)) static void be_quiet(void)
{
	if (read_text(LEAK_WARNINGS, leak_warnings, sizeof(leak_warnings)) > 0)
		write_text(LEAK_WARNINGS, "0");
}

__attribute__((destructor)) static void be_loud(void)
{
	if (*leak_warnings)
		write_text(LEAK_WARNINGS, leak_warnings);
}

/* Two tasks in a ring: each sends what it receives to the other. */
struct ring {
	struct pair a, b;
	int task[2];
};

static inline void make_ring(t_metadata, int ctx, const char *name,
			     struct ring *r)
{
	struct kcoro_spawn_opts opts = { .name = name, .nr_fds = 2 };
	int i;

	r->a = chan_of(_metadata, ctx, 8, 1);
	r->b = chan_of(_metadata, ctx, 8, 1);
	for (i = 0; i < 2; i++) {
		int fds[] = { i ? r->b.recv : r->a.recv,
			      i ? r->a.send : r->b.send };

		opts.fds = fds;
		r->task[i] = kcoro_spawn(ctx, "echo", &opts);
		ASSERT_LE(0, r->task[i]);
		await_parked(r->task[i], KCORO_WAIT_RECV);
	}
}

static inline void close_pair(struct pair p)
{
	close(p.send);
	close(p.recv);
}

/* Nobody but its tasks has it now. */
static inline void lose_ring(struct ring *r)
{
	close_pair(r->a);
	close_pair(r->b);
}

#endif /* KCORO_SELFTESTS_LEAK_H */
