// SPDX-License-Identifier: GPL-2.0
/*
 * Semaphores of programs: a bound for threads, processes and tasks alike, its order,
 * poll, select, and what ends a wait.
 */
#include "sync.h"

CONTEXT_FIXTURE(sem)

static int sem_of(t_metadata, int ctx, uint32_t count, uint32_t max)
{
	int fd = kcoro_sem_create(ctx, count, max, 0);

	ASSERT_LE(0, fd);
	return fd;
}

#define SEM(count, max) sem_of(_metadata, self->ctx, count, max)

static int make(int ctx)
{
	return kcoro_sem_create(ctx, 0, 1, 0);
}

static struct op acquire_op(int fd)
{
	static struct kcoro_sem_acquire one = { .n = 1 };

	return (struct op){ fd, KCORO_IOC_SEM_ACQUIRE, &one };
}

static int try_acquire(int fd, uint32_t n)
{
	return kcoro_sem_acquire(fd, n, KCORO_NOW);
}

TEST_F(sem, units_are_counted)
{
	int fd = SEM(2, 3);

	EXPECT_EQ(0, kcoro_sem_acquire(fd, 2, 0));
	EXPECT_EQ(-ETIMEDOUT, try_acquire(fd, 1));
	EXPECT_EQ(0, kcoro_sem_release(fd, 3));
	EXPECT_EQ(-EOVERFLOW, kcoro_sem_release(fd, 1));
	EXPECT_EQ(0, try_acquire(fd, 3));
	EXPECT_EQ(-ETIMEDOUT, try_acquire(fd, 1));
}

TEST_F(sem, a_deadline_passes)
{
	int fd = SEM(1, 2);

	EXPECT_EQ(-ETIMEDOUT, kcoro_sem_acquire(fd, 2, SHORTLY));
	/* and took nothing */
	EXPECT_EQ(0, try_acquire(fd, 1));
}

TEST_F(sem, nonblock)
{
	int fd = kcoro_sem_create(self->ctx, 1, 1, KCORO_SEM_NONBLOCK);

	EXPECT_EQ(0, kcoro_sem_acquire(fd, 1, 0));
	EXPECT_EQ(-EAGAIN, kcoro_sem_acquire(fd, 1, 0));
}

/* Who wants fewer does not overtake who wants more. */
TEST_F(sem, first_come_first_served)
{
	struct kcoro_sem_acquire two = { .n = 2 };
	int fd = SEM(0, 3);
	struct caller many, one;

	caller_block(_metadata, &many,
		     (struct op){ fd, KCORO_IOC_SEM_ACQUIRE, &two });
	caller_block(_metadata, &one, acquire_op(fd));
	EXPECT_EQ(0, kcoro_sem_release(fd, 1));
	ASSERT_EQ(1, caller_sleeps(&one));
	EXPECT_EQ(-ETIMEDOUT, try_acquire(fd, 1));
	EXPECT_EQ(0, polls(fd));
	EXPECT_EQ(0, kcoro_sem_release(fd, 1));
	EXPECT_EQ(0, caller_join(&many));
	ASSERT_EQ(1, caller_sleeps(&one));
	EXPECT_EQ(0, kcoro_sem_release(fd, 1));
	EXPECT_EQ(0, caller_join(&one));
}

/* Never more at a time than there are units. */
struct crowd {
	int sem;
	int inside, most, rounds;
};

static void *crowd_main(void *arg)
{
	struct crowd *c = arg;
	int i, n, most;

	for (i = 0; i < c->rounds; i++) {
		if (kcoro_sem_acquire(c->sem, 1, 0))
			abort();
		n = __atomic_add_fetch(&c->inside, 1, __ATOMIC_SEQ_CST);
		most = __atomic_load_n(&c->most, __ATOMIC_SEQ_CST);
		while (n > most && !__atomic_compare_exchange_n(
					   &c->most, &most, n, 0,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			;
		sched_yield();
		__atomic_sub_fetch(&c->inside, 1, __ATOMIC_SEQ_CST);
		if (kcoro_sem_release(c->sem, 1))
			abort();
	}
	return NULL;
}

TEST_F(sem, it_is_a_bound)
{
	struct crowd c = { .sem = SEM(3, 3), .rounds = 200 };
	pthread_t threads[8];
	int i;

	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, crowd_main, &c));
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	EXPECT_GE(3, c.most);
	EXPECT_EQ(0, try_acquire(c.sem, 3));
}

/* Units are nobody's: who learns of a holder's end gives his back. */
TEST_F(sem, units_of_the_dead_stay_taken)
{
	int fd = SEM(2, 2);
	pid_t pid = fork();

	if (!pid) {
		if (kcoro_sem_acquire(fd, 2, 0))
			_exit(1);
		pause();
	}
	while (polls(fd))
		nap();
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_EQ(-ETIMEDOUT, try_acquire(fd, 1));
	EXPECT_EQ(0, kcoro_sem_release(fd, 2));
	EXPECT_EQ(0, try_acquire(fd, 2));
}

/* --- tasks --------------------------------------------------------------------- */

/* Messages pass as units come, whichever of the tasks takes them. */
TEST_F(sem, it_bounds_tasks)
{
	struct pair in = chan_buf(8), out = chan_buf(8);
	int fd = SEM(3, 8), tasks[4], i;
	char got;

	for (i = 0; i < 4; i++) {
		tasks[i] = spawn(self->ctx, "gate", NULL,
				 FDS(in.recv, out.send, fd));
		ASSERT_LE(0, tasks[i]);
	}
	for (i = 0; i < 7; i++)
		put_str(in.send, "m");
	for (i = 0; i < 3; i++)
		EXPECT_EQ(1, t_read(out.recv, &got, 1));
	/* the others have one each in hand */
	for (i = 0; i < 4; i++)
		await_parked(tasks[i], KCORO_WAIT_SEM);
	EXPECT_EQ(0, polls(out.recv));
	EXPECT_EQ(0, kcoro_sem_release(fd, 2));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(1, t_read(out.recv, &got, 1));
	EXPECT_EQ(0, kcoro_sem_release(fd, 8));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(1, t_read(out.recv, &got, 1));
	close(in.send);
	for (i = 0; i < 4; i++)
		join_ok(_metadata, tasks[i]);
	EXPECT_FDINFO(fd, "kcoro-units:\t6");
}

TEST_F(sem, a_task_that_is_killed_takes_nothing)
{
	struct pair in = chan_buf(1), out = chan_buf(1);
	int fd = SEM(0, 1), task;
	struct kcoro_exit e;

	task = spawn(self->ctx, "gate", NULL, FDS(in.recv, out.send, fd));
	ASSERT_LE(0, task);
	put_str(in.send, "m");
	await_parked(task, KCORO_WAIT_SEM);
	EXPECT_EQ(1, kcoro_kill(self->ctx, task_id(task), KCORO_SCOPE_CTX, 0));
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(-ECANCELED, e.error);
	EXPECT_EQ(0, kcoro_sem_release(fd, 1));
	EXPECT_EQ(0, try_acquire(fd, 1));
}

TEST_F(sem, a_task_s_wait_ends_with_the_semaphore_s_context)
{
	struct pair in = chan_buf(1), out = chan_buf(1);
	int other = kcoro_open(0), fd = make(other), task;
	struct kcoro_exit e;

	task = spawn(self->ctx, "gate", NULL, FDS(in.recv, out.send, fd));
	ASSERT_LE(0, task);
	put_str(in.send, "m");
	await_parked(task, KCORO_WAIT_SEM);
	close(other);
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(-ESHUTDOWN, e.error);
}

/* --- poll and select -------------------------------------------------------------- */

TEST_F(sem, poll_tells_whether_a_unit_is_there)
{
	int fd = SEM(1, 1);

	EXPECT_EQ(POLLIN, polls(fd));
	EXPECT_EQ(0, kcoro_sem_acquire(fd, 1, 0));
	EXPECT_EQ(0, polls(fd));
	EXPECT_EQ(0, kcoro_sem_release(fd, 1));
	EXPECT_EQ(POLLIN, polls(fd));
}

TEST_F(sem, poll_is_woken)
{
	int fd = SEM(0, 2);
	pid_t pid = fork_poll(fd, POLLIN, POLLIN);

	EXPECT_EQ(0, kcoro_sem_release(fd, 1));
	EXPECT_EQ(0, wait_child(pid));
	poll_ends_with_context(_metadata, make);
}

/* He wanted more than there is, and kept the others from it. */
TEST_F(sem, poll_is_woken_as_a_waiter_gives_up)
{
	struct kcoro_sem_acquire two = { .n = 2 };
	int fd = SEM(1, 2);
	struct caller c;
	pid_t pid;

	caller_block(_metadata, &c,
		     (struct op){ fd, KCORO_IOC_SEM_ACQUIRE, &two });
	EXPECT_EQ(0, polls(fd));
	pid = fork_poll(fd, POLLIN, POLLIN);
	catch_signals();
	pthread_kill(c.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, caller_join(&c));
	EXPECT_EQ(0, wait_child(pid));
}

/* So it is when what is given back is more than those who wait want. */
TEST_F(sem, poll_is_woken_after_those_who_wait)
{
	int fd = SEM(0, 2);
	struct caller c;
	pid_t pid;

	caller_block(_metadata, &c, acquire_op(fd));
	pid = fork_poll(fd, POLLIN, POLLIN);
	EXPECT_EQ(0, kcoro_sem_release(fd, 2));
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(0, wait_child(pid));
}

TEST_F(sem, select_waits_for_it)
{
	int fd = SEM(0, 1);
	struct kcoro_case c = kcoro_case_poll(fd, POLLIN);
	struct kcoro_select s = { .cases = t_addr(&c), .count = 1 };
	struct caller caller;

	caller_block(_metadata, &caller,
		     (struct op){ self->ctx, KCORO_IOC_SELECT, &s });
	EXPECT_EQ(0, kcoro_sem_release(fd, 1));
	EXPECT_EQ(0, caller_join(&caller));
	EXPECT_EQ(POLLIN, c.len);
}

/* --- what ends a wait ---------------------------------------------------------------- */

TEST_F(sem, a_wait_is_interrupted)
{
	int fd = SEM(0, 1);

	wait_is_interrupted(_metadata, acquire_op(fd));
	/* they have taken nothing */
	EXPECT_EQ(0, kcoro_sem_release(fd, 1));
	EXPECT_EQ(0, try_acquire(fd, 1));
}

TEST_F(sem, a_wait_ends_with_the_context)
{
	wait_ends_with_context(_metadata, make, acquire_op(-1));
}

TEST_F(sem, a_wait_outlives_the_close)
{
	wait_outlives_close(_metadata, make, acquire_op(-1));
}

/* What needs no wait goes on, whoever has waited for it. */
TEST_F(sem, units_outlive_the_context)
{
	struct kcoro_sem_acquire two = { .n = 2 };
	int other = kcoro_open(0), fd = sem_of(_metadata, other, 1, 2);
	struct caller c;

	caller_block(_metadata, &c,
		     (struct op){ fd, KCORO_IOC_SEM_ACQUIRE, &two });
	close(other);
	EXPECT_EQ(-ESHUTDOWN, caller_join(&c));
	EXPECT_EQ(POLLIN | POLLHUP, polls(fd));
	EXPECT_EQ(0, kcoro_sem_acquire(fd, 1, 0));
	EXPECT_EQ(-ESHUTDOWN, kcoro_sem_acquire(fd, 1, 0));
	EXPECT_EQ(0, kcoro_sem_release(fd, 2));
	EXPECT_EQ(0, kcoro_sem_acquire(fd, 2, 0));
}

TEST_F(sem, what_it_tells)
{
	int fd = SEM(2, 5);
	struct kcoro_info i;

	EXPECT_FDINFO(fd, "kcoro-kind:\tsemaphore");
	EXPECT_FDINFO(fd, "kcoro-units:\t2");
	EXPECT_FDINFO(fd, "kcoro-max:\t5");
	EXPECT_FDINFO(self->ctx, "kcoro-syncs:\t1");
	ASSERT_EQ(0, kcoro_info(fd, &i));
	EXPECT_EQ(KCORO_UAPI_VERSION, i.version);
}

TEST_HARNESS_MAIN
