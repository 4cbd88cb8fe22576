/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests of bubbles. */
#ifndef KCORO_SELFTESTS_BUBBLE_H
#define KCORO_SELFTESTS_BUBBLE_H

#include "sync.h"

#define SECOND 1000000000LL
#define HOUR (3600 * SECOND)
#define HOUR_MS "3600000"
#define STEPS 2048

/* A context with a bubble; @seed 0 will do where order is of no matter. */
static inline int bubble_of(t_metadata, uint64_t seed, uint32_t steps_max)
{
	int ctx = kcoro_open(0);

	ASSERT_LE(0, ctx);
	ASSERT_EQ(0, kcoro_bubble(ctx, seed, steps_max));
	return ctx;
}

#define BUBBLE() bubble_of(_metadata, 0, STEPS)

/* A task of it, or the test fails: its descriptor. */
static inline int spawn_in(t_metadata, int ctx, const char *body,
			   const char *const *words, const int *fds,
			   unsigned int nr_fds)
{
	int task = spawn(ctx, body, words, fds, nr_fds);

	ASSERT_LE(0, task) TH_LOG("%s", body);
	return task;
}

#define TASK(ctx, body, words, ...) \
	spawn_in(_metadata, ctx, body, words, __VA_ARGS__)
#define NO_FDS NULL, 0

/* Runs it to its end: how that came. */
static inline struct kcoro_bubble_run run_bubble(t_metadata, int ctx)
{
	struct kcoro_bubble_run end;

	ASSERT_EQ(0, kcoro_bubble_run(ctx, &end, NULL, 0, 0));
	return end;
}

#define RUN(ctx) run_bubble(_metadata, ctx)

/* One that goes well. */
static inline struct kcoro_bubble_run run_well(t_metadata, int ctx)
{
	struct kcoro_bubble_run end = run_bubble(_metadata, ctx);

	EXPECT_EQ(0, end.error) TH_LOG("it says: %s", end.message);
	EXPECT_STREQ("", end.message);
	return end;
}

#define RUN_WELL(ctx) run_well(_metadata, ctx)

/* Its error, and its message. */
#define EXPECT_FAILS(ctx, err, text)                                        \
	do {                                                                \
		struct kcoro_bubble_run _end = run_bubble(_metadata, ctx);  \
		EXPECT_EQ(err, _end.error) TH_LOG("says %s", _end.message); \
		EXPECT_STREQ(text, _end.message);                           \
	} while (0)

/* How a task ended, however that was. */
static inline struct kcoro_exit end_of(t_metadata, int task)
{
	struct kcoro_exit e = { 0 };

	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	return e;
}

#define END(task) end_of(_metadata, task)

/*
 * A bubble that goes on until somebody ends it: its task, number 1, gives way all
 * the time.
 */
static inline int endless(t_metadata, int ctx)
{
	struct pair p = chan_of(_metadata, ctx, 8, 0);

	int task = spawn_in(_metadata, ctx, "act", WORDS("until:0"),
			    FDS(p.recv, p.send));

	close(p.recv);
	close(p.send);
	return task;
}

#define ENDLESS(ctx) endless(_metadata, ctx)

/* Waits until a task has run, or waits again. */
static inline void await_run(int task)
{
	struct kcoro_task_info info = { 0 };

	while (!kcoro_task_info(task, &info) && !info.switches)
		nap();
}

/* Starts it, and does not wait. */
#define START(ctx) \
	EXPECT_EQ(-ETIMEDOUT, kcoro_bubble_run(ctx, NULL, NULL, 0, KCORO_NOW))

/* A thread's RUN. */
struct runner {
	struct caller c;
	struct kcoro_bubble_run end;
};

static inline void runner_start(t_metadata, struct runner *r, int ctx)
{
	memset(r, 0, sizeof(*r));
	caller_block(_metadata, &r->c,
		     (struct op){ ctx, KCORO_IOC_BUBBLE_RUN, &r->end });
}

#endif /* KCORO_SELFTESTS_BUBBLE_H */
