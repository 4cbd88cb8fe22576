// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that have a kernel thread of their own: they do all that others do, and
 * are in nobody's way.
 */
#include <dirent.h>

#include "sched.h"

SCHED_FIXTURE(thread)

static int act_thread(int ctx, const char *const *words, const int *fds,
		      unsigned int nr_fds)
{
	struct kcoro_spawn how = { .flags = KCORO_SPAWN_THREAD };

	return act_how(ctx, &how, words, fds, nr_fds);
}

/* Kernel threads whose name says that they are a task's own. */
static int count_threads(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300], comm[32];
	int n = 0;

	while (proc && (entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    read_text(path, comm, sizeof(comm)) > 0)
			n += !strncmp(comm, "kcoro-own", 9);
	}
	closedir(proc);
	return n;
}

static void await_threads(int n)
{
	while (count_threads() != n)
		nap();
}

TEST_F(thread, one_for_each)
{
	struct pair gate = chan_u64(0);
	int fds[8], i;

	await_threads(0);
	for (i = 0; i < ROWS(fds); i++) {
		fds[i] = act_thread(self->ctx, WORDS("recv:0"), FDS(gate.recv));
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(KCORO_TASK_F_THREAD,
			  info_of(_metadata, fds[i]).flags);
		await_threads(i + 1);
	}
	close(gate.send);
	for (i = 0; i < ROWS(fds); i++)
		ACT_END(fds[i], 1);
	await_threads(0);
}

TEST_F(thread, others_have_none)
{
	int task = act(self->ctx, WORDS("sleep:1000000"), NULL, 0);

	ASSERT_LE(0, task);
	EXPECT_EQ(0, info_of(_metadata, task).flags);
	EXPECT_EQ(0, count_threads());
	close(task);
}

TEST_F(thread, does_all_that_tasks_do)
{
	int fds[16], i;

	for (i = 0; i < ROWS(fds); i++) {
		fds[i] = act_thread(self->ctx,
				    WORDS("times:20", "yield:2", "sleep:1",
					  "block:1", "hog:300"),
				    NULL, 0);
		ASSERT_LE(0, fds[i]);
	}
	for (i = 0; i < ROWS(fds); i++) {
		act_join(_metadata, fds[i], 80);
		EXPECT_EQ(0, info_of(_metadata, fds[i]).steals);
		EXPECT_EQ(0, info_of(_metadata, fds[i]).handovers);
		EXPECT_EQ(0, info_of(_metadata, fds[i]).hogs);
		/* less those whose time was over at once */
		EXPECT_GE(20, info_of(_metadata, fds[i]).waits);
		EXPECT_LT(0, info_of(_metadata, fds[i]).waits);
		close(fds[i]);
	}
	await_threads(0);
}

/* Tasks of both kinds, and threads, each waking the next. */
TEST_F(thread, talks_to_all)
{
	struct kcoro_spawn how = { .flags = KCORO_SPAWN_THREAD };
	struct pair a = chan_u64(0), b = chan_u64(0), c = chan_u64(0),
		    d = chan_u64(0);
	int fds[3], i;

	fds[0] = act_how(self->ctx, &how, WORDS("times:50", "recv:0", "send:1"),
			 FDS(a.recv, b.send));
	fds[1] = act(self->ctx, WORDS("times:50", "recv:0", "send:1"),
		     FDS(b.recv, c.send));
	fds[2] = act_how(self->ctx, &how, WORDS("times:50", "recv:0", "send:1"),
			 FDS(c.recv, d.send));
	for (i = 0; i < 3; i++)
		ASSERT_LE(0, fds[i]);
	for (i = 0; i < 50; i++) {
		EXPECT_EQ(8, put_u64(a.send, i));
		EXPECT_EQ(task_id(fds[2]), get_u64(d.recv));
	}
	for (i = 0; i < 3; i++)
		ACT_END(fds[i], 100);
}

/* It computes until others have run that it has woken: none waits for it. */
TEST_F(thread, is_in_nobody_s_way)
{
	struct pair gate = chan_u64(1), back = chan_u64(1);
	struct counts before = counts_of_info(_metadata, self->ctx);
	int peer, task;

	if (self->cpus < 2 && !self->full)
		SKIP(return, "one CPU, and voluntary preemption");
	peer = act(self->ctx, WORDS("recv:0", "send:1"),
		   FDS(gate.recv, back.send));
	await_parked(peer, KCORO_WAIT_RECV);
	run_on(_metadata, 0);
	task = act_thread(self->ctx, WORDS("close:0", "wait:1"),
			  FDS(gate.send, back.recv));
	ASSERT_LE(0, task);
	ACT_END(task, 2);
	ACT_END(peer, 2);
	EXPECT_EQ(before.handovers,
		  counts_of_info(_metadata, self->ctx).handovers);
}

TEST_F(thread, is_canceled_as_others_are)
{
	struct kcoro_exit e;
	int task = act_thread(self->ctx, WORDS("sleep:1000000"), NULL, 0);

	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_SLEEP);
	EXPECT_EQ(1, kcoro_kill(self->ctx, task_id(task), KCORO_SCOPE_CTX, 0));
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(-ECANCELED, e.error);
	close(task);
	await_threads(0);
}

/* Also at once, before it may have run. */
TEST_F(thread, context_is_closed)
{
	int ctx, i, n;

	for (i = 0; i < 5; i++) {
		ctx = kcoro_open(0);
		for (n = 0; n < 8; n++)
			ASSERT_LE(0, act_thread(ctx, WORDS("sleep:1000000"),
						NULL, 0));
		close(ctx);
	}
	/* the descriptors of the tasks hold nothing back */
	await_threads(0);
}

TEST_F(thread, cannot_be_pinned_later)
{
	int task = act_thread(self->ctx, WORDS("sleep:1000000"), NULL, 0);

	ASSERT_LE(0, task);
	EXPECT_EQ(-EOPNOTSUPP, set_cpu(task, 0));
	EXPECT_EQ(-1, info_of(_metadata, task).pin);
	EXPECT_EQ(0, set_priority(task, 1));
	EXPECT_EQ(1, info_of(_metadata, task).priority);
	close(task);
}

TEST_F(thread, can_be_pinned_to_begin_with)
{
	struct kcoro_spawn how = { .flags = KCORO_SPAWN_THREAD |
					    KCORO_SPAWN_PIN };
	int task;

	for (how.cpu = 0; how.cpu < self->cpus; how.cpu++) {
		task = act_how(self->ctx, &how,
			       WORDS("times:10", "yield:1", "sleep:1",
				     "block:1"),
			       NULL, 0);
		ASSERT_LE(0, task);
		EXPECT_EQ(1ULL << how.cpu, ACT_END(task, 30).cpus);
	}
}

TEST_F(thread, no_more_than_threads_max)
{
	long max = param_get("threads_max");
	int fds[64], n, fd = 0;
	char text[24];

	snprintf(text, sizeof(text), "%ld", max);
	ASSERT_LT(0, max);
	ASSERT_EQ(0, param_set("threads_max", "5"));
	for (n = 0; n < ROWS(fds); n++) {
		fd = act_thread(self->ctx, WORDS("sleep:1000000"), NULL, 0);
		if (fd < 0)
			break;
		fds[n] = fd;
	}
	EXPECT_EQ(-EAGAIN, fd);
	EXPECT_EQ(5, n);
	EXPECT_EQ(5, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
	/* the next one, when one has ended */
	EXPECT_EQ(1,
		  kcoro_kill(self->ctx, task_id(fds[0]), KCORO_SCOPE_CTX, 0));
	do {
		nap();
		fd = act_thread(self->ctx, WORDS("yield:1"), NULL, 0);
	} while (fd == -EAGAIN);
	ASSERT_LE(0, fd);
	ACT_END(fd, 1);
	EXPECT_EQ(0, param_set("threads_max", text));
}

TEST_HARNESS_MAIN
