// SPDX-License-Identifier: GPL-2.0
/*
 * Channels: rendezvous, order, close, the last holder.
 */
#include "kcoro_test.h"

CONTEXT_FIXTURE(chan)

/* --- unbuffered -------------------------------------------------------------- */

TEST_F(chan, unbuffered_sender_waits_for_a_receiver)
{
	struct pair p = chan_u64(0);
	uint64_t v = 7;
	struct caller c;

	block_write(&c, p.send, &v);
	EXPECT_EQ(7, get_u64(p.recv));
	EXPECT_EQ(8, caller_join(&c));
}

TEST_F(chan, unbuffered_receiver_waits_for_a_sender)
{
	struct pair p = chan_u64(0);
	uint64_t v = 0;
	struct caller c;

	block_read(&c, p.recv, &v);
	EXPECT_EQ(8, put_u64(p.send, 9));
	EXPECT_EQ(8, caller_join(&c));
	EXPECT_EQ(9, v);
}

TEST_F(chan, unbuffered_holds_nothing)
{
	struct pair p = chan_u64(0);
	uint64_t v = 1;
	struct kcoro_iov iov = { .addr = t_addr(&v), .len = 8 };

	EXPECT_EQ(-EAGAIN, kcoro_sendv(p.send, &iov, 1, KCORO_IO_NOWAIT, 0));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
}

/* Senders are served in the order they came. */
TEST_F(chan, unbuffered_senders_are_first_in_first_out)
{
	struct pair p = chan_u64(0);
	struct caller c[4];
	uint64_t v[4];
	int i;

	for (i = 0; i < 4; i++) {
		v[i] = 100 + i;
		block_write(&c[i], p.send, &v[i]);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(100 + i, get_u64(p.recv));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(8, caller_join(&c[i]));
}

TEST_F(chan, receivers_are_first_in_first_out)
{
	struct pair p = chan_u64(4);
	struct caller c[4];
	uint64_t v[4];
	int i;

	for (i = 0; i < 4; i++)
		block_read(&c[i], p.recv, &v[i]);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(8, put_u64(p.send, 100 + i));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(8, caller_join(&c[i]));
		EXPECT_EQ(100 + i, v[i]);
	}
}

/* --- buffered ---------------------------------------------------------------- */

TEST_F(chan, buffered_is_first_in_first_out)
{
	struct pair p = chan_u64(4);
	int round, i;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < 3; i++)
			EXPECT_EQ(8, put_u64(p.send, round * 10 + i));
		for (i = 0; i < 3; i++)
			EXPECT_EQ(round * 10 + i, get_u64(p.recv));
	}
}

TEST_F(chan, buffered_holds_exactly_its_capacity)
{
	struct pair p = chan_u64(3);
	int i;

	ASSERT_EQ(0, fcntl(p.send, F_SETFL, O_NONBLOCK));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(8, put_u64(p.send, i));
	EXPECT_EQ(-EAGAIN, put_u64(p.send, 3));
}

TEST_F(chan, buffered_blocked_sender_s_message_goes_last)
{
	struct pair p = chan_u64(2);
	uint64_t v = 3;
	struct caller c;

	put_u64(p.send, 1);
	put_u64(p.send, 2);
	block_write(&c, p.send, &v);
	EXPECT_EQ(1, get_u64(p.recv));
	EXPECT_EQ(8, caller_join(&c));
	EXPECT_EQ(2, get_u64(p.recv));
	EXPECT_EQ(3, get_u64(p.recv));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
}

TEST_F(chan, largest_capacity_can_be_filled)
{
	struct kcoro_info i;
	struct pair p;
	uint32_t n, bad = 0;

	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	p = chan_u64(i.capacity_max);
	ASSERT_EQ(0, fcntl(p.send, F_SETFL, O_NONBLOCK));
	for (n = 0; n < i.capacity_max; n++)
		bad += put_u64(p.send, n) != 8;
	EXPECT_EQ(0, bad);
	EXPECT_EQ(-EAGAIN, put_u64(p.send, n));
	for (n = 0; n < i.capacity_max; n++)
		bad += get_u64(p.recv) != n;
	EXPECT_EQ(0, bad);
}

TEST_F(chan, ids_are_never_used_twice)
{
	struct kcoro_chan_create a = { .capacity = 1 }, b = { .capacity = 1 };

	ASSERT_EQ(0, kcoro_chan_create(self->ctx, &a));
	close(a.send_fd);
	close(a.recv_fd);
	ASSERT_EQ(0, kcoro_chan_create(self->ctx, &b));
	EXPECT_LT(0, a.id);
	EXPECT_LT(a.id, b.id);
}

TEST_F(chan, descriptors_are_close_on_exec)
{
	struct pair p = chan_u64(1);

	EXPECT_EQ(FD_CLOEXEC, fcntl(p.send, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(p.recv, F_GETFD));
}

/* --- close -------------------------------------------------------------------- */

TEST_F(chan, close_lets_the_queue_drain)
{
	struct pair p = chan_u64(4);

	put_u64(p.send, 1);
	put_u64(p.send, 2);
	EXPECT_EQ(0, kcoro_close_chan(p.send));
	EXPECT_EQ(1, get_u64(p.recv));
	EXPECT_EQ(2, get_u64(p.recv));
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

TEST_F(chan, close_twice_is_ealready)
{
	struct pair p = chan_u64(1);

	EXPECT_EQ(0, kcoro_close_chan(p.send));
	EXPECT_EQ(-EALREADY, kcoro_close_chan(p.send));
}

TEST_F(chan, close_makes_senders_fail)
{
	struct pair p = chan_u64(1);
	uint64_t v = 1;

	EXPECT_EQ(0, kcoro_close_chan(p.send));
	EXPECT_EQ(-EPIPE, put_u64(p.send, 1));
	EXPECT_EQ(-EPIPE, kcoro_send(p.send, &v, 8, 0));
}

TEST_F(chan, close_wakes_a_receiver)
{
	struct pair p = chan_u64(0);
	struct caller c;
	uint64_t v;

	block_read(&c, p.recv, &v);
	EXPECT_EQ(0, kcoro_close_chan(p.send));
	EXPECT_EQ(0, caller_join(&c));
}

TEST_F(chan, close_wakes_a_sender)
{
	struct pair p = chan_u64(0);
	uint64_t v = 1;
	struct caller c;

	block_write(&c, p.send, &v);
	EXPECT_EQ(0, kcoro_close_chan(p.send));
	EXPECT_EQ(-EPIPE, caller_join(&c));
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

TEST_F(chan, nothing_raises_sigpipe)
{
	struct pair p = chan_u64(1);
	uint64_t v = 1;

	signal(SIGPIPE, SIG_DFL);
	EXPECT_EQ(0, kcoro_close_chan(p.send));
	EXPECT_EQ(-EPIPE, kcoro_send(p.send, &v, 8, 0));
	EXPECT_EQ(-EPIPE, put_u64(p.send, 1));
}

/* --- the last holder ------------------------------------------------------------ */

TEST_F(chan, last_sender_gone_is_end_of_stream)
{
	struct pair p = chan_u64(4);

	put_u64(p.send, 1);
	close(p.send);
	EXPECT_EQ(1, get_u64(p.recv));
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

TEST_F(chan, last_sender_gone_wakes_a_receiver)
{
	struct pair p = chan_u64(4);
	struct caller c;
	uint64_t v;

	block_read(&c, p.recv, &v);
	close(p.send);
	EXPECT_EQ(0, caller_join(&c));
}

TEST_F(chan, last_receiver_gone_makes_senders_fail)
{
	struct pair p = chan_u64(4);

	close(p.recv);
	EXPECT_EQ(-EPIPE, put_u64(p.send, 1));
}

TEST_F(chan, last_receiver_gone_wakes_a_sender)
{
	struct pair p = chan_u64(0);
	uint64_t v = 1;
	struct caller c;

	block_write(&c, p.send, &v);
	close(p.recv);
	EXPECT_EQ(-EPIPE, caller_join(&c));
}

/* A task that holds an end keeps it, until it ends. */
TEST_F(chan, a_task_is_a_sender)
{
	struct pair in = chan_u64(1), out = chan_u64(1);
	int task = spawn(self->ctx, "echo", NULL, FDS(in.recv, out.send));

	ASSERT_LE(0, task);
	close(out.send);
	close(in.recv);
	EXPECT_EQ(8, put_u64(in.send, 4));
	EXPECT_EQ(4, get_u64(out.recv));
	EXPECT_EQ(-EAGAIN, poll_u64(out.recv));
	close(in.send);
	EXPECT_EQ(-ENODATA, get_u64(out.recv));
	join_ok(_metadata, task);
}

TEST_F(chan, a_task_is_a_receiver)
{
	struct pair in = chan_buf(0);
	int task = spawn(self->ctx, "count", NULL, FDS(in.recv));
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	close(in.recv);
	EXPECT_EQ(8, put_u64(in.send, 1));
	ASSERT_EQ(1, kcoro_kill(self->ctx, task_id(task), 0, 0));
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(-EPIPE, put_u64(in.send, 2));
}

/* A sender of a task's output that nobody can receive ends the task. */
TEST_F(chan, a_task_sees_epipe)
{
	struct pair in = chan_u64(1), out = chan_u64(0);
	int task = spawn(self->ctx, "echo", NULL, FDS(in.recv, out.send));
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	close(out.recv);
	close(out.send);
	EXPECT_EQ(8, put_u64(in.send, 1));
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_RETURNED, e.reason);
	EXPECT_EQ(-EPIPE, e.error);
}

/* --- one descriptor with both rights ---------------------------------------------- */

TEST_F(chan, both_sends_and_receives)
{
	struct kcoro_chan_create c = {
		.elem_size = 8,
		.capacity = 1,
		.flags = KCORO_CHAN_BOTH,
	};

	ASSERT_EQ(0, kcoro_chan_create(self->ctx, &c));
	EXPECT_EQ(c.send_fd, c.recv_fd);
	EXPECT_EQ(8, put_u64(c.send_fd, 3));
	EXPECT_EQ(3, get_u64(c.recv_fd));
	EXPECT_EQ(-EAGAIN, poll_u64(c.recv_fd));
}

TEST_F(chan, both_can_be_given_to_a_task_for_either)
{
	struct kcoro_chan_create c = {
		.elem_size = 8,
		.capacity = 1,
		.flags = KCORO_CHAN_BOTH,
	};
	struct pair out = chan_u64(1);

	ASSERT_EQ(0, kcoro_chan_create(self->ctx, &c));
	ASSERT_LE(0, spawn(self->ctx, "echo", NULL, FDS(c.recv_fd, out.send)));
	EXPECT_EQ(8, put_u64(c.send_fd, 6));
	EXPECT_EQ(6, get_u64(out.recv));
}

TEST_F(chan, both_can_be_closed)
{
	struct kcoro_chan_create c = {
		.elem_size = 8,
		.capacity = 1,
		.flags = KCORO_CHAN_BOTH,
	};

	ASSERT_EQ(0, kcoro_chan_create(self->ctx, &c));
	EXPECT_EQ(8, put_u64(c.send_fd, 3));
	EXPECT_EQ(0, kcoro_close_chan(c.send_fd));
	EXPECT_EQ(3, get_u64(c.recv_fd));
	EXPECT_EQ(-ENODATA, get_u64(c.recv_fd));
}

TEST_HARNESS_MAIN
