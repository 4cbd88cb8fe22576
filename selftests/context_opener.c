// SPDX-License-Identifier: GPL-2.0
/*
 * Contexts end with the process that opened them, and with nobody else.
 *
 * In these tests a child opens the context and somebody else keeps it open, so
 * that no close(2) ends it.
 */
#include <sys/ptrace.h>

#include "kcoro_test.h"

#define TASKS 10

FIXTURE(opener)
{
	int watch; /* a context with nothing in it, to look around with */
	int sock[2]; /* what the child sends to the test */
	int hold[2]; /* a pipe: those who wait on it go on when it is closed */
};

FIXTURE_SETUP(opener) {
	await_no_tasks();
	self->watch = kcoro_open(0);
	ASSERT_LE(0, self->watch);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->sock));
	ASSERT_EQ(0, pipe(self->hold));
}

FIXTURE_TEARDOWN(opener) {
	close(self->hold[1]);
	leave_nothing(self->watch);
}

static int spawn_sleepers(int ctx, int count)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS(SLEEP_LONG) };

	return kcoro_spawn_many(ctx, "sleep", &opts, count, NULL);
}

static int open_with_tasks(unsigned int flags)
{
	int ctx = kcoro_open(flags);

	return ctx >= 0 && spawn_sleepers(ctx, TASKS) == TASKS ? ctx : -1;
}

/* Returns when the test lets go. */
static void *wait_for_release(void *self)
{
	char byte;

	if (read(((FIXTURE_DATA(opener) *)self)->hold[0], &byte, 1) < 0)
		_exit(3);
	return NULL;
}

/* Runs @role in a child, whose exit status it gives. */
static pid_t child(FIXTURE_DATA(opener) * self,
		   int (*role)(FIXTURE_DATA(opener) *))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	close(self->watch);
	close(self->hold[1]);
	_exit(role(self));
}

/* Tasks of everybody that have not ended. */
static int live(FIXTURE_DATA(opener) * self)
{
	return count_tasks(self->watch, KCORO_SCOPE_ALL, 0);
}

static void await_end(FIXTURE_DATA(opener) * self)
{
	while (live(self))
		nap();
}

/* Time for what must not happen. */
static void settle(void)
{
	int i;

	for (i = 0; i < 20; i++)
		nap();
}

/* --- a child of the opener holds the descriptor ------------------------------ */

static int holds(FIXTURE_DATA(opener) * self, int ctx)
{
	if (ctx < 0)
		return 1;
	if (!fork()) {
		wait_for_release(self);
		_exit(0);
	}
	return 0;
}

static int opens(FIXTURE_DATA(opener) * self)
{
	return holds(self, open_with_tasks(0));
}

TEST_F(opener, exit_ends_it)
{
	EXPECT_EQ(0, wait_child(child(self, opens)));
	await_end(self);
}

static int opens_detached(FIXTURE_DATA(opener) * self)
{
	return holds(self, open_with_tasks(KCORO_OPEN_DETACHED));
}

TEST_F(opener, exit_does_not_end_a_detached_one)
{
	EXPECT_EQ(0, wait_child(child(self, opens_detached)));
	settle();
	EXPECT_EQ(TASKS, live(self));
}

static int opens_and_changes_its_mind(FIXTURE_DATA(opener) * self)
{
	int ctx = open_with_tasks(KCORO_OPEN_DETACHED);

	return kcoro_set_options(ctx, 0) ? 1 : holds(self, ctx);
}

TEST_F(opener, options_can_be_taken_back)
{
	EXPECT_EQ(0, wait_child(child(self, opens_and_changes_its_mind)));
	await_end(self);
}

/* --- the opener has no descriptor any more ----------------------------------- */

static int passes_on(FIXTURE_DATA(opener) * self, int ctx)
{
	if (ctx < 0 || pass_fd(self->sock[1], ctx))
		return 1;
	close(ctx);
	return 0;
}

static int opens_and_passes_on(FIXTURE_DATA(opener) * self)
{
	return passes_on(self, open_with_tasks(0));
}

TEST_F(opener, exit_ends_one_passed_on)
{
	pid_t pid = child(self, opens_and_passes_on);
	int ctx = take_fd(self->sock[0]);

	ASSERT_LE(0, ctx);
	EXPECT_EQ(0, wait_child(pid));
	await_end(self);
	EXPECT_EQ(-ESHUTDOWN, spawn_sleepers(ctx, 1));
	close(ctx);
}

static int opens_detached_and_passes_on(FIXTURE_DATA(opener) * self)
{
	return passes_on(self, open_with_tasks(KCORO_OPEN_DETACHED));
}

/* It ends when it is not detached any more. */
TEST_F(opener, exit_does_not_end_a_detached_one_passed_on)
{
	pid_t pid = child(self, opens_detached_and_passes_on);
	int ctx = take_fd(self->sock[0]);

	ASSERT_LE(0, ctx);
	EXPECT_EQ(0, wait_child(pid));
	settle();
	EXPECT_EQ(TASKS, live(self));
	EXPECT_EQ(1, spawn_sleepers(ctx, 1));
	EXPECT_EQ(0, kcoro_set_options(ctx, KCORO_CTX_DETACHED));
	EXPECT_EQ(TASKS + 1, live(self));
	EXPECT_EQ(0, kcoro_set_options(ctx, 0));
	EXPECT_EQ(-ESHUTDOWN, spawn_sleepers(ctx, 1));
	await_end(self);
	close(ctx);
}

/*
 * The descriptor lies in the queue of a socket that one of the context's tasks
 * holds; the sending end that the task waits for lies there as well. Nobody
 * else has either.
 */
static int opens_and_hides(FIXTURE_DATA(opener) * self)
{
	int ctx = open_with_tasks(0), in[2], sv[2];

	if (ctx < 0 || kcoro_chan_buf(ctx, 0, 0, in) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, sv) ||
	    spawn(ctx, "file-sink", NULL, FDS(in[KCORO_RECV_END], sv[1])) < 0 ||
	    pass_fd(sv[0], ctx) || pass_fd(sv[0], in[KCORO_SEND_END]))
		return 1;
	close(in[KCORO_SEND_END]);
	close(in[KCORO_RECV_END]);
	close(sv[0]);
	close(sv[1]);
	close(ctx);
	return 0;
}

TEST_F(opener, exit_ends_one_that_its_own_task_holds)
{
	EXPECT_EQ(0, wait_child(child(self, opens_and_hides)));
	await_end(self);
}

/* --- the opener's descriptor outlives it -------------------------------------- */

static int opens_and_shares_its_files(FIXTURE_DATA(opener) * self)
{
	pid_t pid;

	if (open_with_tasks(0) < 0)
		return 1;
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (!pid) {
		wait_for_release(self);
		_exit(0);
	}
	return pid < 0;
}

TEST_F(opener, exit_ends_one_in_a_shared_table_of_files)
{
	EXPECT_EQ(0, wait_child(child(self, opens_and_shares_its_files)));
	await_end(self);
}

static int is_traced_and_opens(FIXTURE_DATA(opener) * self)
{
	wait_for_release(self);
	return opens_and_passes_on(self);
}

/* A zombie has ended; its parent and tracer need not have noticed. */
TEST_F(opener, exit_of_a_traced_one_ends_it)
{
	pid_t pid = child(self, is_traced_and_opens);
	int ctx;

	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	close(self->hold[1]);
	ctx = take_fd(self->sock[0]);
	ASSERT_LE(0, ctx);
	await_end(self);
	EXPECT_EQ(0, wait_child(pid));
	close(ctx);
}

/* --- the opener lives on --------------------------------------------------------------- */

/* To set options makes the kernel look for the opener as well. */
static void expect_life(t_metadata, FIXTURE_DATA(opener) * self, int ctx)
{
	settle();
	EXPECT_EQ(0, kcoro_set_options(ctx, 0));
	EXPECT_EQ(TASKS, live(self));
	EXPECT_EQ(1, spawn_sleepers(ctx, 1));
}

TEST_F(opener, exit_of_a_holder_does_not_end_it)
{
	int ctx = open_with_tasks(0);
	pid_t pid;

	ASSERT_LE(0, ctx);
	pid = fork();
	if (!pid)
		_exit(0);
	EXPECT_EQ(0, wait_child(pid));
	expect_life(_metadata, self, ctx);
	close(ctx);
}

struct thread {
	pid_t tid;
	int ctx;
};

static void *opening_thread(void *arg)
{
	struct thread *t = arg;

	t->tid = syscall(SYS_gettid);
	t->ctx = open_with_tasks(0);
	return NULL;
}

/* The process opens it, whichever thread does. */
TEST_F(opener, exit_of_the_thread_does_not_end_it)
{
	struct thread t;
	pthread_t thread;
	char path[64];

	ASSERT_EQ(0, pthread_create(&thread, NULL, opening_thread, &t));
	pthread_join(thread, NULL);
	ASSERT_LE(0, t.ctx);
	snprintf(path, sizeof(path), "/proc/self/task/%d", t.tid);
	while (!access(path, F_OK))
		nap();
	expect_life(_metadata, self, t.ctx);
	close(t.ctx);
}

/* The first thread ends; another one lives on. */
static int opens_and_leaves_a_thread(FIXTURE_DATA(opener) * self)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_for_release, self) ||
	    opens_and_passes_on(self))
		return 1;
	syscall(SYS_exit, 0);
	return 2;
}

TEST_F(opener, exit_of_the_first_thread_does_not_end_it)
{
	pid_t pid = child(self, opens_and_leaves_a_thread);
	int ctx = take_fd(self->sock[0]);

	ASSERT_LE(0, ctx);
	while (state_of(pid) != 'Z')
		nap();
	expect_life(_metadata, self, ctx);
	close(self->hold[1]);
	EXPECT_EQ(0, wait_child(pid));
	await_end(self);
	close(ctx);
}

/* A thread executes another program, and becomes the first thread by that. */
static void *executing_thread(void *self)
{
	dup2(((FIXTURE_DATA(opener) *)self)->hold[0], STDIN_FILENO);
	execl("/bin/cat", "cat", NULL);
	_exit(2);
}

static int opens_and_executes(FIXTURE_DATA(opener) * self)
{
	pthread_t thread;

	if (opens_and_passes_on(self) ||
	    pthread_create(&thread, NULL, executing_thread, self))
		return 1;
	pause();
	return 3;
}

static int is_cat(pid_t pid)
{
	char path[64], buf[16];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	read_text(path, buf, sizeof(buf));
	return !strcmp(buf, "cat\n");
}

TEST_F(opener, exec_of_another_thread_does_not_end_it)
{
	pid_t pid = child(self, opens_and_executes);
	int ctx = take_fd(self->sock[0]);

	ASSERT_LE(0, ctx);
	while (!is_cat(pid) && !waitpid(pid, NULL, WNOHANG))
		nap();
	expect_life(_metadata, self, ctx);
	close(self->hold[1]);
	EXPECT_EQ(0, wait_child(pid));
	await_end(self);
	close(ctx);
}

TEST_HARNESS_MAIN
