// SPDX-License-Identifier: GPL-2.0
/*
 * poll(2) and epoll(7) on channels.
 */
#include <sys/epoll.h>

#include "kcoro_test.h"

CONTEXT_FIXTURE(poll)

#define IN (POLLIN | POLLRDNORM)
#define OUT (POLLOUT | POLLWRNORM)

static int ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = IN | OUT };

	if (poll(&p, 1, 0) < 0)
		return -errno;
	return p.revents;
}

TEST_F(poll, empty_and_full)
{
	struct pair p = chan_u64(2);

	EXPECT_EQ(0, ready(p.recv));
	EXPECT_EQ(OUT, ready(p.send));
	put_u64(p.send, 1);
	EXPECT_EQ(IN, ready(p.recv));
	EXPECT_EQ(OUT, ready(p.send));
	put_u64(p.send, 2);
	EXPECT_EQ(0, ready(p.send));
	get_u64(p.recv);
	EXPECT_EQ(OUT, ready(p.send));
}

/* Nobody is ready by polling alone, or both sides would wait for ever. */
TEST_F(poll, unbuffered_is_ready_for_one_who_waits)
{
	struct pair p = chan_u64(0);
	struct caller c;
	uint64_t v = 1;

	EXPECT_EQ(0, ready(p.recv));
	EXPECT_EQ(0, ready(p.send));
	block_write(&c, p.send, &v);
	EXPECT_EQ(IN, ready(p.recv));
	EXPECT_EQ(0, ready(p.send));
	get_u64(p.recv);
	caller_join(&c);
	EXPECT_EQ(0, ready(p.recv));
	block_read(&c, p.recv, &v);
	EXPECT_EQ(OUT, ready(p.send));
	EXPECT_EQ(0, ready(p.recv));
	put_u64(p.send, 2);
	caller_join(&c);
	EXPECT_EQ(0, ready(p.send));
}

TEST_F(poll, closed)
{
	struct pair p = chan_u64(2);

	put_u64(p.send, 1);
	kcoro_close_chan(p.send);
	EXPECT_EQ(OUT | POLLERR, ready(p.send));
	EXPECT_EQ(IN, ready(p.recv));
	get_u64(p.recv);
	EXPECT_EQ(IN | POLLHUP, ready(p.recv));
}

TEST_F(poll, senders_gone)
{
	struct pair p = chan_u64(2);

	put_u64(p.send, 1);
	close(p.send);
	EXPECT_EQ(IN, ready(p.recv));
	get_u64(p.recv);
	EXPECT_EQ(IN | POLLHUP, ready(p.recv));
}

TEST_F(poll, receivers_gone)
{
	struct pair p = chan_u64(2);

	close(p.recv);
	EXPECT_EQ(OUT | POLLERR, ready(p.send));
}

TEST_F(poll, both_rights)
{
	struct kcoro_chan_create c = {
		.elem_size = 8,
		.capacity = 1,
		.flags = KCORO_CHAN_BOTH,
	};

	ASSERT_EQ(0, kcoro_chan_create(self->ctx, &c));
	EXPECT_EQ(OUT, ready(c.send_fd));
	put_u64(c.send_fd, 1);
	EXPECT_EQ(IN, ready(c.send_fd));
}

TEST_F(poll, task)
{
	int task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);

	ASSERT_LE(0, task);
	EXPECT_EQ(0, ready(task));
	EXPECT_EQ(1, kcoro_kill(self->ctx, 0, KCORO_SCOPE_CTX, 0));
	while (!ready(task))
		nap();
	EXPECT_EQ(IN, ready(task));
}

TEST_F(poll, context)
{
	struct kcoro_exit e;
	uint64_t id;

	EXPECT_EQ(0, ready(self->ctx));
	ASSERT_EQ(0, spawn_id(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0,
			      &id));
	EXPECT_EQ(0, ready(self->ctx));
	EXPECT_EQ(1, kcoro_kill(self->ctx, 0, KCORO_SCOPE_CTX,
				KCORO_KILL_CONTEXTS));
	while (!ready(self->ctx))
		nap();
	EXPECT_EQ(IN, ready(self->ctx));
	EXPECT_EQ(1, kcoro_next_exits(self->ctx, &e, 1, 0));
	EXPECT_EQ(IN | POLLHUP, ready(self->ctx));
}

/* --- waiting in poll(2) ------------------------------------------------------------ */

struct poller {
	pthread_t thread;
	volatile pid_t tid;
	struct pollfd p;
	int ret;
};

static void *poller_main(void *arg)
{
	struct poller *p = arg;

	p->tid = syscall(SYS_gettid);
	/* the plain call, so that its number is known */
	p->ret = syscall(SYS_poll, &p->p, 1, -1);
	return NULL;
}

static void poller_start(t_metadata, struct poller *p, int fd, int events)
{
	memset(p, 0, sizeof(*p));
	p->p.fd = fd;
	p->p.events = events;
	ASSERT_EQ(0, pthread_create(&p->thread, NULL, poller_main, p));
	while (!p->tid || !sleeps_in(p->tid, SYS_poll))
		nap();
}

static int poller_events(struct poller *p)
{
	pthread_join(p->thread, NULL);
	return p->ret == 1 ? p->p.revents : -1;
}

TEST_F(poll, wakes_for_a_message)
{
	struct pair p = chan_u64(2);
	struct poller w;

	poller_start(_metadata, &w, p.recv, POLLIN);
	put_u64(p.send, 1);
	EXPECT_EQ(POLLIN, poller_events(&w));
}

TEST_F(poll, wakes_for_room)
{
	struct pair p = chan_u64(1);
	struct poller w;

	put_u64(p.send, 1);
	poller_start(_metadata, &w, p.send, POLLOUT);
	get_u64(p.recv);
	EXPECT_EQ(POLLOUT, poller_events(&w));
}

TEST_F(poll, wakes_for_a_waiting_sender)
{
	struct pair p = chan_u64(0);
	struct poller w;
	struct caller c;
	uint64_t v = 1;

	poller_start(_metadata, &w, p.recv, POLLIN);
	caller_start(_metadata, &c, (struct op){ p.send, OP_WRITE, &v, 8 });
	EXPECT_EQ(POLLIN, poller_events(&w));
	EXPECT_EQ(1, get_u64(p.recv));
	caller_join(&c);
}

TEST_F(poll, wakes_for_a_waiting_task)
{
	struct pair p = chan_buf(0);
	struct poller w;

	poller_start(_metadata, &w, p.send, POLLOUT);
	ASSERT_LE(0, spawn(self->ctx, "count", NULL, FDS(p.recv)));
	EXPECT_EQ(POLLOUT, poller_events(&w));
}

TEST_F(poll, wakes_for_close)
{
	struct pair p = chan_u64(1);
	struct poller w;

	poller_start(_metadata, &w, p.recv, POLLIN);
	kcoro_close_chan(p.send);
	EXPECT_EQ(POLLIN | POLLHUP, poller_events(&w));
}

TEST_F(poll, wakes_for_the_last_sender_s_end)
{
	struct pair p = chan_u64(1);
	struct poller w;

	poller_start(_metadata, &w, p.recv, 0);
	close(p.send);
	EXPECT_EQ(POLLHUP, poller_events(&w));
}

TEST_F(poll, wakes_for_the_last_receiver_s_end)
{
	struct pair p = chan_u64(0);
	struct poller w;

	poller_start(_metadata, &w, p.send, 0);
	close(p.recv);
	EXPECT_EQ(POLLERR, poller_events(&w));
}

TEST_F(poll, wakes_for_a_message_of_a_task)
{
	struct pair in = chan_u64(1), out = chan_u64(1);
	struct poller w;

	ASSERT_LE(0, spawn(self->ctx, "echo", NULL, FDS(in.recv, out.send)));
	poller_start(_metadata, &w, out.recv, POLLIN);
	put_u64(in.send, 1);
	EXPECT_EQ(POLLIN, poller_events(&w));
}

TEST_F(poll, wakes_for_the_end_of_a_task)
{
	struct pair in = chan_buf(1);
	int task = spawn(self->ctx, "count", NULL, FDS(in.recv));
	struct poller w;

	ASSERT_LE(0, task);
	poller_start(_metadata, &w, task, POLLIN);
	close(in.send);
	EXPECT_EQ(POLLIN, poller_events(&w));
}

TEST_F(poll, wakes_for_an_exit_record)
{
	struct pair in = chan_buf(1);
	struct poller w;
	uint64_t id;

	ASSERT_EQ(0, spawn_id(self->ctx, "count", NULL, FDS(in.recv), &id));
	poller_start(_metadata, &w, self->ctx, POLLIN);
	close(in.send);
	EXPECT_EQ(POLLIN, poller_events(&w));
}

/* --- epoll ------------------------------------------------------------------------- */

static int epoll_of(t_metadata, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	return ep;
}

static int epoll_events(int ep, int timeout)
{
	struct epoll_event e;
	int n = epoll_wait(ep, &e, 1, timeout);

	return n < 0 ? -errno : n ? (int)e.events : 0;
}

TEST_F(poll, epoll_level)
{
	struct pair p = chan_u64(2);
	int ep = epoll_of(_metadata, p.recv, EPOLLIN);

	EXPECT_EQ(0, epoll_events(ep, 0));
	put_u64(p.send, 1);
	EXPECT_EQ(EPOLLIN, epoll_events(ep, -1));
	EXPECT_EQ(EPOLLIN, epoll_events(ep, 0));
	get_u64(p.recv);
	EXPECT_EQ(0, epoll_events(ep, 0));
}

TEST_F(poll, epoll_edge)
{
	struct pair p = chan_u64(4);
	int ep = epoll_of(_metadata, p.recv, EPOLLIN | EPOLLET);

	put_u64(p.send, 1);
	EXPECT_EQ(EPOLLIN, epoll_events(ep, -1));
	EXPECT_EQ(0, epoll_events(ep, 0));
	put_u64(p.send, 2);
	EXPECT_EQ(EPOLLIN, epoll_events(ep, -1));
	EXPECT_EQ(0, epoll_events(ep, 0));
}

TEST_F(poll, epoll_wakes_for_a_task_s_message)
{
	struct pair in = chan_u64(1), out = chan_u64(1);
	int ep = epoll_of(_metadata, out.recv, EPOLLIN | EPOLLET), i;

	ASSERT_LE(0, spawn(self->ctx, "echo", NULL, FDS(in.recv, out.send)));
	for (i = 0; i < 200; i++) {
		put_u64(in.send, i);
		ASSERT_EQ(EPOLLIN, epoll_events(ep, -1));
		ASSERT_EQ(i, get_u64(out.recv));
	}
}

/* The file goes while epoll knows it: by itself, without a trace. */
TEST_F(poll, epoll_forgets_closed_descriptors)
{
	struct pair p = chan_u64(1);
	int ep = epoll_of(_metadata, p.recv, EPOLLIN);

	close(p.recv);
	close(p.send);
	EXPECT_EQ(0, epoll_events(ep, 0));
}

TEST_HARNESS_MAIN
