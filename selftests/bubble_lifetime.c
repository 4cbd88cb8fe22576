// SPDX-License-Identifier: GPL-2.0
/*
 * Bubbles of programs: who waits for one, what ends it, at every stage, and that
 * nothing is left.
 */
#include "bubble.h"

#define ROUNDS 40

/* Tasks whose descriptors nobody has: these hold the module. */
#define LEAVE(task) close(task)

FIXTURE(life)
{
	int watch; /* a context with nothing in it */
};

FIXTURE_SETUP(life) {
	self->watch = kcoro_open(0);
	ASSERT_LE(0, self->watch);
}

FIXTURE_TEARDOWN(life) {
	leave_nothing(self->watch);
}

/* Some of each: that waits, that waits for ever, that will spawn. */
static void fill(t_metadata, int ctx)
{
	struct pair p = chan_of(_metadata, ctx, 8, 0);

	LEAVE(TASK(ctx, "sleep", WORDS(HOUR_MS), NO_FDS));
	LEAVE(TASK(ctx, "echo", NULL, FDS(p.recv, p.send)));
	LEAVE(TASK(ctx, "sieve", WORDS("100"), NO_FDS));
	LEAVE(TASK(ctx, "join", WORDS(HOUR_MS), NO_FDS));
	close(p.recv);
	close(p.send);
}

/* --- who waits ------------------------------------------------------------------- */

TEST_F(life, it_is_told_again_and_again)
{
	int ctx = BUBBLE();
	struct kcoro_bubble_run first, again;

	fill(_metadata, ctx);
	first = RUN(ctx);
	again = RUN(ctx);
	EXPECT_EQ(-EDEADLK, first.error);
	EXPECT_EQ(0, memcmp(&first, &again, sizeof(first)));
	close(ctx);
}

TEST_F(life, it_takes_no_task_once_it_runs)
{
	int ctx = BUBBLE(), task = ENDLESS(ctx);

	START(ctx);
	EXPECT_EQ(-EBUSY, spawn(ctx, "sleep", WORDS("1"), NO_FDS));
	EXPECT_FDINFO(ctx, "kcoro-bubble:\truns");
	kcoro_kill(ctx, task_id(task), KCORO_SCOPE_CTX, 0);
	EXPECT_EQ(-EXDEV, RUN(ctx).error);
	EXPECT_EQ(-EBUSY, spawn(ctx, "sleep", WORDS("1"), NO_FDS));
	/* the limit of tasks is not charged */
	EXPECT_FDINFO(ctx, "kcoro-tasks:\t0");
	close(task);
	close(ctx);
}

TEST_F(life, a_deadline_passes)
{
	int ctx = BUBBLE();

	LEAVE(ENDLESS(ctx));
	EXPECT_EQ(-ETIMEDOUT, kcoro_bubble_run(ctx, NULL, NULL, 0, KCORO_NOW));
	EXPECT_EQ(-ETIMEDOUT, kcoro_bubble_run(ctx, NULL, NULL, 0, SHORTLY));
	EXPECT_EQ(-ETIMEDOUT, kcoro_bubble_run(ctx, NULL, NULL, 0, -1));
	EXPECT_EQ(-ETIMEDOUT, kcoro_bubble_run(ctx, NULL, NULL, 0, INT64_MIN));
	EXPECT_FDINFO(ctx, "kcoro-bubble:\truns");
	close(ctx);
}

TEST_F(life, nonblock)
{
	int ctx = BUBBLE(), task = ENDLESS(ctx);

	ASSERT_EQ(0, fcntl(ctx, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, kcoro_bubble_run(ctx, NULL, NULL, 0, 0));
	EXPECT_EQ(-EAGAIN, kcoro_bubble_run(ctx, NULL, NULL, 0, 0));
	await_run(task);
	kcoro_kill(ctx, task_id(task), KCORO_SCOPE_CTX, 0);
	while (kcoro_bubble_run(ctx, NULL, NULL, 0, 0) == -EAGAIN)
		nap();
	EXPECT_FAILS(ctx, -EXDEV, "task 1 was woken from outside");
	close(task);
	close(ctx);
}

/* A signal ends the call only. */
TEST_F(life, a_wait_is_interrupted)
{
	int ctx = BUBBLE(), task = ENDLESS(ctx);
	struct kcoro_bubble_run arg = { 0 };

	wait_is_interrupted(_metadata,
			    (struct op){ ctx, KCORO_IOC_BUBBLE_RUN, &arg });
	EXPECT_FDINFO(ctx, "kcoro-bubble:\truns");
	kcoro_kill(ctx, task_id(task), KCORO_SCOPE_CTX, 0);
	EXPECT_FAILS(ctx, -EXDEV, "task 1 was woken from outside");
	close(task);
	close(ctx);
}

/* With SA_RESTART it goes on by itself, as do other calls. */
TEST_F(life, a_wait_is_restarted)
{
	struct sigaction sa = { .sa_handler = on_signal,
				.sa_flags = SA_RESTART };
	int ctx = BUBBLE(), task = ENDLESS(ctx);
	struct runner r;

	sigaction(SIGUSR1, &sa, NULL);
	runner_start(_metadata, &r, ctx);
	pthread_kill(r.c.thread, SIGUSR1);
	nap();
	ASSERT_EQ(1, caller_sleeps(&r.c));
	kcoro_kill(ctx, task_id(task), KCORO_SCOPE_CTX, 0);
	EXPECT_EQ(0, caller_join(&r.c));
	EXPECT_EQ(-EXDEV, r.end.error);
	close(task);
	close(ctx);
}

TEST_F(life, many_wait_for_its_end)
{
	int ctx = BUBBLE(), task = ENDLESS(ctx), i;
	struct runner r[6];

	for (i = 0; i < 6; i++)
		runner_start(_metadata, &r[i], ctx);
	kcoro_kill(ctx, task_id(task), KCORO_SCOPE_CTX, 0);
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(0, caller_join(&r[i].c));
		EXPECT_EQ(-EXDEV, r[i].end.error);
		EXPECT_EQ(r[0].end.digest, r[i].end.digest);
		EXPECT_EQ(r[0].end.nr_steps, r[i].end.nr_steps);
	}
	close(task);
	close(ctx);
}

/* By fork, and by the descriptor passed on. */
TEST_F(life, another_process_runs_it)
{
	int ctx = BUBBLE(), task = TASK(ctx, "sleep", WORDS(HOUR_MS), NO_FDS);
	pid_t pid = fork();

	if (!pid) {
		struct kcoro_bubble_run end;

		_exit(kcoro_bubble_run(ctx, &end, NULL, 0, 0) ||
		      end.time_ns != HOUR);
	}
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(0, END(task).error);
	EXPECT_EQ(HOUR, RUN_WELL(ctx).time_ns);
	close(task);
	close(ctx);
}

/* --- what ends it ------------------------------------------------------------------- */

TEST_F(life, close_while_it_is_empty)
{
	close(BUBBLE());
}

TEST_F(life, close_while_it_is_held)
{
	int ctx = BUBBLE(), task;

	fill(_metadata, ctx);
	task = ENDLESS(ctx);
	close(ctx);
	EXPECT_EQ(KCORO_EXIT_KILLED, END(task).reason);
	close(task);
}

TEST_F(life, close_while_it_runs)
{
	int ctx = BUBBLE(), task;

	fill(_metadata, ctx);
	task = ENDLESS(ctx);
	START(ctx);
	await_run(task);
	close(ctx);
	EXPECT_EQ(KCORO_EXIT_KILLED, END(task).reason);
	close(task);
}

TEST_F(life, close_when_it_is_over)
{
	int ctx = BUBBLE();

	fill(_metadata, ctx);
	RUN(ctx);
	close(ctx);
}

/* The call has the context until it ends. */
TEST_F(life, close_while_a_thread_waits)
{
	int ctx = BUBBLE(), other = dup(ctx), task = ENDLESS(ctx);
	struct runner r;

	runner_start(_metadata, &r, ctx);
	close(ctx);
	ASSERT_EQ(1, caller_sleeps(&r.c));
	kcoro_kill(other, 0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS);
	EXPECT_EQ(0, caller_join(&r.c));
	EXPECT_EQ(-ESHUTDOWN, r.end.error);
	EXPECT_STREQ("its context has ended", r.end.message);
	EXPECT_EQ(KCORO_EXIT_KILLED, END(task).reason);
	close(task);
	close(other);
}

TEST_F(life, killed_while_it_is_held)
{
	int ctx = BUBBLE(), task = ENDLESS(ctx);

	kcoro_kill(ctx, 0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS);
	EXPECT_EQ(KCORO_EXIT_KILLED, END(task).reason);
	EXPECT_EQ(-ESHUTDOWN, spawn(ctx, "sleep", WORDS("1"), NO_FDS));
	EXPECT_FAILS(ctx, -ESHUTDOWN, "its context has ended");
	close(task);
	close(ctx);
}

TEST_F(life, killed_while_it_runs)
{
	int ctx = BUBBLE(), task = ENDLESS(ctx);

	fill(_metadata, ctx);
	START(ctx);
	await_run(task);
	kcoro_kill(ctx, 0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS);
	EXPECT_EQ(KCORO_EXIT_KILLED, END(task).reason);
	EXPECT_FAILS(ctx, -ESHUTDOWN, "its context has ended");
	close(task);
	close(ctx);
}

TEST_F(life, a_context_that_was_killed_has_none)
{
	int ctx = kcoro_open(0);

	kcoro_kill(ctx, 0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS);
	EXPECT_EQ(-ESHUTDOWN, kcoro_bubble(ctx, 1, 0));
	EXPECT_EQ(-ENOENT, kcoro_bubble_run(ctx, NULL, NULL, 0, 0));
	close(ctx);
}

/* SIGKILL at each stage: nothing yet, held, runs, and one waits, over. */
TEST_F(life, its_process_is_killed)
{
	int stage;

	for (stage = 0; stage < 5; stage++) {
		int pipes[2];
		char byte;
		pid_t pid;

		ASSERT_EQ(0, pipe(pipes));
		pid = fork();
		if (!pid) {
			int ctx = BUBBLE();

			if (stage)
				fill(_metadata, ctx);
			if (stage == 2 || stage == 3)
				ENDLESS(ctx);
			if (stage == 2)
				START(ctx);
			if (stage == 4)
				RUN(ctx);
			if (write(pipes[1], "x", 1) != 1)
				_exit(1);
			if (stage == 3)
				kcoro_bubble_run(ctx, NULL, NULL, 0, 0);
			pause();
			_exit(1);
		}
		ASSERT_EQ(1, read(pipes[0], &byte, 1));
		if (stage == 3)
			await_sleep(pid, SYS_ioctl);
		kill(pid, SIGKILL);
		EXPECT_EQ(128 + SIGKILL, wait_child(pid));
		close(pipes[0]);
		close(pipes[1]);
		while (count_tasks(self->watch, KCORO_SCOPE_ALL, 1))
			nap();
	}
}

/* Who waits for it, in another process, is told. */
TEST_F(life, its_opener_exits)
{
	struct runner r;
	int socks[2], ctx;
	pid_t pid;
	char byte;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	pid = fork();
	if (!pid) {
		close(socks[0]);
		ctx = BUBBLE();
		ENDLESS(ctx);
		pass_fd(socks[1], ctx);
		_exit(read(socks[1], &byte, 1));
	}
	close(socks[1]);
	ctx = take_fd(socks[0]);
	ASSERT_LE(0, ctx);
	runner_start(_metadata, &r, ctx);
	close(socks[0]);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(0, caller_join(&r.c));
	EXPECT_EQ(-ESHUTDOWN, r.end.error);
	close(ctx);
}

/* Unless the context is detached. */
TEST_F(life, it_outlives_its_opener)
{
	int socks[2], ctx;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	pid = fork();
	if (!pid) {
		ctx = BUBBLE();
		kcoro_set_options(ctx, KCORO_CTX_DETACHED);
		LEAVE(TASK(ctx, "sleep", WORDS(HOUR_MS), NO_FDS));
		_exit(-pass_fd(socks[1], ctx));
	}
	EXPECT_EQ(0, wait_child(pid));
	ctx = take_fd(socks[0]);
	ASSERT_LE(0, ctx);
	EXPECT_EQ(HOUR, RUN_WELL(ctx).time_ns);
	close(ctx);
	close(socks[0]);
	close(socks[1]);
}

/* --- at the same time -------------------------------------------------------------------- */

/* A thread that spawns until it is refused: that error. */
static void *spawner(void *arg)
{
	int ctx = *(int *)arg;
	uint64_t id;
	long err;

	do
		err = spawn_id(ctx, "act", WORDS("yield:1", "sleep:5"), NO_FDS,
			       &id);
	while (!err);
	return (void *)err;
}

/* What @how does meets two threads that spawn. */
static void spawners_meet(t_metadata, void (*how)(int ctx), long want)
{
	pthread_t threads[2];
	int ctx, round, i;
	void *err;

	for (round = 0; round < ROUNDS; round++) {
		ctx = BUBBLE();
		for (i = 0; i < 2; i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL, spawner,
						    &ctx));
		usleep(round * 200);
		how(ctx);
		for (i = 0; i < 2; i++) {
			pthread_join(threads[i], &err);
			EXPECT_EQ(want, (long)err);
		}
		close(ctx);
	}
}

static void run_it(int ctx)
{
	struct kcoro_bubble_run end;
	struct kcoro_exit exits[64];
	long n = 0, got;

	if (kcoro_bubble_run(ctx, &end, NULL, 0, 0) || end.error)
		abort();
	/* each that was started has ended in it, and none after it */
	while ((got = t_read(ctx, exits, sizeof(exits))) > 0)
		n += got / sizeof(exits[0]);
	/* started, yielded, waited, woken, ended; the waker is the clock */
	if (end.nr_steps != n * 5)
		abort();
}

TEST_F(life, run_meets_who_spawns)
{
	spawners_meet(_metadata, run_it, -EBUSY);
}

static void kill_it(int ctx)
{
	kcoro_kill(ctx, 0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS);
}

TEST_F(life, kill_meets_who_spawns)
{
	spawners_meet(_metadata, kill_it, -ESHUTDOWN);
}

/* One call makes it, whoever of them. */
static void *maker(void *arg)
{
	return (void *)(long)kcoro_bubble(*(int *)arg, 1, 10);
}

TEST_F(life, two_make_it)
{
	pthread_t threads[2];
	void *err[2];
	int ctx, round, i;

	for (round = 0; round < ROUNDS; round++) {
		ctx = kcoro_open(0);
		for (i = 0; i < 2; i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL, maker,
						    &ctx));
		for (i = 0; i < 2; i++)
			pthread_join(threads[i], &err[i]);
		EXPECT_EQ(-EALREADY, (long)err[0] + (long)err[1]);
		EXPECT_EQ(0, (long)err[0] * (long)err[1]);
		LEAVE(TASK(ctx, "sleep", WORDS("1"), NO_FDS));
		RUN_WELL(ctx);
		close(ctx);
	}
}

/* --- limits ------------------------------------------------------------------------------- */

#define THREADS_MAX "/sys/module/kcoro/parameters/threads_max"

/* It has a thread; that of one that is over is given back. */
TEST_F(life, as_many_as_threads)
{
	long was = read_long(THREADS_MAX);
	struct kcoro_spawn_opts opts = { .argv = WORDS("0"),
					 .flags = KCORO_SPAWN_THREAD };
	int ctx[2], other = kcoro_open(0), spare;
	char text[24];
	uint64_t id;

	ASSERT_LT(0, was);
	/* those of the tests before this one may still be going */
	ASSERT_EQ(0, write_text(THREADS_MAX, "2"));
	ctx[0] = kcoro_open(0);
	ctx[1] = kcoro_open(0);
	while (kcoro_bubble(ctx[0], 0, 0) == -EAGAIN)
		nap();
	while (kcoro_bubble(ctx[1], 0, 0) == -EAGAIN)
		nap();
	spare = kcoro_open(0);
	EXPECT_EQ(-EAGAIN, kcoro_bubble(spare, 0, 0));
	EXPECT_EQ(-EAGAIN, kcoro_spawn_id(other, "sleep", &opts, &id));
	RUN_WELL(ctx[1]);
	EXPECT_EQ(0, kcoro_bubble(spare, 0, 0));
	close(ctx[0]);
	close(ctx[1]);
	close(spare);
	close(other);
	snprintf(text, sizeof(text), "%ld", was);
	EXPECT_EQ(0, write_text(THREADS_MAX, text));
}

TEST_HARNESS_MAIN
