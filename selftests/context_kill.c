// SPDX-License-Identifier: GPL-2.0
/*
 * KILL: by id, by scope, once and for good; who may; what a killed context
 * still does.
 */
#include "kcoro_test.h"

CONTEXT_FIXTURE(kill)

#define KILL(id, scope, flags) kcoro_kill(self->ctx, id, scope, flags)

static int sleeper(int ctx)
{
	return spawn(ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
}

static struct kcoro_exit exit_of(t_metadata, int task)
{
	struct kcoro_exit e = { 0 };

	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	return e;
}

TEST_F(kill, by_id)
{
	int a = sleeper(self->ctx), b = sleeper(self->ctx);
	struct kcoro_exit e;

	EXPECT_EQ(1, KILL(task_id(a), KCORO_SCOPE_CTX, 0));
	e = exit_of(_metadata, a);
	EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
	EXPECT_EQ(-ECANCELED, e.error);
	ASSERT_EQ(0, fcntl(b, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, t_read(b, &e, sizeof(e)));
}

TEST_F(kill, once_is_a_cancel)
{
	int a = sleeper(self->ctx);
	struct kcoro_exit e;

	EXPECT_EQ(1, KILL(task_id(a), KCORO_SCOPE_CTX, KCORO_KILL_ONCE));
	e = exit_of(_metadata, a);
	EXPECT_EQ(KCORO_EXIT_CANCELED, e.reason);
	EXPECT_EQ(-ECANCELED, e.error);
}

TEST_F(kill, without_id_is_all_of_the_context)
{
	int other = kcoro_open(0), task[5], theirs = sleeper(other), i;
	struct kcoro_exit e;

	for (i = 0; i < 5; i++)
		task[i] = sleeper(self->ctx);
	EXPECT_EQ(5, KILL(0, KCORO_SCOPE_CTX, 0));
	for (i = 0; i < 5; i++) {
		e = exit_of(_metadata, task[i]);
		EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
	}
	ASSERT_EQ(0, fcntl(theirs, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, t_read(theirs, &e, sizeof(e)));
}

/* The context goes on. */
TEST_F(kill, context_takes_new_tasks)
{
	sleeper(self->ctx);
	EXPECT_EQ(1, KILL(0, KCORO_SCOPE_CTX, 0));
	EXPECT_LE(0, sleeper(self->ctx));
}

TEST_F(kill, without_id_and_without_tasks)
{
	EXPECT_EQ(0, KILL(0, KCORO_SCOPE_CTX, 0));
}

TEST_F(kill, no_such_task)
{
	int task = sleeper(self->ctx);
	int64_t id = task_id(task);

	EXPECT_EQ(-ESRCH, KILL(id + 1000000, KCORO_SCOPE_CTX, 0));
	EXPECT_EQ(-ESRCH, KILL(UINT64_MAX, KCORO_SCOPE_CTX, 0));
}

TEST_F(kill, task_that_has_ended)
{
	int task = spawn(self->ctx, "sleep", WORDS("0"), NULL, 0);
	struct kcoro_exit e = join_ok(_metadata, task);

	EXPECT_EQ(-ESRCH, KILL(e.id, KCORO_SCOPE_CTX, 0));
}

TEST_F(kill, task_of_another_context_is_out_of_scope)
{
	int other = kcoro_open(0), task = sleeper(other);
	struct kcoro_exit e;

	EXPECT_EQ(-ESRCH, KILL(task_id(task), KCORO_SCOPE_CTX, 0));
	EXPECT_EQ(1, KILL(task_id(task), KCORO_SCOPE_USER, 0));
	e = exit_of(_metadata, task);
	EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
}

TEST_F(kill, all_of_the_user)
{
	int other = kcoro_open(0), a = sleeper(self->ctx), b = sleeper(other);

	EXPECT_EQ(2, KILL(0, KCORO_SCOPE_USER, 0));
	exit_of(_metadata, a);
	exit_of(_metadata, b);
}

TEST_F(kill, exits_of_the_killed_are_read)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS(SLEEP_LONG) };
	struct kcoro_exit e[4];
	int i, got = 0;

	ASSERT_EQ(4, kcoro_spawn_many(self->ctx, "sleep", &opts, 4, NULL));
	EXPECT_EQ(4, KILL(0, KCORO_SCOPE_CTX, 0));
	while (got < 4) {
		i = kcoro_next_exits(self->ctx, e + got, 4 - got, 0);
		ASSERT_LT(0, i);
		got += i;
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(KCORO_EXIT_KILLED, e[i].reason);
}

/* Each wait of a body can be cancelled. */
TEST_F(kill, in_each_wait)
{
	struct pair in = chan_u64(0), out = chan_u64(0), b = chan_buf(0);
	struct pair m = chan_buf(0), n = chan_buf(0);
	int p[2], task[5], i;

	ASSERT_EQ(0, pipe(p));
	task[0] = sleeper(self->ctx);
	await_parked(task[0], KCORO_WAIT_SLEEP);
	task[1] = spawn(self->ctx, "echo", NULL, FDS(in.recv, out.send));
	await_parked(task[1], KCORO_WAIT_RECV);
	put_u64(in.send, 1);
	await_parked(task[1], KCORO_WAIT_SEND);
	task[2] = spawn(self->ctx, "count", NULL, FDS(b.recv));
	await_parked(task[2], KCORO_WAIT_RECV);
	task[3] = spawn(self->ctx, "file-source", NULL, FDS(p[0], b.send));
	await_parked(task[3], KCORO_WAIT_POLL);
	task[4] = spawn(self->ctx, "merge", NULL, FDS(m.recv, n.recv, b.send));
	await_parked(task[4], KCORO_WAIT_SELECT);
	EXPECT_EQ(5, KILL(0, KCORO_SCOPE_CTX, KCORO_KILL_ONCE));
	for (i = 0; i < 5; i++) {
		struct kcoro_exit e = exit_of(_metadata, task[i]);

		EXPECT_EQ(KCORO_EXIT_CANCELED, e.reason) TH_LOG("task %d", i);
	}
}

TEST_F(kill, busy_task)
{
	int task = spawn(self->ctx, "spin", WORDS("3000000"), NULL, 0);
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	EXPECT_EQ(1, KILL(task_id(task), KCORO_SCOPE_CTX, 0));
	e = exit_of(_metadata, task);
	EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
}

/* --- contexts --------------------------------------------------------------------------- */

TEST_F(kill, contexts_take_no_new_tasks)
{
	struct pair p = chan_u64(1);
	int task = sleeper(self->ctx), fds[2];
	struct kcoro_exit e;

	EXPECT_EQ(1, KILL(0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS));
	e = exit_of(_metadata, task);
	EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
	EXPECT_EQ(-ESHUTDOWN, sleeper(self->ctx));
	EXPECT_EQ(-ESHUTDOWN, kcoro_chan(self->ctx, 8, 1, fds));
	/* what is there goes on */
	EXPECT_EQ(8, put_u64(p.send, 1));
	EXPECT_EQ(1, get_u64(p.recv));
}

TEST_F(kill, contexts_read_gives_the_exits_and_then_0)
{
	struct kcoro_exit e;
	uint64_t id;

	ASSERT_EQ(0, spawn_id(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0,
			      &id));
	EXPECT_EQ(1, KILL(0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS));
	EXPECT_EQ(sizeof(e), t_read(self->ctx, &e, sizeof(e)));
	EXPECT_EQ(id, e.id);
	EXPECT_EQ(0, t_read(self->ctx, &e, sizeof(e)));
}

TEST_F(kill, contexts_of_the_user)
{
	int other = kcoro_open(0), task = sleeper(other), fresh;

	EXPECT_EQ(1, KILL(0, KCORO_SCOPE_USER, KCORO_KILL_CONTEXTS));
	exit_of(_metadata, task);
	EXPECT_EQ(-ESHUTDOWN, sleeper(other));
	EXPECT_EQ(-ESHUTDOWN, sleeper(self->ctx));
	fresh = kcoro_open(0);
	EXPECT_LE(0, sleeper(fresh));
}

/* --- who may ------------------------------------------------------------------------------ */

static void be_nobody(void)
{
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		_exit(99);
}

#define AS_NOBODY(condition)                 \
	({                                   \
		pid_t pid = fork();          \
                                             \
		if (!pid) {                  \
			be_nobody();         \
			_exit(!(condition)); \
		}                            \
		wait_child(pid);             \
	})

TEST_F(kill, all_needs_a_capability)
{
	int task = sleeper(self->ctx);
	struct kcoro_exit e;

	EXPECT_EQ(0, AS_NOBODY(KILL(0, KCORO_SCOPE_ALL, 0) == -EPERM));
	EXPECT_EQ(0, AS_NOBODY(KILL(1, KCORO_SCOPE_ALL, 0) == -EPERM));
	EXPECT_LE(1, KILL(0, KCORO_SCOPE_ALL, 0));
	e = exit_of(_metadata, task);
	EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
}

TEST_F(kill, list_of_all_needs_a_capability)
{
	struct kcoro_task_info info;

	sleeper(self->ctx);
	EXPECT_EQ(0, AS_NOBODY(kcoro_list_page(self->ctx, KCORO_SCOPE_ALL, 0,
					       &info, 1) == -EPERM));
	EXPECT_EQ(1, kcoro_list_page(self->ctx, KCORO_SCOPE_ALL, 0, &info, 1));
}

/* USER is the caller's user, not that of the context's opener. */
TEST_F(kill, user_scope_is_the_caller_s)
{
	int task = sleeper(self->ctx);
	uint64_t id = task_id(task);
	struct kcoro_task_info info;

	EXPECT_EQ(0, AS_NOBODY(kcoro_list_page(self->ctx, KCORO_SCOPE_USER, 0,
					       &info, 1) == 0));
	EXPECT_EQ(0, AS_NOBODY(KILL(id, KCORO_SCOPE_USER, 0) == -ESRCH));
	EXPECT_EQ(0, AS_NOBODY(KILL(0, KCORO_SCOPE_USER, 0) == 0));
	EXPECT_EQ(1, count_tasks(self->ctx, KCORO_SCOPE_CTX, 0));
}

/* The descriptor is the right to its tasks. */
TEST_F(kill, whoever_has_the_descriptor_may)
{
	int task = sleeper(self->ctx);
	uint64_t id = task_id(task);

	EXPECT_EQ(0, AS_NOBODY(KILL(id, KCORO_SCOPE_CTX, 0) == 1));
	exit_of(_metadata, task);
}

TEST_F(kill, the_device_is_root_s)
{
	EXPECT_EQ(0, AS_NOBODY(kcoro_open(0) == -EACCES));
}

TEST_HARNESS_MAIN
