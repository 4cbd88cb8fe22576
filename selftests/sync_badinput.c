// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of events, semaphores and queues with one thing wrong. Nothing happens
 * then. (Addresses, and descriptors that do not take them: ioctl_badinput.)
 */
#include "kcoro_test.h"

FIXTURE(badsync)
{
	int ctx;
	int event; /* not set */
	int sem; /* 1 unit of 2 */
	int queue; /* one element of two, not done */
	struct pair in, out;
};

FIXTURE_SETUP(badsync) {
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->event = kcoro_event_create(self->ctx, 0);
	ASSERT_LE(0, self->event);
	self->sem = kcoro_sem_create(self->ctx, 1, 2, 0);
	ASSERT_LE(0, self->sem);
	self->queue = kcoro_queue_create(self->ctx, 8, 2, 0);
	ASSERT_LE(0, self->queue);
	ASSERT_EQ(8, put_u64(self->queue, 5));
	self->in = chan_buf(1);
	self->out = chan_buf(1);
}

FIXTURE_TEARDOWN(badsync) {
	/* Nothing was done, and what is right is. */
	EXPECT_EQ(0, kcoro_event_is_set(self->event));
	EXPECT_EQ(0, kcoro_event_set(self->event));
	EXPECT_EQ(1, kcoro_event_is_set(self->event));
	EXPECT_EQ(0, kcoro_sem_acquire(self->sem, 1, KCORO_NOW));
	EXPECT_EQ(-ETIMEDOUT, kcoro_sem_acquire(self->sem, 1, KCORO_NOW));
	EXPECT_EQ(0, kcoro_sem_release(self->sem, 2));
	EXPECT_EQ(8, put_u64(self->queue, 6));
	EXPECT_EQ(5, get_u64(self->queue));
	EXPECT_EQ(6, get_u64(self->queue));
	EXPECT_EQ(0, kcoro_queue_done(self->queue));
	EXPECT_EQ(0, kcoro_queue_done(self->queue));
	EXPECT_EQ(-EINVAL, kcoro_queue_done(self->queue));
	EXPECT_EQ(0, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
	close(self->event);
	close(self->sem);
	close(self->queue);
	close(self->ctx);
}

#define RESIZED(request, size) \
	_IOC(_IOC_READ | _IOC_WRITE, KCORO_IOC_MAGIC, _IOC_NR(request), size)

/* --- events ------------------------------------------------------------------ */

TEST_F(badsync, event_flag_is_unknown)
{
	int fd = kcoro_event_create(self->ctx, KCORO_EVENT_FLAGS);

	EXPECT_LE(0, fd);
	close(fd);
	EXPECT_EQ(-EINVAL,
		  kcoro_event_create(self->ctx, KCORO_EVENT_FLAGS + 1));
	EXPECT_EQ(-EINVAL, kcoro_event_create(self->ctx, 1U << 31));
	EXPECT_EQ(-EINVAL, kcoro_event_create(self->ctx, UINT32_MAX));
}

/* It has no bytes. */
TEST_F(badsync, event_is_read_and_written)
{
	EXPECT_EQ(-EINVAL, get_u64(self->event));
	EXPECT_EQ(-EINVAL, put_u64(self->event, 1));
}

/* A call without an argument that comes with one. */
TEST_F(badsync, event_set_has_an_argument)
{
	uint64_t room = 0;

	EXPECT_EQ(-EINVAL, t_ioctl(self->event,
				   _IOC(_IOC_NONE, KCORO_IOC_MAGIC,
					_IOC_NR(KCORO_IOC_EVENT_SET), 8),
				   &room));
}

/* --- semaphores ---------------------------------------------------------------- */

TEST_F(badsync, sem_numbers_are_out_of_range)
{
	static const struct {
		uint32_t count, max;
	} bad[] = {
		{ 0, 0 },
		{ 1, 0 },
		{ 2, 1 },
		{ 0, KCORO_SEM_UNITS_MAX + 1U },
		{ UINT32_MAX, UINT32_MAX },
		{ -1, 1 },
	};
	size_t i;
	int fd;

	for (i = 0; i < ROWS(bad); i++) {
		EXPECT_EQ(-EINVAL, kcoro_sem_create(self->ctx, bad[i].count,
						    bad[i].max, 0))
		TH_LOG("row %zu", i);
	}
	fd = kcoro_sem_create(self->ctx, KCORO_SEM_UNITS_MAX,
			      KCORO_SEM_UNITS_MAX, 0);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(badsync, sem_flag_is_unknown)
{
	EXPECT_EQ(-EINVAL,
		  kcoro_sem_create(self->ctx, 1, 1, KCORO_SEM_FLAGS + 1));
	EXPECT_EQ(-EINVAL, kcoro_sem_create(self->ctx, 1, 1, UINT32_MAX));
}

TEST_F(badsync, sem_acquire_of_what_can_never_be)
{
	EXPECT_EQ(-EINVAL, kcoro_sem_acquire(self->sem, 0, 0));
	EXPECT_EQ(-EINVAL, kcoro_sem_acquire(self->sem, 3, 0));
	EXPECT_EQ(-EINVAL, kcoro_sem_acquire(self->sem, -1, 0));
}

TEST_F(badsync, sem_release_beyond_the_bound)
{
	EXPECT_EQ(-EINVAL, kcoro_sem_release(self->sem, 0));
	EXPECT_EQ(-EOVERFLOW, kcoro_sem_release(self->sem, 2));
	EXPECT_EQ(-EOVERFLOW, kcoro_sem_release(self->sem, -1));
	EXPECT_EQ(-EOVERFLOW, kcoro_sem_release(self->sem, 1U << 31));
}

TEST_F(badsync, sem_pad_is_not_zero)
{
	struct kcoro_sem_acquire acquire = { .n = 1, .pad = 1 };
	struct kcoro_sem_release release = { .n = 1, .pad = 1 };

	EXPECT_EQ(-EINVAL, t_ioctl(self->sem, KCORO_IOC_SEM_ACQUIRE, &acquire));
	EXPECT_EQ(-EINVAL, t_ioctl(self->sem, KCORO_IOC_SEM_RELEASE, &release));
}

TEST_F(badsync, sem_is_read_and_written)
{
	EXPECT_EQ(-EINVAL, get_u64(self->sem));
	EXPECT_EQ(-EINVAL, put_u64(self->sem, 1));
}

/* --- queues ---------------------------------------------------------------------- */

TEST_F(badsync, queue_sizes_are_out_of_range)
{
	static const struct {
		uint32_t elem_size, capacity, flags;
	} bad[] = {
		{ 0, 1, 0 },
		{ 8, 0, 0 },
		{ 0, 0, 0 },
		{ 1025, 1, 0 },
		{ 8, 65537, 0 },
		{ UINT32_MAX, UINT32_MAX, 0 },
		{ 7, 1, KCORO_QUEUE_PRIORITY },
		{ 8, 1, KCORO_QUEUE_FLAGS + 1 },
		{ 8, 1, UINT32_MAX },
	};
	struct kcoro_info info;
	size_t i;
	int fd;

	ASSERT_EQ(0, kcoro_info(self->ctx, &info));
	ASSERT_EQ(1024, info.elem_max);
	ASSERT_EQ(65536, info.capacity_max);
	for (i = 0; i < ROWS(bad); i++) {
		EXPECT_EQ(-EINVAL,
			  kcoro_queue_create(self->ctx, bad[i].elem_size,
					     bad[i].capacity, bad[i].flags))
		TH_LOG("row %zu", i);
	}
	fd = kcoro_queue_create(self->ctx, 8, 1, KCORO_QUEUE_FLAGS);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(badsync, queue_element_has_another_size)
{
	char elem[16] = "";

	EXPECT_EQ(-EMSGSIZE, kcoro_queue_put(self->queue, elem, 7, 0));
	EXPECT_EQ(-EMSGSIZE, kcoro_queue_put(self->queue, elem, 9, 0));
	EXPECT_EQ(-EMSGSIZE, kcoro_queue_put(self->queue, elem, 0, 0));
	EXPECT_EQ(-EMSGSIZE, t_write(self->queue, elem, 16));
	EXPECT_EQ(-EMSGSIZE, kcoro_queue_get(self->queue, elem, 7, 0));
	EXPECT_EQ(-EMSGSIZE, kcoro_queue_get(self->queue, elem, 0, 0));
	EXPECT_EQ(-EMSGSIZE, t_read(self->queue, elem, 7));
	EXPECT_EQ(-EINVAL,
		  kcoro_queue_put(self->queue, elem, 8 + (1ULL << 32), 0));
}

TEST_F(badsync, queue_pad_is_not_zero)
{
	struct kcoro_queue_shutdown shut = { .pad = 1 };
	uint64_t elem = 0;
	struct kcoro_queue_io io = { .addr = t_addr(&elem),
				     .len = 8,
				     .pad = 1 };

	EXPECT_EQ(-EINVAL, t_ioctl(self->queue, KCORO_IOC_QUEUE_PUT, &io));
	EXPECT_EQ(-EINVAL, t_ioctl(self->queue, KCORO_IOC_QUEUE_GET, &io));
	EXPECT_EQ(-EINVAL,
		  t_ioctl(self->queue, KCORO_IOC_QUEUE_SHUTDOWN, &shut));
}

TEST_F(badsync, queue_shutdown_flag_is_unknown)
{
	EXPECT_EQ(-EINVAL, kcoro_queue_shutdown(self->queue,
						KCORO_QUEUE_IMMEDIATE << 1));
	EXPECT_EQ(-EINVAL, kcoro_queue_shutdown(self->queue, UINT32_MAX));
}

TEST_F(badsync, queue_second_shutdown)
{
	int fd = kcoro_queue_create(self->ctx, 8, 1, 0);

	EXPECT_EQ(0, kcoro_queue_shutdown(fd, KCORO_QUEUE_IMMEDIATE));
	EXPECT_EQ(-EALREADY, kcoro_queue_shutdown(fd, 0));
	EXPECT_EQ(-EALREADY, kcoro_queue_shutdown(fd, KCORO_QUEUE_IMMEDIATE));
	EXPECT_EQ(-EINVAL, kcoro_queue_done(fd));
	close(fd);
}

/* --- all: arguments ------------------------------------------------------------ */

enum { CTX, EVENT, SEM, QUEUE };

static const struct {
	unsigned long request;
	int on;
} calls[] = {
	{ KCORO_IOC_EVENT_CREATE, CTX }, { KCORO_IOC_EVENT_WAIT, EVENT },
	{ KCORO_IOC_SEM_CREATE, CTX },	 { KCORO_IOC_SEM_ACQUIRE, SEM },
	{ KCORO_IOC_SEM_RELEASE, SEM },	 { KCORO_IOC_QUEUE_CREATE, CTX },
	{ KCORO_IOC_QUEUE_PUT, QUEUE },	 { KCORO_IOC_QUEUE_GET, QUEUE },
	{ KCORO_IOC_QUEUE_JOIN, QUEUE }, { KCORO_IOC_QUEUE_SHUTDOWN, QUEUE },
};

static int fd_of(const FIXTURE_DATA(badsync) * self, size_t c)
{
	return calls[c].on == CTX   ? self->ctx :
	       calls[c].on == EVENT ? self->event :
	       calls[c].on == SEM   ? self->sem :
				      self->queue;
}

TEST_F(badsync, argument_is_shorter)
{
	unsigned char buf[256] = { 0 };
	size_t c, size;

	for (c = 0; c < ROWS(calls); c++) {
		size = _IOC_SIZE(calls[c].request) - 1;
		EXPECT_EQ(-EINVAL,
			  t_ioctl(fd_of(self, c),
				  RESIZED(calls[c].request, size), buf))
		TH_LOG("call %zu", c);
	}
}

TEST_F(badsync, argument_has_a_tail)
{
	unsigned char buf[256];
	size_t c, size;

	for (c = 0; c < ROWS(calls); c++) {
		size = _IOC_SIZE(calls[c].request);
		memset(buf, 0, sizeof(buf));
		buf[size + 7] = 1;
		EXPECT_EQ(-E2BIG,
			  t_ioctl(fd_of(self, c),
				  RESIZED(calls[c].request, size + 8), buf))
		TH_LOG("call %zu", c);
	}
}

static const unsigned long creates[] = {
	KCORO_IOC_EVENT_CREATE,
	KCORO_IOC_SEM_CREATE,
	KCORO_IOC_QUEUE_CREATE,
};

TEST_F(badsync, create_leaves_no_descriptor)
{
	void *readonly =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int before = dup(0), after;
	size_t c;

	close(before);
	for (c = 0; c < ROWS(creates); c++) {
		EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, creates[c], readonly))
		TH_LOG("call %zu", c);
	}
	after = dup(0);
	EXPECT_EQ(before, after);
	close(after);
}

TEST_F(badsync, create_with_no_descriptor_left)
{
	struct rlimit limit;
	rlim_t was;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	was = limit.rlim_cur;
	limit.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, kcoro_event_create(self->ctx, 0));
	limit.rlim_cur = was;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* --- all: given to tasks ---------------------------------------------------------- */

TEST_F(badsync, gate_gets_something_else)
{
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-EINVAL, spawn(self->ctx, "gate", NULL,
				 FDS(self->in.recv, self->out.send)));
	EXPECT_EQ(-EINVAL,
		  spawn(self->ctx, "gate", WORDS("x"),
			FDS(self->in.recv, self->out.send, self->event)));
	EXPECT_EQ(-EBADF,
		  spawn(self->ctx, "gate", NULL,
			FDS(self->in.recv, self->out.send, self->in.send)));
	EXPECT_EQ(-EOPNOTSUPP,
		  spawn(self->ctx, "gate", NULL,
			FDS(self->in.recv, self->out.send, pipes[0])));
	EXPECT_EQ(-EBADF, spawn(self->ctx, "gate", NULL,
				FDS(self->event, self->out.send, self->event)));
	EXPECT_EQ(-EBADF, spawn(self->ctx, "gate", NULL,
				FDS(self->in.recv, self->out.send, 9999)));
}

/* Bodies that have no use for it refuse it as any file. */
TEST_F(badsync, other_bodies_do_not_take_it)
{
	EXPECT_EQ(-EOPNOTSUPP, spawn(self->ctx, "file-source", NULL,
				     FDS(self->event, self->out.send)));
	EXPECT_EQ(-EBADF, spawn(self->ctx, "echo", NULL,
				FDS(self->in.recv, self->event)));
}

/* A case of a channel needs a channel. */
TEST_F(badsync, select_takes_it_for_something_else)
{
	uint64_t v = 0;
	struct kcoro_case cases[] = {
		kcoro_case_recv(self->event, &v, sizeof(v)),
		kcoro_case_send(self->event, &v, sizeof(v)),
		kcoro_case_join(self->event),
	};
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		EXPECT_EQ(-EBADF, kcoro_select(self->ctx, &cases[i], 1, 0,
					       KCORO_NOW, NULL))
		TH_LOG("case %zu", i);
	}
}

TEST_HARNESS_MAIN
