// SPDX-License-Identifier: GPL-2.0
/*
 * Queues of programs: order, joins, shutdowns, tasks, poll, select, bad memory, and
 * what ends a wait.
 */
#include "sync.h"

CONTEXT_FIXTURE(queue)

static int queue_of(t_metadata, int ctx, uint32_t capacity, uint32_t flags)
{
	int fd = kcoro_queue_create(ctx, 8, capacity, flags);

	ASSERT_LE(0, fd);
	return fd;
}

#define QUEUE(capacity) queue_of(_metadata, self->ctx, capacity, 0)

/* For waits: an empty one, and one that is full. */
static int make(int ctx)
{
	return kcoro_queue_create(ctx, 8, 1, 0);
}

static int make_full(int ctx)
{
	int fd = make(ctx);

	put_u64(fd, 77);
	return fd;
}

static struct op io_op(int fd, unsigned long what)
{
	static struct kcoro_queue_join join;
	static struct kcoro_queue_io io;
	static uint64_t elem;

	io = (struct kcoro_queue_io){ .addr = t_addr(&elem), .len = 8 };
	return what == OP_READ || what == OP_WRITE ?
		       (struct op){ fd, what, &elem, 8 } :
	       what == KCORO_IOC_QUEUE_JOIN ? (struct op){ fd, what, &join } :
					      (struct op){ fd, what, &io };
}

/* Each wait that there is, and the queue that it waits for. */
static const struct {
	unsigned long what;
	int (*make)(int ctx);
} waits[] = {
	{ OP_READ, make },
	{ OP_WRITE, make_full },
	{ KCORO_IOC_QUEUE_GET, make },
	{ KCORO_IOC_QUEUE_PUT, make_full },
	{ KCORO_IOC_QUEUE_JOIN, make_full },
};

static int put(int fd, uint64_t v, int64_t deadline)
{
	return kcoro_queue_put(fd, &v, sizeof(v), deadline);
}

/* The element, or a negative errno. */
static int64_t get(int fd, int64_t deadline)
{
	uint64_t v = 0;
	int err = kcoro_queue_get(fd, &v, sizeof(v), deadline);

	return err ? err : (int64_t)v;
}

TEST_F(queue, first_in_first_out)
{
	int fd = QUEUE(4), i;

	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, put(fd, i, 0));
	EXPECT_EQ(-ETIMEDOUT, put(fd, 4, KCORO_NOW));
	EXPECT_EQ(-ETIMEDOUT, put(fd, 4, SHORTLY));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(i, get(fd, 0));
	EXPECT_EQ(-ETIMEDOUT, get(fd, KCORO_NOW));
	EXPECT_EQ(-ETIMEDOUT, get(fd, SHORTLY));
}

TEST_F(queue, it_is_written_and_read)
{
	int fd = QUEUE(2);

	EXPECT_EQ(8, put_u64(fd, 1));
	EXPECT_EQ(8, put_u64(fd, 2));
	EXPECT_EQ(1, get_u64(fd));
	EXPECT_EQ(2, get(fd, 0));
}

TEST_F(queue, nonblock)
{
	int fd = queue_of(_metadata, self->ctx, 1, KCORO_QUEUE_NONBLOCK);

	EXPECT_EQ(-EAGAIN, get_u64(fd));
	EXPECT_EQ(-EAGAIN, get(fd, 0));
	EXPECT_EQ(0, put(fd, 1, 0));
	EXPECT_EQ(-EAGAIN, put_u64(fd, 2));
	EXPECT_EQ(-EAGAIN, put(fd, 2, 0));
	EXPECT_EQ(-EAGAIN, kcoro_queue_join(fd, 0));
}

/* Of equals the one that was put first. The number is signed. */
TEST_F(queue, the_lowest_is_the_first)
{
	struct job {
		int64_t priority;
		uint64_t nr;
	} job, jobs[] = { { 3, 0 }, { -1, 1 }, { 3, 2 }, { 0, 3 }, { -1, 4 } };
	int order[] = { 1, 4, 3, 0, 2 }, fd, i;

	fd = kcoro_queue_create(self->ctx, sizeof(job), 5,
				KCORO_QUEUE_PRIORITY);
	ASSERT_LE(0, fd);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, kcoro_queue_put(fd, &jobs[i], sizeof(job), 0));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, kcoro_queue_get(fd, &job, sizeof(job), 0));
		EXPECT_EQ(order[i], job.nr);
	}
}

/* Sizes that fit on the stack, and others. */
TEST_F(queue, elements_of_any_size)
{
	static const uint32_t sizes[] = { 1, 64, 65, 1024 };
	unsigned char in[1024], out[1024];
	int fd, i;

	for (i = 0; i < (int)ROWS(sizes); i++) {
		fd = kcoro_queue_create(self->ctx, sizes[i], 2, 0);
		ASSERT_LE(0, fd);
		memset(in, i + 1, sizeof(in));
		memset(out, 0xee, sizeof(out));
		EXPECT_EQ(sizes[i], t_write(fd, in, sizes[i]));
		/* more room than it needs */
		EXPECT_EQ(sizes[i], t_read(fd, out, sizeof(out)));
		EXPECT_EQ(0, memcmp(in, out, sizes[i]));
		if (sizes[i] < sizeof(out)) {
			EXPECT_EQ(0xee, out[sizes[i]]);
		}
		close(fd);
	}
}

/* --- join and shutdown ------------------------------------------------------------ */

TEST_F(queue, a_join_is_for_all_that_was_put)
{
	int fd = QUEUE(2);
	struct caller c;

	EXPECT_EQ(0, kcoro_queue_join(fd, 0));
	put(fd, 1, 0);
	put(fd, 2, 0);
	EXPECT_EQ(-ETIMEDOUT, kcoro_queue_join(fd, SHORTLY));
	caller_block(_metadata, &c, io_op(fd, KCORO_IOC_QUEUE_JOIN));
	get(fd, 0);
	get(fd, 0);
	EXPECT_EQ(0, kcoro_queue_done(fd));
	ASSERT_EQ(1, caller_sleeps(&c));
	EXPECT_EQ(0, kcoro_queue_done(fd));
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(-EINVAL, kcoro_queue_done(fd));
}

/* Who learns of a worker's end says that his element is done. */
TEST_F(queue, what_the_dead_had_is_not_done)
{
	int fd = QUEUE(1);
	pid_t pid;

	put(fd, 1, 0);
	pid = fork();
	if (!pid)
		_exit(get(fd, 0) != 1);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(-ETIMEDOUT, kcoro_queue_join(fd, KCORO_NOW));
	EXPECT_EQ(0, kcoro_queue_done(fd));
	EXPECT_EQ(0, kcoro_queue_join(fd, 0));
}

TEST_F(queue, a_shutdown_lets_it_drain)
{
	int fd = QUEUE(2);

	put(fd, 1, 0);
	EXPECT_EQ(0, kcoro_queue_shutdown(fd, 0));
	EXPECT_EQ(-EALREADY, kcoro_queue_shutdown(fd, 0));
	EXPECT_EQ(-ESHUTDOWN, put(fd, 2, 0));
	EXPECT_EQ(-ESHUTDOWN, put_u64(fd, 2));
	EXPECT_EQ(1, get(fd, 0));
	EXPECT_EQ(-ESHUTDOWN, get(fd, 0));
	EXPECT_EQ(-ESHUTDOWN, get_u64(fd));
	EXPECT_EQ(-ETIMEDOUT, kcoro_queue_join(fd, KCORO_NOW));
	EXPECT_EQ(0, kcoro_queue_done(fd));
	EXPECT_EQ(0, kcoro_queue_join(fd, 0));
}

TEST_F(queue, an_immediate_shutdown_discards)
{
	int fd = QUEUE(2);
	struct caller c;

	put(fd, 1, 0);
	put(fd, 2, 0);
	caller_block(_metadata, &c, io_op(fd, KCORO_IOC_QUEUE_JOIN));
	EXPECT_EQ(0, kcoro_queue_shutdown(fd, 0));
	EXPECT_EQ(0, kcoro_queue_shutdown(fd, KCORO_QUEUE_IMMEDIATE));
	EXPECT_EQ(-EALREADY, kcoro_queue_shutdown(fd, KCORO_QUEUE_IMMEDIATE));
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(-ESHUTDOWN, get(fd, 0));
	EXPECT_EQ(-EINVAL, kcoro_queue_done(fd));
}

TEST_F(queue, a_shutdown_ends_waits)
{
	struct caller c;
	size_t i;
	int fd;

	for (i = 0; i < 4; i++) {
		fd = waits[i].make(self->ctx);
		caller_block(_metadata, &c, io_op(fd, waits[i].what));
		EXPECT_EQ(0, kcoro_queue_shutdown(fd, 0));
		EXPECT_EQ(-ESHUTDOWN, caller_join(&c)) TH_LOG("wait %zu", i);
	}
}

/* --- bad memory -------------------------------------------------------------------- */

TEST_F(queue, nothing_is_lost_to_bad_memory)
{
	char *bad[] = { NULL, NULL, NULL };
	int fd = QUEUE(2);
	size_t i;

	bad[1] =
		mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bad[2] =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	put(fd, 1, 0);
	put(fd, 2, 0);
	for (i = 0; i < ROWS(bad); i++) {
		EXPECT_EQ(-EFAULT, t_read(fd, bad[i], 8)) TH_LOG("%zu", i);
		EXPECT_EQ(-EFAULT, kcoro_queue_get(fd, bad[i], 8, 0))
		TH_LOG("%zu", i);
	}
	EXPECT_EQ(1, get(fd, 0));
	EXPECT_EQ(2, get(fd, 0));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EFAULT, t_write(fd, bad[i], 8)) TH_LOG("%zu", i);
		EXPECT_EQ(-EFAULT, kcoro_queue_put(fd, bad[i], 8, 0))
		TH_LOG("%zu", i);
	}
	EXPECT_EQ(-ETIMEDOUT, get(fd, KCORO_NOW));
}

/* A thread that waits for an element, and whose memory has gone meanwhile. */
static void block_badly(t_metadata, struct caller *c, int fd)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, page);
	caller_block(_metadata, c, (struct op){ fd, OP_READ, page, 8 });
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
}

/* What comes is put back, and is the first; also if it has been so before. */
TEST_F(queue, an_element_comes_back)
{
	int fd = QUEUE(2), round;
	struct caller c;
	pid_t pid;

	for (round = 0; round < 2; round++) {
		block_badly(_metadata, &c, fd);
		pid = fork_poll(fd, POLLIN, POLLIN);
		put(fd, 1, 0);
		EXPECT_EQ(-EFAULT, caller_join(&c));
		EXPECT_EQ(0, wait_child(pid));
		put(fd, 2, 0);
		EXPECT_EQ(1, get(fd, 0));
		EXPECT_EQ(2, get(fd, 0));
		EXPECT_EQ(0, kcoro_queue_done(fd));
		EXPECT_EQ(-ETIMEDOUT, kcoro_queue_join(fd, KCORO_NOW));
		EXPECT_EQ(0, kcoro_queue_done(fd));
		EXPECT_EQ(0, kcoro_queue_join(fd, 0));
	}
}

TEST_F(queue, an_element_comes_back_for_one_who_waits)
{
	struct caller c, other;
	int fd = QUEUE(2);

	block_badly(_metadata, &c, fd);
	caller_block(_metadata, &other, io_op(fd, OP_READ));
	put(fd, 1, 0);
	EXPECT_EQ(-EFAULT, caller_join(&c));
	EXPECT_EQ(8, caller_join(&other));
	EXPECT_EQ(1, *(uint64_t *)other.op.arg);
	EXPECT_EQ(-ETIMEDOUT, get(fd, KCORO_NOW));
}

/* What was put back is discarded, and done, with the rest. */
TEST_F(queue, what_came_back_is_discarded)
{
	int fd = QUEUE(2);
	struct caller c;

	block_badly(_metadata, &c, fd);
	put(fd, 1, 0);
	EXPECT_EQ(-EFAULT, caller_join(&c));
	EXPECT_EQ(0, kcoro_queue_shutdown(fd, KCORO_QUEUE_IMMEDIATE));
	EXPECT_EQ(0, kcoro_queue_join(fd, 0));
	EXPECT_EQ(-ESHUTDOWN, get(fd, 0));
}

/* --- tasks ---------------------------------------------------------------------------- */

TEST_F(queue, tasks_take_work)
{
	int fd = QUEUE(4), tasks[3], i;
	int64_t sum = 0;

	for (i = 0; i < 3; i++) {
		tasks[i] = spawn(self->ctx, "sync",
				 WORDS("get:0", "done:0", "get:0", "done:0"),
				 FDS(fd));
		ASSERT_LE(0, tasks[i]);
	}
	for (i = 0; i < 3; i++)
		await_parked(tasks[i], KCORO_WAIT_GET);
	for (i = 1; i <= 6; i++)
		EXPECT_EQ(0, put(fd, i, 0));
	EXPECT_EQ(0, kcoro_queue_join(fd, 0));
	for (i = 0; i < 3; i++)
		sum += join_ok(_metadata, tasks[i]).result;
	EXPECT_EQ(1 + 2 + 3 + 4 + 5 + 6, sum);
}

TEST_F(queue, a_task_gives_work_and_joins)
{
	int fd = QUEUE(1), task;

	task = spawn(self->ctx, "sync", WORDS("put:0", "put:0", "join:0"),
		     FDS(fd));
	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_PUT);
	EXPECT_EQ(task_id(task), get(fd, 0));
	EXPECT_EQ(task_id(task), get(fd, 0));
	await_parked(task, KCORO_WAIT_DRAIN);
	EXPECT_EQ(0, kcoro_queue_done(fd));
	EXPECT_EQ(0, kcoro_queue_done(fd));
	join_ok(_metadata, task);
}

/* All three kinds in a task: what it does is seen by programs, and the reverse. */
TEST_F(queue, a_task_uses_all_kinds)
{
	int queue = QUEUE(1), event = kcoro_event_create(self->ctx, 0);
	int sem = kcoro_sem_create(self->ctx, 0, 2, 0), task;
	pid_t pids[3];

	task = spawn(self->ctx, "sync",
		     WORDS("wait:0", "acquire:1", "get:2", "put:2", "release:1",
			   "poll:0", "set:3"),
		     FDS(event, sem, queue, kcoro_event_create(self->ctx, 0)));
	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_EVENT);
	kcoro_event_set(event);
	kcoro_event_clear(event);
	await_parked(task, KCORO_WAIT_SEM);
	pids[0] = fork_poll(sem, POLLIN, POLLIN);
	kcoro_sem_release(sem, 1);
	await_parked(task, KCORO_WAIT_GET);
	pids[1] = fork_poll(queue, POLLIN, POLLIN);
	put(queue, 5, 0);
	await_parked(task, KCORO_WAIT_SELECT);
	EXPECT_EQ(0, wait_child(pids[0]));
	EXPECT_EQ(0, wait_child(pids[1]));
	EXPECT_EQ(task_id(task), get(queue, 0));
	EXPECT_EQ(0, kcoro_sem_acquire(sem, 1, KCORO_NOW));
	kcoro_event_set(event);
	EXPECT_EQ(5, join_ok(_metadata, task).result);
}

TEST_F(queue, a_task_s_wait_ends_with_the_queue_s_context)
{
	static const struct {
		const char *word;
		uint32_t wait;
		int (*make)(int ctx);
	} rows[] = {
		{ "get:0", KCORO_WAIT_GET, make },
		{ "put:0", KCORO_WAIT_PUT, make_full },
		{ "join:0", KCORO_WAIT_DRAIN, make_full },
	};
	struct kcoro_exit e;
	int other, task;
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		other = kcoro_open(0);
		task = spawn(self->ctx, "sync", WORDS(rows[i].word),
			     FDS(rows[i].make(other)));
		ASSERT_LE(0, task);
		await_parked(task, rows[i].wait);
		close(other);
		ASSERT_EQ(0, kcoro_join(task, &e, 0));
		EXPECT_EQ(-ESHUTDOWN, e.error) TH_LOG("%s", rows[i].word);
	}
}

/* --- poll and select --------------------------------------------------------------------- */

TEST_F(queue, poll_tells_the_state)
{
	int fd = QUEUE(2);

	EXPECT_EQ(POLLOUT, polls(fd));
	put(fd, 1, 0);
	EXPECT_EQ(POLLIN | POLLOUT, polls(fd));
	put(fd, 2, 0);
	EXPECT_EQ(POLLIN, polls(fd));
	kcoro_queue_shutdown(fd, 0);
	EXPECT_EQ(POLLIN | POLLOUT | POLLERR, polls(fd));
	get(fd, 0);
	get(fd, 0);
	EXPECT_EQ(POLLIN | POLLHUP | POLLOUT | POLLERR, polls(fd));
}

TEST_F(queue, poll_is_woken)
{
	int fd = QUEUE(1), other = kcoro_open(0);
	pid_t pid;

	pid = fork_poll(fd, POLLIN, POLLIN);
	put(fd, 1, 0);
	EXPECT_EQ(0, wait_child(pid)) TH_LOG("by a put");
	pid = fork_poll(fd, POLLOUT, POLLOUT);
	get(fd, 0);
	EXPECT_EQ(0, wait_child(pid)) TH_LOG("by a get");
	pid = fork_poll(fd, POLLPRI, POLLHUP | POLLERR);
	kcoro_queue_shutdown(fd, 0);
	EXPECT_EQ(0, wait_child(pid)) TH_LOG("by a shutdown");
	fd = make(other);
	pid = fork_poll(fd, POLLPRI, POLLHUP | POLLERR);
	/* the child has the context too */
	kcoro_kill(other, 0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS);
	EXPECT_EQ(0, wait_child(pid)) TH_LOG("by the context's end");
}

TEST_F(queue, select_waits_for_it)
{
	int fd = QUEUE(1);
	struct kcoro_case c = kcoro_case_poll(fd, POLLIN);
	struct kcoro_select s = { .cases = t_addr(&c), .count = 1 };
	struct caller caller;

	caller_block(_metadata, &caller,
		     (struct op){ self->ctx, KCORO_IOC_SELECT, &s });
	put(fd, 1, 0);
	EXPECT_EQ(0, caller_join(&caller));
	EXPECT_EQ(POLLIN, c.len);
}

/* --- what ends a wait ----------------------------------------------------------------------- */

TEST_F(queue, each_wait_is_interrupted)
{
	size_t i;
	int fd;

	for (i = 0; i < ROWS(waits); i++) {
		fd = waits[i].make(self->ctx);
		wait_is_interrupted(_metadata, io_op(fd, waits[i].what));
		/* nothing was put, nothing was got */
		if (waits[i].make == make_full) {
			EXPECT_EQ(77, get(fd, 0));
		}
		EXPECT_EQ(-ETIMEDOUT, get(fd, KCORO_NOW));
		EXPECT_EQ(0, put(fd, 1, 0));
		EXPECT_EQ(1, get(fd, 0));
		close(fd);
	}
}

TEST_F(queue, each_wait_ends_with_the_context)
{
	size_t i;

	for (i = 0; i < ROWS(waits); i++)
		wait_ends_with_context(_metadata, waits[i].make,
				       io_op(-1, waits[i].what));
}

TEST_F(queue, each_wait_outlives_the_close)
{
	size_t i;

	for (i = 0; i < ROWS(waits); i++)
		wait_outlives_close(_metadata, waits[i].make,
				    io_op(-1, waits[i].what));
}

TEST_F(queue, elements_outlive_the_context)
{
	int other = kcoro_open(0), fd = make_full(other);

	close(other);
	EXPECT_EQ(-ESHUTDOWN, put(fd, 1, 0));
	EXPECT_EQ(77, get(fd, 0));
	EXPECT_EQ(-ESHUTDOWN, get(fd, 0));
	EXPECT_EQ(-ESHUTDOWN, kcoro_queue_join(fd, 0));
	EXPECT_EQ(0, kcoro_queue_done(fd));
	EXPECT_EQ(0, kcoro_queue_join(fd, 0));
}

TEST_F(queue, what_it_tells)
{
	int fd = queue_of(_metadata, self->ctx, 3, KCORO_QUEUE_PRIORITY);
	struct kcoro_info i;

	put(fd, 1, 0);
	put(fd, 2, 0);
	get(fd, 0);
	EXPECT_FDINFO(fd, "kcoro-kind:\tqueue");
	EXPECT_FDINFO(fd, "kcoro-elem-size:\t8");
	EXPECT_FDINFO(fd, "kcoro-capacity:\t3");
	EXPECT_FDINFO(fd, "kcoro-queued:\t1");
	EXPECT_FDINFO(fd, "kcoro-unfinished:\t2");
	EXPECT_FDINFO(fd, "kcoro-state:\topen priority");
	kcoro_queue_shutdown(fd, 0);
	EXPECT_FDINFO(fd, "kcoro-state:\tshut priority");
	EXPECT_FDINFO(self->ctx, "kcoro-syncs:\t1");
	ASSERT_EQ(0, kcoro_info(fd, &i));
	EXPECT_EQ(KCORO_UAPI_VERSION, i.version);
}

TEST_HARNESS_MAIN
