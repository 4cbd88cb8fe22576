// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of groups with one thing wrong. Nothing happens then. (Addresses, and
 * descriptors that do not take them: ioctl_badinput.)
 */
#include "kcoro_test.h"

FIXTURE(badgroup)
{
	int ctx;
	int group; /* with one task */
	int task;
	struct pair chan;
};

FIXTURE_SETUP(badgroup) {
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->group = kcoro_group_create(self->ctx, 0, 0);
	ASSERT_LE(0, self->group);
	self->task = spawn(self->group, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	ASSERT_LE(0, self->task);
	self->chan = chan_u64(1);
}

FIXTURE_TEARDOWN(badgroup) {
	struct kcoro_group_wait w;

	/* Nothing was done, and what is right is. */
	EXPECT_EQ(-ETIMEDOUT, kcoro_group_wait(self->group, KCORO_UNTIL_ENDED,
					       &w, KCORO_NOW));
	EXPECT_EQ(1, w.live);
	EXPECT_EQ(KCORO_GROUP_LIVE, w.state);
	EXPECT_EQ(0, kcoro_group_cancel(self->group, "well"));
	close(self->group);
	close(self->ctx);
}

#define RESIZED(request, size) \
	_IOC(_IOC_READ | _IOC_WRITE, KCORO_IOC_MAGIC, _IOC_NR(request), size)

/* --- fields ---------------------------------------------------------------- */

static int create(int on, uint32_t flags, uint32_t pad)
{
	struct kcoro_group_create req = { .flags = flags, .pad = pad };
	int err = t_ioctl(on, KCORO_IOC_GROUP_CREATE, &req);

	if (!err)
		close(req.fd);
	return err;
}

TEST_F(badgroup, create_flag_is_unknown)
{
	EXPECT_EQ(0, create(self->ctx, KCORO_GROUP_FLAGS, 0));
	EXPECT_EQ(-EINVAL, create(self->ctx, KCORO_GROUP_FLAGS + 1, 0));
	EXPECT_EQ(-EINVAL, create(self->group, 1U << 16, 0));
	EXPECT_EQ(-EINVAL, create(self->group, UINT32_MAX, 0));
}

TEST_F(badgroup, create_pad_is_not_zero)
{
	EXPECT_EQ(-EINVAL, create(self->ctx, 0, 1));
}

TEST_F(badgroup, wait_is_for_nothing_known)
{
	struct kcoro_group_wait req = { .until = KCORO_UNTIL_FAILED + 1 };

	EXPECT_EQ(-EINVAL, t_ioctl(self->group, KCORO_IOC_GROUP_WAIT, &req));
	req.until = UINT32_MAX;
	EXPECT_EQ(-EINVAL, t_ioctl(self->group, KCORO_IOC_GROUP_WAIT, &req));
}

TEST_F(badgroup, cancel_reason_has_no_end)
{
	struct kcoro_group_cancel req;

	memset(req.why, 'a', sizeof(req.why));
	EXPECT_EQ(-EINVAL, t_ioctl(self->group, KCORO_IOC_GROUP_CANCEL, &req));
}

TEST_F(badgroup, cancel_reason_is_too_long)
{
	char why[KCORO_CAUSE_MAX + 1] = "";

	memset(why, 'a', KCORO_CAUSE_MAX);
	EXPECT_EQ(-EINVAL, kcoro_group_cancel(self->group, why));
}

TEST_F(badgroup, failed_pad_is_not_zero)
{
	struct kcoro_group_failed req = { .pad = 1 };

	EXPECT_EQ(-EINVAL, t_ioctl(self->group, KCORO_IOC_GROUP_FAILED, &req));
}

TEST_F(badgroup, failed_is_none)
{
	struct kcoro_exit e;

	EXPECT_EQ(-ENOENT, kcoro_group_failed(self->group, 0, &e));
	EXPECT_EQ(-ENOENT,
		  kcoro_group_failed(self->group, KCORO_GROUP_FAILED_MAX, &e));
}

TEST_F(badgroup, read_has_too_little_room)
{
	struct kcoro_exit e;

	EXPECT_EQ(-EMSGSIZE, t_read(self->group, &e, sizeof(e) - 1));
	EXPECT_EQ(-EMSGSIZE, t_read(self->group, &e, 0));
}

TEST_F(badgroup, write)
{
	EXPECT_EQ(-EBADF, put_u64(self->group, 1));
}

/* --- arguments --------------------------------------------------------------- */

static const struct {
	unsigned long request;
	size_t size;
} calls[] = {
	{ KCORO_IOC_GROUP_CREATE, sizeof(struct kcoro_group_create) },
	{ KCORO_IOC_GROUP_WAIT, sizeof(struct kcoro_group_wait) },
	{ KCORO_IOC_GROUP_CANCEL, sizeof(struct kcoro_group_cancel) },
	{ KCORO_IOC_GROUP_FAILED, sizeof(struct kcoro_group_failed) },
};

TEST_F(badgroup, argument_is_shorter)
{
	unsigned char buf[512] = { 0 };
	size_t c;

	for (c = 0; c < ROWS(calls); c++) {
		EXPECT_EQ(-EINVAL,
			  t_ioctl(self->group,
				  RESIZED(calls[c].request, calls[c].size - 8),
				  buf))
		TH_LOG("call %zu", c);
	}
}

TEST_F(badgroup, argument_has_a_tail)
{
	unsigned char buf[512] = { 0 };
	size_t c;

	for (c = 0; c < ROWS(calls); c++) {
		memset(buf, 0, sizeof(buf));
		buf[calls[c].size + 7] = 1;
		EXPECT_EQ(-E2BIG,
			  t_ioctl(self->group,
				  RESIZED(calls[c].request, calls[c].size + 8),
				  buf))
		TH_LOG("call %zu", c);
	}
}

TEST_F(badgroup, argument_has_a_tail_of_zeroes)
{
	struct {
		struct kcoro_group_create req;
		uint64_t tail;
	} l = { .tail = 0 };

	EXPECT_EQ(0, t_ioctl(self->group,
			     RESIZED(KCORO_IOC_GROUP_CREATE, sizeof(l)), &l));
	close(l.req.fd);
}

TEST_F(badgroup, create_leaves_no_descriptor)
{
	void *readonly =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int before = dup(0), after;

	close(before);
	EXPECT_EQ(-EFAULT,
		  t_ioctl(self->ctx, KCORO_IOC_GROUP_CREATE, readonly));
	EXPECT_EQ(-EINVAL, create(self->ctx, UINT32_MAX, 0));
	after = dup(0);
	EXPECT_EQ(before, after);
}

TEST_F(badgroup, create_with_no_descriptor_left)
{
	struct rlimit limit;
	rlim_t was;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	was = limit.rlim_cur;
	limit.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, create(self->group, 0, 0));
	limit.rlim_cur = was;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* --- descriptors ------------------------------------------------------------- */

TEST_F(badgroup, a_group_is_given_to_a_task)
{
	EXPECT_EQ(-ELOOP, spawn(self->ctx, "echo", NULL,
				FDS(self->group, self->chan.send)));
	EXPECT_EQ(-ELOOP, spawn(self->group, "echo", NULL,
				FDS(self->chan.recv, self->group)));
}

/* As on a context. */
TEST_F(badgroup, spawn_with_something_wrong)
{
	struct kcoro_spawn req = sleep_request();

	req.flags = KCORO_SPAWN_FLAGS + 1;
	EXPECT_EQ(-EINVAL, t_ioctl(self->group, KCORO_IOC_SPAWN, &req));
	req = sleep_request();
	strcpy(req.body, "no-such-body");
	EXPECT_EQ(-ENOENT, t_ioctl(self->group, KCORO_IOC_SPAWN, &req));
	req = sleep_request();
	req.arg = 1ULL << 63;
	EXPECT_EQ(-EFAULT, t_ioctl(self->group, KCORO_IOC_SPAWN, &req));
	EXPECT_EQ(1, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
}

TEST_F(badgroup, context_was_killed)
{
	int other = kcoro_open(0), group = kcoro_group_create(other, 0, 0);

	ASSERT_LE(0, group);
	kcoro_kill(other, 0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS);
	EXPECT_EQ(-ESHUTDOWN, create(other, 0, 0));
	EXPECT_EQ(-ESHUTDOWN, create(group, 0, 0));
	EXPECT_EQ(-ESHUTDOWN, spawn(group, "sleep", WORDS("0"), NULL, 0));
	close(group);
	close(other);
}

TEST_HARNESS_MAIN
