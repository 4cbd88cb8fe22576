// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring's poll on channels, tasks and contexts: one-shot, multishot,
 * cancelled, and left armed when the ring, the channel or the process goes.
 *
 * What a call of this thread brings about is there when the call returns; what
 * a task brings about is waited for.
 */
#include "kcoro_test.h"

#if !__has_include("liburing.h")

TEST(uring)
{
	SKIP(return, "built without liburing-dev");
}

#else

#include <liburing.h>

#define ENTRIES 64

FIXTURE(uring)
{
	int ctx;
	struct io_uring ring;
};

FIXTURE_SETUP(uring) {
	int err = io_uring_queue_init(ENTRIES, &self->ring, 0);

	if (err == -ENOSYS || err == -EPERM)
		SKIP(_exit(255), "no io_uring here: %s", strerror(-err));
	ASSERT_EQ(0, err);
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
}

FIXTURE_TEARDOWN(uring) {
	io_uring_queue_exit(&self->ring);
	close(self->ctx);
}

#define ONCE 0
#define MULTI 1

static int arm(struct io_uring *ring, int fd, unsigned int events, int multi)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (multi)
		io_uring_prep_poll_multishot(sqe, fd, events);
	else
		io_uring_prep_poll_add(sqe, fd, events);
	sqe->user_data = fd;
	return io_uring_submit(ring);
}

/* Takes a completion, and waits for it if there is none. */
static struct io_uring_cqe next(struct io_uring *ring)
{
	struct io_uring_cqe *cqe, copy = { .res = -EIO };

	if (!io_uring_wait_cqe(ring, &cqe)) {
		copy = *cqe;
		io_uring_cqe_seen(ring, cqe);
	}
	return copy;
}

static int more(const struct io_uring_cqe *cqe)
{
	return !!(cqe->flags & IORING_CQE_F_MORE);
}

#define ARM(fd, events, multi) ASSERT_EQ(1, arm(&self->ring, fd, events, multi))

/* There is no completion. */
#define EXPECT_NONE() expect_none(_metadata, &self->ring)
static void expect_none(t_metadata, struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int err = io_uring_peek_cqe(ring, &cqe);

	EXPECT_EQ(-EAGAIN, err) TH_LOG("events %x", cqe->res);
}

/* The next completion is of @fd, with these events. */
#define EXPECT_EVENTS(fd, events, is_more) \
	expect_events(_metadata, &self->ring, fd, events, is_more)
static void expect_events(t_metadata, struct io_uring *ring, int fd, int events,
			  int is_more)
{
	struct io_uring_cqe cqe = next(ring);

	EXPECT_EQ(fd, cqe.user_data);
	EXPECT_EQ(events, cqe.res) TH_LOG("events %x", cqe.res);
	EXPECT_EQ(is_more, more(&cqe));
}

/* --- one event --------------------------------------------------------------- */

TEST_F(uring, ready_from_the_start)
{
	struct pair p = chan_u64(1);

	ARM(p.send, POLLOUT, ONCE);
	EXPECT_EVENTS(p.send, POLLOUT, 0);
	put_u64(p.send, 1);
	ARM(p.recv, POLLIN, ONCE);
	EXPECT_EVENTS(p.recv, POLLIN, 0);
}

TEST_F(uring, once_for_a_message)
{
	struct pair p = chan_u64(2);

	ARM(p.recv, POLLIN, ONCE);
	EXPECT_NONE();
	put_u64(p.send, 1);
	EXPECT_EVENTS(p.recv, POLLIN, 0);
	put_u64(p.send, 2);
	EXPECT_NONE();
}

TEST_F(uring, once_for_room)
{
	struct pair p = chan_u64(1);

	put_u64(p.send, 1);
	ARM(p.send, POLLOUT, ONCE);
	EXPECT_NONE();
	get_u64(p.recv);
	EXPECT_EVENTS(p.send, POLLOUT, 0);
	put_u64(p.send, 2);
	get_u64(p.recv);
	EXPECT_NONE();
}

TEST_F(uring, once_for_a_task_s_message)
{
	struct pair in = chan_u64(0), out = chan_u64(0);

	ASSERT_LE(0, spawn(self->ctx, "echo", NULL, FDS(in.recv, out.send)));
	ARM(out.recv, POLLIN, ONCE);
	put_u64(in.send, 7);
	EXPECT_EVENTS(out.recv, POLLIN, 0);
	EXPECT_EQ(7, poll_u64(out.recv));
}

TEST_F(uring, end_of_stream)
{
	struct pair p = chan_u64(1), q = chan_u64(1);

	ARM(p.recv, POLLIN, ONCE);
	EXPECT_EQ(0, kcoro_close_chan(p.send));
	EXPECT_EVENTS(p.recv, POLLIN | POLLHUP, 0);
	ARM(q.recv, POLLIN, ONCE);
	close(q.send);
	EXPECT_EVENTS(q.recv, POLLIN | POLLHUP, 0);
}

TEST_F(uring, nobody_receives)
{
	struct pair p = chan_u64(1);

	put_u64(p.send, 1);
	ARM(p.send, POLLOUT, ONCE);
	EXPECT_NONE();
	close(p.recv);
	EXPECT_EVENTS(p.send, POLLOUT | POLLERR, 0);
}

TEST_F(uring, end_of_a_task)
{
	int task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);

	ASSERT_LE(0, task);
	ARM(task, POLLIN, ONCE);
	EXPECT_NONE();
	EXPECT_EQ(1, kcoro_kill(self->ctx, 0, KCORO_SCOPE_CTX, 0));
	EXPECT_EVENTS(task, POLLIN, 0);
	/* and once it has ended */
	ARM(task, POLLIN, ONCE);
	EXPECT_EVENTS(task, POLLIN, 0);
}

TEST_F(uring, exit_record_of_a_context)
{
	struct kcoro_exit e;
	uint64_t id;

	ASSERT_EQ(0, spawn_id(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0,
			      &id));
	ARM(self->ctx, POLLIN, ONCE);
	EXPECT_NONE();
	EXPECT_EQ(1, kcoro_kill(self->ctx, id, KCORO_SCOPE_CTX, 0));
	EXPECT_EVENTS(self->ctx, POLLIN, 0);
	EXPECT_EQ(1, kcoro_next_exits(self->ctx, &e, 1, KCORO_NOW));
	EXPECT_EQ(id, e.id);
}

TEST_F(uring, killed_context)
{
	ARM(self->ctx, POLLIN, ONCE);
	EXPECT_NONE();
	EXPECT_EQ(0, kcoro_kill(self->ctx, 0, KCORO_SCOPE_CTX,
				KCORO_KILL_CONTEXTS));
	EXPECT_EVENTS(self->ctx, POLLIN | POLLHUP, 0);
}

/* --- an event each time ------------------------------------------------------- */

#define TIMES 20

TEST_F(uring, each_message)
{
	struct pair p = chan_u64(1);
	int i;

	ARM(p.recv, POLLIN, MULTI);
	EXPECT_NONE();
	for (i = 1; i <= TIMES; i++) {
		put_u64(p.send, i);
		EXPECT_EVENTS(p.recv, POLLIN, 1);
		EXPECT_EQ(i, get_u64(p.recv));
		EXPECT_NONE();
	}
}

TEST_F(uring, each_room)
{
	struct pair p = chan_u64(1);
	int i;

	put_u64(p.send, 0);
	ARM(p.send, POLLOUT, MULTI);
	EXPECT_NONE();
	for (i = 0; i < TIMES; i++) {
		EXPECT_EQ(i, get_u64(p.recv));
		EXPECT_EVENTS(p.send, POLLOUT, 1);
		put_u64(p.send, i + 1);
		EXPECT_NONE();
	}
}

TEST_F(uring, each_exit_record)
{
	struct kcoro_exit e;
	uint64_t id;
	int i;

	ARM(self->ctx, POLLIN, MULTI);
	for (i = 0; i < TIMES; i++) {
		EXPECT_NONE();
		ASSERT_EQ(0, spawn_id(self->ctx, "sleep", WORDS("0"), NULL, 0,
				      &id));
		EXPECT_EVENTS(self->ctx, POLLIN, 1);
		EXPECT_EQ(1, kcoro_next_exits(self->ctx, &e, 1, KCORO_NOW));
		EXPECT_EQ(id, e.id);
	}
}

TEST_F(uring, end_of_a_task_is_one_event)
{
	int task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);

	ASSERT_LE(0, task);
	ARM(task, POLLIN, MULTI);
	EXPECT_NONE();
	EXPECT_EQ(1, kcoro_kill(self->ctx, 0, KCORO_SCOPE_CTX, 0));
	EXPECT_EVENTS(task, POLLIN, 1);
	EXPECT_EQ(0, kcoro_join(task, &(struct kcoro_exit){ 0 }, 0));
	EXPECT_NONE();
}

/* A reader that comes, and one that gives up, change the channel. */
TEST_F(uring, what_another_waits_for_is_no_event)
{
	struct pair p = chan_u64(1), q = chan_u64(1);
	uint64_t v = 1;

	ARM(p.recv, POLLIN, ONCE);
	EXPECT_EQ(-ETIMEDOUT, kcoro_recv(p.recv, &v, 8, SHORTLY));
	EXPECT_NONE();
	put_u64(q.send, 1);
	ARM(q.send, POLLOUT, ONCE);
	EXPECT_EQ(-ETIMEDOUT, kcoro_send(q.send, &v, 8, SHORTLY));
	EXPECT_NONE();
}

/* --- no event any more ---------------------------------------------------------- */

/* The poll and what cancels it complete, in any order. */
static void expect_canceled(t_metadata, struct io_uring *ring, uint64_t poll)
{
	struct io_uring_cqe cqe;
	int i;

	ASSERT_EQ(1, io_uring_submit(ring));
	for (i = 0; i < 2; i++) {
		cqe = next(ring);
		EXPECT_EQ(cqe.user_data == poll ? -ECANCELED : 0, cqe.res);
		EXPECT_EQ(0, more(&cqe));
	}
}

TEST_F(uring, removed)
{
	int how;

	for (how = ONCE; how <= MULTI; how++) {
		struct pair p = chan_u64(4);
		struct io_uring_sqe *sqe;

		ARM(p.recv, POLLIN, how);
		sqe = io_uring_get_sqe(&self->ring);
		io_uring_prep_poll_remove(sqe, p.recv);
		sqe->user_data = 0;
		expect_canceled(_metadata, &self->ring, p.recv);
		put_u64(p.send, 1);
		EXPECT_NONE();
		/* the channel does not mind */
		ARM(p.recv, POLLIN, ONCE);
		EXPECT_EVENTS(p.recv, POLLIN, 0);
	}
}

TEST_F(uring, canceled_on_each_kind)
{
	int task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0), how;
	struct pair p = chan_u64(1);
	size_t i;

	ASSERT_LE(0, task);
	put_u64(p.send, 1);
	for (how = ONCE; how <= MULTI; how++) {
		const struct pollfd polls[] = {
			{ p.send, POLLOUT },
			{ task, POLLIN },
			{ self->ctx, POLLIN },
		};

		for (i = 0; i < ROWS(polls); i++) {
			struct io_uring_sqe *sqe;

			ARM(polls[i].fd, polls[i].events, how);
			sqe = io_uring_get_sqe(&self->ring);
			io_uring_prep_cancel64(sqe, polls[i].fd, 0);
			sqe->user_data = 0;
			expect_canceled(_metadata, &self->ring, polls[i].fd);
		}
	}
	EXPECT_EQ(1, get_u64(p.recv));
	EXPECT_EQ(1, kcoro_kill(self->ctx, 0, KCORO_SCOPE_CTX, 0));
	EXPECT_EQ(0, kcoro_join(task, &(struct kcoro_exit){ 0 }, 0));
	EXPECT_NONE();
}

/* --- what is left armed ----------------------------------------------------------- */

/* A poll holds the end that it waits for. */
TEST_F(uring, closed_descriptor)
{
	struct pair p = chan_u64(2);
	struct pollfd pfd = { .fd = p.send };
	struct io_uring_sqe *sqe;

	ARM(p.recv, POLLIN, MULTI);
	close(p.recv);
	put_u64(p.send, 1);
	EXPECT_EVENTS(p.recv, POLLIN, 1);
	EXPECT_EQ(8, put_u64(p.send, 2));
	EXPECT_EVENTS(p.recv, POLLIN, 1);
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_poll_remove(sqe, p.recv);
	sqe->user_data = 0;
	expect_canceled(_metadata, &self->ring, p.recv);
	EXPECT_EQ(1, poll(&pfd, 1, -1));
	EXPECT_EQ(POLLERR, pfd.revents);
	EXPECT_EQ(-EPIPE, put_u64(p.send, 3));
}

static int channels_of(int ctx)
{
	char path[64], line[128];
	int channels = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", ctx);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "kcoro-channels: %d", &channels);
	if (f)
		fclose(f);
	return channels;
}

#define PAIRS 8
#define ROUNDS 20

struct closer {
	struct pair pairs[PAIRS];
	pthread_barrier_t *start;
};

static void *closer_main(void *arg)
{
	struct closer *c = arg;
	int i;

	pthread_barrier_wait(c->start);
	for (i = 0; i < PAIRS; i++) {
		if (i % 2)
			kcoro_close_chan(c->pairs[i].send);
		close(c->pairs[i].send);
		close(c->pairs[i].recv);
	}
	return NULL;
}

TEST_F(uring, ring_goes_while_the_channels_go)
{
	pthread_barrier_t start;
	struct closer c = { .start = &start };
	struct io_uring ring;
	pthread_t thread;
	int i, round;

	ASSERT_EQ(0, pthread_barrier_init(&start, NULL, 2));
	for (round = 0; round < ROUNDS; round++) {
		ASSERT_EQ(0, io_uring_queue_init(ENTRIES, &ring, 0));
		for (i = 0; i < PAIRS; i++) {
			c.pairs[i] = chan_u64(1);
			put_u64(c.pairs[i].send, 1);
			ASSERT_EQ(1,
				  arm(&ring, c.pairs[i].send, POLLOUT, i & 1));
			ASSERT_EQ(1,
				  arm(&ring, c.pairs[i].recv, POLLPRI, i & 1));
		}
		ASSERT_EQ(0, pthread_create(&thread, NULL, closer_main, &c));
		pthread_barrier_wait(&start);
		io_uring_queue_exit(&ring);
		pthread_join(thread, NULL);
	}
	while (channels_of(self->ctx))
		nap();
	pthread_barrier_destroy(&start);
}

/* As a process leaves them that is killed. */
TEST_F(uring, process_goes)
{
	pid_t pid = fork();

	if (!pid) {
		struct io_uring ring;
		struct pair p;
		int ctx = kcoro_open(0), task;

		p = chan_of(_metadata, ctx, 8, 1);
		task = spawn(ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
		if (io_uring_queue_init(ENTRIES, &ring, 0) || task < 0 ||
		    arm(&ring, p.recv, POLLIN, ONCE) != 1 ||
		    arm(&ring, task, POLLIN, MULTI) != 1 ||
		    arm(&ring, ctx, POLLIN, MULTI) != 1)
			_exit(1);
		raise(SIGKILL);
	}
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	await_no_tasks();
}

#endif

TEST_HARNESS_MAIN
