// SPDX-License-Identifier: GPL-2.0
/*
 * Events of programs: threads and tasks that wait for them, poll, select, and what
 * ends a wait.
 */
#include "sync.h"

CONTEXT_FIXTURE(event)

static int event_of(t_metadata, int ctx, uint32_t flags)
{
	int fd = kcoro_event_create(ctx, flags);

	ASSERT_LE(0, fd);
	return fd;
}

#define EVENT(flags) event_of(_metadata, self->ctx, flags)

static int make(int ctx)
{
	return kcoro_event_create(ctx, 0);
}

static struct op wait_op(int fd)
{
	static struct kcoro_event_wait w;

	return (struct op){ fd, KCORO_IOC_EVENT_WAIT, &w };
}

TEST_F(event, it_is_set_until_it_is_cleared)
{
	int fd = EVENT(0), set = EVENT(KCORO_EVENT_SET), i;

	EXPECT_EQ(0, kcoro_event_is_set(fd));
	EXPECT_EQ(1, kcoro_event_is_set(set));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, kcoro_event_set(fd));
		EXPECT_EQ(0, kcoro_event_wait(fd, 0));
		EXPECT_EQ(1, kcoro_event_is_set(fd));
	}
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, kcoro_event_clear(fd));
		EXPECT_EQ(0, kcoro_event_is_set(fd));
	}
}

TEST_F(event, a_deadline_passes)
{
	int fd = EVENT(0);

	EXPECT_EQ(-ETIMEDOUT, kcoro_event_wait(fd, SHORTLY));
	EXPECT_EQ(-ETIMEDOUT, kcoro_event_wait(fd, KCORO_NOW));
}

TEST_F(event, nonblock)
{
	int fd = EVENT(KCORO_EVENT_NONBLOCK);

	EXPECT_EQ(-EAGAIN, kcoro_event_wait(fd, 0));
	EXPECT_EQ(0, kcoro_event_is_set(fd));
	kcoro_event_set(fd);
	EXPECT_EQ(0, kcoro_event_wait(fd, 0));
	EXPECT_EQ(1, kcoro_event_is_set(fd));
}

/* All who wait go on, though it is cleared before most of them can run. */
TEST_F(event, set_and_clear_at_once_wakes_all)
{
	struct caller c[8];
	int fd = EVENT(0), i;

	for (i = 0; i < 8; i++)
		caller_block(_metadata, &c[i], wait_op(fd));
	EXPECT_EQ(0, kcoro_event_set(fd));
	EXPECT_EQ(0, kcoro_event_clear(fd));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0, caller_join(&c[i]));
	EXPECT_EQ(0, kcoro_event_is_set(fd));
}

/* It is no descriptor's, but the object's. */
TEST_F(event, another_process_sets_it)
{
	int fd = EVENT(0);
	struct caller c;
	pid_t pid;

	caller_block(_metadata, &c, wait_op(fd));
	pid = fork();
	if (!pid)
		_exit(-kcoro_event_set(fd));
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(0, wait_child(pid));
}

/* --- tasks ------------------------------------------------------------------- */

/* One call lets many tasks go on; each has its message in hand. */
TEST_F(event, it_gates_many_tasks)
{
	int fd = EVENT(0), tasks[10], i;
	struct pair in[10], out = chan_buf(20);

	for (i = 0; i < 10; i++) {
		in[i] = chan_buf(1);
		tasks[i] = spawn(self->ctx, "gate", NULL,
				 FDS(in[i].recv, out.send, fd));
		ASSERT_LE(0, tasks[i]);
		put_str(in[i].send, "m");
	}
	for (i = 0; i < 10; i++)
		await_parked(tasks[i], KCORO_WAIT_EVENT);
	EXPECT_EQ(POLLOUT, polls(out.send));
	EXPECT_EQ(0, kcoro_event_set(fd));
	EXPECT_EQ(0, kcoro_event_clear(fd));
	for (i = 0; i < 10; i++) {
		await_parked(tasks[i], KCORO_WAIT_RECV);
		put_str(in[i].send, "m");
		await_parked(tasks[i], KCORO_WAIT_EVENT);
		close(in[i].send);
	}
	EXPECT_EQ(0, kcoro_event_set(fd));
	for (i = 0; i < 10; i++)
		EXPECT_EQ(2, join_ok(_metadata, tasks[i]).result);
}

/* The tasks have it, whether or not the program has. */
TEST_F(event, a_task_holds_it)
{
	int fd = EVENT(KCORO_EVENT_SET), task;
	struct pair in = chan_buf(1), out = chan_buf(1);
	char got;

	task = spawn(self->ctx, "gate", NULL, FDS(in.recv, out.send, fd));
	ASSERT_LE(0, task);
	close(fd);
	EXPECT_FDINFO(self->ctx, "kcoro-syncs:\t1");
	put_str(in.send, "m");
	EXPECT_EQ(1, t_read(out.recv, &got, 1));
	close(in.send);
	EXPECT_EQ(1, join_ok(_metadata, task).result);
	/* a worker's last put closes it a tick later */
	for (;;) {
		char text[1024];

		fdinfo(_metadata, self->ctx, text, sizeof(text));
		if (strstr(text, "kcoro-syncs:\t0\n"))
			break;
		nap();
	}
}

TEST_F(event, a_task_that_waits_can_be_killed)
{
	struct pair in = chan_buf(1), out = chan_buf(1);
	int fd = EVENT(0), task;
	struct kcoro_exit e;

	task = spawn(self->ctx, "gate", NULL, FDS(in.recv, out.send, fd));
	ASSERT_LE(0, task);
	put_str(in.send, "m");
	await_parked(task, KCORO_WAIT_EVENT);
	EXPECT_EQ(1, kcoro_kill(self->ctx, task_id(task), KCORO_SCOPE_CTX, 0));
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(-ECANCELED, e.error);
	EXPECT_EQ(0, kcoro_event_set(fd));
}

/* A task of another context fails as threads do. */
TEST_F(event, a_task_s_wait_ends_with_the_event_s_context)
{
	struct pair in = chan_buf(1), out = chan_buf(1);
	int other = kcoro_open(0), fd = make(other), task;
	struct kcoro_exit e;

	task = spawn(self->ctx, "gate", NULL, FDS(in.recv, out.send, fd));
	ASSERT_LE(0, task);
	put_str(in.send, "m");
	await_parked(task, KCORO_WAIT_EVENT);
	close(other);
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(-ESHUTDOWN, e.error);
	EXPECT_EQ(KCORO_EXIT_RETURNED, e.reason);
}

/* --- poll and select ------------------------------------------------------------ */

TEST_F(event, poll_tells_the_state)
{
	int fd = EVENT(0);

	EXPECT_EQ(0, polls(fd));
	kcoro_event_set(fd);
	EXPECT_EQ(POLLIN, polls(fd));
	kcoro_event_clear(fd);
	EXPECT_EQ(0, polls(fd));
}

TEST_F(event, poll_is_woken)
{
	int fd = EVENT(0);
	pid_t pid = fork_poll(fd, POLLIN, POLLIN);

	kcoro_event_set(fd);
	EXPECT_EQ(0, wait_child(pid));
	poll_ends_with_context(_metadata, make);
}

TEST_F(event, select_waits_for_it)
{
	int fd = EVENT(0), err;
	struct pair p = chan_u64(1);
	uint64_t v;
	struct kcoro_case cases[] = {
		kcoro_case_recv(p.recv, &v, sizeof(v)),
		kcoro_case_poll(fd, POLLIN),
	};
	struct kcoro_select s = { .cases = t_addr(cases), .count = 2 };
	struct caller c;

	EXPECT_EQ(-ETIMEDOUT,
		  kcoro_select(self->ctx, cases, 2, 0, KCORO_NOW, &err));
	caller_block(_metadata, &c,
		     (struct op){ self->ctx, KCORO_IOC_SELECT, &s });
	kcoro_event_set(fd);
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(1, s.index);
	EXPECT_EQ(POLLIN, cases[1].len);
}

/* --- what ends a wait -------------------------------------------------------------- */

TEST_F(event, a_wait_is_interrupted)
{
	int fd = EVENT(0);

	wait_is_interrupted(_metadata, wait_op(fd));
	kcoro_event_set(fd);
	EXPECT_EQ(0, kcoro_event_wait(fd, 0));
}

TEST_F(event, a_wait_ends_with_the_context)
{
	wait_ends_with_context(_metadata, make, wait_op(-1));
}

TEST_F(event, a_wait_outlives_the_close)
{
	wait_outlives_close(_metadata, make, wait_op(-1));
}

/* What needs no wait goes on. */
TEST_F(event, set_it_outlives_its_context)
{
	int other = kcoro_open(0), fd = make(other);

	close(other);
	EXPECT_EQ(-ESHUTDOWN, kcoro_event_is_set(fd));
	EXPECT_EQ(0, kcoro_event_set(fd));
	EXPECT_EQ(0, kcoro_event_wait(fd, 0));
	EXPECT_EQ(POLLIN | POLLHUP, polls(fd));
	EXPECT_EQ(0, kcoro_event_clear(fd));
	EXPECT_EQ(-ESHUTDOWN, kcoro_event_wait(fd, 0));
}

TEST_F(event, a_context_that_was_killed_makes_none)
{
	kcoro_kill(self->ctx, 0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS);
	EXPECT_EQ(-ESHUTDOWN, make(self->ctx));
}

TEST_F(event, what_it_tells)
{
	int fd = EVENT(KCORO_EVENT_SET);
	struct kcoro_info i;

	EXPECT_FDINFO(fd, "kcoro-kind:\tevent");
	EXPECT_FDINFO(fd, "kcoro-set:\t1");
	kcoro_event_clear(fd);
	EXPECT_FDINFO(fd, "kcoro-set:\t0");
	EXPECT_FDINFO(self->ctx, "kcoro-syncs:\t1");
	ASSERT_EQ(0, kcoro_info(fd, &i));
	EXPECT_EQ(KCORO_UAPI_VERSION, i.version);
	close(fd);
	EXPECT_FDINFO(self->ctx, "kcoro-syncs:\t0");
}

TEST_HARNESS_MAIN
