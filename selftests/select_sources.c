// SPDX-License-Identifier: GPL-2.0
/*
 * SELECT over more than channels: the ends of tasks, and files.
 */
#include "kcoro_test.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

CONTEXT_FIXTURE(source)

#define SELECT(cases, count, flags, deadline) \
	kcoro_select(self->ctx, cases, count, flags, deadline, NULL)

/* Of one case. */
#define SELECT_ONE(...)                                  \
	({                                               \
		struct kcoro_case one = __VA_ARGS__;     \
		SELECT(&one, 1, KCORO_SELECT_NOWAIT, 0); \
	})

/* A task that ends when it is told to, a pipe and a channel. */
struct all {
	int task, pipe[2];
	struct pair chan;
	uint64_t v;
	struct kcoro_case c[3];
};

static void set_cases(struct all *a)
{
	a->c[0] = kcoro_case_recv(a->chan.recv, &a->v, 8);
	a->c[1] = kcoro_case_join(a->task);
	a->c[2] = kcoro_case_poll(a->pipe[0], POLLIN);
}

static void make_all(t_metadata, int ctx, struct all *a)
{
	a->chan = chan_of(_metadata, ctx, 8, 1);
	a->task = spawn(ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	ASSERT_LE(0, a->task);
	ASSERT_EQ(0, pipe(a->pipe));
	set_cases(a);
}

static void make_ready(t_metadata, int ctx, struct all *a, int which)
{
	struct kcoro_exit e;

	switch (which) {
	case 0:
		EXPECT_EQ(8, put_u64(a->chan.send, 70));
		break;
	case 1:
		EXPECT_EQ(1, kcoro_kill(ctx, task_id(a->task), KCORO_SCOPE_CTX,
					0));
		EXPECT_EQ(0, kcoro_join(a->task, &e, 0));
		break;
	default:
		EXPECT_EQ(5, put_str(a->pipe[1], "hello"));
	}
}

/* What the chosen case tells, and that nothing else was touched. */
static void expect_chosen(t_metadata, struct all *a, int which)
{
	struct kcoro_exit e;
	char buf[8] = "";

	switch (which) {
	case 0:
		EXPECT_EQ(8, a->c[0].len);
		EXPECT_EQ(70, a->v);
		break;
	case 1:
		EXPECT_EQ(0, kcoro_join(a->task, &e, KCORO_NOW));
		EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
		break;
	default:
		EXPECT_EQ(POLLIN, a->c[2].len);
		EXPECT_EQ(5, read(a->pipe[0], buf, sizeof(buf)));
		EXPECT_STREQ("hello", buf);
	}
}

TEST_F(source, each_is_ready)
{
	int which;

	for (which = 0; which < 3; which++) {
		struct all a;

		make_all(_metadata, self->ctx, &a);
		EXPECT_EQ(-EAGAIN, SELECT(a.c, 3, KCORO_SELECT_NOWAIT, 0));
		EXPECT_EQ(-ETIMEDOUT, SELECT(a.c, 3, 0, KCORO_NOW));
		make_ready(_metadata, self->ctx, &a, which);
		EXPECT_EQ(which, SELECT(a.c, 3, 0, 0));
		expect_chosen(_metadata, &a, which);
	}
}

TEST_F(source, each_wakes)
{
	int which;

	for (which = 0; which < 3; which++) {
		struct all a;
		struct kcoro_select sel = { .cases = t_addr(a.c), .count = 3 };
		struct caller w;

		make_all(_metadata, self->ctx, &a);
		caller_block(_metadata, &w,
			     (struct op){ self->ctx, KCORO_IOC_SELECT, &sel });
		make_ready(_metadata, self->ctx, &a, which);
		EXPECT_EQ(0, caller_join(&w));
		EXPECT_EQ(which, sel.index);
		EXPECT_EQ(0, sel.error);
		expect_chosen(_metadata, &a, which);
	}
}

TEST_F(source, priority_takes_the_first)
{
	struct all a;
	struct kcoro_case c[3];
	int first, i, n;

	make_all(_metadata, self->ctx, &a);
	for (i = 0; i < 3; i++)
		make_ready(_metadata, self->ctx, &a, i);
	for (n = 0; n < 30; n++) {
		set_cases(&a);
		first = n % 3;
		for (i = 0; i < 3; i++)
			c[i] = a.c[(first + i) % 3];
		ASSERT_EQ(0, SELECT(c, 3, KCORO_SELECT_PRIORITY, 0));
		if (!first)
			put_u64(a.chan.send, 70);
	}
}

/* Of three that are ready each is drawn sometimes: about 300 of 900. */
TEST_F(source, ready_ones_are_drawn_evenly)
{
	struct all a;
	int count[3] = { 0 }, i, n;

	make_all(_metadata, self->ctx, &a);
	for (i = 0; i < 3; i++)
		make_ready(_metadata, self->ctx, &a, i);
	for (n = 0; n < 900; n++) {
		set_cases(&a);
		i = SELECT(a.c, 3, 0, 0);
		ASSERT_LE(0, i);
		count[i % 3u]++;
		if (!i)
			put_u64(a.chan.send, 70);
	}
	/* eight times the standard deviation of 14.1 */
	for (i = 0; i < 3; i++) {
		EXPECT_LT(187, count[i]);
		EXPECT_GT(413, count[i]);
	}
}

/* --- files ----------------------------------------------------------------------------- */

/* Not ready; then it is, for @events. */
#define EXPECT_POLL(fd, events, make_ready)                            \
	{                                                              \
		struct kcoro_case of = kcoro_case_poll(fd, events);    \
		struct kcoro_select sel = { .cases = t_addr(&of),      \
					    .count = 1 };              \
		struct caller selector;                                \
                                                                       \
		EXPECT_EQ(-ETIMEDOUT, SELECT(&of, 1, 0, SHORTLY));     \
		caller_block(_metadata, &selector,                     \
			     (struct op){ self->ctx, KCORO_IOC_SELECT, \
					  &sel });                     \
		make_ready;                                            \
		EXPECT_EQ(0, caller_join(&selector));                  \
		EXPECT_EQ(events, of.len);                             \
	}

TEST_F(source, of_an_eventfd)
{
	int fd = eventfd(0, 0);

	EXPECT_POLL(fd, POLLIN, eventfd_write(fd, 1));
}

TEST_F(source, of_a_socket)
{
	int s[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	EXPECT_POLL(s[0], POLLIN, put_str(s[1], "x"));
}

TEST_F(source, of_a_channel)
{
	struct pair p = chan_u64(0);
	struct caller w;
	uint64_t v = 1;

	EXPECT_POLL(p.recv, POLLIN, block_write(&w, p.send, &v));
	EXPECT_EQ(1, get_u64(p.recv));
	EXPECT_EQ(8, caller_join(&w));
}

TEST_F(source, of_a_context)
{
	uint64_t id;
	int ctx = kcoro_open(0);

	ASSERT_LE(0, ctx);
	EXPECT_POLL(
		ctx, POLLIN,
		ASSERT_EQ(0, spawn_id(ctx, "sleep", WORDS("1"), NULL, 0, &id)));
	close(ctx);
}

TEST_F(source, of_an_epoll)
{
	struct epoll_event e = { .events = EPOLLIN };
	int ep = epoll_create1(0), p[2];

	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e));
	EXPECT_POLL(ep, POLLIN, put_str(p[1], "x"));
}

static void drain(int fd)
{
	char page[4096];
	ssize_t n;

	do {
		n = read(fd, page, sizeof(page));
	} while (n > 0);
}

TEST_F(source, of_a_full_pipe)
{
	char page[4096] = "";
	ssize_t n;
	int p[2];

	ASSERT_EQ(0, pipe2(p, O_NONBLOCK));
	do {
		n = write(p[1], page, sizeof(page));
	} while (n > 0);
	EXPECT_POLL(p[1], POLLOUT, drain(p[0]));
}

TEST_F(source, hang_ups_always_count)
{
	struct kcoro_case c;
	int p[2];

	ASSERT_EQ(0, pipe(p));
	c = kcoro_case_poll(p[0], POLLPRI);
	put_str(p[1], "x");
	EXPECT_EQ(-ETIMEDOUT, SELECT(&c, 1, 0, SHORTLY));
	close(p[1]);
	EXPECT_EQ(0, SELECT(&c, 1, 0, 0));
	EXPECT_EQ(POLLHUP, c.len);
	c = kcoro_case_poll(p[0], 0);
	EXPECT_EQ(0, SELECT(&c, 1, 0, 0));
	EXPECT_EQ(POLLHUP, c.len);
}

/* --- what is wrong ------------------------------------------------------------------------ */

TEST_F(source, bad_descriptors)
{
	struct all a;
	char name[] = "/tmp/kcoro_source_XXXXXX";
	int file = mkstemp(name), path = open(name, O_PATH);

	make_all(_metadata, self->ctx, &a);
	ASSERT_LE(0, file);
	ASSERT_LE(0, path);
	unlink(name);
	EXPECT_EQ(-EBADF, SELECT_ONE(kcoro_case_join(9999)));
	EXPECT_EQ(-EBADF, SELECT_ONE(kcoro_case_join(a.pipe[0])));
	EXPECT_EQ(-EBADF, SELECT_ONE(kcoro_case_join(a.chan.recv)));
	EXPECT_EQ(-EBADF, SELECT_ONE(kcoro_case_join(self->ctx)));
	EXPECT_EQ(-EBADF, SELECT_ONE(kcoro_case_poll(9999, POLLIN)));
	EXPECT_EQ(-EBADF, SELECT_ONE(kcoro_case_poll(path, POLLIN)));
	EXPECT_EQ(-EOPNOTSUPP, SELECT_ONE(kcoro_case_poll(file, POLLIN)));
	EXPECT_EQ(-EAGAIN, SELECT_ONE(kcoro_case_join(-1)));
	EXPECT_EQ(-EAGAIN, SELECT_ONE(kcoro_case_poll(-1, POLLIN)));
	/* Nothing is done unless all cases are valid. */
	put_u64(a.chan.send, 70);
	a.c[2].fd = file;
	EXPECT_EQ(-EOPNOTSUPP, SELECT(a.c, 3, KCORO_SELECT_PRIORITY, 0));
	EXPECT_EQ(70, poll_u64(a.chan.recv));
}

TEST_F(source, bad_fields)
{
	static const uint32_t bad_events[] = { POLLNVAL, 0x800,	  0x1000,
					       0x8000,	 0x10000, UINT32_MAX };
	static const uint32_t bad_ops[] = { 0, 3, 6, 0x100, UINT32_MAX };
	struct all a;
	struct kcoro_case c;
	size_t i;

	make_all(_metadata, self->ctx, &a);
	put_str(a.pipe[1], "x");
	for (i = 0; i < ROWS(bad_events); i++) {
		c = kcoro_case_poll(a.pipe[0], bad_events[i]);
		EXPECT_EQ(-EINVAL, SELECT_ONE(c));
	}
	for (i = 0; i < ROWS(bad_ops); i++) {
		c = kcoro_case_poll(a.pipe[0], 0);
		c.op = bad_ops[i];
		EXPECT_EQ(-EINVAL, SELECT_ONE(c));
	}
	c = kcoro_case_poll(a.pipe[0], POLLIN);
	c.addr = 1;
	EXPECT_EQ(-EINVAL, SELECT_ONE(c));
	c = kcoro_case_poll(a.pipe[0], POLLIN);
	c.pad = 1;
	EXPECT_EQ(-EINVAL, SELECT_ONE(c));
	c = kcoro_case_join(a.task);
	c.addr = 1;
	EXPECT_EQ(-EINVAL, SELECT_ONE(c));
	c = kcoro_case_join(a.task);
	c.len = 1;
	EXPECT_EQ(-EINVAL, SELECT_ONE(c));
	EXPECT_EQ(0, SELECT_ONE(kcoro_case_poll(a.pipe[0], POLLIN)));
}

/* --- signals --------------------------------------------------------------------------------- */

static void on_signal(int sig)
{
}

TEST_F(source, signals_end_the_wait)
{
	struct all a;
	struct kcoro_select sel = { .cases = t_addr(a.c), .count = 3 };
	struct sigaction act = { .sa_handler = on_signal };
	struct op op = { self->ctx, KCORO_IOC_SELECT, &sel };
	struct caller w;
	pid_t pid;

	make_all(_metadata, self->ctx, &a);
	ASSERT_EQ(0, sigaction(SIGUSR1, &act, NULL));
	caller_block(_metadata, &w, op);
	pthread_kill(w.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, caller_join(&w));

	pid = fork_op(op, 0);
	await_sleep(pid, SYS_ioctl);
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	/* The queues that they were in are as good as ever. */
	make_ready(_metadata, self->ctx, &a, 2);
	EXPECT_EQ(2, SELECT(a.c, 3, 0, 0));
	expect_chosen(_metadata, &a, 2);
}

TEST_HARNESS_MAIN
