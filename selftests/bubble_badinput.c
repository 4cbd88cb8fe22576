// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of bubbles with one thing wrong, and at a wrong time. Nothing happens
 * then. (Addresses of the argument, descriptors that do not take it: ioctl_badinput.)
 */
#include "bubble.h"

FIXTURE(badbubble)
{
	int ctx; /* with a bubble, and a task that is held */
	int task;
	int fresh; /* without */
};

FIXTURE_SETUP(badbubble) {
	self->fresh = kcoro_open(0);
	ASSERT_LE(0, self->fresh);
	self->ctx = BUBBLE();
	self->task = TASK(self->ctx, "sleep", WORDS("7"), NO_FDS);
}

FIXTURE_TEARDOWN(badbubble) {
	/* Nothing was done, and what is right is. */
	EXPECT_FDINFO(self->ctx, "kcoro-bubble:\theld");
	EXPECT_EQ(1, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
	EXPECT_EQ(7 * SECOND / 1000, RUN_WELL(self->ctx).time_ns);
	EXPECT_EQ(4, RUN_WELL(self->ctx).nr_steps);
	EXPECT_EQ(0, count_tasks(self->fresh, KCORO_SCOPE_CTX, 1));
	EXPECT_EQ(0, kcoro_bubble(self->fresh, 1, 1));
	EXPECT_EQ(0, RUN_WELL(self->fresh).nr_steps);
	close(self->task);
	close(self->fresh);
	close(self->ctx);
}

#define RESIZED(request, size) \
	_IOC(_IOC_READ | _IOC_WRITE, KCORO_IOC_MAGIC, _IOC_NR(request), size)

TEST_F(badbubble, fields)
{
	static const struct kcoro_bubble_create bad[] = {
		{ .flags = 1 },
		{ .flags = 1U << 31 },
		{ .flags = UINT32_MAX },
		{ .steps_max = KCORO_STEPS_MAX + 1 },
		{ .steps_max = UINT32_MAX },
	};
	struct kcoro_bubble_create req;
	size_t i;
	int ctx;

	for (i = 0; i < ROWS(bad); i++) {
		req = bad[i];
		EXPECT_EQ(-EINVAL, t_ioctl(self->fresh, KCORO_IOC_BUBBLE, &req))
		TH_LOG("row %zu", i);
	}
	ctx = bubble_of(_metadata, UINT64_MAX, KCORO_STEPS_MAX);
	EXPECT_EQ(0, RUN_WELL(ctx).nr_steps);
	close(ctx);
}

TEST_F(badbubble, argument_is_shorter_or_longer)
{
	static const unsigned long calls[] = { KCORO_IOC_BUBBLE,
					       KCORO_IOC_BUBBLE_RUN };
	unsigned char buf[256];
	size_t i, size;

	for (i = 0; i < ROWS(calls); i++) {
		size = _IOC_SIZE(calls[i]);
		memset(buf, 0, sizeof(buf));
		EXPECT_EQ(-EINVAL, t_ioctl(self->fresh,
					   RESIZED(calls[i], size - 1), buf));
		buf[size + 7] = 1;
		EXPECT_EQ(-E2BIG, t_ioctl(self->fresh,
					  RESIZED(calls[i], size + 8), buf));
	}
}

TEST_F(badbubble, argument_cannot_be_written)
{
	void *page =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, page);
	EXPECT_EQ(-EFAULT, t_ioctl(self->fresh, KCORO_IOC_BUBBLE, page));
	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_BUBBLE_RUN, page));
}

TEST_F(badbubble, it_has_one)
{
	EXPECT_EQ(-EALREADY, kcoro_bubble(self->ctx, 0, 0));
	EXPECT_EQ(-EALREADY, kcoro_bubble(self->ctx, 1, 0));
}

TEST_F(badbubble, it_has_none)
{
	struct kcoro_step step;

	EXPECT_EQ(-ENOENT, kcoro_bubble_run(self->fresh, NULL, NULL, 0, 0));
	EXPECT_EQ(-ENOENT, kcoro_bubble_run(self->fresh, NULL, &step, 1, 0));
}

/* A task that lives, and one whose record was not read. */
TEST_F(badbubble, it_was_used)
{
	int ctx = kcoro_open(0), task;
	struct pair p = chan_of(_metadata, ctx, 8, 1);
	struct kcoro_exit e;
	uint64_t id;

	task = TASK(ctx, "act", WORDS("recv:0"), FDS(p.recv));
	EXPECT_EQ(-EBUSY, kcoro_bubble(ctx, 0, 0));
	put_u64(p.send, 1);
	join_ok(_metadata, task);
	ASSERT_EQ(0, spawn_id(ctx, "sleep", WORDS("0"), NO_FDS, &id));
	while (count_tasks(ctx, KCORO_SCOPE_CTX, 0))
		nap();
	EXPECT_EQ(-EBUSY, kcoro_bubble(ctx, 0, 0));
	/* none is left; what else it has does not matter */
	ASSERT_EQ(1, kcoro_next_exits(ctx, &e, 1, 0));
	EXPECT_EQ(0, kcoro_bubble(ctx, 0, 0));
	TASK(ctx, "act", WORDS("send:0"), FDS(p.send));
	RUN_WELL(ctx);
	close(ctx);
}

TEST_F(badbubble, pinned_or_with_a_thread)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS("1"),
					 .flags = KCORO_SPAWN_PIN };
	struct kcoro_set set = { .id = task_id(self->task),
				 .which = KCORO_SET_CPU };

	EXPECT_EQ(-EOPNOTSUPP, kcoro_spawn(self->ctx, "sleep", &opts));
	opts.flags = KCORO_SPAWN_THREAD;
	EXPECT_EQ(-EOPNOTSUPP, kcoro_spawn(self->ctx, "sleep", &opts));
	EXPECT_EQ(-EOPNOTSUPP, kcoro_set(self->ctx, &set));
}

/* One that fails leaves no step: the digest is as if nobody had tried. */
TEST_F(badbubble, what_was_not_started_leaves_no_step)
{
	struct kcoro_spawn req = sleep_request();
	struct kcoro_bubble_run end;
	int ctx = BUBBLE();

	TASK(ctx, "sleep", WORDS("7"), NO_FDS);
	req.ids = 1;
	EXPECT_EQ(-EFAULT, t_ioctl(ctx, KCORO_IOC_SPAWN, &req));
	TASK(ctx, "sleep", WORDS("7"), NO_FDS);
	end = RUN_WELL(ctx);
	close(ctx);
	ctx = BUBBLE();
	TASK(ctx, "sleep", WORDS("7"), NO_FDS);
	TASK(ctx, "sleep", WORDS("7"), NO_FDS);
	EXPECT_EQ(end.digest, RUN_WELL(ctx).digest);
	EXPECT_EQ(8, end.nr_steps);
	close(ctx);
}

/* It is run; what it has to tell is not lost. */
TEST_F(badbubble, steps_cannot_be_written)
{
	int ctx = BUBBLE();
	struct kcoro_step steps[8];
	struct kcoro_bubble_run end;
	char *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *const where[] = { (void *)0xffff888000000000UL, (void *)8,
				/* room for one of two */
				two + 4096 - sizeof(struct kcoro_step) };
	size_t i;

	ASSERT_NE(MAP_FAILED, (void *)two);
	ASSERT_EQ(0, munmap(two + 4096, 4096));
	TASK(ctx, "sleep", WORDS("7"), NO_FDS);
	for (i = 0; i < ROWS(where); i++) {
		EXPECT_EQ(-EFAULT, kcoro_bubble_run(ctx, &end, where[i], 2, 0))
		TH_LOG("address %zu", i);
	}
	ASSERT_EQ(0, kcoro_bubble_run(ctx, &end, steps, 8, 0));
	EXPECT_EQ(0, end.error);
	EXPECT_EQ(4, end.count);
	/* no more is written than there is: a large count does no harm */
	ASSERT_EQ(0, kcoro_bubble_run(ctx, &end, steps, UINT32_MAX, 0));
	EXPECT_EQ(4, end.count);
	close(ctx);
}

TEST_HARNESS_MAIN
