// SPDX-License-Identifier: GPL-2.0
/*
 * SELECT: which case is carried out, and that it is exactly one.
 */
#include "kcoro_test.h"

CONTEXT_FIXTURE(select)

#define SELECT(cases, count, flags, deadline) \
	kcoro_select(self->ctx, cases, count, flags, deadline, NULL)

TEST_F(select, the_ready_one_is_taken)
{
	struct pair p[3] = { chan_u64(1), chan_u64(1), chan_u64(1) };
	struct kcoro_case c[3];
	uint64_t v[3];
	int i, n;

	for (n = 0; n < 3; n++) {
		for (i = 0; i < 3; i++)
			c[i] = kcoro_case_recv(p[i].recv, &v[i], 8);
		put_u64(p[n].send, 70 + n);
		EXPECT_EQ(n, SELECT(c, 3, 0, 0));
		EXPECT_EQ(8, c[n].len);
		EXPECT_EQ(70 + n, v[n]);
		EXPECT_EQ(-EAGAIN, poll_u64(p[n].recv));
	}
}

TEST_F(select, send_is_taken_if_there_is_room)
{
	struct pair in = chan_u64(1), out = chan_u64(1);
	uint64_t v = 5, w;
	struct kcoro_case c[2] = {
		kcoro_case_recv(in.recv, &w, 8),
		kcoro_case_send(out.send, &v, 8),
	};
	int error = 1;

	EXPECT_EQ(1, kcoro_select(self->ctx, c, 2, 0, 0, &error));
	EXPECT_EQ(0, error);
	EXPECT_EQ(5, get_u64(out.recv));
	EXPECT_EQ(-EAGAIN, poll_u64(out.recv));
}

/* Of four that are ready each is drawn sometimes: about 250 of 1000. */
TEST_F(select, ready_ones_are_drawn_evenly)
{
	struct kcoro_case c[4];
	uint64_t v[4];
	struct pair p[4];
	int i, n, count[4] = { 0 };

	for (i = 0; i < 4; i++) {
		p[i] = chan_u64(1);
		put_u64(p[i].send, i);
	}
	for (n = 0; n < 1000; n++) {
		for (i = 0; i < 4; i++)
			c[i] = kcoro_case_recv(p[i].recv, &v[i], 8);
		i = SELECT(c, 4, 0, 0);
		ASSERT_LE(0, i);
		count[i]++;
		put_u64(p[i].send, i);
	}
	/* eight times the standard deviation of 13.7 */
	for (i = 0; i < 4; i++) {
		EXPECT_LT(140, count[i]);
		EXPECT_GT(360, count[i]);
	}
}

TEST_F(select, priority_takes_the_first)
{
	struct pair p[3] = { chan_u64(1), chan_u64(1), chan_u64(1) };
	struct kcoro_case c[3];
	uint64_t v[3];
	int i, n;

	for (n = 0; n < 50; n++) {
		for (i = 0; i < 3; i++)
			c[i] = kcoro_case_recv(p[i].recv, &v[i], 8);
		put_u64(p[2].send, 2);
		put_u64(p[1].send, 1);
		ASSERT_EQ(1, SELECT(c, 3, KCORO_SELECT_PRIORITY, 0));
		ASSERT_EQ(2, SELECT(c, 3, KCORO_SELECT_PRIORITY, 0));
	}
}

TEST_F(select, nowait_is_eagain)
{
	struct pair p = chan_u64(1);
	uint64_t v;
	struct kcoro_case c = kcoro_case_recv(p.recv, &v, 8);

	EXPECT_EQ(-EAGAIN, SELECT(&c, 1, KCORO_SELECT_NOWAIT, 0));
	put_u64(p.send, 1);
	EXPECT_EQ(0, SELECT(&c, 1, KCORO_SELECT_NOWAIT, 0));
}

/* O_NONBLOCK of a descriptor is no matter of a select's. */
TEST_F(select, waits_whatever_o_nonblock_says)
{
	struct pair p = chan_u64(1);
	uint64_t v;
	struct kcoro_case c = kcoro_case_recv(p.recv, &v, 8);

	ASSERT_EQ(0, fcntl(p.recv, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-ETIMEDOUT, SELECT(&c, 1, 0, SHORTLY));
}

TEST_F(select, deadline)
{
	struct pair p = chan_u64(1);
	uint64_t v = 0;
	struct kcoro_case c = kcoro_case_recv(p.recv, &v, 8);

	EXPECT_EQ(-ETIMEDOUT, SELECT(&c, 1, 0, SHORTLY));
	EXPECT_EQ(-ETIMEDOUT, SELECT(&c, 1, 0, KCORO_NOW));
	put_u64(p.send, 1);
	EXPECT_EQ(0, SELECT(&c, 1, 0, KCORO_NOW));
	EXPECT_EQ(1, v);
}

TEST_F(select, deadline_consumes_nothing)
{
	struct pair p = chan_u64(0), q = chan_u64(0);
	uint64_t v = 1, w;
	struct kcoro_case c[2] = {
		kcoro_case_send(p.send, &v, 8),
		kcoro_case_recv(q.recv, &w, 8),
	};

	EXPECT_EQ(-ETIMEDOUT, SELECT(c, 2, 0, SHORTLY));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
	EXPECT_EQ(-ETIMEDOUT, kcoro_send(q.send, &v, 8, KCORO_NOW));
}

TEST_F(select, negative_descriptor_is_never_ready)
{
	struct pair p = chan_u64(1);
	uint64_t v;
	struct kcoro_case c[2] = {
		kcoro_case_recv(-1, &v, 8),
		kcoro_case_recv(p.recv, &v, 8),
	};

	EXPECT_EQ(-EAGAIN, SELECT(c, 1, KCORO_SELECT_NOWAIT, 0));
	EXPECT_EQ(-ETIMEDOUT, SELECT(c, 1, 0, SHORTLY));
	put_u64(p.send, 1);
	EXPECT_EQ(1, SELECT(c, 2, KCORO_SELECT_PRIORITY, 0));
}

TEST_F(select, of_nothing)
{
	EXPECT_EQ(-EINVAL, SELECT(NULL, 0, 0, 0));
}

/* --- ends -------------------------------------------------------------------------- */

TEST_F(select, end_of_stream_is_ready)
{
	struct pair p = chan_u64(1);
	uint64_t v;
	struct kcoro_case c = kcoro_case_recv(p.recv, &v, 8);

	close(p.send);
	EXPECT_EQ(0, SELECT(&c, 1, 0, 0));
	EXPECT_EQ(0, c.len);
}

TEST_F(select, end_of_stream_wakes)
{
	struct pair p = chan_u64(1), q = chan_u64(1);
	uint64_t v;
	struct kcoro_case c[2] = {
		kcoro_case_recv(q.recv, &v, 8),
		kcoro_case_recv(p.recv, &v, 8),
	};
	struct kcoro_select sel = { .cases = t_addr(c), .count = 2 };
	struct caller w;

	caller_block(_metadata, &w,
		     (struct op){ self->ctx, KCORO_IOC_SELECT, &sel });
	close(p.send);
	EXPECT_EQ(0, caller_join(&w));
	EXPECT_EQ(1, sel.index);
	EXPECT_EQ(0, c[1].len);
}

TEST_F(select, epipe_is_ready)
{
	struct pair p = chan_u64(1);
	uint64_t v = 1;
	struct kcoro_case c = kcoro_case_send(p.send, &v, 8);
	int error = 0;

	close(p.recv);
	EXPECT_EQ(0, kcoro_select(self->ctx, &c, 1, 0, 0, &error));
	EXPECT_EQ(-EPIPE, error);
}

TEST_F(select, epipe_wakes)
{
	struct pair p = chan_u64(0);
	uint64_t v = 1;
	struct kcoro_case c = kcoro_case_send(p.send, &v, 8);
	struct kcoro_select sel = { .cases = t_addr(&c), .count = 1 };
	struct caller w;

	caller_block(_metadata, &w,
		     (struct op){ self->ctx, KCORO_IOC_SELECT, &sel });
	kcoro_close_chan(p.send);
	EXPECT_EQ(0, caller_join(&w));
	EXPECT_EQ(0, sel.index);
	EXPECT_EQ(-EPIPE, sel.error);
}

/* --- sizes ------------------------------------------------------------------------- */

TEST_F(select, message_too_long_stays)
{
	struct pair p = chan_buf(2);
	char small[4], buf[16] = "";
	struct kcoro_case c = kcoro_case_recv(p.recv, small, sizeof(small));

	put_str(p.send, "hello");
	EXPECT_EQ(-EMSGSIZE, SELECT(&c, 1, 0, 0));
	EXPECT_EQ(5, t_read(p.recv, buf, sizeof(buf)));
	EXPECT_STREQ("hello", buf);
}

TEST_F(select, message_of_a_wrong_size_is_not_sent)
{
	struct pair p = chan_u64(2), b = chan_buf(2);
	uint64_t v[2] = { 0 };
	struct kcoro_case c = kcoro_case_send(p.send, v, 7);

	EXPECT_EQ(-EMSGSIZE, SELECT(&c, 1, 0, 0));
	c = kcoro_case_send(p.send, v, 9);
	EXPECT_EQ(-EMSGSIZE, SELECT(&c, 1, 0, 0));
	c = kcoro_case_send(b.send, v, 0);
	EXPECT_EQ(-EMSGSIZE, SELECT(&c, 1, 0, 0));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
}

TEST_F(select, buffers_of_any_length)
{
	struct pair p = chan_buf(2);
	char *msg = malloc(100000), *got = calloc(1, 100000);
	struct kcoro_case c = kcoro_case_send(p.send, msg, 99999);

	memset(msg, 'q', 100000);
	EXPECT_EQ(0, SELECT(&c, 1, 0, 0));
	c = kcoro_case_recv(p.recv, got, 100000);
	EXPECT_EQ(0, SELECT(&c, 1, 0, 0));
	EXPECT_EQ(99999, c.len);
	EXPECT_EQ(0, memcmp(msg, got, 99999));
}

TEST_F(select, as_many_cases_as_there_may_be)
{
	struct kcoro_case c[65];
	struct pair p[64];
	uint64_t v[65];
	int i;

	for (i = 0; i < 64; i++) {
		p[i] = chan_u64(1);
		c[i] = kcoro_case_recv(p[i].recv, &v[i], 8);
	}
	c[64] = c[0];
	put_u64(p[63].send, 9);
	EXPECT_EQ(-EINVAL, SELECT(c, 65, 0, 0));
	EXPECT_EQ(63, SELECT(c, 64, 0, 0));
	EXPECT_EQ(9, v[63]);
	EXPECT_EQ(-EAGAIN, SELECT(c, 64, KCORO_SELECT_NOWAIT, 0));
}

/* --- meeting ------------------------------------------------------------------------- */

/* One channel in many cases is locked once and taken once. */
TEST_F(select, same_channel_in_all_cases)
{
	struct kcoro_chan_create both = {
		.elem_size = 8,
		.flags = KCORO_CHAN_BOTH,
	};
	struct kcoro_case c[6];
	uint64_t v = 1, w;
	int i;

	ASSERT_EQ(0, kcoro_chan_create(self->ctx, &both));
	for (i = 0; i < 6; i++)
		c[i] = i & 1 ? kcoro_case_send(both.send_fd, &v, 8) :
			       kcoro_case_recv(both.recv_fd, &w, 8);
	/* it does not meet itself */
	EXPECT_EQ(-EAGAIN, SELECT(c, 6, KCORO_SELECT_NOWAIT, 0));
	EXPECT_EQ(-ETIMEDOUT, SELECT(c, 6, 0, SHORTLY));
}

struct side {
	int ctx;
	struct pair a, b;
	int sends;
	uint64_t sum;
	int moved, error;
};

#define MEETINGS 5000

/* Sends to, or receives from, whichever of two channels is first. */
static void *side_main(void *arg)
{
	struct side *s = arg;
	uint64_t va, vb;
	int i, n;

	for (n = 0; n < MEETINGS; n++) {
		struct kcoro_case c[2];

		va = vb = n;
		if (s->sends) {
			c[0] = kcoro_case_send(s->a.send, &va, 8);
			c[1] = kcoro_case_send(s->b.send, &vb, 8);
		} else {
			c[0] = kcoro_case_recv(s->b.recv, &vb, 8);
			c[1] = kcoro_case_recv(s->a.recv, &va, 8);
		}
		i = kcoro_select(s->ctx, c, 2, 0, 0, &s->error);
		if (i < 0 || s->error)
			break;
		s->moved++;
		s->sum += s->sends == i ? vb : va;
	}
	return NULL;
}

/* Two selects on unbuffered channels: each message arrives once. */
TEST_F(select, two_selects_meet)
{
	struct pair a = chan_u64(0), b = chan_u64(0);
	struct side s[4];
	pthread_t thread[4];
	int i;

	for (i = 0; i < 4; i++) {
		s[i] = (struct side){
			.ctx = self->ctx, .a = a, .b = b, .sends = i & 1
		};
		ASSERT_EQ(0,
			  pthread_create(&thread[i], NULL, side_main, &s[i]));
	}
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(MEETINGS, s[i].moved);
	EXPECT_EQ(s[1].sum + s[3].sum, s[0].sum + s[2].sum);
}

TEST_HARNESS_MAIN
