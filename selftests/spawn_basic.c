// SPDX-License-Identifier: GPL-2.0
/*
 * SPAWN and what it gives: descriptors, ids, exit records.
 */
#include "kcoro_test.h"

CONTEXT_FIXTURE(spawn)

TEST_F(spawn, descriptor_gives_the_exit_any_number_of_times)
{
	int task = spawn(self->ctx, "sleep", WORDS("0"), NULL, 0), i;
	struct kcoro_exit first, again;

	ASSERT_LE(0, task);
	first = join_ok(_metadata, task);
	for (i = 0; i < 3; i++) {
		again = join_ok(_metadata, task);
		EXPECT_EQ(0, memcmp(&first, &again, sizeof(first)));
	}
}

TEST_F(spawn, descriptor_is_readable_at_the_end)
{
	struct pair p = chan_buf(0);
	int task = spawn(self->ctx, "count", NULL, FDS(p.recv));
	struct pollfd pfd = { .fd = task, .events = POLLIN };

	ASSERT_LE(0, task);
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	close(p.send);
	EXPECT_EQ(1, poll(&pfd, 1, -1));
	EXPECT_EQ(POLLIN, pfd.revents & POLLIN);
	join_ok(_metadata, task);
}

TEST_F(spawn, descriptor_with_nonblock_is_eagain_before_the_end)
{
	int task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	ASSERT_EQ(0, fcntl(task, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, t_read(task, &e, sizeof(e)));
}

TEST_F(spawn, descriptor_is_close_on_exec)
{
	int task = spawn(self->ctx, "sleep", WORDS("0"), NULL, 0);

	ASSERT_LE(0, task);
	EXPECT_EQ(FD_CLOEXEC, fcntl(task, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->ctx, F_GETFD));
}

TEST_F(spawn, a_task_goes_on_without_its_descriptor)
{
	struct pair in = chan_u64(1), out = chan_u64(1);
	int task = spawn(self->ctx, "echo", NULL, FDS(in.recv, out.send));

	ASSERT_LE(0, task);
	close(task);
	EXPECT_EQ(8, put_u64(in.send, 5));
	EXPECT_EQ(5, get_u64(out.recv));
}

TEST_F(spawn, exit_has_result_and_data)
{
	struct pair p = chan_buf(8);
	int task = spawn(self->ctx, "count", NULL, FDS(p.recv));
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	put_str(p.send, "abc");
	put_str(p.send, "de");
	close(p.send);
	close(p.recv);
	e = join_ok(_metadata, task);
	EXPECT_EQ(2, e.result);
	EXPECT_GE(sizeof(e.data), e.data_len);
	EXPECT_STREQ("count", e.name);
	EXPECT_LE(1, e.switches);
	EXPECT_EQ(0, e.pad);
}

TEST_F(spawn, ids_are_the_tasks)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS(SLEEP_LONG) };
	struct kcoro_task_info *list;
	uint64_t ids[8];
	int i;

	ASSERT_EQ(8, kcoro_spawn_many(self->ctx, "sleep", &opts, 8, ids));
	ASSERT_EQ(8, kcoro_list(self->ctx, KCORO_SCOPE_CTX, &list));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(list[i].id, ids[i]);
}

TEST_F(spawn, descriptors_and_ids_together)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS("0") };
	struct kcoro_exit e;
	uint64_t ids[4];
	int fds[4], i;

	ASSERT_EQ(4, kcoro_spawn_fds(self->ctx, "sleep", &opts, 4, ids, fds));
	for (i = 0; i < 4; i++) {
		e = join_ok(_metadata, fds[i]);
		EXPECT_EQ(ids[i], e.id);
	}
}

TEST_F(spawn, ids_grow_and_are_never_used_twice)
{
	uint64_t last = 0;
	int i, task;

	for (i = 0; i < 10; i++) {
		struct kcoro_exit e;

		task = spawn(self->ctx, "sleep", WORDS("0"), NULL, 0);
		ASSERT_LE(0, task);
		e = join_ok(_metadata, task);
		EXPECT_LT(last, e.id);
		last = e.id;
		close(task);
	}
}

/* --- exit records of the context --------------------------------------------- */

TEST_F(spawn, context_gives_each_exit_once)
{
	struct kcoro_exit e[8];
	uint64_t id;

	ASSERT_EQ(0, spawn_id(self->ctx, "sleep", WORDS("0"), NULL, 0, &id));
	EXPECT_EQ(1, kcoro_next_exits(self->ctx, e, 8, 0));
	EXPECT_EQ(id, e[0].id);
	EXPECT_EQ(0, e[0].error);
	/* and then nothing can come any more */
	EXPECT_EQ(0, t_read(self->ctx, e, sizeof(e)));
}

/* Each ends when its channel is closed, in an order that we choose. */
TEST_F(spawn, context_gives_exits_in_order_of_exit)
{
	static const int order[] = { 2, 0, 3, 1 };
	struct kcoro_exit e[4];
	struct pair p[4];
	uint64_t ids[4];
	int i;

	for (i = 0; i < 4; i++) {
		p[i] = chan_buf(1);
		ASSERT_EQ(0, spawn_id(self->ctx, "count", NULL, FDS(p[i].recv),
				      &ids[i]));
		close(p[i].recv);
	}
	for (i = 0; i < 4; i++) {
		close(p[order[i]].send);
		while (count_tasks(self->ctx, KCORO_SCOPE_CTX, 0) != 3 - i)
			nap();
	}
	ASSERT_EQ(4, kcoro_next_exits(self->ctx, e, 4, 0));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(ids[order[i]], e[i].id);
}

TEST_F(spawn, context_gives_whole_records_only)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS("0") };
	struct kcoro_exit e[3];

	ASSERT_EQ(5, kcoro_spawn_many(self->ctx, "sleep", &opts, 5, NULL));
	while (count_tasks(self->ctx, KCORO_SCOPE_CTX, 0))
		nap();
	EXPECT_EQ(2 * sizeof(e[0]), t_read(self->ctx, e, sizeof(e) - 1));
	EXPECT_EQ(3 * sizeof(e[0]), t_read(self->ctx, e, sizeof(e)));
}

TEST_F(spawn, context_is_readable_when_there_is_an_exit)
{
	struct pollfd pfd = { .fd = self->ctx, .events = POLLIN };
	struct pair p = chan_buf(0);
	uint64_t id;

	ASSERT_EQ(0, spawn_id(self->ctx, "count", NULL, FDS(p.recv), &id));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	close(p.send);
	EXPECT_EQ(1, poll(&pfd, 1, -1));
	EXPECT_EQ(POLLIN, pfd.revents & POLLIN);
}

TEST_F(spawn, context_with_nonblock_is_eagain)
{
	struct kcoro_exit e;
	uint64_t id;

	ASSERT_EQ(0, spawn_id(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0,
			      &id));
	ASSERT_EQ(0, fcntl(self->ctx, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, t_read(self->ctx, &e, sizeof(e)));
}

TEST_F(spawn, context_read_gives_0_when_nothing_can_come)
{
	struct kcoro_exit e;

	EXPECT_EQ(0, t_read(self->ctx, &e, sizeof(e)));
}

/* Tasks with a descriptor or NO_EXIT will never give the context a record. */
TEST_F(spawn, context_read_does_not_wait_for_others)
{
	struct kcoro_spawn_opts opts = {
		.argv = WORDS(SLEEP_LONG),
		.flags = KCORO_SPAWN_NO_EXIT,
	};
	struct kcoro_exit e;

	ASSERT_LE(0, spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0));
	ASSERT_EQ(1, kcoro_spawn_many(self->ctx, "sleep", &opts, 1, NULL));
	EXPECT_EQ(0, t_read(self->ctx, &e, sizeof(e)));
}

/* The last task that could give a record ends without one being there. */
TEST_F(spawn, no_exit_leaves_no_record)
{
	struct kcoro_spawn_opts opts = {
		.argv = WORDS("0"),
		.flags = KCORO_SPAWN_NO_EXIT,
	};
	struct kcoro_exit e;

	ASSERT_EQ(3, kcoro_spawn_many(self->ctx, "sleep", &opts, 3, NULL));
	while (count_tasks(self->ctx, KCORO_SCOPE_CTX, 1))
		nap();
	EXPECT_EQ(0, t_read(self->ctx, &e, sizeof(e)));
}

/* --- what a task is given ------------------------------------------------------ */

TEST_F(spawn, name_is_the_body_s_if_none_is_given)
{
	int task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	struct kcoro_task_info info;

	ASSERT_EQ(0, kcoro_task_info(task, &info));
	EXPECT_STREQ("sleep", info.name);
	EXPECT_STREQ("sleep", info.body);
}

TEST_F(spawn, name_is_as_given)
{
	struct kcoro_spawn_opts opts = {
		.argv = WORDS("0"),
		.name = "a name with 31 characters in it",
	};
	int task = kcoro_spawn(self->ctx, "sleep", &opts);
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	e = join_ok(_metadata, task);
	EXPECT_STREQ(opts.name, e.name);
}

TEST_F(spawn, stack_is_as_asked_for)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS(SLEEP_LONG) };
	struct kcoro_task_info info;
	struct kcoro_info limits;
	int task;

	ASSERT_EQ(0, kcoro_info(self->ctx, &limits));
	opts.stack_size = limits.stack_max;
	task = kcoro_spawn(self->ctx, "sleep", &opts);
	ASSERT_EQ(0, kcoro_task_info(task, &info));
	EXPECT_EQ(limits.stack_max, info.stack_size);
	opts.stack_size = 0;
	task = kcoro_spawn(self->ctx, "sleep", &opts);
	ASSERT_EQ(0, kcoro_task_info(task, &info));
	EXPECT_LE(limits.stack_min, info.stack_size);
	EXPECT_GE(limits.stack_max, info.stack_size);
}

/* A number with very many zeros before it. */
TEST_F(spawn, longest_argument_is_taken)
{
	struct kcoro_spawn_opts opts = { 0 };
	struct kcoro_info info;
	char *arg;
	int task;

	ASSERT_EQ(0, kcoro_info(self->ctx, &info));
	arg = malloc(info.arg_max);
	memset(arg, '0', info.arg_max - 1);
	arg[info.arg_max - 1] = '\0';
	opts.arg = arg;
	opts.arg_len = info.arg_max;
	task = kcoro_spawn(self->ctx, "sleep", &opts);
	ASSERT_LE(0, task);
	join_ok(_metadata, task);
	free(arg);
}

TEST_F(spawn, as_many_as_spawn_max)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS("0") };
	struct kcoro_info info;
	struct kcoro_exit e[64];
	int want, got = 0, n;

	ASSERT_EQ(0, kcoro_info(self->ctx, &info));
	want = info.spawn_max < info.tasks_ctx_max ? info.spawn_max :
						     info.tasks_ctx_max;
	n = kcoro_spawn_many(self->ctx, "sleep", &opts, info.spawn_max, NULL);
	ASSERT_LE(1, n);
	EXPECT_GE(want, n);
	while (got < n) {
		int more = kcoro_next_exits(self->ctx, e, 64, 0);

		ASSERT_LE(1, more);
		got += more;
	}
	EXPECT_EQ(n, got);
}

/* --- deadlines ------------------------------------------------------------------- */

TEST_F(spawn, deadline_ends_a_task)
{
	struct kcoro_spawn_opts opts = {
		.argv = WORDS(SLEEP_LONG),
		.deadline_ns = SHORTLY,
	};
	int task = kcoro_spawn(self->ctx, "sleep", &opts);
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_DEADLINE, e.reason);
	EXPECT_EQ(-ETIMEDOUT, e.error);
}

TEST_F(spawn, deadline_in_the_past_ends_a_task)
{
	struct pair p = chan_buf(0);
	struct kcoro_spawn_opts opts = {
		.fds = &p.recv,
		.nr_fds = 1,
		.deadline_ns = KCORO_NOW,
	};
	int task = kcoro_spawn(self->ctx, "count", &opts);
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_DEADLINE, e.reason);
	EXPECT_EQ(-ETIMEDOUT, e.error);
}

TEST_F(spawn, deadline_far_away_does_nothing)
{
	struct kcoro_spawn_opts opts = {
		.argv = WORDS("0"),
		.deadline_ns = INT64_MAX,
	};
	int task = kcoro_spawn(self->ctx, "sleep", &opts);

	ASSERT_LE(0, task);
	join_ok(_metadata, task);
}

TEST_F(spawn, deadline_ends_a_busy_task)
{
	struct kcoro_spawn_opts opts = {
		.argv = WORDS("3000000"),
		.deadline_ns = SHORTLY,
	};
	int task = kcoro_spawn(self->ctx, "spin", &opts);
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_DEADLINE, e.reason);
}

TEST_HARNESS_MAIN
