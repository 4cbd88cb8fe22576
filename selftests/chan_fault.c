// SPDX-License-Identifier: GPL-2.0
/*
 * Bad memory: a call fails with EFAULT, and no message is lost or moved out of
 * its order.
 *
 * That memory is not there is seen before a message is taken; that it cannot be
 * written only afterwards: the message has to be put back then.
 */
#include "kcoro_test.h"

#define PAGE 4096

/* NULL, which a compiler cannot know. */
static void *volatile nowhere;

FIXTURE(fault)
{
	int ctx;
	char *none; /* a page without access */
	char *readonly; /* a page that cannot be written */
	char *half; /* a good page, and one without access behind it */
};

FIXTURE_SETUP(fault) {
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->none =
		mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->none);
	self->readonly =
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->readonly);
	self->half = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->half);
	ASSERT_EQ(0, mprotect(self->half + PAGE, PAGE, PROT_NONE));
}

FIXTURE_TEARDOWN(fault) {
	close(self->ctx);
}

/* --- receiving ------------------------------------------------------------------ */

TEST_F(fault, read_leaves_the_element_first)
{
	struct pair p = chan_u64(4);
	int i;

	for (i = 1; i <= 3; i++)
		put_u64(p.send, i);
	EXPECT_EQ(-EFAULT, t_read(p.recv, self->none, 8));
	EXPECT_EQ(-EFAULT, t_read(p.recv, nowhere, 8));
	EXPECT_EQ(-EFAULT, t_read(p.recv, self->readonly, 8));
	for (i = 1; i <= 3; i++)
		EXPECT_EQ(i, get_u64(p.recv));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
}

TEST_F(fault, read_across_the_end_leaves_the_element)
{
	struct pair p = chan_u64(4);

	put_u64(p.send, 1);
	EXPECT_EQ(-EFAULT, t_read(p.recv, self->half + PAGE - 4, 8));
	EXPECT_EQ(1, get_u64(p.recv));
}

TEST_F(fault, read_leaves_the_buffer_first)
{
	struct pair p = chan_buf(4);
	char buf[8] = "";

	put_str(p.send, "one");
	put_str(p.send, "two");
	EXPECT_EQ(-EFAULT, t_read(p.recv, self->none, PAGE));
	EXPECT_EQ(-EFAULT, t_read(p.recv, self->readonly, PAGE));
	EXPECT_EQ(3, t_read(p.recv, buf, sizeof(buf)));
	EXPECT_STREQ("one", buf);
	EXPECT_EQ(3, t_read(p.recv, buf, sizeof(buf)));
	EXPECT_STREQ("two", buf);
}

/* The message is longer than what can be written; a shorter one would fit. */
TEST_F(fault, read_of_a_long_buffer_into_half_a_page)
{
	struct pair p = chan_buf(4);
	char *msg = malloc(6000), *got = malloc(6000);

	memset(msg, 'm', 6000);
	EXPECT_EQ(6000, t_write(p.send, msg, 6000));
	put_str(p.send, "short");
	EXPECT_EQ(-EFAULT, t_read(p.recv, self->half, 2 * PAGE));
	EXPECT_EQ(6000, t_read(p.recv, got, 6000));
	EXPECT_EQ(0, memcmp(msg, got, 6000));
	EXPECT_EQ(5, t_read(p.recv, got, 6000));
}

/* Its memory goes while it waits. */
TEST_F(fault, waiting_reader_of_elements_puts_it_back)
{
	struct pair p = chan_u64(0);
	struct caller reader, writer;
	uint64_t v = 5;

	block_read(&reader, p.recv, self->half);
	ASSERT_EQ(0, mprotect(self->half, PAGE, PROT_NONE));
	caller_start(_metadata, &writer,
		     (struct op){ p.send, OP_WRITE, &v, 8 });
	EXPECT_EQ(-EFAULT, caller_join(&reader));
	EXPECT_EQ(5, get_u64(p.recv));
	EXPECT_EQ(8, caller_join(&writer));
}

TEST_F(fault, waiting_reader_of_buffers_puts_it_back)
{
	struct pair p = chan_buf(0);
	struct caller reader, writer;
	char buf[8] = "";

	block_read(&reader, p.recv, self->half);
	ASSERT_EQ(0, mprotect(self->half, PAGE, PROT_NONE));
	caller_start(_metadata, &writer,
		     (struct op){ p.send, OP_WRITE, "five", 4 });
	EXPECT_EQ(-EFAULT, caller_join(&reader));
	EXPECT_EQ(4, t_read(p.recv, buf, sizeof(buf)));
	EXPECT_STREQ("five", buf);
	EXPECT_EQ(4, caller_join(&writer));
}

/* What was put back wakes the next reader. */
TEST_F(fault, put_back_goes_to_another_reader)
{
	struct pair p = chan_u64(0);
	struct caller bad, good;
	uint64_t v = 0;

	block_read(&bad, p.recv, self->half);
	block_read(&good, p.recv, &v);
	ASSERT_EQ(0, mprotect(self->half, PAGE, PROT_NONE));
	EXPECT_EQ(8, put_u64(p.send, 5));
	EXPECT_EQ(-EFAULT, caller_join(&bad));
	EXPECT_EQ(8, caller_join(&good));
	EXPECT_EQ(5, v);
}

/* Put back, then closed: it still drains. */
TEST_F(fault, put_back_survives_the_last_sender)
{
	struct pair p = chan_u64(4);

	put_u64(p.send, 1);
	EXPECT_EQ(-EFAULT, t_read(p.recv, self->readonly, 8));
	close(p.send);
	EXPECT_EQ(1, get_u64(p.recv));
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

TEST_F(fault, put_back_is_seen_by_poll)
{
	struct pair p = chan_u64(4);
	struct pollfd pfd = { .fd = p.recv, .events = POLLIN };

	put_u64(p.send, 1);
	EXPECT_EQ(-EFAULT, t_read(p.recv, self->readonly, 8));
	EXPECT_EQ(1, poll(&pfd, 1, 0));
}

TEST_F(fault, many_times_over)
{
	struct pair p = chan_u64(2);
	int i;

	for (i = 0; i < 1000; i++) {
		put_u64(p.send, 2 * i);
		put_u64(p.send, 2 * i + 1);
		ASSERT_EQ(-EFAULT, t_read(p.recv, self->readonly, 8));
		ASSERT_EQ(2 * i, get_u64(p.recv));
		ASSERT_EQ(-EFAULT, t_read(p.recv, self->readonly, 8));
		ASSERT_EQ(2 * i + 1, get_u64(p.recv));
	}
}

/* --- batches ---------------------------------------------------------------------- */

TEST_F(fault, recv_tells_the_part_before)
{
	struct pair p = chan_u64(4);
	uint64_t v[3] = { 0 };
	struct kcoro_iov iov[3] = {
		{ t_addr(&v[0]), 8, 0 },
		{ t_addr(self->readonly), 8, 0 },
		{ t_addr(&v[2]), 8, 0 },
	};
	int i;

	for (i = 1; i <= 3; i++)
		put_u64(p.send, i);
	EXPECT_EQ(1, kcoro_recvv(p.recv, iov, 3, 0, 0));
	EXPECT_EQ(1, v[0]);
	EXPECT_EQ(0, v[2]);
	EXPECT_EQ(-EFAULT, kcoro_recvv(p.recv, iov + 1, 2, 0, 0));
	EXPECT_EQ(2, get_u64(p.recv));
	EXPECT_EQ(3, get_u64(p.recv));
}

TEST_F(fault, send_tells_the_part_before)
{
	struct pair p = chan_u64(4);
	uint64_t v[3] = { 1, 2, 3 };
	struct kcoro_iov iov[3] = {
		{ t_addr(&v[0]), 8, 0 },
		{ t_addr(self->none), 8, 0 },
		{ t_addr(&v[2]), 8, 0 },
	};

	EXPECT_EQ(1, kcoro_sendv(p.send, iov, 3, 0, 0));
	EXPECT_EQ(-EFAULT, kcoro_sendv(p.send, iov + 1, 2, 0, 0));
	EXPECT_EQ(1, get_u64(p.recv));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
}

TEST_F(fault, recv_array_has_no_access)
{
	struct pair p = chan_u64(4);

	put_u64(p.send, 1);
	EXPECT_EQ(-EFAULT, kcoro_recvv(p.recv, (void *)self->none, 1, 0, 0));
	EXPECT_EQ(1, get_u64(p.recv));
}

/* Lengths cannot be told: nothing may be taken. */
TEST_F(fault, recv_array_is_read_only)
{
	struct pair p = chan_u64(4);
	uint64_t v[2];
	struct kcoro_iov *iov = (void *)self->half;

	iov[0] = (struct kcoro_iov){ t_addr(v), 16, 0 };
	ASSERT_EQ(0, mprotect(self->half, PAGE, PROT_READ));
	put_u64(p.send, 1);
	EXPECT_EQ(-EFAULT, kcoro_recvv(p.recv, iov, 1, 0, 0));
	EXPECT_EQ(1, get_u64(p.recv));
}

TEST_F(fault, arrays_cross_into_no_access)
{
	struct pair p = chan_u64(4);
	uint64_t v[2] = { 1, 2 };
	struct kcoro_iov *iov = (void *)(self->half + PAGE);

	iov[-1] = (struct kcoro_iov){ t_addr(&v[0]), 8, 0 };
	/* the second entry is not there: the first may have moved */
	EXPECT_NE(2, kcoro_sendv(p.send, iov - 1, 2, 0, 0));
	while (poll_u64(p.recv) > 0)
		;
	EXPECT_EQ(-EFAULT, kcoro_sendv(p.send, iov, 1, 0, 0));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
}

/* --- sending ------------------------------------------------------------------------ */

TEST_F(fault, write_sends_nothing)
{
	struct pair p = chan_u64(4), b = chan_buf(4);
	char buf[8];

	EXPECT_EQ(-EFAULT, t_write(p.send, self->none, 8));
	EXPECT_EQ(-EFAULT, t_write(p.send, self->half + PAGE - 4, 8));
	EXPECT_EQ(-EFAULT, t_write(b.send, self->half + PAGE - 4, 8));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
	EXPECT_EQ(-ETIMEDOUT, kcoro_recv(b.recv, buf, 8, KCORO_NOW));
}

/* --- SELECT ------------------------------------------------------------------------- */

TEST_F(fault, select_leaves_the_message_first)
{
	struct pair p = chan_u64(4);
	struct kcoro_case none = kcoro_case_recv(p.recv, self->none, 8);
	struct kcoro_case ro = kcoro_case_recv(p.recv, self->readonly, 8);

	put_u64(p.send, 1);
	put_u64(p.send, 2);
	EXPECT_EQ(-EFAULT, kcoro_select(self->ctx, &none, 1, 0, 0, NULL));
	EXPECT_EQ(-EFAULT, kcoro_select(self->ctx, &ro, 1, 0, 0, NULL));
	EXPECT_EQ(1, get_u64(p.recv));
	EXPECT_EQ(2, get_u64(p.recv));
}

TEST_F(fault, select_that_waits_puts_it_back)
{
	struct pair p = chan_u64(0), q = chan_u64(0);
	struct kcoro_case cases[2] = {
		kcoro_case_recv(q.recv, self->half + 64, 8),
		kcoro_case_recv(p.recv, self->half, 8),
	};
	struct kcoro_select sel = { .cases = t_addr(cases), .count = 2 };
	struct caller c, writer;
	uint64_t v = 3;

	caller_block(_metadata, &c,
		     (struct op){ self->ctx, KCORO_IOC_SELECT, &sel });
	ASSERT_EQ(0, mprotect(self->half, PAGE, PROT_NONE));
	caller_start(_metadata, &writer,
		     (struct op){ p.send, OP_WRITE, &v, 8 });
	EXPECT_EQ(-EFAULT, caller_join(&c));
	EXPECT_EQ(3, get_u64(p.recv));
	EXPECT_EQ(8, caller_join(&writer));
	EXPECT_EQ(-EAGAIN, poll_u64(q.recv));
}

TEST_F(fault, select_send_from_bad_memory_sends_nothing)
{
	struct pair p = chan_u64(4);
	struct kcoro_case c = kcoro_case_send(p.send, self->none, 8);

	EXPECT_EQ(-EFAULT, kcoro_select(self->ctx, &c, 1, 0, 0, NULL));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
}

/* The case's length cannot be told: nothing may be taken. */
TEST_F(fault, select_array_is_read_only)
{
	struct pair p = chan_u64(4);
	struct kcoro_case *c = (void *)self->half;
	uint64_t v;

	c[0] = kcoro_case_recv(p.recv, &v, 8);
	ASSERT_EQ(0, mprotect(self->half, PAGE, PROT_READ));
	put_u64(p.send, 1);
	EXPECT_EQ(-EFAULT, kcoro_select(self->ctx, c, 1, 0, 0, NULL));
	EXPECT_EQ(1, poll_u64(p.recv));
}

/* --- exit records -------------------------------------------------------------------- */

TEST_F(fault, exit_records_stay_for_the_next_read)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS("0") };
	struct kcoro_exit e;
	uint64_t ids[2];

	ASSERT_EQ(1, kcoro_spawn_many(self->ctx, "sleep", &opts, 1, &ids[0]));
	while (count_tasks(self->ctx, KCORO_SCOPE_CTX, 0))
		nap();
	ASSERT_EQ(1, kcoro_spawn_many(self->ctx, "sleep", &opts, 1, &ids[1]));
	while (count_tasks(self->ctx, KCORO_SCOPE_CTX, 0))
		nap();
	EXPECT_EQ(-EFAULT, t_read(self->ctx, self->readonly, sizeof(e)));
	EXPECT_EQ(sizeof(e), t_read(self->ctx, &e, sizeof(e)));
	EXPECT_EQ(ids[0], e.id);
	EXPECT_EQ(sizeof(e), t_read(self->ctx, &e, sizeof(e)));
	EXPECT_EQ(ids[1], e.id);
}

TEST_HARNESS_MAIN
