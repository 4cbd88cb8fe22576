// SPDX-License-Identifier: GPL-2.0
/*
 * SEND and RECV of many messages.
 */
#include "kcoro_test.h"

#define MANY 16

FIXTURE(batch)
{
	int ctx;
	uint64_t v[MANY];
	struct kcoro_iov iov[MANY];
};

FIXTURE_SETUP(batch) {
	int i;

	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	for (i = 0; i < MANY; i++) {
		self->v[i] = 100 + i;
		self->iov[i].addr = t_addr(&self->v[i]);
		self->iov[i].len = 8;
	}
}

FIXTURE_TEARDOWN(batch) {
	close(self->ctx);
}

/* What is in the channel: these numbers and no more. */
static void expect_run(t_metadata, int fd, uint64_t first, int count)
{
	int i;

	for (i = 0; i < count; i++)
		EXPECT_EQ(first + i, poll_u64(fd));
	EXPECT_GT(0, poll_u64(fd));
}

#define RUN(fd, first, count) expect_run(_metadata, fd, first, count)

static struct kcoro_io io_of(struct kcoro_iov *iov, uint32_t count,
			     uint32_t flags)
{
	return (struct kcoro_io){
		.iov = t_addr(iov),
		.count = count,
		.flags = flags,
	};
}

TEST_F(batch, send_moves_all_in_order)
{
	struct pair p = chan_u64(MANY);

	EXPECT_EQ(MANY, kcoro_sendv(p.send, self->iov, MANY, 0, 0));
	RUN(p.recv, 100, MANY);
}

TEST_F(batch, recv_takes_what_is_there)
{
	struct pair p = chan_u64(MANY);
	int i;

	for (i = 0; i < 5; i++)
		put_u64(p.send, 500 + i);
	EXPECT_EQ(5, kcoro_recvv(p.recv, self->iov, MANY, 0, 0));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(500 + i, self->v[i]);
	EXPECT_EQ(105, self->v[5]);
}

TEST_F(batch, recv_waits_for_the_first_only)
{
	struct pair p = chan_u64(MANY);
	struct kcoro_io io = io_of(self->iov, MANY, 0);
	struct caller c;

	caller_block(_metadata, &c, (struct op){ p.recv, KCORO_IOC_RECV, &io });
	put_u64(p.send, 1);
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(1, io.done);
}

TEST_F(batch, recv_tells_lengths)
{
	struct pair p = chan_buf(MANY);
	char room[3][16];
	struct kcoro_iov iov[3];
	int i;

	for (i = 0; i < 3; i++)
		iov[i] = (struct kcoro_iov){ t_addr(room[i]), 16, 0 };
	put_str(p.send, "a");
	put_str(p.send, "four");
	EXPECT_EQ(2, kcoro_recvv(p.recv, iov, 3, 0, 0));
	EXPECT_EQ(1, iov[0].len);
	EXPECT_EQ(4, iov[1].len);
	EXPECT_EQ(0, memcmp(room[1], "four", 4));
}

TEST_F(batch, send_waits_until_all_are_sent)
{
	struct pair p = chan_u64(2);
	struct kcoro_io io = io_of(self->iov, 5, 0);
	struct caller c;
	int i;

	caller_block(_metadata, &c, (struct op){ p.send, KCORO_IOC_SEND, &io });
	for (i = 0; i < 5; i++)
		EXPECT_EQ(100 + i, get_u64(p.recv));
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(5, io.done);
}

TEST_F(batch, recv_all_waits_for_all)
{
	struct pair p = chan_u64(2);
	struct kcoro_io io = io_of(self->iov, 5, KCORO_IO_ALL);
	struct caller c;
	int i;

	caller_block(_metadata, &c, (struct op){ p.recv, KCORO_IOC_RECV, &io });
	for (i = 0; i < 5; i++)
		put_u64(p.send, i);
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(5, io.done);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(i, self->v[i]);
}

TEST_F(batch, recv_all_ends_at_end_of_stream)
{
	struct pair p = chan_u64(4);

	put_u64(p.send, 1);
	put_u64(p.send, 2);
	close(p.send);
	EXPECT_EQ(2, kcoro_recvv(p.recv, self->iov, 5, KCORO_IO_ALL, 0));
	EXPECT_EQ(0, kcoro_recvv(p.recv, self->iov, 5, KCORO_IO_ALL, 0));
	EXPECT_EQ(0, kcoro_recvv(p.recv, self->iov, 5, 0, 0));
}

/* --- parts ------------------------------------------------------------------------ */

TEST_F(batch, send_nowait_moves_a_part)
{
	struct pair p = chan_u64(3);

	EXPECT_EQ(3, kcoro_sendv(p.send, self->iov, 5, KCORO_IO_NOWAIT, 0));
	EXPECT_EQ(-EAGAIN,
		  kcoro_sendv(p.send, self->iov, 5, KCORO_IO_NOWAIT, 0));
	RUN(p.recv, 100, 3);
}

TEST_F(batch, recv_all_nowait_moves_a_part)
{
	struct pair p = chan_u64(3);
	uint32_t flags = KCORO_IO_ALL | KCORO_IO_NOWAIT;

	put_u64(p.send, 1);
	EXPECT_EQ(1, kcoro_recvv(p.recv, self->iov, 5, flags, 0));
	EXPECT_EQ(-EAGAIN, kcoro_recvv(p.recv, self->iov, 5, flags, 0));
}

TEST_F(batch, send_deadline_moves_a_part)
{
	struct pair p = chan_u64(3);

	EXPECT_EQ(3, kcoro_sendv(p.send, self->iov, 5, 0, SHORTLY));
	EXPECT_EQ(-ETIMEDOUT, kcoro_sendv(p.send, self->iov, 5, 0, SHORTLY));
	RUN(p.recv, 100, 3);
}

TEST_F(batch, recv_all_deadline_moves_a_part)
{
	struct pair p = chan_u64(3);

	put_u64(p.send, 1);
	EXPECT_EQ(1, kcoro_recvv(p.recv, self->iov, 5, KCORO_IO_ALL, SHORTLY));
	EXPECT_EQ(-ETIMEDOUT,
		  kcoro_recvv(p.recv, self->iov, 5, KCORO_IO_ALL, SHORTLY));
}

TEST_F(batch, send_that_is_closed_half_way_tells_the_part)
{
	struct pair p = chan_u64(2);
	struct kcoro_io io = io_of(self->iov, 5, 0);
	struct caller c;

	caller_block(_metadata, &c, (struct op){ p.send, KCORO_IOC_SEND, &io });
	EXPECT_EQ(0, kcoro_close_chan(p.send));
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(2, io.done);
	EXPECT_EQ(-EPIPE, kcoro_sendv(p.send, self->iov, 1, 0, 0));
	RUN(p.recv, 100, 2);
}

TEST_F(batch, send_of_a_wrong_size_half_way_tells_the_part)
{
	struct pair p = chan_u64(MANY);

	self->iov[2].len = 7;
	EXPECT_EQ(2, kcoro_sendv(p.send, self->iov, 5, 0, 0));
	EXPECT_EQ(-EMSGSIZE, kcoro_sendv(p.send, self->iov + 2, 3, 0, 0));
	RUN(p.recv, 100, 2);
}

TEST_F(batch, recv_into_a_small_buffer_half_way_tells_the_part)
{
	struct pair p = chan_u64(MANY);

	put_u64(p.send, 1);
	put_u64(p.send, 2);
	put_u64(p.send, 3);
	self->iov[1].len = 7;
	EXPECT_EQ(1, kcoro_recvv(p.recv, self->iov, 3, 0, 0));
	self->iov[1].len = 7;
	EXPECT_EQ(-EMSGSIZE, kcoro_recvv(p.recv, self->iov + 1, 2, 0, 0));
	EXPECT_EQ(8, self->iov[1].len);
	RUN(p.recv, 2, 2);
}

/* --- limits ------------------------------------------------------------------------ */

TEST_F(batch, batch_max_goes_through)
{
	struct kcoro_iov *iov;
	struct kcoro_info i;
	uint64_t *v;
	struct pair p;
	uint32_t n, bad = 0;

	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	ASSERT_LE(i.batch_max, i.capacity_max);
	iov = calloc(i.batch_max, sizeof(*iov));
	v = calloc(i.batch_max, sizeof(*v));
	p = chan_u64(i.batch_max);
	for (n = 0; n < i.batch_max; n++) {
		v[n] = n * 3;
		iov[n] = (struct kcoro_iov){ t_addr(&v[n]), 8, 0 };
	}
	EXPECT_EQ(i.batch_max, kcoro_sendv(p.send, iov, i.batch_max, 0, 0));
	memset(v, 0, i.batch_max * sizeof(*v));
	EXPECT_EQ(i.batch_max, kcoro_recvv(p.recv, iov, i.batch_max, 0, 0));
	for (n = 0; n < i.batch_max; n++)
		bad += v[n] != n * 3;
	EXPECT_EQ(0, bad);
}

TEST_F(batch, large_buffers)
{
	struct pair p = chan_buf(4);
	struct kcoro_iov iov[4];
	char *out[4], *in[4];
	int i;

	for (i = 0; i < 4; i++) {
		out[i] = malloc(300000);
		in[i] = calloc(1, 300000);
		memset(out[i], 'a' + i, 300000);
		iov[i] = (struct kcoro_iov){ t_addr(out[i]), 300000 - i, 0 };
	}
	EXPECT_EQ(4, kcoro_sendv(p.send, iov, 4, 0, 0));
	for (i = 0; i < 4; i++)
		iov[i] = (struct kcoro_iov){ t_addr(in[i]), 300000, 0 };
	EXPECT_EQ(4, kcoro_recvv(p.recv, iov, 4, 0, 0));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(300000 - i, iov[i].len);
		EXPECT_EQ(0, memcmp(in[i], out[i], 300000 - i));
	}
}

/* Batches through a task: all arrive, in order. */
TEST_F(batch, through_a_task)
{
	struct pair in = chan_u64(MANY), out = chan_u64(MANY);
	uint64_t next = 0, v[MANY];
	struct kcoro_iov iov[MANY];
	int i, n, round;

	ASSERT_LE(0, spawn(self->ctx, "echo", NULL, FDS(in.recv, out.send)));
	for (round = 0; round < 50; round++) {
		for (i = 0; i < MANY; i++)
			self->v[i] = round * MANY + i;
		ASSERT_EQ(MANY, kcoro_sendv(in.send, self->iov, MANY, 0, 0));
		for (i = 0; i < MANY; i++)
			iov[i] = (struct kcoro_iov){ t_addr(&v[i]), 8, 0 };
		n = kcoro_recvv(out.recv, iov, MANY, KCORO_IO_ALL, 0);
		ASSERT_EQ(MANY, n);
		for (i = 0; i < n; i++)
			ASSERT_EQ(next++, v[i]);
	}
}

TEST_HARNESS_MAIN
