// SPDX-License-Identifier: GPL-2.0
/*
 * Of the tasks that wait for a CPU those with the lowest priority number run
 * first, and nobody starves; who may set what.
 */
#include "sched.h"

SCHED_FIXTURE(priority)

#define COUNT 8
#define ROUNDS 12

/*
 * One task lets COUNT others be queued behind it and ends: the order in which
 * they run, as ids. Done again if the task lost its CPU meanwhile, or other
 * tasks of the same CPU did.
 */
static void order_of_run(t_metadata, int ctx, const int *priorities, int set,
			 uint64_t *ids, uint64_t *order)
{
	struct counts before, after;

	do {
		struct pair gate = chan_of(_metadata, ctx, 8, 1);
		struct pair log = chan_of(_metadata, ctx, 8, COUNT);
		int tasks[COUNT], opener, i;

		before = counts_of_info(_metadata, ctx);
		for (i = 0; i < COUNT; i++) {
			tasks[i] = act_urgent(ctx, 0, set ? 0 : priorities[i],
					      WORDS("recv:0", "send:1"),
					      FDS(gate.recv, log.send));
			ASSERT_LE(0, tasks[i]);
			await_parked(tasks[i], KCORO_WAIT_RECV);
			ids[i] = task_id(tasks[i]);
			if (set)
				ASSERT_EQ(0, set_priority(tasks[i],
							  priorities[i]));
			EXPECT_EQ(priorities[i],
				  info_of(_metadata, tasks[i]).priority);
		}
		opener = act_pinned(ctx, 0, WORDS("close:0"), FDS(gate.send));
		ASSERT_LE(0, opener);
		ACT_END(opener, 1);
		for (i = 0; i < COUNT; i++) {
			ACT_END(tasks[i], 2);
			order[i] = get_u64(log.recv);
		}
		close(gate.recv);
		close(gate.send);
		close(log.recv);
		close(log.send);
		after = counts_of_info(_metadata, ctx);
	} while (after.hogs != before.hogs ||
		 after.handovers != before.handovers);
}

/* Whether they ran by priority, and by age within one. */
static int in_order(const int *priorities, const uint64_t *ids,
		    const uint64_t *order)
{
	int level, i, n = 0;

	for (level = KCORO_PRIORITY_MIN; level <= KCORO_PRIORITY_MAX; level++) {
		for (i = 0; i < COUNT; i++) {
			if (priorities[i] == level && order[n++] != ids[i])
				return 0;
		}
	}
	return 1;
}

/*
 * So that none starves a turn is out of order now and then, far more seldom
 * than once in a round.
 */
static void runs_in_order(t_metadata, int ctx, const int *priorities, int set)
{
	uint64_t ids[COUNT], order[COUNT];
	int round, good = 0;

	for (round = 0; round < ROUNDS; round++) {
		order_of_run(_metadata, ctx, priorities, set, ids, order);
		good += in_order(priorities, ids, order);
	}
	EXPECT_LE(ROUNDS * 2 / 3, good);
}

TEST_F(priority, order_of_run)
{
	const int mixed[COUNT] = { 3, 0, -4, 2, -1, 1, -3, -2 };

	runs_in_order(_metadata, self->ctx, mixed, 0);
}

TEST_F(priority, equal_ones_by_age)
{
	const int two[COUNT] = { 1, -1, 1, -1, 1, -1, 1, -1 };

	runs_in_order(_metadata, self->ctx, two, 0);
}

TEST_F(priority, order_of_run_as_set_later)
{
	const int falling[COUNT] = { 3, 2, 1, 0, -1, -2, -3, -4 };

	runs_in_order(_metadata, self->ctx, falling, 1);
}

/* Urgent ones give way all the time, but only for each other, if it were so. */
TEST_F(priority, nobody_starves)
{
	struct pair end = chan_u64(1);
	int fds[COUNT], idle, i;

	for (i = 0; i < COUNT; i++) {
		fds[i] = act_urgent(self->ctx, 0, KCORO_PRIORITY_MIN,
				    WORDS("until:0"), FDS(end.recv));
		ASSERT_LE(0, fds[i]);
	}
	idle = act_urgent(self->ctx, 0, KCORO_PRIORITY_MAX,
			  WORDS("yield:20", "close:0"), FDS(end.send));
	ASSERT_LE(0, idle);
	ACT_END(idle, 2);
	for (i = 0; i < COUNT; i++)
		ACT_END(fds[i], 1);
}

TEST_F(priority, is_shown)
{
	struct kcoro_spawn req = sleep_request();
	struct kcoro_task_info info;
	uint64_t id;

	req.priority = 2;
	req.ids = t_addr(&id);
	ASSERT_EQ(0, t_ioctl(self->ctx, KCORO_IOC_SPAWN, &req));
	ASSERT_EQ(1, kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, 0, &info, 1));
	EXPECT_EQ(id, info.id);
	EXPECT_EQ(2, info.priority);
	EXPECT_EQ(-1, info.pin);
}

/* --- who may ---------------------------------------------------------------- */

/* As somebody without capabilities. Exits with what @try gave. */
static int as_nobody(int (*try)(int ctx, int task), int ctx, int task)
{
	pid_t pid = fork();

	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(99);
		_exit(-try(ctx, task));
	}
	return -wait_child(pid);
}

static int try_spawn_urgent(int ctx, int task)
{
	int fd = act_urgent(ctx, 0, -1, WORDS("yield:1"), NULL, 0);

	return fd < 0 ? fd : 0;
}

static int try_spawn_idle(int ctx, int task)
{
	int fd = act_urgent(ctx, 0, 1, WORDS("yield:1"), NULL, 0);

	return fd < 0 ? fd : 0;
}

TEST_F(priority, spawn_needs_a_right_to_be_urgent)
{
	/* first, as nobody may have the body's module loaded */
	EXPECT_EQ(0, try_spawn_urgent(self->ctx, -1));
	EXPECT_EQ(-EPERM, as_nobody(try_spawn_urgent, self->ctx, -1));
	EXPECT_EQ(0, as_nobody(try_spawn_idle, self->ctx, -1));
}

static int try_set_urgent(int ctx, int task)
{
	return set_priority(task, -1);
}

static int try_set_0(int ctx, int task)
{
	return set_priority(task, 0);
}

static int try_set_2(int ctx, int task)
{
	return set_priority(task, 2);
}

static int try_set_3(int ctx, int task)
{
	return set_priority(task, 3);
}

static int try_set_scope_all(int ctx, int task)
{
	struct kcoro_set req = {
		.id = task_id(task),
		.scope = KCORO_SCOPE_ALL,
		.which = KCORO_SET_PRIORITY,
		.priority = 3,
	};

	return t_ioctl(ctx, KCORO_IOC_SET, &req);
}

TEST_F(priority, set_needs_a_right_to_raise_it)
{
	int task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);

	ASSERT_LE(0, task);
	EXPECT_EQ(-EPERM, as_nobody(try_set_urgent, self->ctx, task));
	EXPECT_EQ(0, info_of(_metadata, task).priority);
	EXPECT_EQ(0, as_nobody(try_set_2, self->ctx, task));
	EXPECT_EQ(2, info_of(_metadata, task).priority);
	EXPECT_EQ(-EPERM, as_nobody(try_set_0, self->ctx, task));
	EXPECT_EQ(0, as_nobody(try_set_2, self->ctx, task));
	EXPECT_EQ(0, as_nobody(try_set_3, self->ctx, task));
	EXPECT_EQ(3, info_of(_metadata, task).priority);
	EXPECT_EQ(-EPERM, as_nobody(try_set_2, self->ctx, task));
	EXPECT_EQ(-EPERM, as_nobody(try_set_scope_all, self->ctx, task));
	EXPECT_EQ(0, try_set_scope_all(self->ctx, task));
	EXPECT_EQ(0, try_set_urgent(self->ctx, task));
	EXPECT_EQ(-1, info_of(_metadata, task).priority);
	close(task);
}

TEST_HARNESS_MAIN
