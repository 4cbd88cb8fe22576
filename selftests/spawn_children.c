// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that tasks spawn belong to their parent's context.
 *
 * The body "sieve" spawns a generator, and a filter for each prime it found. It
 * stops when nobody receives the primes: with room for N of them and nobody
 * there, it has found N + 1, by as many tasks.
 */
#include "kcoro_test.h"

#define PRIMES 5

FIXTURE(children)
{
	int ctx;
	int task; /* the sieve, which waits for us */
	uint64_t id;
	struct pair p;
	long saved[3];
};

static const char *const names[] = { "tasks_max", "tasks_user_max",
				     "tasks_ctx_max" };

#define PARAMETERS "/sys/module/kcoro/parameters/"

static int set_limit(const char *name, long value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	snprintf(text, sizeof(text), "%ld", value);
	return write_text(path, text);
}

static int stopped_sieve(t_metadata, int ctx, uint32_t primes, struct pair *p)
{
	int task;

	*p = chan_of(_metadata, ctx, 8, primes - 1);
	task = spawn(ctx, "sieve", WORDS("10000"), FDS(p->send));
	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_SEND);
	return task;
}

FIXTURE_SETUP(children) {
	char path[128];
	size_t i;

	await_no_tasks();
	for (i = 0; i < ROWS(names); i++) {
		snprintf(path, sizeof(path), PARAMETERS "%s", names[i]);
		self->saved[i] = read_long(path);
		ASSERT_LT(0, self->saved[i]);
	}
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->task = stopped_sieve(_metadata, self->ctx, PRIMES, &self->p);
	self->id = task_id(self->task);
}

FIXTURE_TEARDOWN(children) {
	size_t i;

	for (i = 0; i < ROWS(names); i++)
		set_limit(names[i], self->saved[i]);
	close(self->ctx);
}

TEST_F(children, are_listed_with_their_parent)
{
	struct kcoro_task_info *list, info;
	ssize_t n = kcoro_list(self->ctx, KCORO_SCOPE_CTX, &list), i;

	ASSERT_EQ(0, kcoro_task_info(self->task, &info));
	ASSERT_EQ(1 + PRIMES, n);
	EXPECT_EQ(self->id, list[0].id);
	EXPECT_EQ(0, list[0].parent);
	for (i = 1; i < n; i++) {
		EXPECT_EQ(self->id, list[i].parent);
		EXPECT_EQ(info.ctx, list[i].ctx);
		EXPECT_EQ(getpid(), list[i].pid);
		EXPECT_STREQ(i == 1 ? "sieve-generator" : "sieve-filter",
			     list[i].name);
		EXPECT_STREQ("", list[i].body);
	}
	free(list);
}

/*
 * Kills a sieve and its children by one call, and tells how many it found. The
 * sieve takes its children down as well, and may be faster: then once more.
 */
static int64_t kill_a_sieve(t_metadata, uint32_t flags)
{
	struct kcoro_exit e;
	struct pair p;
	int ctx, task;
	int64_t n;

	do {
		ctx = kcoro_open(0);
		ASSERT_LE(0, ctx);
		task = stopped_sieve(_metadata, ctx, PRIMES, &p);
		n = kcoro_kill(ctx, 0, KCORO_SCOPE_CTX, flags);
		ASSERT_EQ(0, kcoro_join(task, &e, 0));
		EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
		while (count_tasks(ctx, KCORO_SCOPE_CTX, 1))
			nap();
		close(p.recv);
		close(p.send);
		close(task);
		close(ctx);
	} while (n == 1);
	return n;
}

TEST_F(children, are_killed_with_the_context_s_tasks)
{
	int64_t n = kill_a_sieve(_metadata, 0);

	EXPECT_LT(1, n);
	EXPECT_GE(1 + PRIMES, n);
}

TEST_F(children, are_killed_with_the_context)
{
	int64_t n = kill_a_sieve(_metadata, KCORO_KILL_CONTEXTS);

	EXPECT_LT(1, n);
	EXPECT_GE(1 + PRIMES, n);
}

TEST_F(children, can_be_killed_alone)
{
	struct kcoro_task_info *list;
	struct kcoro_exit e;

	ASSERT_EQ(1 + PRIMES, kcoro_list(self->ctx, KCORO_SCOPE_CTX, &list));
	EXPECT_EQ(1, kcoro_kill(self->ctx, list[1].id, KCORO_SCOPE_CTX, 0));
	free(list);
	/* what the generator has sent is not lost, but nothing comes after it */
	close(self->p.send);
	while (get_u64(self->p.recv) > 0)
		;
	ASSERT_EQ(0, kcoro_join(self->task, &e, 0));
	EXPECT_EQ(-EIO, e.error);
}

TEST_F(children, leave_no_exit_record)
{
	struct kcoro_exit e;

	/* nor could they leave one: it does not wait */
	EXPECT_EQ(0, t_read(self->ctx, &e, sizeof(e)));
	EXPECT_EQ(1, kcoro_kill(self->ctx, self->id, KCORO_SCOPE_CTX, 0));
	while (count_tasks(self->ctx, KCORO_SCOPE_CTX, 1))
		nap();
	EXPECT_EQ(0, t_read(self->ctx, &e, sizeof(e)));
}

TEST_F(children, count_as_tasks)
{
	struct kcoro_info i;

	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	EXPECT_EQ(1 + PRIMES, i.tasks);
}

/* --- limits -------------------------------------------------------------------- */

/* The next task is one too many, for the program and for the sieve. */
static void expect_limit(t_metadata, FIXTURE_DATA(children) * self,
			 const char *name, int err)
{
	struct kcoro_exit e;

	ASSERT_EQ(0, set_limit(name, 1 + PRIMES));
	EXPECT_EQ(err, spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0));
	EXPECT_EQ(2, get_u64(self->p.recv));
	ASSERT_EQ(0, kcoro_join(self->task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_RETURNED, e.reason);
	EXPECT_EQ(err, e.error);
	EXPECT_STREQ("a limit of tasks ends the chain after 5", e.message);
	/* the chain's ends are uncharged */
	EXPECT_EQ(0, count_tasks(self->ctx, KCORO_SCOPE_CTX, 0));
	EXPECT_LE(0, spawn(self->ctx, "sleep", WORDS("0"), NULL, 0));
}

TEST_F(children, count_against_the_context)
{
	expect_limit(_metadata, self, "tasks_ctx_max", -EDQUOT);
}

TEST_F(children, count_against_the_user)
{
	expect_limit(_metadata, self, "tasks_user_max", -EDQUOT);
}

TEST_F(children, count_against_all)
{
	expect_limit(_metadata, self, "tasks_max", -EAGAIN);
}

/* --- memory ---------------------------------------------------------------------- */

#define ROOT "/sys/fs/cgroup"
#define GROUP ROOT "/kcoro_children"
#define MANY 300

/* In a memory cgroup of its own. Gives what @tasks stacks must cost at least. */
static int pays_for_stacks(t_metadata)
{
	int ctx = kcoro_open(0);
	struct kcoro_info info;
	long before, after;
	struct pair p;

	if (ctx < 0 || kcoro_info(ctx, &info))
		return 1;
	before = read_long(GROUP "/memory.current");
	stopped_sieve(_metadata, ctx, MANY, &p);
	after = read_long(GROUP "/memory.current");
	/* what it counts is late by up to some dozen pages for each CPU */
	if (after - before < (long)info.stack_default * MANY * 3 / 4) {
		TH_LOG("%ld before, %ld after", before, after);
		return 2;
	}
	return 0;
}

TEST_F(children, stacks_are_charged_to_the_opener)
{
	char text[32];
	pid_t pid;
	int p[2];

	/* an error: it is there already, or nobody may */
	write_text(ROOT "/cgroup.subtree_control", "+memory");
	if (mkdir(GROUP, 0755) || access(GROUP "/memory.current", R_OK)) {
		rmdir(GROUP);
		SKIP(return, "no memory controller in " GROUP);
	}
	ASSERT_EQ(0, pipe(p));
	pid = fork();
	if (!pid) {
		close(p[1]);
		_exit(read(p[0], text, 1) ? 3 : pays_for_stacks(_metadata));
	}
	snprintf(text, sizeof(text), "%d", pid);
	ASSERT_EQ(0, write_text(GROUP "/cgroup.procs", text));
	close(p[1]);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(0, rmdir(GROUP));
}

TEST_HARNESS_MAIN
