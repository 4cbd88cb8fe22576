// SPDX-License-Identifier: GPL-2.0
/*
 * Fields that are wrong, one at a time, of a request that is otherwise good:
 * KILL, LEAKS, OPTIONS, CHAN_CREATE, SEND and RECV, SELECT. (SPAWN: spawn_badinput.)
 */
#include "kcoro_test.h"

FIXTURE(badfield)
{
	int ctx;
	int task;
	struct pair chan; /* of 8-byte elements, with one in it */
};

FIXTURE_SETUP(badfield) {
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	ASSERT_LE(0, self->task);
	self->chan = chan_u64(4);
	ASSERT_EQ(8, put_u64(self->chan.send, 77));
}

FIXTURE_TEARDOWN(badfield) {
	/* Nothing was done. */
	EXPECT_EQ(1, count_tasks(self->ctx, KCORO_SCOPE_CTX, 0));
	EXPECT_EQ(77, poll_u64(self->chan.recv));
	EXPECT_EQ(-EAGAIN, poll_u64(self->chan.recv));
	close(self->ctx);
}

static uint32_t join_reason(int task)
{
	struct kcoro_exit e = { 0 };

	kcoro_join(task, &e, 0);
	return e.reason;
}

/* --- small structures ------------------------------------------------------ */

TEST_F(badfield, kill_flag_is_unknown)
{
	struct kcoro_kill req = { .id = task_id(self->task),
				  .flags = KCORO_KILL_FLAGS + 1 };

	EXPECT_EQ(-EINVAL, t_ioctl(self->ctx, KCORO_IOC_KILL, &req));
}

TEST_F(badfield, kill_scope_is_unknown)
{
	struct kcoro_kill req = { .id = task_id(self->task),
				  .scope = KCORO_SCOPE_ALL + 1 };

	EXPECT_EQ(-EINVAL, t_ioctl(self->ctx, KCORO_IOC_KILL, &req));
}

TEST_F(badfield, kill_contexts_with_an_id)
{
	struct kcoro_kill req = { .id = task_id(self->task),
				  .flags = KCORO_KILL_CONTEXTS };

	EXPECT_EQ(-EINVAL, t_ioctl(self->ctx, KCORO_IOC_KILL, &req));
}

TEST_F(badfield, leaks)
{
	const struct {
		struct kcoro_leaks req;
		int want;
	} rows[] = {
		{ { .flags = KCORO_LEAKS_FLAGS + 1 }, -EINVAL },
		{ { .scope = KCORO_SCOPE_ALL + 1 }, -EINVAL },
		{ { .leaks = 8 }, 0 }, /* no room: only the number */
	};
	unsigned int i;

	for (i = 0; i < ROWS(rows); i++) {
		struct kcoro_leaks req = rows[i].req;

		EXPECT_EQ(rows[i].want,
			  t_ioctl(self->ctx, KCORO_IOC_LEAKS, &req))
		TH_LOG("row %u", i);
		EXPECT_EQ(0, req.total);
	}
}

/* Found, and told to nobody: so it is not ended either. */
TEST_F(badfield, leaks_to_a_bad_address)
{
	struct kcoro_leaks req = { .leaks = 8,
				   .count = 1,
				   .flags = KCORO_LEAKS_END };
	struct pair p = chan_u64(1);
	int task = spawn(self->ctx, "echo", NULL, FDS(p.recv, p.send));

	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_RECV);
	close(p.recv);
	close(p.send);
	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_LEAKS, &req));
	EXPECT_EQ(1, kcoro_kill(self->ctx, task_id(task), KCORO_SCOPE_CTX, 0));
	EXPECT_EQ(KCORO_EXIT_KILLED, join_reason(task));
}

TEST_F(badfield, options_flag_is_unknown)
{
	struct kcoro_options req = { .flags = KCORO_CTX_FLAGS + 1 };

	EXPECT_EQ(-EINVAL, t_ioctl(self->ctx, KCORO_IOC_OPTIONS, &req));
}

TEST_F(badfield, options_pad)
{
	struct kcoro_options req = { .pad = 1 };

	EXPECT_EQ(-EINVAL, t_ioctl(self->ctx, KCORO_IOC_OPTIONS, &req));
}

TEST_F(badfield, open_flag_is_unknown)
{
	EXPECT_EQ(-EINVAL, kcoro_open(2));
}

/* --- CHAN_CREATE ----------------------------------------------------------- */

static int create(int ctx, uint32_t elem_size, uint32_t buf_max,
		  uint32_t capacity, uint32_t flags)
{
	struct kcoro_chan_create req = {
		.elem_size = elem_size,
		.buf_max = buf_max,
		.capacity = capacity,
		.flags = flags,
	};
	int err = kcoro_chan_create(ctx, &req);

	if (!err) {
		close(req.recv_fd);
		if (req.send_fd != req.recv_fd)
			close(req.send_fd);
	}
	return err;
}

TEST_F(badfield, chan_elem_size)
{
	struct kcoro_info i;

	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	EXPECT_EQ(0, create(self->ctx, i.elem_max, 0, 1, 0));
	EXPECT_EQ(-EINVAL, create(self->ctx, i.elem_max + 1, 0, 1, 0));
	EXPECT_EQ(-EINVAL, create(self->ctx, UINT32_MAX, 0, 1, 0));
}

TEST_F(badfield, chan_buf_max)
{
	struct kcoro_info i;

	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	EXPECT_EQ(0, create(self->ctx, 0, i.buf_max, 1, 0));
	EXPECT_EQ(-EINVAL, create(self->ctx, 0, i.buf_max + 1, 1, 0));
	EXPECT_EQ(-EINVAL, create(self->ctx, 0, UINT32_MAX, 1, 0));
}

TEST_F(badfield, chan_capacity)
{
	struct kcoro_info i;

	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	EXPECT_EQ(0, create(self->ctx, 8, 0, i.capacity_max, 0));
	EXPECT_EQ(-EINVAL, create(self->ctx, 8, 0, i.capacity_max + 1, 0));
	EXPECT_EQ(-EINVAL, create(self->ctx, 0, 0, UINT32_MAX, 0));
}

TEST_F(badfield, chan_of_elements_has_no_buf_max)
{
	EXPECT_EQ(-EINVAL, create(self->ctx, 8, 64, 1, 0));
}

TEST_F(badfield, chan_flags)
{
	EXPECT_EQ(0, create(self->ctx, 0, 0, 1, KCORO_CHAN_FLAGS));
	EXPECT_EQ(-EINVAL, create(self->ctx, 8, 0, 1, KCORO_CHAN_CARRIER));
	EXPECT_EQ(-EINVAL, create(self->ctx, 8, 0, 1, KCORO_CHAN_FLAGS + 1));
}

/* --- SEND and RECV ---------------------------------------------------------- */

/* Calls with a request that is good for one element, after spoiling it. */
struct io_test {
	struct kcoro_io io;
	struct kcoro_iov iov;
	uint64_t value;
};

static struct io_test *good_io(void)
{
	static struct io_test t;

	t.value = 1;
	t.iov = (struct kcoro_iov){ .addr = t_addr(&t.value), .len = 8 };
	t.io = (struct kcoro_io){
		.iov = t_addr(&t.iov),
		.count = 1,
		.flags = KCORO_IO_NOWAIT,
	};
	return &t;
}

#define EXPECT_BOTH(err, spoil)                                              \
	do {                                                                 \
		struct io_test *t = good_io();                               \
                                                                             \
		spoil;                                                       \
		EXPECT_EQ(err,                                               \
			  t_ioctl(self->chan.send, KCORO_IOC_SEND, &t->io)); \
		t = good_io();                                               \
		spoil;                                                       \
		EXPECT_EQ(err,                                               \
			  t_ioctl(self->chan.recv, KCORO_IOC_RECV, &t->io)); \
	} while (0)

TEST_F(badfield, io_flags)
{
	EXPECT_BOTH(-EINVAL, t->io.flags |= KCORO_IO_FLAGS + 1);
}

TEST_F(badfield, io_pad)
{
	EXPECT_BOTH(-EINVAL, t->io.pad = 1);
}

TEST_F(badfield, io_count)
{
	struct kcoro_info i;

	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	EXPECT_BOTH(-EINVAL, t->io.count = 0);
	EXPECT_BOTH(-EINVAL, t->io.count = i.batch_max + 1);
	EXPECT_BOTH(-EINVAL, t->io.count = UINT32_MAX);
}

TEST_F(badfield, iov_pad)
{
	EXPECT_BOTH(-EINVAL, t->iov.pad = 1);
}

TEST_F(badfield, iov_address)
{
	EXPECT_BOTH(-EFAULT, t->io.iov = 0);
	EXPECT_BOTH(-EFAULT, t->io.iov = 1ULL << 63);
}

TEST_F(badfield, message_address)
{
	EXPECT_BOTH(-EFAULT, t->iov.addr = 0);
	EXPECT_BOTH(-EFAULT, t->iov.addr = 1ULL << 63);
}

TEST_F(badfield, io_on_the_other_end)
{
	struct io_test *t = good_io();

	EXPECT_EQ(-EBADF, t_ioctl(self->chan.recv, KCORO_IOC_SEND, &t->io));
	EXPECT_EQ(-EBADF, t_ioctl(self->chan.send, KCORO_IOC_RECV, &t->io));
}

TEST_F(badfield, read_and_write_on_the_other_end)
{
	EXPECT_EQ(-EBADF, put_u64(self->chan.recv, 1));
	EXPECT_EQ(-EBADF, get_u64(self->chan.send));
}

/* --- SELECT ------------------------------------------------------------------ */

struct select_test {
	struct kcoro_select sel;
	struct kcoro_case c;
	uint64_t value;
};

/* A receive that would not be ready: nothing can be consumed by mistake. */
static struct select_test *good_select(int fd)
{
	static struct select_test t;

	t.c = kcoro_case_recv(fd, &t.value, 8);
	t.sel = (struct kcoro_select){
		.cases = t_addr(&t.c),
		.count = 1,
		.flags = KCORO_SELECT_NOWAIT,
	};
	return &t;
}

#define EXPECT_SELECT(err, spoil)                                              \
	do {                                                                   \
		struct select_test *t = good_select(self->chan.recv);          \
                                                                               \
		spoil;                                                         \
		EXPECT_EQ(err, t_ioctl(self->ctx, KCORO_IOC_SELECT, &t->sel)); \
	} while (0)

TEST_F(badfield, select_flags)
{
	EXPECT_SELECT(-EINVAL, t->sel.flags |= KCORO_SELECT_FLAGS + 1);
}

TEST_F(badfield, select_count)
{
	EXPECT_SELECT(-EINVAL, t->sel.count = 65);
	EXPECT_SELECT(-EINVAL, t->sel.count = UINT32_MAX);
}

TEST_F(badfield, select_cases_address)
{
	EXPECT_SELECT(-EFAULT, t->sel.cases = 0);
	EXPECT_SELECT(-EFAULT, t->sel.cases = 1ULL << 63);
}

TEST_F(badfield, select_op)
{
	EXPECT_SELECT(-EINVAL, t->c.op = 0);
	EXPECT_SELECT(-EINVAL, t->c.op = KCORO_OP_SEND | KCORO_OP_RECV);
	EXPECT_SELECT(-EINVAL, t->c.op = UINT32_MAX);
}

TEST_F(badfield, select_case_pad)
{
	EXPECT_SELECT(-EINVAL, t->c.pad = 1);
}

TEST_F(badfield, select_fd_is_not_open)
{
	EXPECT_SELECT(-EBADF, t->c.fd = 9999);
}

TEST_F(badfield, select_fd_is_the_other_end)
{
	EXPECT_SELECT(-EBADF, t->c.fd = self->chan.send);
	EXPECT_SELECT(-EBADF, {
		t->c.fd = self->chan.recv;
		t->c.op = KCORO_OP_SEND;
	});
}

TEST_F(badfield, select_fd_is_no_channel)
{
	EXPECT_SELECT(-EBADF, t->c.fd = 0);
	EXPECT_SELECT(-EBADF, t->c.fd = self->ctx);
	EXPECT_SELECT(-EBADF, t->c.fd = self->task);
}

TEST_F(badfield, select_message_address)
{
	EXPECT_SELECT(-EFAULT, t->c.addr = 0);
	EXPECT_SELECT(-EFAULT, t->c.addr = 1ULL << 63);
}

TEST_HARNESS_MAIN
