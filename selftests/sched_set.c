// SPDX-License-Identifier: GPL-2.0
/*
 * SET and CPUS: what they do on which descriptor, and each of their fields
 * wrong in turn. Nothing changes then.
 */
#include "sched.h"

#define KERNEL_ADDRESS 0xffff888000000000UL

/* A context with one task, and a good request on the context. */
FIXTURE(set)
{
	int ctx;
	int task;
	struct pair chan;
	struct kcoro_set req;
};

FIXTURE_SETUP(set) {
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	ASSERT_LE(0, self->task);
	self->chan = chan_u64(1);
	self->req = (struct kcoro_set){
		.id = task_id(self->task),
		.scope = KCORO_SCOPE_CTX,
		.which = KCORO_SET_FLAGS,
		.priority = 2,
		.cpu = 0,
	};
}

FIXTURE_TEARDOWN(set) {
	close(self->task);
	close(self->ctx);
}

#define SETS(err) EXPECT_EQ(err, t_ioctl(self->ctx, KCORO_IOC_SET, &self->req))

#define IS(want_priority, want_pin)                                        \
	do {                                                               \
		struct kcoro_task_info i = info_of(_metadata, self->task); \
                                                                           \
		EXPECT_EQ(want_priority, i.priority);                      \
		EXPECT_EQ(want_pin, i.pin);                                \
	} while (0)

/* After a call that failed. */
#define UNCHANGED() IS(0, -1)

TEST_F(set, both)
{
	SETS(0);
	IS(2, 0);
}

TEST_F(set, only_what_is_named)
{
	self->req.which = KCORO_SET_PRIORITY;
	SETS(0);
	IS(2, -1);
	self->req.which = KCORO_SET_CPU;
	self->req.priority = 1;
	SETS(0);
	IS(2, 0);
}

/* What is not named is not looked at. */
TEST_F(set, not_what_is_not_named)
{
	self->req.which = KCORO_SET_PRIORITY;
	self->req.cpu = INT_MAX;
	SETS(0);
	IS(2, -1);
	self->req.which = KCORO_SET_CPU;
	self->req.cpu = 0;
	self->req.priority = INT_MIN;
	SETS(0);
	IS(2, 0);
}

TEST_F(set, on_the_task_s_descriptor)
{
	self->req.id = 0;
	EXPECT_EQ(0, t_ioctl(self->task, KCORO_IOC_SET, &self->req));
	IS(2, 0);
}

TEST_F(set, on_the_task_s_descriptor_with_an_id)
{
	EXPECT_EQ(-EINVAL, t_ioctl(self->task, KCORO_IOC_SET, &self->req));
	UNCHANGED();
}

TEST_F(set, on_the_task_s_descriptor_with_a_scope)
{
	self->req.id = 0;
	self->req.scope = KCORO_SCOPE_USER;
	EXPECT_EQ(-EINVAL, t_ioctl(self->task, KCORO_IOC_SET, &self->req));
	UNCHANGED();
}

TEST_F(set, on_a_channel)
{
	EXPECT_EQ(-EOPNOTSUPP,
		  t_ioctl(self->chan.send, KCORO_IOC_SET, &self->req));
	EXPECT_EQ(-EOPNOTSUPP,
		  t_ioctl(self->chan.recv, KCORO_IOC_SET, &self->req));
	UNCHANGED();
}

TEST_F(set, id_is_of_no_task)
{
	self->req.id = UINT64_MAX;
	SETS(-ESRCH);
	self->req.id = 0;
	EXPECT_NE(0, t_ioctl(self->ctx, KCORO_IOC_SET, &self->req));
	UNCHANGED();
}

TEST_F(set, task_is_of_another_context)
{
	int other = kcoro_open(0);

	EXPECT_EQ(-ESRCH, t_ioctl(other, KCORO_IOC_SET, &self->req));
	UNCHANGED();
	self->req.scope = KCORO_SCOPE_USER;
	EXPECT_EQ(0, t_ioctl(other, KCORO_IOC_SET, &self->req));
	IS(2, 0);
}

TEST_F(set, task_has_ended)
{
	struct kcoro_exit e;

	ASSERT_EQ(1, kcoro_kill(self->ctx, self->req.id, KCORO_SCOPE_CTX, 0));
	ASSERT_EQ(0, kcoro_join(self->task, &e, 0));
	SETS(-ESRCH);
	self->req.id = 0;
	EXPECT_EQ(-ESRCH, t_ioctl(self->task, KCORO_IOC_SET, &self->req));
}

TEST_F(set, scope_is_unknown)
{
	self->req.scope = KCORO_SCOPE_ALL + 1;
	SETS(-EINVAL);
	self->req.scope = UINT32_MAX;
	SETS(-EINVAL);
	UNCHANGED();
}

TEST_F(set, which_is_unknown)
{
	self->req.which = KCORO_SET_FLAGS + 1;
	SETS(-EINVAL);
	self->req.which = UINT32_MAX;
	SETS(-EINVAL);
	UNCHANGED();
}

TEST_F(set, which_is_nothing)
{
	self->req.which = 0;
	SETS(-EINVAL);
	UNCHANGED();
}

TEST_F(set, priority_is_out_of_range)
{
	const int wrong[] = { KCORO_PRIORITY_MIN - 1, KCORO_PRIORITY_MAX + 1,
			      INT_MIN, INT_MAX };
	size_t i;

	for (i = 0; i < ROWS(wrong); i++) {
		self->req.priority = wrong[i];
		SETS(-EINVAL);
	}
	UNCHANGED();
}

TEST_F(set, cpu_is_none)
{
	const int wrong[] = { -2, 1 << 20, INT_MIN, INT_MAX };
	size_t i;

	for (i = 0; i < ROWS(wrong); i++) {
		self->req.cpu = wrong[i];
		SETS(-EINVAL);
	}
	UNCHANGED();
}

TEST_F(set, argument_is_elsewhere)
{
	void *none =
		mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_SET, NULL));
	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_SET, none));
	EXPECT_EQ(-EFAULT,
		  t_ioctl(self->ctx, KCORO_IOC_SET, (void *)KERNEL_ADDRESS));
	EXPECT_EQ(-EFAULT, t_ioctl(self->task, KCORO_IOC_SET, NULL));
	UNCHANGED();
}

#define RESIZED(request, size) \
	_IOC(_IOC_READ | _IOC_WRITE, KCORO_IOC_MAGIC, _IOC_NR(request), size)

TEST_F(set, size_is_another)
{
	struct {
		struct kcoro_set req;
		uint64_t tail;
	} l = { .req = self->req, .tail = 1 };

	EXPECT_EQ(-E2BIG,
		  t_ioctl(self->ctx, RESIZED(KCORO_IOC_SET, sizeof(l)), &l));
	EXPECT_EQ(-EINVAL,
		  t_ioctl(self->ctx, RESIZED(KCORO_IOC_SET, sizeof(l.req) - 8),
			  &l.req));
	UNCHANGED();
	l.tail = 0;
	EXPECT_EQ(0, t_ioctl(self->ctx, RESIZED(KCORO_IOC_SET, sizeof(l)), &l));
	IS(2, 0);
}

/* --- CPUS --------------------------------------------------------------------- */

TEST_F(set, cpus_on_every_descriptor)
{
	const int fds[] = { self->ctx, self->task, self->chan.send,
			    self->chan.recv };
	struct kcoro_cpu_info cpus[CPUS_MAX];
	size_t i;
	int n, j;

	for (i = 0; i < ROWS(fds); i++) {
		memset(cpus, 0xa5, sizeof(cpus));
		n = cpus_of(_metadata, fds[i], cpus);
		ASSERT_LE(nr_cpus(), n);
		for (j = 0; j < n; j++) {
			EXPECT_EQ(1, !j || cpus[j - 1].cpu < cpus[j].cpu);
			EXPECT_EQ(0, cpus[j].flags & ~(KCORO_CPU_ACTIVE |
						       KCORO_CPU_IDLE |
						       KCORO_CPU_HOGGED));
			EXPECT_LE(cpus[j].spares, cpus[j].workers);
			EXPECT_LE(cpus[j].workers, cpus[j].workers_max);
		}
		EXPECT_EQ(0xa5a5a5a5, cpus[n].cpu);
	}
}

TEST_F(set, cpus_are_counted_without_an_array)
{
	struct kcoro_cpus req = { 0 };
	struct kcoro_info info;

	ASSERT_EQ(0, t_ioctl(self->ctx, KCORO_IOC_CPUS, &req));
	ASSERT_EQ(0, kcoro_info(self->ctx, &info));
	EXPECT_EQ(0, req.count);
	EXPECT_LE(nr_cpus(), req.total);
	EXPECT_GE(info.cpus_possible, req.total);
}

TEST_F(set, cpus_fill_no_more_than_asked_for)
{
	struct kcoro_cpu_info cpus[2];
	struct kcoro_cpus req = { .cpus = t_addr(cpus), .count = 1 };

	memset(cpus, 0xa5, sizeof(cpus));
	ASSERT_EQ(0, t_ioctl(self->ctx, KCORO_IOC_CPUS, &req));
	EXPECT_EQ(1, req.count);
	EXPECT_EQ(0, cpus[0].cpu);
	EXPECT_EQ(0xa5a5a5a5, cpus[1].cpu);
}

/* What does not exist needs no room. */
TEST_F(set, cpus_count_is_huge)
{
	static struct kcoro_cpu_info cpus[CPUS_MAX];
	struct kcoro_cpus req = { .cpus = t_addr(cpus), .count = UINT32_MAX };

	ASSERT_EQ(0, t_ioctl(self->ctx, KCORO_IOC_CPUS, &req));
	EXPECT_EQ(req.total, req.count);
}

TEST_F(set, cpus_array_is_elsewhere)
{
	const uint64_t where[] = {
		0,
		1ULL << 63,
		KERNEL_ADDRESS,
		t_addr(mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0)),
		t_addr(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0)),
	};
	size_t i;

	for (i = 0; i < ROWS(where); i++) {
		struct kcoro_cpus req = { .cpus = where[i], .count = 1 };

		EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_CPUS, &req))
		TH_LOG("address %zu", i);
	}
}

TEST_F(set, cpus_into_readonly_memory)
{
	void *page =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_CPUS, page));
	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_CPUS, NULL));
}

TEST_HARNESS_MAIN
