// SPDX-License-Identifier: MIT
/*
 * kcoro test: whether kcoro works on this machine, in TAP (test anything
 * protocol).
 *
 * A test ends at its first CHECK() that does not hold. It has its own context,
 * so that whatever it leaves behind ends with it. No result depends on how long
 * anything takes; waits are bounded only so that a failure does not hang.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <kcoro.h>

#include "command.h"
#include "complain.h"
#include "exits.h"

/* Longer than any test takes on the slowest machine. */
#define PATIENCE_NS (60 * INT64_C(1000000000))

/* The sleep of tasks that are to be cancelled: never reached. */
#define FOREVER_MS "3600000"

/* Tasks at once, in the test of many. */
#define MANY 500

/* Where a test goes on that has failed, and what has. */
static jmp_buf after_test;
static const char *wrong;

static void check(bool right, const char *what)
{
	if (!right) {
		wrong = what;
		longjmp(after_test, 1);
	}
}

#define CHECK(condition) check(condition, #condition)

static int64_t patience(void)
{
	return kcoro_deadline_in(PATIENCE_NS);
}

static int spawn_sleep(int ctx, const char *milliseconds)
{
	const char *words[] = { milliseconds, NULL };
	struct kcoro_spawn_opts opts = { .argv = words };

	return kcoro_spawn(ctx, "sleep", &opts);
}

static void test_info(int ctx)
{
	struct kcoro_info info;

	CHECK(!kcoro_info(ctx, &info));
	CHECK(info.version == KCORO_UAPI_VERSION);
	CHECK(info.cpus > 0);
	CHECK(info.stack_min <= info.stack_default);
	CHECK(info.stack_default <= info.stack_max);
	CHECK(info.spawn_max > 0 && info.batch_max > 0 && info.select_max > 1);
	CHECK(info.tasks <= info.tasks_max);
}

static void test_return(int ctx)
{
	struct kcoro_exit exit;
	int task = spawn_sleep(ctx, "1");

	CHECK(task >= 0);
	CHECK(!kcoro_join(task, &exit, patience()));
	CHECK(kcoro_exit_ok(&exit));
	/* Any number of times. */
	CHECK(!kcoro_join(task, &exit, patience()));
	CHECK(!strcmp(exit.name, "sleep"));
	close(task);
}

static void test_echo(int ctx)
{
	int to[2], from[2], fds[2], task;
	struct kcoro_spawn_opts opts = { .fds = fds, .nr_fds = 2 };
	struct kcoro_exit exit;
	char answer[16];

	CHECK(!kcoro_chan_buf(ctx, 0, 1, to));
	CHECK(!kcoro_chan_buf(ctx, 0, 1, from));
	fds[0] = to[KCORO_RECV_END];
	fds[1] = from[KCORO_SEND_END];
	task = kcoro_spawn(ctx, "echo", &opts);
	CHECK(task >= 0);
	close(fds[0]);
	close(fds[1]);
	CHECK(kcoro_send(to[KCORO_SEND_END], "hello", 5, patience()) == 5);
	CHECK(kcoro_recv(from[KCORO_RECV_END], answer, sizeof(answer),
			 patience()) == 5);
	CHECK(!memcmp(answer, "hello", 5));
	/* The end of our messages is the end of its. */
	close(to[KCORO_SEND_END]);
	CHECK(kcoro_recv(from[KCORO_RECV_END], answer, sizeof(answer),
			 patience()) == 0);
	CHECK(!kcoro_join(task, &exit, patience()));
	CHECK(kcoro_exit_ok(&exit));
	close(from[KCORO_RECV_END]);
	close(task);
}

/* Starts one stage and closes what it was given. Returns a task. */
static int stage(int ctx, const char *body, const char *word, int in, int out)
{
	const char *words[] = { word, NULL };
	int fds[] = { in, out }, task;
	struct kcoro_spawn_opts opts = {
		.argv = words,
		.fds = fds,
		.nr_fds = out < 0 ? 1 : 2,
	};

	task = kcoro_spawn(ctx, body, &opts);
	close(in);
	if (out >= 0)
		close(out);
	return task;
}

static void test_pipeline(int ctx)
{
	static const char text[] = "apple\nbanana\ncherry\napple pie\n";
	int file, a[2], b[2], c[2], task;
	uint64_t messages, bytes;
	struct kcoro_exit exit;

	file = memfd_create("kcoro-test", MFD_CLOEXEC);
	CHECK(file >= 0);
	CHECK(write(file, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK(lseek(file, 0, SEEK_SET) == 0);
	CHECK(!kcoro_chan_buf(ctx, 0, 2, a));
	CHECK(!kcoro_chan_buf(ctx, 0, 2, b));
	CHECK(!kcoro_chan_buf(ctx, 0, 2, c));
	CHECK(stage(ctx, "file-source", NULL, file, a[KCORO_SEND_END]) >= 0);
	CHECK(stage(ctx, "lines", NULL, a[KCORO_RECV_END], b[KCORO_SEND_END]) >=
	      0);
	CHECK(stage(ctx, "match", "apple", b[KCORO_RECV_END],
		    c[KCORO_SEND_END]) >= 0);
	task = stage(ctx, "count", NULL, c[KCORO_RECV_END], -1);
	CHECK(task >= 0);
	CHECK(!kcoro_join(task, &exit, patience()));
	CHECK(kcoro_exit_ok(&exit));
	CHECK(exit.result == 2);
	CHECK(exit_counts(&exit, &messages, &bytes));
	CHECK(messages == 2);
	CHECK(bytes == strlen("apple\n") + strlen("apple pie\n"));
}

static void test_select(int ctx)
{
	uint64_t sent = 7, got = 0;
	struct kcoro_case cases[2];
	int a[2], b[2], error;

	CHECK(!kcoro_chan(ctx, sizeof(sent), 1, a));
	CHECK(!kcoro_chan(ctx, sizeof(sent), 1, b));
	cases[0] = kcoro_case_recv(a[KCORO_RECV_END], &got, sizeof(got));
	cases[1] = kcoro_case_recv(b[KCORO_RECV_END], &got, sizeof(got));
	CHECK(kcoro_select(ctx, cases, 2, KCORO_SELECT_NOWAIT, 0, NULL) ==
	      -EAGAIN);
	CHECK(kcoro_send(b[KCORO_SEND_END], &sent, sizeof(sent), patience()) ==
	      sizeof(sent));
	CHECK(kcoro_select(ctx, cases, 2, 0, patience(), &error) == 1);
	CHECK(!error && cases[1].len == sizeof(got) && got == sent);
}

static void test_deadline(int ctx)
{
	uint64_t got;
	int a[2];

	CHECK(!kcoro_chan(ctx, sizeof(got), 1, a));
	CHECK(kcoro_recv(a[KCORO_RECV_END], &got, sizeof(got), KCORO_NOW) ==
	      -ETIMEDOUT);
	CHECK(kcoro_recv(a[KCORO_RECV_END], &got, sizeof(got),
			 kcoro_deadline_in(1000000)) == -ETIMEDOUT);
}

static void test_close(int ctx)
{
	uint64_t sent = 1, got = 0;
	int a[2];

	CHECK(!kcoro_chan(ctx, sizeof(sent), 2, a));
	CHECK(kcoro_send(a[KCORO_SEND_END], &sent, sizeof(sent), patience()) ==
	      sizeof(sent));
	CHECK(!kcoro_close_chan(a[KCORO_SEND_END]));
	CHECK(kcoro_close_chan(a[KCORO_SEND_END]) == -EALREADY);
	CHECK(kcoro_send(a[KCORO_SEND_END], &sent, sizeof(sent), patience()) ==
	      -EPIPE);
	CHECK(kcoro_recv(a[KCORO_RECV_END], &got, sizeof(got), patience()) ==
	      sizeof(got));
	CHECK(got == sent);
	CHECK(!kcoro_recv(a[KCORO_RECV_END], &got, sizeof(got), patience()));
}

static void kill_one(int ctx, uint32_t flags, uint32_t reason)
{
	struct kcoro_task_info info;
	struct kcoro_exit exit;
	int task = spawn_sleep(ctx, FOREVER_MS);

	CHECK(task >= 0);
	CHECK(!kcoro_task_info(task, &info));
	CHECK(kcoro_kill(ctx, info.id, KCORO_SCOPE_CTX, flags) == 1);
	CHECK(!kcoro_join(task, &exit, patience()));
	CHECK(!kcoro_exit_ok(&exit));
	CHECK(exit.reason == reason);
	close(task);
}

static void test_cancel(int ctx)
{
	kill_one(ctx, KCORO_KILL_ONCE, KCORO_EXIT_CANCELED);
}

static void test_kill(int ctx)
{
	kill_one(ctx, 0, KCORO_EXIT_KILLED);
}

static void test_task_deadline(int ctx)
{
	const char *words[] = { FOREVER_MS, NULL };
	struct kcoro_spawn_opts opts = {
		.argv = words,
		.deadline_ns = kcoro_deadline_in(1000000),
	};
	struct kcoro_exit exit;
	int task = kcoro_spawn(ctx, "sleep", &opts);

	CHECK(task >= 0);
	CHECK(!kcoro_join(task, &exit, patience()));
	CHECK(exit.reason == KCORO_EXIT_DEADLINE);
}

static void test_context_close(int ctx)
{
	struct kcoro_exit exit;
	int second, task;

	(void)ctx; /* one of its own, to close */
	second = kcoro_open(0);
	CHECK(second >= 0);
	task = spawn_sleep(second, FOREVER_MS);
	CHECK(task >= 0);
	close(second);
	CHECK(!kcoro_join(task, &exit, patience()));
	CHECK(exit.reason == KCORO_EXIT_KILLED);
	close(task);
}

static void test_many(int ctx)
{
	const char *words[] = { "1", NULL };
	struct kcoro_spawn_opts opts = { .argv = words };
	struct kcoro_exit exits[32];
	int started = 0, ended = 0, batch, i, n;
	struct kcoro_info info;

	CHECK(!kcoro_info(ctx, &info));
	while (started < MANY) {
		batch = MANY - started;
		if ((uint32_t)batch > info.spawn_max)
			batch = info.spawn_max;
		n = kcoro_spawn_many(ctx, "sleep", &opts, batch, NULL);
		CHECK(n > 0);
		started += n;
	}
	while (ended < started) {
		n = kcoro_next_exits(ctx, exits, 32, patience());
		CHECK(n > 0);
		for (i = 0; i < n; i++)
			CHECK(kcoro_exit_ok(&exits[i]));
		ended += n;
	}
}

static const struct {
	const char *name;
	void (*run)(int ctx);
} tests[] = {
	{ "INFO makes sense", test_info },
	{ "a task returns and is joined twice", test_return },
	{ "a message to a task and back", test_echo },
	{ "a pipeline of four tasks counts lines", test_pipeline },
	{ "select takes the channel that has a message", test_select },
	{ "a receive ends at its deadline", test_deadline },
	{ "a closed channel drains, then ends", test_close },
	{ "a task is cancelled", test_cancel },
	{ "a task is killed", test_kill },
	{ "a task ends at its deadline", test_task_deadline },
	{ "closing a context ends its tasks", test_context_close },
	{ "many tasks at once", test_many },
};

#define NR_TESTS ((int)(sizeof(tests) / sizeof(tests[0])))

/* Runs one test. Returns whether it held; if not, @wrong says what did not. */
static bool run_one(void (*run)(int ctx))
{
	int ctx = kcoro_open(0);

	wrong = ctx < 0 ? "cannot open a context" : NULL;
	if (!wrong && !setjmp(after_test))
		run(ctx);
	/* Not changed since setjmp(): still what it was. */
	if (ctx >= 0)
		close(ctx);
	return !wrong;
}

static int run_test(const struct command *cmd, int argc, char **argv)
{
	int status, ctx, i, failures = 0;
	char why[256];
	bool held;

	status = common_options(cmd, argc, argv);
	if (status >= 0)
		return status;
	if (optind != argc)
		return usage_error(cmd, "test takes no arguments");
	printf("TAP version 13\n1..%d\n", NR_TESTS + 1);
	ctx = kcoro_open(0);
	if (ctx < 0) {
		kcoro_explain(-1, KCORO_CALL_OPEN, ctx, why, sizeof(why));
		printf("not ok 1 the device opens\n# %s\n", why);
		printf("Bail out! %s\n", why);
		return STATUS_FAILED;
	}
	close(ctx);
	puts("ok 1 the device opens");
	for (i = 0; i < NR_TESTS; i++) {
		held = run_one(tests[i].run);
		failures += !held;
		printf("%s %d %s\n", held ? "ok" : "not ok", i + 2,
		       tests[i].name);
		if (!held)
			printf("# failed: %s\n", wrong);
		fflush(stdout);
	}
	printf("# %d passed, %d failed\n", NR_TESTS + 1 - failures, failures);
	return failures ? STATUS_FAILED : STATUS_OK;
}

const struct command cmd_test = {
	.name = "test",
	.brief = "test whether kcoro works on this machine",
	.help = "usage: kcoro test\n"
		"\n"
		"Tests whether kcoro works on this machine, in a few seconds,\n"
		"and prints the results in TAP.\n"
		"\n"
		"Exit status: 0 everything works, 1 something does not.\n",
	.run = run_test,
};
