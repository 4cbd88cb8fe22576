// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that nobody can wake: who is found, who is not, and what happens then.
 */
#include "leak.h"

CONTEXT_FIXTURE(leak)

#define MAX 16

/* Those that a search finds: how many. */
static int find(int ctx, uint32_t flags, struct kcoro_leak *found)
{
	struct kcoro_leak *list = NULL;
	ssize_t n = kcoro_leaks(ctx, KCORO_SCOPE_CTX, flags, &list);

	if (n > 0 && found)
		memcpy(found, list, sizeof(*list) * (n < MAX ? n : MAX));
	free(list);
	return n;
}

#define found_of(list) find(self->ctx, 0, list)
#define nr_found find(self->ctx, 0, NULL)

/* Waits for a task's end, whatever it is. */
static void join_exit(int task)
{
	struct kcoro_exit e;

	kcoro_join(task, &e, 0);
}

static void expect_deadlk(t_metadata, int task)
{
	struct kcoro_exit e;

	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(-EDEADLK, e.error);
	EXPECT_EQ(KCORO_EXIT_RETURNED, e.reason);
}

/* --- who is found ------------------------------------------------------------- */

TEST_F(leak, a_ring_that_nobody_can_feed)
{
	struct kcoro_leak found[MAX];
	struct ring r;
	int i;

	make_ring(_metadata, self->ctx, NULL, &r);
	EXPECT_EQ(0, nr_found);
	close_pair(r.a);
	EXPECT_EQ(0, nr_found) TH_LOG("we can feed the other");
	close(r.b.recv);
	EXPECT_EQ(0, nr_found) TH_LOG("we can send");
	close(r.b.send);
	ASSERT_EQ(2, found_of(found));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(task_id(r.task[i]), found[i].id);
		EXPECT_EQ(KCORO_WAIT_RECV, found[i].wait);
		EXPECT_EQ(1, found[i].sources);
		EXPECT_STREQ("channel", found[i].on_kind);
		EXPECT_STREQ("echo", found[i].name);
	}
	EXPECT_NE(found[0].on, found[1].on);
	EXPECT_EQ(found[0].ctx, found[1].ctx);
}

/* It holds the other end itself: that keeps it from no end of stream but its own. */
TEST_F(leak, a_task_that_could_only_feed_itself)
{
	struct pair a = chan_u64(1);
	int task = spawn(self->ctx, "echo", NULL, FDS(a.recv, a.send));

	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_RECV);
	close(a.recv);
	EXPECT_EQ(0, nr_found);
	close(a.send);
	EXPECT_EQ(1, nr_found);
}

TEST_F(leak, who_waits_for_them_too)
{
	struct pair in = chan_buf(0), out = chan_buf(0);
	int fan, count;

	fan = spawn(self->ctx, "tee", NULL, FDS(in.recv, in.send, out.send));
	ASSERT_LE(0, fan);
	count = spawn(self->ctx, "count", NULL, FDS(out.recv));
	ASSERT_LE(0, count);
	await_parked(fan, KCORO_WAIT_RECV);
	await_parked(count, KCORO_WAIT_RECV);
	close_pair(in);
	EXPECT_EQ(1, nr_found) TH_LOG("we can feed count");
	close_pair(out);
	EXPECT_EQ(2, nr_found);
}

TEST_F(leak, senders)
{
	struct pair out = chan_u64(0);
	struct kcoro_leak found[MAX];
	int task = spawn(self->ctx, "act", WORDS("send:0"),
			 FDS(out.send, out.recv));

	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_SEND);
	EXPECT_EQ(0, nr_found);
	close(out.recv);
	ASSERT_EQ(1, found_of(found));
	EXPECT_EQ(KCORO_WAIT_SEND, found[0].wait);
	EXPECT_STREQ("channel", found[0].on_kind);
}

TEST_F(leak, a_select_none_of_whose_cases_can_come)
{
	struct pair a = chan_buf(1), b = chan_buf(1);
	struct kcoro_leak found[MAX];
	int task = spawn(self->ctx, "merge", NULL, FDS(a.recv, b.recv, a.send)),
	    other;

	ASSERT_LE(0, task);
	other = spawn(self->ctx, "echo", NULL, FDS(b.recv, b.send));
	ASSERT_LE(0, other);
	await_parked(task, KCORO_WAIT_SELECT);
	await_parked(other, KCORO_WAIT_RECV);
	close_pair(a);
	EXPECT_EQ(0, nr_found) TH_LOG("we can feed one of them");
	close_pair(b);
	ASSERT_EQ(2, found_of(found));
	EXPECT_EQ(KCORO_WAIT_SELECT, found[0].wait);
	EXPECT_EQ(2, found[0].sources);
}

/* Waiting for an event, or a unit, that nobody else has a descriptor of. */
static void gate(t_metadata, int ctx, int object, uint32_t wait,
		 const char *kind)
{
	struct pair in = chan_of(_metadata, ctx, 0, 1);
	struct pair out = chan_of(_metadata, ctx, 0, 1);
	struct kcoro_leak found[MAX];
	int task, twin;

	ASSERT_LE(0, object);
	twin = dup(object);
	task = spawn(ctx, "gate", NULL, FDS(in.recv, out.send, object));
	ASSERT_LE(0, task);
	EXPECT_EQ(1, put_str(in.send, "x"));
	await_parked(task, wait);
	close(object);
	EXPECT_EQ(0, find(ctx, 0, NULL));
	close(twin);
	/* The last reference of a closed file may go a little later. */
	while (!find(ctx, 0, found))
		nap();
	EXPECT_EQ(wait, found[0].wait);
	EXPECT_STREQ(kind, found[0].on_kind);
	EXPECT_EQ(1, find(ctx, 0, NULL));
}

TEST_F(leak, an_event_that_nobody_can_set)
{
	gate(_metadata, self->ctx, kcoro_event_create(self->ctx, 0),
	     KCORO_WAIT_EVENT, "event");
}

TEST_F(leak, units_that_nobody_can_give)
{
	gate(_metadata, self->ctx, kcoro_sem_create(self->ctx, 0, 1, 0),
	     KCORO_WAIT_SEM, "semaphore");
}

TEST_F(leak, who_joins_one)
{
	struct pair a = chan_u64(0);
	struct kcoro_leak found[MAX];
	int task =
		spawn(self->ctx, "act", WORDS("child:0"), FDS(a.recv, a.send));

	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_JOIN);
	EXPECT_EQ(0, nr_found);
	close_pair(a);
	/* The child may not have come to its wait yet. */
	while (found_of(found) != 2)
		nap();
	EXPECT_EQ(task_id(task), found[0].id);
	EXPECT_EQ(KCORO_WAIT_JOIN, found[0].wait);
	EXPECT_STREQ("task", found[0].on_kind);
	EXPECT_EQ(found[1].id, found[0].on);
	EXPECT_STREQ("child", found[1].name);
	EXPECT_EQ(KCORO_WAIT_RECV, found[1].wait);
}

TEST_F(leak, scopes)
{
	int other = kcoro_open(0);
	struct kcoro_leak *list;
	struct ring r;

	make_ring(_metadata, self->ctx, NULL, &r);
	lose_ring(&r);
	EXPECT_EQ(2, nr_found);
	EXPECT_EQ(0, find(other, 0, NULL));
	EXPECT_EQ(2, kcoro_leaks(other, KCORO_SCOPE_USER, 0, &list));
	free(list);
	EXPECT_EQ(2, kcoro_leaks(other, KCORO_SCOPE_ALL, 0, &list));
	free(list);
	close(other);
}

/* A ring over two contexts is found by who sees both. */
TEST_F(leak, of_two_contexts)
{
	struct pair a = chan_u64(1), b = chan_u64(1);
	int other = kcoro_open(0), task[2];
	struct kcoro_leak *list;

	task[0] = spawn(self->ctx, "echo", NULL, FDS(a.recv, b.send));
	task[1] = spawn(other, "echo", NULL, FDS(b.recv, a.send));
	await_parked(task[0], KCORO_WAIT_RECV);
	await_parked(task[1], KCORO_WAIT_RECV);
	close_pair(a);
	close_pair(b);
	EXPECT_EQ(0, nr_found);
	EXPECT_EQ(0, find(other, 0, NULL));
	ASSERT_EQ(2, kcoro_leaks(other, KCORO_SCOPE_USER, 0, &list));
	EXPECT_NE(list[0].ctx, list[1].ctx);
	free(list);
	close(other);
}

TEST_F(leak, more_than_there_is_room_for)
{
	struct kcoro_leak *list;
	struct kcoro_leaks req;
	struct kcoro_leak few[3];
	int i, task;

	for (i = 0; i < 100; i++) {
		struct pair a = chan_u64(1);

		task = spawn(self->ctx, "echo", NULL, FDS(a.recv, a.send));
		ASSERT_LE(0, task);
		await_parked(task, KCORO_WAIT_RECV);
		close_pair(a);
		close(task);
	}
	ASSERT_EQ(100, kcoro_leaks(self->ctx, KCORO_SCOPE_CTX, 0, &list));
	for (i = 1; i < 100; i++)
		EXPECT_LT(list[i - 1].id, list[i].id);
	req = (struct kcoro_leaks){ .leaks = t_addr(few),
				    .count = 3,
				    .flags = KCORO_LEAKS_END };
	EXPECT_EQ(0, t_ioctl(self->ctx, KCORO_IOC_LEAKS, &req));
	EXPECT_EQ(3, req.count);
	EXPECT_EQ(100, req.total);
	EXPECT_EQ(list[2].id, few[2].id);
	free(list);
	/* Only those that were told of were ended. */
	ASSERT_EQ(97, kcoro_leaks(self->ctx, KCORO_SCOPE_CTX, KCORO_LEAKS_END,
				  &list));
	EXPECT_LT(few[2].id, list[0].id);
	free(list);
	EXPECT_EQ(0, nr_found);
}

/* --- who is not ----------------------------------------------------------------- */

TEST_F(leak, not_who_waits_for_one_that_sleeps)
{
	struct pair a = chan_u64(1);
	int task = spawn(self->ctx, "echo", NULL, FDS(a.recv, a.send));
	int sleeper =
		spawn(self->ctx, "act", WORDS("sleep:80000000"), FDS(a.send));

	ASSERT_LE(0, task);
	ASSERT_LE(0, sleeper);
	await_parked(task, KCORO_WAIT_RECV);
	close_pair(a);
	EXPECT_EQ(0, nr_found);
	EXPECT_EQ(1,
		  kcoro_kill(self->ctx, task_id(sleeper), KCORO_SCOPE_CTX, 0));
	join_exit(sleeper);
	EXPECT_EQ(1, nr_found);
}

/* It may use what its parent holds. */
TEST_F(leak, not_who_has_a_child_that_sleeps)
{
	struct pair a = chan_u64(0);
	int task = spawn(self->ctx, "act", WORDS("fork:80000000", "recv:0"),
			 FDS(a.recv, a.send));

	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_RECV);
	close_pair(a);
	EXPECT_EQ(2, count_tasks(self->ctx, KCORO_SCOPE_CTX, 0));
	EXPECT_EQ(0, nr_found);
}

TEST_F(leak, not_who_has_a_deadline)
{
	struct pair a = chan_u64(1);
	struct kcoro_spawn_opts opts = {
		.fds = (int[]){ a.recv, a.send },
		.nr_fds = 2,
		.deadline_ns = kcoro_deadline_in(3600LL * 1000000000),
	};
	int task = kcoro_spawn(self->ctx, "echo", &opts);

	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_RECV);
	close_pair(a);
	EXPECT_EQ(0, nr_found);
}

/* The failure of one that lives would cancel it. */
TEST_F(leak, not_who_shares_a_group_that_fails_fast)
{
	int fast = kcoro_group_create(self->ctx, KCORO_GROUP_FAIL_FAST, 0);
	int slow = kcoro_group_create(self->ctx, 0, 0);
	struct pair a = chan_u64(1), b = chan_u64(1);
	struct kcoro_leak found[MAX];
	int task[2], live;

	ASSERT_LE(0, fast);
	ASSERT_LE(0, slow);
	task[0] = spawn(fast, "echo", NULL, FDS(a.recv, a.send));
	task[1] = spawn(slow, "echo", NULL, FDS(b.recv, b.send));
	live = spawn(fast, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	ASSERT_LE(0, live);
	await_parked(task[0], KCORO_WAIT_RECV);
	await_parked(task[1], KCORO_WAIT_RECV);
	close_pair(a);
	close_pair(b);
	ASSERT_EQ(1, found_of(found));
	EXPECT_EQ(task_id(task[1]), found[0].id);
	EXPECT_EQ(1, kcoro_kill(self->ctx, task_id(live), KCORO_SCOPE_CTX, 0));
	join_exit(live);
	EXPECT_EQ(2, nr_found);
}

/* --- what happens then ------------------------------------------------------------ */

TEST_F(leak, end_lets_their_waits_fail)
{
	struct kcoro_leak found[MAX];
	struct ring r;

	make_ring(_metadata, self->ctx, NULL, &r);
	close_pair(r.a);
	EXPECT_EQ(0, find(self->ctx, KCORO_LEAKS_END, found));
	close_pair(r.b);
	EXPECT_EQ(2, find(self->ctx, KCORO_LEAKS_END, found));
	expect_deadlk(_metadata, r.task[0]);
	expect_deadlk(_metadata, r.task[1]);
	EXPECT_EQ(0, nr_found);
}

static int polls_pri(int ctx, int timeout)
{
	struct pollfd p = { .fd = ctx, .events = POLLPRI };

	return poll(&p, 1, timeout) < 0 ? -errno : p.revents;
}

/* Nobody asks: the kernel looks once the last descriptor is closed. */
TEST_F(leak, the_kernel_looks_of_itself)
{
	struct ring r;

	make_ring(_metadata, self->ctx, NULL, &r);
	close_pair(r.a);
	EXPECT_EQ(0, polls_pri(self->ctx, 0));
	close_pair(r.b);
	EXPECT_EQ(POLLPRI, polls_pri(self->ctx, -1));
	EXPECT_EQ(POLLPRI, polls_pri(self->ctx, 0));
	EXPECT_EQ(2, nr_found);
	EXPECT_EQ(0, polls_pri(self->ctx, 0));
}

/* They are busy as it looks first, and come to wait later. */
TEST_F(leak, the_kernel_looks_again)
{
	struct pair a = chan_u64(0);
	int task = spawn(self->ctx, "act", WORDS("sleep:700", "recv:0"),
			 FDS(a.recv, a.send));

	ASSERT_LE(0, task);
	close_pair(a);
	EXPECT_EQ(POLLPRI, polls_pri(self->ctx, -1));
	EXPECT_EQ(1, nr_found);
}

#define LEAK_CHECK "/sys/module/kcoro/parameters/leak_check"

/* It was the last that could have fed the other, and no descriptor is closed. */
TEST_F(leak, the_kernel_looks_after_a_task_ends)
{
	struct pair a = chan_u64(1), go = chan_u64(0);
	int task = spawn(self->ctx, "echo", NULL, FDS(a.recv, a.send));
	int other =
		spawn(self->ctx, "act", WORDS("recv:0"), FDS(go.recv, a.send));

	ASSERT_LE(0, task);
	ASSERT_LE(0, other);
	await_parked(task, KCORO_WAIT_RECV);
	write_text(LEAK_CHECK, "N");
	close_pair(a);
	write_text(LEAK_CHECK, "Y");
	EXPECT_EQ(0, nr_found);
	EXPECT_EQ(8, put_u64(go.send, 1));
	EXPECT_EQ(POLLPRI, polls_pri(self->ctx, -1));
	EXPECT_EQ(1, nr_found);
}

TEST_F(leak, an_event_that_is_closed_is_looked_at)
{
	struct pair in = chan_buf(1), out = chan_buf(1);
	int event = kcoro_event_create(self->ctx, 0), task;

	task = spawn(self->ctx, "gate", NULL, FDS(in.recv, out.send, event));
	ASSERT_LE(0, task);
	EXPECT_EQ(1, put_str(in.send, "x"));
	await_parked(task, KCORO_WAIT_EVENT);
	close(event);
	EXPECT_EQ(POLLPRI, polls_pri(self->ctx, -1));
	EXPECT_EQ(1, nr_found);
}

/* A queue has no end that closes: who waits for it waits for its descriptors. */
TEST_F(leak, a_queue_that_is_closed_is_looked_at)
{
	struct kcoro_leak found[MAX];
	int queue = kcoro_queue_create(self->ctx, 8, 1, 0), task;

	ASSERT_LE(0, queue);
	task = spawn(self->ctx, "sync", WORDS("get:0"), FDS(queue));
	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_GET);
	EXPECT_EQ(0, nr_found);
	close(queue);
	EXPECT_EQ(POLLPRI, polls_pri(self->ctx, -1));
	ASSERT_EQ(1, found_of(found));
	EXPECT_EQ(KCORO_WAIT_GET, found[0].wait);
	EXPECT_STREQ("queue", found[0].on_kind);
}

TEST_F(leak, a_context_can_have_them_fail)
{
	struct ring r;

	ASSERT_EQ(0, kcoro_set_options(self->ctx, KCORO_CTX_DEADLK));
	make_ring(_metadata, self->ctx, NULL, &r);
	lose_ring(&r);
	expect_deadlk(_metadata, r.task[0]);
	expect_deadlk(_metadata, r.task[1]);
}

TEST_F(leak, not_if_it_shall_not)
{
	struct ring r;
	int i;

	make_ring(_metadata, self->ctx, NULL, &r);
	write_text(LEAK_CHECK, "N");
	lose_ring(&r);
	write_text(LEAK_CHECK, "Y");
	for (i = 0; i < 100; i++)
		nap();
	EXPECT_EQ(0, polls_pri(self->ctx, 0));
	EXPECT_EQ(2, nr_found);
}

/* The end of a context takes the look that is due along. */
TEST_F(leak, closing_leaves_nothing)
{
	int ctx, i;

	for (i = 0; i < 20; i++) {
		struct ring r;

		ctx = kcoro_open(0);
		make_ring(_metadata, ctx, NULL, &r);
		lose_ring(&r);
		close(r.task[0]);
		close(r.task[1]);
		if (i & 1)
			EXPECT_EQ(2, find(ctx, 0, NULL));
		close(ctx);
	}
	close(self->ctx);
	leave_nothing(kcoro_open(0));
	self->ctx = kcoro_open(0);
}

TEST_HARNESS_MAIN
