// SPDX-License-Identifier: GPL-2.0
/*
 * A 32-bit program: every call once, with the same structures.
 */
#include "kcoro_test.h"

CONTEXT_FIXTURE(compat)

TEST_F(compat, is_32_bit)
{
	EXPECT_EQ(4, sizeof(void *));
	EXPECT_EQ(sizeof(struct kcoro_spawn) % 8, 0);
}

TEST_F(compat, info_and_bodies)
{
	struct kcoro_body_info *list;
	struct kcoro_info i;

	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	EXPECT_EQ(KCORO_UAPI_VERSION, i.version);
	EXPECT_EQ(64, i.select_max);
	EXPECT_LE(11, kcoro_bodies(self->ctx, &list));
}

TEST_F(compat, round_trip)
{
	struct pair in = chan_u64(1), out = chan_u64(1);
	int task = spawn(self->ctx, "echo", NULL, FDS(in.recv, out.send)), i;

	ASSERT_LE(0, task);
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(8, put_u64(in.send, 1ULL << 40 | i));
		EXPECT_EQ(1LL << 40 | i, get_u64(out.recv));
	}
	close(in.send);
	EXPECT_EQ(100, join_ok(_metadata, task).result);
}

TEST_F(compat, exits_of_a_context)
{
	struct kcoro_exit e;
	uint64_t id;

	ASSERT_EQ(0, spawn_id(self->ctx, "sleep", WORDS("0"), NULL, 0, &id));
	ASSERT_EQ(1, kcoro_next_exits(self->ctx, &e, 1, 0));
	EXPECT_EQ(id, e.id);
	EXPECT_STREQ("sleep", e.name);
}

TEST_F(compat, batch)
{
	struct pair p = chan_u64(4);
	uint64_t v[3] = { 1, 2, 3 };
	struct kcoro_iov iov[3];
	int i;

	for (i = 0; i < 3; i++)
		iov[i] = (struct kcoro_iov){ t_addr(&v[i]), 8, 0 };
	EXPECT_EQ(3, kcoro_sendv(p.send, iov, 3, 0, 0));
	memset(v, 0, sizeof(v));
	EXPECT_EQ(3, kcoro_recvv(p.recv, iov, 3, 0, 0));
	EXPECT_EQ(3, v[2]);
}

TEST_F(compat, select)
{
	struct pair p = chan_u64(1);
	uint64_t v = 0;
	struct kcoro_case c[2] = {
		kcoro_case_recv(-1, &v, 8),
		kcoro_case_recv(p.recv, &v, 8),
	};

	EXPECT_EQ(-ETIMEDOUT, kcoro_select(self->ctx, c, 2, 0, SHORTLY, NULL));
	put_u64(p.send, 9);
	EXPECT_EQ(1, kcoro_select(self->ctx, c, 2, 0, 0, NULL));
	EXPECT_EQ(9, v);
}

TEST_F(compat, list_and_kill)
{
	int task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	struct kcoro_task_info info;
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	ASSERT_EQ(1, kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, 0, &info, 1));
	EXPECT_EQ(task_id(task), info.id);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_EQ(1, kcoro_kill(self->ctx, info.id, KCORO_SCOPE_CTX, 0));
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
}

TEST_F(compat, close_and_options)
{
	struct pair p = chan_u64(1);

	EXPECT_EQ(0, kcoro_set_options(self->ctx, KCORO_CTX_DETACHED));
	EXPECT_EQ(0, kcoro_close_chan(p.send));
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

TEST_F(compat, bubble)
{
	struct kcoro_step steps[4];
	struct kcoro_bubble_run end;
	uint64_t id;

	ASSERT_EQ(0, kcoro_bubble(self->ctx, 1ULL << 40, 4));
	ASSERT_EQ(0,
		  spawn_id(self->ctx, "sleep", WORDS("3600000"), NULL, 0, &id));
	ASSERT_EQ(0, kcoro_bubble_run(self->ctx, &end, steps, 4, 0));
	EXPECT_EQ(0, end.error);
	EXPECT_EQ(3600000000000, end.time_ns);
	EXPECT_EQ(4, end.count);
	EXPECT_EQ(KCORO_BUBBLE_EPOCH + 3600000000000, steps[3].time);
}

/* An address that only fits in 64 bits. */
/* Good memory, but for a bit that a pointer here does not have. */
#define HIGH(p) (t_addr(p) | 1ULL << 32)

TEST_F(compat, message_over_4_gib)
{
	struct pair p = chan_u64(2);
	uint64_t v = 0;
	struct kcoro_iov iov = { .addr = HIGH(&v), .len = 8 };
	struct kcoro_case c = kcoro_case_recv(p.recv, &v, 8);

	c.addr = HIGH(&v);
	EXPECT_EQ(-EFAULT, kcoro_sendv(p.send, &iov, 1, 0, 0));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
	put_u64(p.send, 1);
	EXPECT_EQ(-EFAULT, kcoro_recvv(p.recv, &iov, 1, 0, 0));
	EXPECT_EQ(-EFAULT, kcoro_select(self->ctx, &c, 1, 0, 0, NULL));
	EXPECT_EQ(1, get_u64(p.recv));
}

TEST_F(compat, array_over_4_gib)
{
	struct pair p = chan_u64(2);
	uint64_t v = 0;
	struct kcoro_iov iov = { .addr = t_addr(&v), .len = 8 };
	struct kcoro_io io = { .iov = HIGH(&iov), .count = 1 };
	struct kcoro_case c = kcoro_case_send(p.send, &v, 8);
	struct kcoro_select sel = { .cases = HIGH(&c), .count = 1 };
	struct kcoro_body_info body;
	struct kcoro_bodies bodies = { .bodies = HIGH(&body), .count = 1 };
	struct kcoro_task_info task;
	struct kcoro_list list = { .tasks = HIGH(&task), .count = 1 };

	EXPECT_EQ(-EFAULT, t_ioctl(p.send, KCORO_IOC_SEND, &io));
	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_SELECT, &sel));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_BODIES, &bodies));
	ASSERT_LE(0, spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0));
	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_LIST, &list));
}

TEST_F(compat, spawn_over_4_gib)
{
	struct kcoro_spawn req = sleep_request();
	int fd = 0, task_fd;
	uint64_t id;

	req.arg = HIGH(SLEEP_LONG);
	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_SPAWN, &req));
	req = sleep_request();
	req.ids = HIGH(&id);
	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_SPAWN, &req));
	req = sleep_request();
	req.flags = KCORO_SPAWN_FD;
	req.task_fds = HIGH(&task_fd);
	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_SPAWN, &req));
	req = sleep_request();
	strcpy(req.body, "count");
	req.fds = HIGH(&fd);
	req.nr_fds = 1;
	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_SPAWN, &req));
	EXPECT_EQ(0, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
}

TEST_HARNESS_MAIN
