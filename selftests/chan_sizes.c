// SPDX-License-Identifier: GPL-2.0
/*
 * Sizes of messages, not waiting, deadlines.
 */
#include "kcoro_test.h"

CONTEXT_FIXTURE(sizes)

static void *pattern(size_t len, unsigned int seed)
{
	unsigned char *p = malloc(len ? len : 1);
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = (i * 31 + seed) >> (i & 7 ? 0 : 3);
	return p;
}

TEST_F(sizes, element_of_a_wrong_size_is_not_sent)
{
	struct pair p = chan_u64(4);
	char buf[16] = "";

	EXPECT_EQ(-EMSGSIZE, t_write(p.send, buf, 7));
	EXPECT_EQ(-EMSGSIZE, t_write(p.send, buf, 9));
	EXPECT_EQ(-EMSGSIZE, t_write(p.send, buf, 0));
	EXPECT_EQ(-EMSGSIZE, kcoro_send(p.send, buf, 7, 0));
	EXPECT_EQ(-EMSGSIZE, kcoro_send(p.send, buf, 9, 0));
	EXPECT_EQ(-EMSGSIZE, kcoro_send(p.send, buf, 0, 0));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
}

TEST_F(sizes, element_stays_if_the_buffer_is_too_small)
{
	struct pair p = chan_u64(4);
	char buf[16];

	put_u64(p.send, 1);
	put_u64(p.send, 2);
	EXPECT_EQ(-EMSGSIZE, t_read(p.recv, buf, 7));
	EXPECT_EQ(-EMSGSIZE, t_read(p.recv, buf, 1));
	EXPECT_EQ(-EMSGSIZE, kcoro_recv(p.recv, buf, 7, 0));
	EXPECT_EQ(1, get_u64(p.recv));
	EXPECT_EQ(2, get_u64(p.recv));
}

TEST_F(sizes, element_into_a_larger_buffer_is_its_size)
{
	struct pair p = chan_u64(4);
	char buf[16];

	memset(buf, 0x5a, sizeof(buf));
	put_u64(p.send, 1);
	EXPECT_EQ(8, t_read(p.recv, buf, sizeof(buf)));
	EXPECT_EQ(0x5a, buf[8]);
}

/* Odd sizes, and the largest. */
TEST_F(sizes, elements_of_any_size)
{
	uint32_t sizes[] = { 1, 3, 8, 17, 255, 0 }, i;
	struct kcoro_info info;
	char room[65536];

	ASSERT_EQ(0, kcoro_info(self->ctx, &info));
	ASSERT_GE(sizeof(room), info.elem_max);
	sizes[5] = info.elem_max;
	for (i = 0; i < ROWS(sizes); i++) {
		struct pair p = chan_of(_metadata, self->ctx, sizes[i], 2);
		char *msg = pattern(sizes[i], i);

		EXPECT_EQ(sizes[i], t_write(p.send, msg, sizes[i]));
		memset(room, 0, sizeof(room));
		EXPECT_EQ(sizes[i], t_read(p.recv, room, sizeof(room)));
		EXPECT_EQ(0, memcmp(msg, room, sizes[i]));
		close(p.send);
		close(p.recv);
		free(msg);
	}
}

TEST_F(sizes, buffer_of_a_wrong_size_is_not_sent)
{
	char buf[101] = "";
	int fds[2];

	ASSERT_EQ(0, kcoro_chan_buf(self->ctx, 100, 4, fds));
	EXPECT_EQ(-EMSGSIZE, t_write(fds[KCORO_SEND_END], buf, 0));
	EXPECT_EQ(-EMSGSIZE, t_write(fds[KCORO_SEND_END], buf, 101));
	EXPECT_EQ(-EMSGSIZE, kcoro_send(fds[KCORO_SEND_END], buf, 0, 0));
	EXPECT_EQ(-EMSGSIZE, kcoro_send(fds[KCORO_SEND_END], buf, 101, 0));
	EXPECT_EQ(100, t_write(fds[KCORO_SEND_END], buf, 100));
	EXPECT_EQ(100, t_read(fds[KCORO_RECV_END], buf, 101));
}

TEST_F(sizes, buffer_stays_if_the_reader_s_is_too_small)
{
	struct pair p = chan_buf(4);
	char buf[16] = "";

	put_str(p.send, "hello");
	put_str(p.send, "world!");
	EXPECT_EQ(-EMSGSIZE, t_read(p.recv, buf, 4));
	EXPECT_EQ(-EMSGSIZE, kcoro_recv(p.recv, buf, 4, 0));
	EXPECT_EQ(5, t_read(p.recv, buf, 5));
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
	EXPECT_EQ(6, t_read(p.recv, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "world!", 6));
}

/* A reader that waits learns the length only when the message comes. */
TEST_F(sizes, waiting_reader_with_a_small_buffer_loses_nothing)
{
	struct pair p = chan_buf(0);
	char small[4], buf[16] = "";
	struct caller reader, writer;

	caller_block(_metadata, &reader,
		     (struct op){ p.recv, OP_READ, small, sizeof(small) });
	caller_start(_metadata, &writer,
		     (struct op){ p.send, OP_WRITE, "hello", 5 });
	EXPECT_EQ(-EMSGSIZE, caller_join(&reader));
	EXPECT_EQ(5, t_read(p.recv, buf, sizeof(buf)));
	EXPECT_EQ(5, caller_join(&writer));
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
}

/* RECV tells how long it is. */
TEST_F(sizes, recv_tells_the_length_of_what_does_not_fit)
{
	struct pair p = chan_buf(4);
	char buf[4];
	struct kcoro_iov iov = { .addr = t_addr(buf), .len = sizeof(buf) };

	put_str(p.send, "hello, world");
	EXPECT_EQ(-EMSGSIZE, kcoro_recvv(p.recv, &iov, 1, 0, 0));
	EXPECT_EQ(12, iov.len);
}

TEST_F(sizes, recv_alloc_makes_room)
{
	struct pair p = chan_buf(4);
	char *msg = pattern(100000, 1);
	void *got = NULL;
	size_t size = 0;

	EXPECT_EQ(100000, t_write(p.send, msg, 100000));
	EXPECT_EQ(100000, kcoro_recv_alloc(p.recv, &got, &size, 0));
	EXPECT_EQ(0, memcmp(msg, got, 100000));
	free(got);
	free(msg);
}

TEST_F(sizes, largest_buffer_goes_through)
{
	struct pair p = chan_buf(1);
	struct kcoro_info i;
	char *msg, *got;

	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	msg = pattern(i.buf_max, 5);
	got = calloc(1, i.buf_max);
	EXPECT_EQ(i.buf_max, t_write(p.send, msg, i.buf_max));
	EXPECT_EQ(i.buf_max, t_read(p.recv, got, i.buf_max));
	EXPECT_EQ(0, memcmp(msg, got, i.buf_max));
	free(msg);
	free(got);
}

TEST_F(sizes, length_over_every_limit_is_emsgsize)
{
	struct pair p = chan_buf(1), e = chan_u64(1);
	char *page =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(-EMSGSIZE, t_write(p.send, page, INT32_MAX));
	EXPECT_EQ(-EMSGSIZE, t_write(e.send, page, INT32_MAX));
	EXPECT_EQ(-EMSGSIZE, kcoro_send(p.send, page, INT32_MAX, 0));
}

/* --- not waiting ------------------------------------------------------------------ */

TEST_F(sizes, nonblock_from_the_start)
{
	struct kcoro_chan_create c = {
		.elem_size = 8,
		.capacity = 1,
		.flags = KCORO_CHAN_NONBLOCK,
	};

	ASSERT_EQ(0, kcoro_chan_create(self->ctx, &c));
	EXPECT_EQ(O_NONBLOCK, fcntl(c.send_fd, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(O_NONBLOCK, fcntl(c.recv_fd, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(-EAGAIN, get_u64(c.recv_fd));
	EXPECT_EQ(8, put_u64(c.send_fd, 1));
	EXPECT_EQ(-EAGAIN, put_u64(c.send_fd, 2));
	EXPECT_EQ(1, get_u64(c.recv_fd));
}

TEST_F(sizes, nonblock_set_later)
{
	struct pair p = chan_u64(1);
	uint64_t v = 1;
	struct kcoro_iov iov = { .addr = t_addr(&v), .len = 8 };

	ASSERT_EQ(0, fcntl(p.recv, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, get_u64(p.recv));
	EXPECT_EQ(-EAGAIN, kcoro_recvv(p.recv, &iov, 1, 0, 0));
	EXPECT_EQ(-EAGAIN, kcoro_recvv(p.recv, &iov, 1, KCORO_IO_ALL, 0));
}

TEST_F(sizes, nonblock_still_tells_end_of_stream)
{
	struct pair p = chan_u64(1);

	ASSERT_EQ(0, fcntl(p.recv, F_SETFL, O_NONBLOCK));
	close(p.send);
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

/* --- deadlines -------------------------------------------------------------------- */

TEST_F(sizes, past_deadline_takes_what_is_there)
{
	struct pair p = chan_u64(1);
	uint64_t v = 5;

	EXPECT_EQ(8, kcoro_send(p.send, &v, 8, KCORO_NOW));
	v = 0;
	EXPECT_EQ(8, kcoro_recv(p.recv, &v, 8, KCORO_NOW));
	EXPECT_EQ(5, v);
}

TEST_F(sizes, past_deadline_is_etimedout)
{
	struct pair p = chan_u64(1);
	uint64_t v = 5;

	EXPECT_EQ(-ETIMEDOUT, kcoro_recv(p.recv, &v, 8, KCORO_NOW));
	EXPECT_EQ(8, kcoro_send(p.send, &v, 8, KCORO_NOW));
	EXPECT_EQ(-ETIMEDOUT, kcoro_send(p.send, &v, 8, KCORO_NOW));
	EXPECT_EQ(-ETIMEDOUT, kcoro_send(p.send, &v, 8, INT64_MIN));
	EXPECT_EQ(-ETIMEDOUT, kcoro_send(p.send, &v, 8, -1));
}

TEST_F(sizes, deadline_of_a_sender_sends_nothing)
{
	struct pair p = chan_u64(0);
	uint64_t v = 5;

	EXPECT_EQ(-ETIMEDOUT, kcoro_send(p.send, &v, 8, SHORTLY));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
}

TEST_F(sizes, deadline_of_a_receiver_takes_nothing)
{
	struct pair p = chan_u64(1);
	uint64_t v;

	EXPECT_EQ(-ETIMEDOUT, kcoro_recv(p.recv, &v, 8, SHORTLY));
	put_u64(p.send, 6);
	EXPECT_EQ(6, get_u64(p.recv));
}

TEST_F(sizes, deadline_far_away_waits)
{
	struct pair p = chan_u64(0);
	uint64_t v = 0;
	struct kcoro_iov iov = { .addr = t_addr(&v), .len = 8 };
	struct kcoro_io io = {
		.iov = t_addr(&iov),
		.count = 1,
		.deadline_ns = INT64_MAX,
	};
	struct caller c;

	caller_block(_metadata, &c, (struct op){ p.recv, KCORO_IOC_RECV, &io });
	EXPECT_EQ(8, put_u64(p.send, 8));
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(1, io.done);
	EXPECT_EQ(8, v);
}

TEST_HARNESS_MAIN
