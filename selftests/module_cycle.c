// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading the module, over and over, with tasks in it.
 *
 * Model: a child opens a context, has its tasks as a test wants them, says so,
 * and is killed. Then rmmod must succeed at the first try as soon as nobody
 * uses the module any more, and the next load must find nothing left over.
 *
 * Each load and unload flips a static key of the kernel's. QEMU's emulation
 * with a host thread for each CPU was seen to hang or to oops in that, with all
 * CPUs trapping on the key's breakpoint, and with one thread for all CPUs it was
 * not. Why is not known. So this has a boot of its own: see run. In it KUnit is
 * off, as all its tests run at each load.
 */
#include "kcoro_test.h"

#include <sys/prctl.h>
#include <sys/sysinfo.h>

#define CYCLES 100
#define CYCLES_SECONDS 1500

#define MANY 5000

static long refs(const char *module)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	return read_long(path);
}

static int loaded(const char *module)
{
	return refs(module) != -ENOENT;
}

static int rmmod(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

/* At the first try, once those who are on their way out are gone. */
static int unload(void)
{
	static const char *const modules[] = { "kcoro_body_hold", "kcoro" };
	size_t i;
	int err;

	for (i = 0; i < ROWS(modules); i++) {
		if (!loaded(modules[i]))
			continue;
		while (refs(modules[i]) > 0)
			nap();
		err = rmmod(modules[i]);
		if (err)
			return err;
	}
	return loaded("kcoro") ? -EEXIST : 0;
}

static int load(const char *parameters)
{
	char command[128];

	snprintf(command, sizeof(command), "modprobe kcoro %s", parameters);
	return system(command);
}

/* KUnit's own parameter cannot be read. */
static int kunit_is_on(void)
{
	char line[4096];

	read_text("/proc/cmdline", line, sizeof(line));
	return !access("/sys/module/kunit", F_OK) &&
	       !strstr(line, "kunit.enable=0");
}

/* --- the child ------------------------------------------------------------ */

struct child {
	pid_t pid;
	int ready;
};

/* Starts a child that calls @fn, which never returns. Waits until it is ready. */
static struct child child_start(t_metadata,
				void (*fn)(t_metadata, int ctx, int ready))
{
	struct child child;
	int fds[2];
	char c;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	child.ready = fds[0];
	child.pid = fork();
	ASSERT_LE(0, child.pid);
	if (!child.pid) {
		int ctx = kcoro_open(0);

		/* a test that fails leaves nobody behind */
		ASSERT_EQ(0, prctl(PR_SET_PDEATHSIG, SIGKILL));
		ASSERT_LE(0, ctx);
		fn(_metadata, ctx, fds[1]);
		_exit(1);
	}
	close(fds[1]);
	ASSERT_EQ(1, t_read(child.ready, &c, 1));
	return child;
}

static int child_end(struct child *child)
{
	close(child->ready);
	return wait_child(child->pid);
}

static int child_kill(struct child *child)
{
	kill(child->pid, SIGKILL);
	return child_end(child);
}

static void __attribute__((noreturn)) say_and_wait(int ready)
{
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void spawn_sleepers(t_metadata, int ctx, unsigned int count)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS(SLEEP_LONG) };

	for (; count; count -= 10)
		ASSERT_EQ(10, kcoro_spawn_many(ctx, "sleep", &opts, 10, NULL));
}

static void hold_ten(t_metadata, int ctx, int ready)
{
	spawn_sleepers(_metadata, ctx, 10);
	say_and_wait(ready);
}

static void hold_many(t_metadata, int ctx, int ready)
{
	spawn_sleepers(_metadata, ctx, MANY);
	say_and_wait(ready);
}

static void hold_busy(t_metadata, int ctx, int ready)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS("3000000") };

	ASSERT_EQ(8, kcoro_spawn_many(ctx, "spin", &opts, 8, NULL));
	say_and_wait(ready);
}

/* Each kind of wait there is, a sleep in kernel code, and a thread's wait. */
static void hold_waits(t_metadata, int ctx, int ready)
{
	struct pair in = chan_of(_metadata, ctx, 8, 0);
	struct pair out = chan_of(_metadata, ctx, 8, 0);
	struct pair a = chan_of(_metadata, ctx, 0, 0);
	struct pair b = chan_of(_metadata, ctx, 0, 0);
	struct kcoro_task_info info;
	int fds[2], task;

	task = spawn(ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	await_parked(task, KCORO_WAIT_SLEEP);
	task = spawn(ctx, "echo", NULL, FDS(in.recv, out.send));
	put_u64(in.send, 1);
	await_parked(task, KCORO_WAIT_SEND);
	task = spawn(ctx, "echo", NULL, FDS(in.recv, out.send));
	await_parked(task, KCORO_WAIT_RECV);
	task = spawn(ctx, "merge", NULL, FDS(a.recv, b.recv, b.send));
	await_parked(task, KCORO_WAIT_SELECT);
	task = spawn(ctx, "join", WORDS(SLEEP_LONG), NULL, 0);
	await_parked(task, KCORO_WAIT_JOIN);
	ASSERT_EQ(0, pipe(fds));
	task = spawn(ctx, "file-source", NULL, FDS(fds[0], b.send));
	await_parked(task, KCORO_WAIT_POLL);
	task = spawn(ctx, "block", WORDS(SLEEP_LONG), NULL, 0);
	while (!kcoro_task_info(task, &info) && !info.switches)
		nap();
	if (write(ready, "r", 1) == 1)
		get_u64(chan_of(_metadata, ctx, 8, 0).recv);
}

/* Has a thousand tasks, and ends well once all were killed. */
static void hold_until_killed(t_metadata, int ctx, int ready)
{
	struct kcoro_exit e[64];
	int left = 1000, n, i;

	spawn_sleepers(_metadata, ctx, left);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (; left; left -= n) {
		n = kcoro_next_exits(ctx, e, ROWS(e), 0);
		if (n <= 0)
			_exit(2);
		for (i = 0; i < n; i++)
			if (e[i].reason != KCORO_EXIT_KILLED)
				_exit(3);
	}
	_exit(0);
}

/* --- the tests ------------------------------------------------------------ */

FIXTURE(cycle)
{
	struct child child;
};

FIXTURE_SETUP(cycle) {
	if (geteuid())
		SKIP(return, "not root");
	if (kunit_is_on())
		SKIP(return,
			   "KUnit runs at each load: boot with kunit.enable=0");
	if (!loaded("kcoro") && load(""))
		SKIP(return, "no module");
	/* what a test before has left */
	while (refs("kcoro") > loaded("kcoro_body_hold"))
		nap();
}

/* The module is there when this ends, as it was when it began. */
FIXTURE_TEARDOWN(cycle) {
	if (!geteuid() && !loaded("kcoro"))
		EXPECT_EQ(0, load(""));
}

TEST_F_TIMEOUT(cycle, idle, CYCLES_SECONDS)
{
	int i;

	for (i = 0; i < CYCLES; i++) {
		ASSERT_EQ(0, unload()) TH_LOG("cycle %d", i);
		ASSERT_EQ(0, load("")) TH_LOG("cycle %d", i);
	}
}

TEST_F_TIMEOUT(cycle, in_each_wait, CYCLES_SECONDS)
{
	int i;

	for (i = 0; i < CYCLES; i++) {
		self->child = child_start(_metadata, hold_waits);
		ASSERT_EQ(128 + SIGKILL, child_kill(&self->child));
		ASSERT_EQ(0, unload()) TH_LOG("cycle %d", i);
		ASSERT_EQ(0, load("")) TH_LOG("cycle %d", i);
	}
}

/* Right after the kill, with thousands of tasks on their way out. */
TEST_F(cycle, many)
{
	self->child = child_start(_metadata, hold_many);
	ASSERT_EQ(128 + SIGKILL, child_kill(&self->child));
	ASSERT_EQ(0, unload());
}

TEST_F(cycle, busy)
{
	self->child = child_start(_metadata, hold_busy);
	ASSERT_EQ(128 + SIGKILL, child_kill(&self->child));
	ASSERT_EQ(0, unload());
}

TEST_F(cycle, refused_with_tasks)
{
	self->child = child_start(_metadata, hold_ten);
	EXPECT_EQ(-EAGAIN, rmmod("kcoro"));
	EXPECT_EQ(1, loaded("kcoro"));
	ASSERT_EQ(128 + SIGKILL, child_kill(&self->child));
	ASSERT_EQ(0, unload());
}

/* An open descriptor is enough. */
TEST_F(cycle, refused_with_a_descriptor)
{
	int ctx = kcoro_open(0);

	ASSERT_LE(0, ctx);
	EXPECT_EQ(-EAGAIN, rmmod("kcoro"));
	close(ctx);
	ASSERT_EQ(0, unload());
}

/* The child sees all of its tasks end, and ends. */
TEST_F(cycle, after_kill_all)
{
	self->child = child_start(_metadata, hold_until_killed);
	ASSERT_EQ(0, system("kcoro kill --all -a >/dev/null"));
	EXPECT_EQ(0, child_end(&self->child));
	ASSERT_EQ(0, unload());
}

TEST_F(cycle, after_kill_contexts)
{
	self->child = child_start(_metadata, hold_until_killed);
	ASSERT_EQ(0, system("kcoro kill --all -a --contexts >/dev/null"));
	EXPECT_EQ(0, child_end(&self->child));
	ASSERT_EQ(0, unload());
}

TEST_F(cycle, parameters)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS(SLEEP_LONG) };
	int ctx;

	ASSERT_EQ(0, unload());
	ASSERT_EQ(0, load("tasks_ctx_max=7"));
	EXPECT_EQ(7, read_long("/sys/module/kcoro/parameters/tasks_ctx_max"));
	ctx = kcoro_open(0);
	ASSERT_LE(0, ctx);
	EXPECT_EQ(7, kcoro_spawn_many(ctx, "sleep", &opts, 8, NULL));
	close(ctx);
	ASSERT_EQ(0, unload());
}

static long limit(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/kcoro/parameters/%s", name);
	return read_long(path);
}

/* All tasks' stacks fill half of the memory there is, unless limits are given. */
TEST_F(cycle, limits_by_memory)
{
	struct kcoro_info info = { 0 };
	struct sysinfo memory;
	int ctx = kcoro_open(0);
	long fit;

	ASSERT_LE(0, ctx);
	ASSERT_EQ(0, kcoro_info(ctx, &info));
	close(ctx);
	ASSERT_EQ(0, sysinfo(&memory));
	fit = memory.totalram * memory.mem_unit / 2 / info.stack_default;
	ASSERT_EQ(0, unload());
	ASSERT_EQ(0, load(""));
	EXPECT_EQ(fit, limit("tasks_max"));
	EXPECT_EQ(fit / 2, limit("tasks_user_max"));
	EXPECT_EQ(fit / 2, limit("tasks_ctx_max"));
	ASSERT_EQ(0, unload());
	ASSERT_EQ(0, load("tasks_max=1000 tasks_ctx_max=700"));
	EXPECT_EQ(1000, limit("tasks_max"));
	EXPECT_EQ(500, limit("tasks_user_max"));
	EXPECT_EQ(700, limit("tasks_ctx_max"));
	ASSERT_EQ(0, unload());
}

TEST_HARNESS_MAIN
