// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a context, and that nothing is left of it. (When its opener's end
 * is its end: context_opener.)
 */
#include "kcoro_test.h"

#define MANY 10000

FIXTURE(life)
{
	int watch; /* a context with nothing in it, to look around with */
};

FIXTURE_SETUP(life) {
	await_no_tasks();
	self->watch = kcoro_open(0);
	ASSERT_LE(0, self->watch);
}

FIXTURE_TEARDOWN(life) {
	/* Whatever the test did, no task and no other context is left. */
	leave_nothing(self->watch);
}

static int spawn_sleepers(int ctx, int count)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS(SLEEP_LONG) };
	struct kcoro_info info;
	int done = 0, n;

	if (kcoro_info(ctx, &info))
		return -1;
	while (done < count) {
		n = count - done;
		n = kcoro_spawn_many(
			ctx, "sleep", &opts,
			n < (int)info.spawn_max ? n : (int)info.spawn_max,
			NULL);
		if (n <= 0)
			return n;
		done += n;
	}
	return done;
}

TEST_F(life, last_close_ends_its_tasks)
{
	int ctx = kcoro_open(0);

	ASSERT_EQ(100, spawn_sleepers(ctx, 100));
	EXPECT_EQ(100, count_tasks(self->watch, KCORO_SCOPE_ALL, 1));
	close(ctx);
}

TEST_F(life, a_task_s_descriptor_outlives_its_context)
{
	int ctx = kcoro_open(0);
	int task = spawn(ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	close(ctx);
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
	EXPECT_EQ(-ECANCELED, e.error);
	close(task);
}

TEST_F(life, a_channel_outlives_its_context)
{
	int ctx = kcoro_open(0);
	struct pair p = chan_of(_metadata, ctx, 8, 2);

	put_u64(p.send, 1);
	close(ctx);
	put_u64(p.send, 2);
	EXPECT_EQ(1, get_u64(p.recv));
	EXPECT_EQ(2, get_u64(p.recv));
	close(p.recv);
	close(p.send);
}

/* Tasks that hold the sending end are ended: their reader sees it. */
TEST_F(life, readers_see_end_of_stream)
{
	int ctx = kcoro_open(0);
	struct pair in = chan_of(_metadata, ctx, 8, 1);
	struct pair out = chan_of(_metadata, ctx, 8, 1);

	int task = spawn(ctx, "echo", NULL, FDS(in.recv, out.send));

	ASSERT_LE(0, task);
	close(task);
	close(out.send);
	close(ctx);
	EXPECT_EQ(-ENODATA, get_u64(out.recv));
	close(out.recv);
	close(in.recv);
	close(in.send);
}

TEST_F(life, fork_keeps_it_open)
{
	int ctx = kcoro_open(0), p[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(10, spawn_sleepers(ctx, 10));
	pid = fork();
	if (!pid) {
		close(p[1]);
		_exit(read(p[0], &byte, 1) == 1 ? 0 : 1);
	}
	close(ctx);
	EXPECT_EQ(10, count_tasks(self->watch, KCORO_SCOPE_ALL, 0));
	EXPECT_EQ(1, write(p[1], "x", 1));
	EXPECT_EQ(0, wait_child(pid));
}

/* --- SIGKILL, in each wait, with many tasks ------------------------------------------ */

enum wait_kind {
	IN_READ,
	IN_WRITE,
	IN_SEND,
	IN_RECV,
	IN_SELECT,
	IN_EXITS,
	IN_JOIN,
	IN_POLL
};

static long syscall_of(enum wait_kind kind)
{
	switch (kind) {
	case IN_READ:
	case IN_EXITS:
	case IN_JOIN:
		return SYS_read;
	case IN_WRITE:
		return SYS_write;
	case IN_POLL:
		return SYS_poll;
	default:
		return SYS_ioctl;
	}
}

static int victim(enum wait_kind kind, int tasks)
{
	int ctx = kcoro_open(0), c[2], task;
	struct kcoro_exit e;
	uint64_t v = 0;
	struct kcoro_case kase;
	struct pollfd pfd;

	if (ctx < 0 || spawn_sleepers(ctx, tasks) != tasks ||
	    kcoro_chan(ctx, 8, 0, c))
		return 1;
	task = spawn(ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	kase = kcoro_case_recv(c[0], &v, 8);
	pfd = (struct pollfd){ .fd = c[0], .events = POLLIN };
	switch (kind) {
	case IN_READ:
		t_read(c[0], &v, 8);
		break;
	case IN_WRITE:
		t_write(c[1], &v, 8);
		break;
	case IN_SEND:
		kcoro_send(c[1], &v, 8, 0);
		break;
	case IN_RECV:
		kcoro_recv(c[0], &v, 8, 0);
		break;
	case IN_SELECT:
		kcoro_select(ctx, &kase, 1, 0, 0, NULL);
		break;
	case IN_EXITS:
		t_read(ctx, &e, sizeof(e));
		break;
	case IN_JOIN:
		t_read(task, &e, sizeof(e));
		break;
	case IN_POLL:
		syscall(SYS_poll, &pfd, 1, -1);
		break;
	}
	return 2;
}

static void kill_in(t_metadata, FIXTURE_DATA(life) * self, enum wait_kind kind,
		    int tasks)
{
	pid_t pid = fork();

	if (!pid) {
		close(self->watch);
		_exit(victim(kind, tasks));
	}
	await_sleep(pid, syscall_of(kind));
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	while (count_tasks(self->watch, KCORO_SCOPE_ALL, 1))
		nap();
}

#define KILL_TEST(name, kind)                         \
	TEST_F(life, sigkill_in_##name)               \
	{                                             \
		kill_in(_metadata, self, kind, 1000); \
	}

KILL_TEST(read, IN_READ)
KILL_TEST(write, IN_WRITE)
KILL_TEST(send, IN_SEND)
KILL_TEST(recv, IN_RECV)
KILL_TEST(select, IN_SELECT)
KILL_TEST(read_of_exits, IN_EXITS)
KILL_TEST(read_of_a_task, IN_JOIN)
KILL_TEST(poll, IN_POLL)

static long meminfo(const char *name)
{
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");
	long kib = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			kib = strtol(line + strlen(name), NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

/*
 * Memory of 10,000 tasks comes back: a second, third and fourth time take no
 * more than the first. 10,000 stacks are at least 40 MiB.
 */
/* Four times what the tests above do once: more time than usual. */
TEST_F_TIMEOUT(life, memory_comes_back, 240)
{
	long before, after = 0, tries;
	int i;

	kill_in(_metadata, self, IN_EXITS, MANY);
	before = meminfo("MemAvailable:");
	ASSERT_LT(0, before);
	for (i = 0; i < 3; i++)
		kill_in(_metadata, self, IN_EXITS, MANY);
	/* what is freed late: RCU, per-CPU lists */
	for (tries = 0; tries < 1000; tries++) {
		after = meminfo("MemAvailable:");
		if (after > before - 16 * 1024)
			break;
		nap();
	}
	EXPECT_GT(after, before - 16 * 1024);
}

TEST_HARNESS_MAIN
