// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that crash: what the kernel's log says, and that all else goes on.
 *
 * Each test has the kernel complain on purpose, as run's own_boot() says: once
 * for each crash(), in this order.
 */
#include "kcoro_test.h"

#include <inttypes.h>
#include <sched.h>

/* More than a CPU has workers: one and its spares. */
#define MANY 12

FIXTURE(crash)
{
	int ctx;
	int log; /* the kernel's, from here on */
	char text[256 * 1024];
};

FIXTURE_SETUP(crash) {
	cpu_set_t one;

	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->log);
	lseek(self->log, 0, SEEK_END);
	/* a task is placed on its spawner's CPU */
	CPU_ZERO(&one);
	CPU_SET(1, &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
}

FIXTURE_TEARDOWN(crash) {
	close(self->log);
	close(self->ctx);
}

/* On the CPU that all are on: others would take some of them over. */
static int spawn_here(int ctx, const char *body, const char *const *words,
		      const int *fds, unsigned int nr_fds)
{
	struct kcoro_spawn_opts opts = {
		.argv = words,
		.fds = fds,
		.nr_fds = nr_fds,
		.flags = KCORO_SPAWN_PIN,
		.cpu = 1,
	};

	return kcoro_spawn(ctx, body, &opts);
}

static int crash(int ctx, const char *how)
{
	return spawn_here(ctx, "crash", WORDS(how), NULL, 0);
}

static void expect_fault(t_metadata, int task)
{
	struct kcoro_exit e = { 0 };

	ASSERT_LE(0, task);
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_FAULT, e.reason);
	EXPECT_EQ(-EFAULT, e.error);
	EXPECT_EQ(0, e.result);
	EXPECT_STREQ("crash", e.name);
}

/* Reads the log until it has that text. Records: "PREFIX;TEXT\n ...". */
static void await_log(char *text, size_t size, int log, const char *end)
{
	size_t used = 0;
	ssize_t n;

	text[0] = '\0';
	while (!strstr(text, end) && used < size - 8192) {
		n = read(log, text + used, size - 1 - used);
		if (n > 0)
			used += n;
		else
			nap();
		text[used] = '\0';
	}
}

/*
 * Whether the trace has a function that the unwinder vouches for: it puts a
 * question mark before what it only found on the stack.
 */
static int trace_has(const char *text, const char *function)
{
	char want[64];

	snprintf(want, sizeof(want), "; %s+0x", function);
	return !!strstr(text, want);
}

#define AWAIT_LOG(end) await_log(self->text, sizeof(self->text), self->log, end)
#define EXPECT_TRACE(function)                        \
	EXPECT_EQ(1, trace_has(self->text, function)) \
	TH_LOG("no %s in:\n%s", function, self->text)

#define END_OF_TRACE "---[ end trace"
#define MARK "task_crash was here\n" /* readers wait for the end of a line */

/* No crash: the task goes on. Returns its exit, and whose the report is in @whose. */
static struct kcoro_exit warn(t_metadata, int ctx, const char *how, char *whose,
			      size_t size)
{
	struct kcoro_exit e = join_ok(_metadata, crash(ctx, how));

	EXPECT_EQ(4711, e.result);
	snprintf(whose, size,
		 "kcoro: the above is of task %" PRIu64
		 " (crash) of task_crash, pid %d",
		 (uint64_t)e.id, getpid());
	return e;
}

TEST_F(crash, warning_has_the_whole_trace)
{
	char whose[96];

	warn(_metadata, self->ctx, "warn", whose, sizeof(whose));
	AWAIT_LOG(whose);
	EXPECT_NE(NULL, strstr(self->text, END_OF_TRACE));
	EXPECT_TRACE("crash_run");
	EXPECT_TRACE("kcoro_task_main");
	EXPECT_TRACE("kcoro_arch_entry_ret");
	EXPECT_NE(NULL, strstr(self->text, "RIP: 0010:crash_warn+0x"));
}

TEST_F(crash, warning_in_a_native_call)
{
	char whose[96];

	warn(_metadata, self->ctx, "native-warn", whose, sizeof(whose));
	AWAIT_LOG(whose);
}

TEST_F(crash, warning_of_an_interrupt_is_nobodys)
{
	char whose[96];

	warn(_metadata, self->ctx, "irq-warn", whose, sizeof(whose));
	/* All that is to be told has been. */
	ASSERT_LE(0, write_text("/dev/kmsg", MARK));
	AWAIT_LOG(MARK);
	EXPECT_NE(NULL, strstr(self->text, END_OF_TRACE));
	EXPECT_EQ(NULL, strstr(self->text, "kcoro: the above"));
}

TEST_F(crash, warning_in_kernel_code_of_no_program)
{
	char whose[96];

	warn(_metadata, self->ctx, "child-warn", whose, sizeof(whose));
	AWAIT_LOG("(crash_child)\n");
	EXPECT_NE(NULL, strstr(self->text, "kcoro: the above is of task "));
}

TEST_F(crash, null_pointer)
{
	expect_fault(_metadata, crash(self->ctx, "null"));
	AWAIT_LOG("was ended");
	EXPECT_TRACE("crash_run");
	EXPECT_TRACE("kcoro_task_main");
	EXPECT_NE(NULL, strstr(self->text, "RIP: 0010:crash_null+0x"));
}

TEST_F(crash, trap)
{
	expect_fault(_metadata, crash(self->ctx, "trap"));
	AWAIT_LOG("was ended");
	EXPECT_TRACE("crash_run");
	EXPECT_TRACE("kcoro_task_main");
	EXPECT_NE(NULL, strstr(self->text, "RIP: 0010:crash_trap+0x"));
}

/* On the worker's own stack. */
TEST_F(crash, in_a_native_call)
{
	expect_fault(_metadata, crash(self->ctx, "native"));
	AWAIT_LOG("was ended");
	EXPECT_TRACE("crash_native_fn");
	EXPECT_TRACE("kthread");
}

/* Without a descriptor its end is told by the context. */
TEST_F(crash, record_of_the_context)
{
	struct kcoro_exit e = { 0 };
	uint64_t id;

	ASSERT_EQ(0, spawn_id(self->ctx, "crash", WORDS("trap"), NULL, 0, &id));
	ASSERT_EQ(1, kcoro_next_exits(self->ctx, &e, 1, 0));
	EXPECT_EQ(id, e.id);
	EXPECT_EQ(KCORO_EXIT_FAULT, e.reason);
	EXPECT_EQ(-EFAULT, e.error);
	/* and it counts no more */
	EXPECT_EQ(0, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
	EXPECT_EQ(-ESRCH, kcoro_kill(self->ctx, id, KCORO_SCOPE_CTX, 0));
}

/* Neither its deadline nor a kill changes what happened. */
TEST_F(crash, stays_a_fault)
{
	struct kcoro_spawn_opts opts = {
		.argv = WORDS("trap"),
		.deadline_ns = kcoro_deadline_in(3000000000LL),
	};
	struct kcoro_exit e = { 0 };
	int task = kcoro_spawn(self->ctx, "crash", &opts);
	int sleeper = spawn(self->ctx, "sleep", WORDS("4000"), NULL, 0);

	expect_fault(_metadata, task);
	join_ok(_metadata, sleeper);
	EXPECT_EQ(0, kcoro_kill(self->ctx, 0, KCORO_SCOPE_CTX, 0));
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_FAULT, e.reason);
}

/* All of it ends: they had one thread. Another bubble has another. */
TEST_F(crash, in_a_bubble)
{
	int ctx = kcoro_open(0), other = kcoro_open(0), task, asleep;
	struct kcoro_bubble_run end;
	struct kcoro_exit e = { 0 };

	ASSERT_EQ(0, kcoro_bubble(ctx, 1, 0));
	ASSERT_EQ(0, kcoro_bubble(other, 1, 0));
	asleep = spawn(ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	task = spawn(ctx, "crash", WORDS("trap"), NULL, 0);
	ASSERT_LE(0, asleep);
	ASSERT_EQ(0, kcoro_bubble_run(ctx, &end, NULL, 0, 0));
	EXPECT_EQ(-EFAULT, end.error);
	EXPECT_STREQ("task 2 crashed", end.message);
	expect_fault(_metadata, task);
	ASSERT_EQ(0, kcoro_join(asleep, &e, 0));
	EXPECT_EQ(-EFAULT, e.error);
	EXPECT_EQ(0, count_tasks(ctx, KCORO_SCOPE_CTX, 1));
	AWAIT_LOG("was ended");
	EXPECT_TRACE("crash_run");
	task = spawn(other, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	ASSERT_LE(0, task);
	ASSERT_EQ(0, kcoro_bubble_run(other, &end, NULL, 0, 0));
	EXPECT_EQ(0, end.error);
	join_ok(_metadata, task);
	close(other);
	close(ctx);
}

/*
 * One after the other, more tasks crash than the CPU has workers. One that was
 * parked there, one that computes and one that sleeps go on.
 */
TEST_F(crash, peers_go_on)
{
	struct pair in = chan_u64(0), out = chan_u64(0);
	int echo, spin, asleep, i;
	struct kcoro_task_info info;

	echo = spawn_here(self->ctx, "echo", NULL, FDS(in.recv, out.send));
	asleep = spawn_here(self->ctx, "sleep", WORDS("1000"), NULL, 0);
	spin = spawn_here(self->ctx, "spin", WORDS("2000"), NULL, 0);
	for (i = 0; i < MANY; i++) {
		expect_fault(_metadata,
			     crash(self->ctx, i & 1 ? "trap" : "null"));
		ASSERT_EQ(8, put_u64(in.send, i));
		ASSERT_EQ(i, get_u64(out.recv));
	}
	join_ok(_metadata, spin);
	join_ok(_metadata, asleep);
	ASSERT_EQ(0, kcoro_task_info(echo, &info));
	EXPECT_EQ(1, info.cpu);
}

/* It closes at once, and all that waits in it ends; others can be opened. */
TEST_F(crash, context_ends)
{
	int other = kcoro_open(0), task, asleep;
	struct kcoro_exit e = { 0 };

	ASSERT_LE(0, other);
	task = crash(other, "null");
	asleep = spawn(other, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	expect_fault(_metadata, task);
	close(other);
	ASSERT_EQ(0, kcoro_join(asleep, &e, 0));
	EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
	close(asleep);
	close(task);
	await_no_tasks();
	join_ok(_metadata, spawn(self->ctx, "sleep", WORDS("1"), NULL, 0));
}

/* What the task held stays held, so that nobody after it sees an end. */
TEST_F(crash, run_ends)
{
	int status = system(
		"kcoro run 'file-source /proc/self/exe | crash null | count' >/dev/null 2>crash.err");
	char text[512];

	EXPECT_LT(0, read_text("crash.err", text, sizeof(text)));
	unlink("crash.err");
	EXPECT_EQ(1, WIFEXITED(status) && WEXITSTATUS(status) == 1);
	EXPECT_NE(NULL, strstr(text, "crash")) TH_LOG("it said: %s", text);
}

/* From the first crash on, also when nobody uses it. */
TEST_F(crash, module_cannot_be_unloaded)
{
	int i;

	close(self->ctx);
	self->ctx = -1;
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(-1, syscall(SYS_delete_module, "kcoro", O_NONBLOCK));
		ASSERT_EQ(EAGAIN, errno);
		nap();
	}
	EXPECT_EQ(-1,
		  syscall(SYS_delete_module, "kcoro_body_crash", O_NONBLOCK));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_HARNESS_MAIN
