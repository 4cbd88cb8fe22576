// SPDX-License-Identifier: GPL-2.0
/*
 * Groups: tasks in them, records, waits, limits, cancels, groups in groups, and
 * what closing does.
 */
#include "kcoro_test.h"

CONTEXT_FIXTURE(group)

static int group_of(t_metadata, int on, uint32_t flags, uint32_t limit)
{
	int group = kcoro_group_create(on, flags, limit);

	ASSERT_LE(0, group);
	return group;
}

#define GROUP(flags, limit) group_of(_metadata, self->ctx, flags, limit)

/* A task "echo", which ends as its input does, or fails as the test wants it. */
struct member {
	struct pair in, out;
	uint64_t id;
};

static struct member member_of(t_metadata, int ctx, int group)
{
	struct member m = { .in = chan_of(_metadata, ctx, 8, 1),
			    .out = chan_of(_metadata, ctx, 8, 1) };

	ASSERT_EQ(0, spawn_id(group, "echo", NULL, FDS(m.in.recv, m.out.send),
			      &m.id));
	return m;
}

#define MEMBER(group) member_of(_metadata, self->ctx, group)

static void member_end(struct member *m)
{
	close(m->in.send);
}

/* Ends with EPIPE. */
static void member_fail(struct member *m)
{
	close(m->out.recv);
	put_u64(m->in.send, 1);
}

static uint64_t sleeper(t_metadata, int group)
{
	uint64_t id;

	ASSERT_EQ(0, spawn_id(group, "sleep", WORDS(SLEEP_LONG), NULL, 0, &id));
	return id;
}

#define SLEEPER(group) sleeper(_metadata, group)

static struct kcoro_exit next_exit(t_metadata, int group)
{
	struct kcoro_exit e = { 0 };

	ASSERT_EQ(1, kcoro_next_exits(group, &e, 1, 0));
	return e;
}

#define NEXT(group) next_exit(_metadata, group)

static struct kcoro_group_wait fares(t_metadata, int group)
{
	struct kcoro_group_wait w;
	int err = kcoro_group_wait(group, KCORO_UNTIL_ENDED, &w, KCORO_NOW);

	ASSERT_EQ(1, err == 0 || err == -ETIMEDOUT || err == -EAGAIN)
	TH_LOG("error %d", err);
	return w;
}

#define STATE(group) fares(_metadata, group)

/* What poll(2) says without waiting. */
static int polls(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

/* --- records --------------------------------------------------------------- */

TEST_F(group, a_record_comes_to_the_group)
{
	int group = GROUP(0, 0);
	struct kcoro_exit e;
	uint64_t id;

	ASSERT_EQ(0, spawn_id(group, "sieve", WORDS("5"), NULL, 0, &id));
	e = NEXT(group);
	EXPECT_EQ(id, e.id);
	EXPECT_EQ(0, e.error);
	EXPECT_EQ(11, e.result);
	/* no other will come, here or in the context */
	EXPECT_EQ(0, t_read(group, &e, sizeof(e)));
	EXPECT_EQ(0, t_read(self->ctx, &e, sizeof(e)));
	EXPECT_EQ(0, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
}

TEST_F(group, a_context_s_records_stay_there)
{
	int group = GROUP(0, 0);
	struct kcoro_exit e;
	uint64_t id;

	ASSERT_EQ(0, spawn_id(self->ctx, "sieve", WORDS("5"), NULL, 0, &id));
	EXPECT_EQ(0, t_read(group, &e, sizeof(e)));
	EXPECT_EQ(id, NEXT(self->ctx).id);
}

TEST_F(group, tasks_with_descriptors_leave_none)
{
	int group = GROUP(0, 0), task;
	struct kcoro_exit e;

	task = spawn(group, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	ASSERT_LE(0, task);
	EXPECT_EQ(1, STATE(group).live);
	EXPECT_EQ(0, t_read(group, &e, sizeof(e)));
	EXPECT_EQ(1, kcoro_kill(self->ctx, task_id(task), KCORO_SCOPE_CTX, 0));
	EXPECT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_ENDED, NULL, 0));
	EXPECT_EQ(0, t_read(group, &e, sizeof(e)));
	EXPECT_EQ(0, kcoro_join(task, &e, 0));
}

TEST_F(group, tasks_that_want_no_record_leave_none)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS("0"),
					 .flags = KCORO_SPAWN_NO_EXIT };
	int group = GROUP(0, 0);
	struct kcoro_exit e;

	ASSERT_EQ(3, kcoro_spawn_many(group, "sleep", &opts, 3, NULL));
	EXPECT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_ENDED, NULL, 0));
	EXPECT_EQ(0, t_read(group, &e, sizeof(e)));
}

/* Who has a record finds the task gone. */
TEST_F(group, records_come_in_order_of_ending)
{
	int group = GROUP(0, 0), order[] = { 2, 0, 1 }, i;
	struct member m[3];

	for (i = 0; i < 3; i++)
		m[i] = MEMBER(group);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(3 - i, STATE(group).live);
		member_end(&m[order[i]]);
		EXPECT_EQ(m[order[i]].id, NEXT(group).id);
	}
	EXPECT_EQ(0, STATE(group).live);
}

TEST_F(group, records_are_kept_in_order)
{
	int group = GROUP(0, 0), order[] = { 2, 0, 1 }, i;
	struct kcoro_exit e[3];
	struct member m[3];

	for (i = 0; i < 3; i++)
		m[i] = MEMBER(group);
	for (i = 0; i < 3; i++) {
		member_end(&m[order[i]]);
		while (STATE(group).live != 2 - i)
			nap();
	}
	ASSERT_EQ(sizeof(e), t_read(group, e, sizeof(e)));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(m[order[i]].id, e[i].id);
}

TEST_F(group, a_record_for_bad_memory_stays)
{
	void *none =
		mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int group = GROUP(0, 0);
	struct member m = MEMBER(group);
	struct kcoro_exit e;

	member_end(&m);
	EXPECT_EQ(-EFAULT, t_read(group, none, sizeof(e)));
	EXPECT_EQ(-EMSGSIZE, t_read(group, &e, sizeof(e) - 1));
	EXPECT_EQ(m.id, NEXT(group).id);
}

/* A context that is closed kills; a group's descriptor has the records still. */
TEST_F(group, records_outlive_the_context)
{
	int group = GROUP(0, 0), fds[2];
	uint64_t id = SLEEPER(group);
	struct kcoro_exit e;

	close(self->ctx);
	e = NEXT(group);
	EXPECT_EQ(id, e.id);
	EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
	EXPECT_EQ(POLLIN | POLLHUP, polls(group));
	EXPECT_EQ(-ESHUTDOWN, spawn(group, "sleep", WORDS("0"), NULL, 0));
	EXPECT_EQ(-ESHUTDOWN, kcoro_group_create(group, 0, 0));
	EXPECT_EQ(-EOPNOTSUPP, kcoro_chan(group, 8, 1, fds));
	self->ctx = kcoro_open(0);
}

/* --- waits ------------------------------------------------------------------ */

TEST_F(group, an_empty_one_is_not_waited_for)
{
	int group = GROUP(0, 0);
	struct kcoro_group_wait w;

	EXPECT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_ENDED, &w, 0));
	EXPECT_EQ(0, w.live);
	EXPECT_EQ(0, w.failed);
	EXPECT_EQ(KCORO_GROUP_LIVE, w.state);
	EXPECT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_FAILED, &w, 0));
}

TEST_F(group, a_wait_is_for_all)
{
	struct kcoro_group_wait w = { .until = KCORO_UNTIL_ENDED };
	int group = GROUP(0, 0);
	struct member a = MEMBER(group), b = MEMBER(group);
	struct caller c;

	caller_block(_metadata, &c,
		     (struct op){ group, KCORO_IOC_GROUP_WAIT, &w });
	member_end(&a);
	NEXT(group);
	ASSERT_EQ(1, caller_sleeps(&c));
	member_end(&b);
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(0, w.live);
	/* none is left: the record is there */
	EXPECT_EQ(POLLIN, polls(group));
}

TEST_F(group, a_wait_until_one_has_failed)
{
	struct kcoro_group_wait w = { .until = KCORO_UNTIL_FAILED };
	int group = GROUP(0, 0);
	struct member a = MEMBER(group), b = MEMBER(group), d = MEMBER(group);
	struct caller c;

	caller_block(_metadata, &c,
		     (struct op){ group, KCORO_IOC_GROUP_WAIT, &w });
	member_end(&a);
	NEXT(group);
	ASSERT_EQ(1, caller_sleeps(&c));
	member_fail(&b);
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(1, w.live);
	EXPECT_EQ(1, w.failed);
	EXPECT_EQ(-EPIPE, w.error);
	EXPECT_EQ(b.id, w.id);
	EXPECT_EQ(0, strcmp(w.name, "echo"));
	EXPECT_EQ(KCORO_GROUP_LIVE, w.state);
	member_end(&d);
	EXPECT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_ENDED, &w, 0));
	EXPECT_EQ(b.id, w.id);
}

TEST_F(group, a_deadline_passes)
{
	int group = GROUP(0, 0);
	struct kcoro_group_wait w;

	SLEEPER(group);
	EXPECT_EQ(-ETIMEDOUT,
		  kcoro_group_wait(group, KCORO_UNTIL_ENDED, &w, SHORTLY));
	EXPECT_EQ(1, w.live);
	EXPECT_EQ(-ETIMEDOUT,
		  kcoro_group_wait(group, KCORO_UNTIL_FAILED, &w, KCORO_NOW));
	EXPECT_EQ(1, w.live);
}

static struct op wait_op(int group, int which)
{
	static struct kcoro_group_wait w;
	static struct kcoro_spawn s;
	static struct kcoro_exit e;

	w = (struct kcoro_group_wait){ .until = KCORO_UNTIL_ENDED };
	s = sleep_request();
	return which == 0 ? (struct op){ group, OP_READ, &e, sizeof(e) } :
	       which == 1 ? (struct op){ group, KCORO_IOC_GROUP_WAIT, &w } :
			    (struct op){ group, KCORO_IOC_SPAWN, &s };
}

/* Of a process that waits nothing is left, and the group goes on. */
TEST_F(group, each_wait_can_be_killed)
{
	int group = GROUP(0, 1), i;
	struct member m = MEMBER(group);
	pid_t pid;

	for (i = 0; i < 3; i++) {
		pid = fork_op(wait_op(group, i), 0);
		await_sleep(pid, i ? SYS_ioctl : SYS_read);
		kill(pid, SIGKILL);
		EXPECT_EQ(128 + SIGKILL, wait_child(pid)) TH_LOG("wait %d", i);
	}
	EXPECT_EQ(1, STATE(group).live);
	member_end(&m);
	EXPECT_EQ(m.id, NEXT(group).id);
	SLEEPER(group);
}

static void nothing(int sig)
{
}

TEST_F(group, each_wait_is_ended_by_a_signal)
{
	struct sigaction sa = { .sa_handler = nothing };
	int group = GROUP(0, 1), i;
	struct caller c;

	sigaction(SIGUSR1, &sa, NULL);
	SLEEPER(group);
	for (i = 0; i < 3; i++) {
		caller_block(_metadata, &c, wait_op(group, i));
		pthread_kill(c.thread, SIGUSR1);
		EXPECT_EQ(-EINTR, caller_join(&c)) TH_LOG("wait %d", i);
	}
	EXPECT_EQ(1, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
}

TEST_F(group, nonblock)
{
	int group = GROUP(KCORO_GROUP_NONBLOCK, 1);
	struct member m = MEMBER(group);
	struct kcoro_group_wait w;
	struct kcoro_exit e;

	EXPECT_EQ(-EAGAIN, t_read(group, &e, sizeof(e)));
	EXPECT_EQ(-EAGAIN, spawn(group, "sleep", WORDS("0"), NULL, 0));
	EXPECT_EQ(-EAGAIN, kcoro_group_wait(group, KCORO_UNTIL_ENDED, &w, 0));
	EXPECT_EQ(1, w.live);
	member_end(&m);
	while (t_read(group, &e, sizeof(e)) == -EAGAIN)
		nap();
	/* who has the record finds the place free */
	SLEEPER(group);
}

/* --- limits ------------------------------------------------------------------ */

TEST_F(group, a_spawn_waits_for_a_place)
{
	struct kcoro_spawn s = sleep_request();
	int group = GROUP(0, 2);
	struct member a = MEMBER(group), b = MEMBER(group);
	struct caller c;

	caller_block(_metadata, &c, (struct op){ group, KCORO_IOC_SPAWN, &s });
	EXPECT_EQ(2, STATE(group).live);
	member_end(&a);
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(1, s.spawned);
	EXPECT_EQ(2, count_tasks(self->ctx, KCORO_SCOPE_CTX, 0));
	member_end(&b);
	EXPECT_EQ(a.id, NEXT(group).id);
	EXPECT_EQ(b.id, NEXT(group).id);
}

TEST_F(group, as_many_as_there_is_room_for)
{
	int group = GROUP(KCORO_GROUP_NONBLOCK, 2), error;
	struct kcoro_spawn_opts opts = { .argv = WORDS(SLEEP_LONG),
					 .error = &error };

	EXPECT_EQ(2, kcoro_spawn_many(group, "sleep", &opts, 5, NULL));
	EXPECT_EQ(-EAGAIN, error);
	EXPECT_EQ(2, STATE(group).live);
}

/* A spawn that fails leaves its place. */
TEST_F(group, a_place_is_given_back)
{
	int group = GROUP(KCORO_GROUP_NONBLOCK, 1);

	EXPECT_EQ(-EINVAL, spawn(group, "sleep", WORDS("soon"), NULL, 0));
	SLEEPER(group);
}

TEST_F(group, a_cancel_ends_spawns_that_wait)
{
	struct kcoro_spawn s = sleep_request();
	int group = GROUP(0, 1);
	struct caller c;

	SLEEPER(group);
	caller_block(_metadata, &c, (struct op){ group, KCORO_IOC_SPAWN, &s });
	EXPECT_EQ(0, kcoro_group_cancel(group, NULL));
	EXPECT_EQ(-ECANCELED, caller_join(&c));
}

/* --- cancels ------------------------------------------------------------------ */

TEST_F(group, a_cancel_says_why)
{
	int group = GROUP(0, 0), i;
	struct kcoro_group_wait w;
	struct kcoro_exit e;

	for (i = 0; i < 3; i++)
		SLEEPER(group);
	EXPECT_EQ(0, kcoro_group_cancel(group, "enough"));
	EXPECT_EQ(-EALREADY, kcoro_group_cancel(group, "more"));
	EXPECT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_ENDED, &w, 0));
	EXPECT_EQ(KCORO_GROUP_CANCELED, w.state);
	EXPECT_EQ(0, strcmp(w.why, "enough"));
	EXPECT_EQ(0, w.by);
	EXPECT_EQ(0, w.failed);
	for (i = 0; i < 3; i++) {
		e = NEXT(group);
		EXPECT_EQ(-ECANCELED, e.error);
		EXPECT_EQ(KCORO_EXIT_CANCELED, e.reason);
		EXPECT_EQ(0, strcmp(e.message, "enough"));
	}
	EXPECT_EQ(0, t_read(group, &e, sizeof(e)));
	EXPECT_EQ(-ECANCELED, spawn(group, "sleep", WORDS("0"), NULL, 0));
	EXPECT_EQ(-ECANCELED, kcoro_group_create(group, 0, 0));
}

TEST_F(group, the_first_failure_ends_the_rest)
{
	int group = GROUP(KCORO_GROUP_FAIL_FAST, 0);
	struct member m = MEMBER(group);
	uint64_t other = SLEEPER(group);
	struct kcoro_group_wait w;
	struct kcoro_exit e;

	member_fail(&m);
	EXPECT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_ENDED, &w, 0));
	EXPECT_EQ(-EPIPE, w.error);
	EXPECT_EQ(1, w.failed);
	EXPECT_EQ(m.id, w.id);
	EXPECT_EQ(m.id, w.by);
	EXPECT_EQ(KCORO_GROUP_CANCELED, w.state);
	EXPECT_EQ(0, strcmp(w.why, "echo failed: error 32"));
	EXPECT_EQ(m.id, NEXT(group).id);
	e = NEXT(group);
	EXPECT_EQ(other, e.id);
	EXPECT_EQ(KCORO_EXIT_CANCELED, e.reason);
	EXPECT_EQ(0, strcmp(e.message, w.why));
}

TEST_F(group, without_fail_fast_the_rest_goes_on)
{
	int group = GROUP(0, 0);
	struct member m = MEMBER(group);

	SLEEPER(group);
	member_fail(&m);
	EXPECT_EQ(-EPIPE, NEXT(group).error);
	EXPECT_EQ(1, STATE(group).live);
	EXPECT_EQ(KCORO_GROUP_LIVE, STATE(group).state);
}

TEST_F(group, failures_are_told_one_by_one)
{
	int group = GROUP(0, 0), i;
	struct member m[3];
	struct kcoro_exit e;

	for (i = 0; i < 3; i++) {
		m[i] = MEMBER(group);
		if (i == 1)
			member_end(&m[i]);
		else
			member_fail(&m[i]);
		NEXT(group); /* read or not, they are kept */
	}
	EXPECT_EQ(0, kcoro_group_failed(group, 0, &e));
	EXPECT_EQ(m[0].id, e.id);
	EXPECT_EQ(-EPIPE, e.error);
	EXPECT_EQ(0, kcoro_group_failed(group, 1, &e));
	EXPECT_EQ(m[2].id, e.id);
	EXPECT_EQ(-ENOENT, kcoro_group_failed(group, 2, &e));
	EXPECT_EQ(-ENOENT, kcoro_group_failed(group, UINT32_MAX, &e));
	EXPECT_EQ(2, STATE(group).failed);
}

/* --- groups in groups ----------------------------------------------------------- */

TEST_F(group, a_parent_waits_for_its_groups)
{
	int group = GROUP(0, 0), child = group_of(_metadata, group, 0, 0);
	struct member m = MEMBER(child);
	struct kcoro_group_wait w;
	struct kcoro_exit e;

	EXPECT_EQ(1, STATE(group).live);
	EXPECT_EQ(0, t_read(group, &e, sizeof(e)));
	member_fail(&m);
	EXPECT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_ENDED, &w, 0));
	EXPECT_EQ(1, w.failed);
	EXPECT_EQ(m.id, w.id);
	EXPECT_EQ(-EPIPE, w.error);
	/* its record is the child's */
	EXPECT_EQ(-ENOENT, kcoro_group_failed(group, 0, &e));
	EXPECT_EQ(0, kcoro_group_failed(child, 0, &e));
	EXPECT_EQ(0, t_read(group, &e, sizeof(e)));
	EXPECT_EQ(m.id, NEXT(child).id);
}

TEST_F(group, a_cancel_goes_down_and_not_up)
{
	int group = GROUP(0, 0), child = group_of(_metadata, group, 0, 0);
	int deep = group_of(_metadata, child, 0, 0);
	struct kcoro_exit e;

	SLEEPER(group);
	SLEEPER(deep);
	EXPECT_EQ(0, kcoro_group_cancel(child, "down"));
	e = NEXT(deep);
	EXPECT_EQ(0, strcmp(e.message, "down"));
	EXPECT_EQ(POLLIN | POLLHUP, polls(deep));
	EXPECT_EQ(0, kcoro_group_wait(child, KCORO_UNTIL_ENDED, NULL, 0));
	while (STATE(group).live != 1)
		nap();
	EXPECT_EQ(KCORO_GROUP_LIVE, STATE(group).state);
}

TEST_F(group, a_failure_goes_up)
{
	int group = GROUP(KCORO_GROUP_FAIL_FAST, 0);
	int child = group_of(_metadata, group, 0, 0);
	struct member m = MEMBER(child);

	SLEEPER(group);
	SLEEPER(child);
	member_fail(&m);
	EXPECT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_ENDED, NULL, 0));
	EXPECT_EQ(m.id, STATE(child).by);
	EXPECT_EQ(-ECANCELED, NEXT(group).error);
}

/* --- close ------------------------------------------------------------------------ */

TEST_F(group, a_close_cancels)
{
	int group = GROUP(0, 0), child = group_of(_metadata, group, 0, 0);
	int task = spawn(group, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	SLEEPER(group);
	SLEEPER(child);
	close(group);
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_CANCELED, e.reason);
	EXPECT_EQ(0, strcmp(e.message, "its group was closed"));
	EXPECT_EQ(-ECANCELED, NEXT(child).error);
	/* and nobody waits for the records */
	while (count_tasks(self->ctx, KCORO_SCOPE_CTX, 1))
		nap();
}

TEST_F(group, a_close_drops_records)
{
	int group = GROUP(0, 0);
	struct member m = MEMBER(group);

	member_end(&m);
	while (STATE(group).live)
		nap();
	EXPECT_EQ(1, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
	close(group);
	EXPECT_EQ(0, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
}

TEST_F(group, it_is_the_last_descriptor_that_counts)
{
	int group = GROUP(0, 0), other = dup(group);

	SLEEPER(group);
	close(group);
	EXPECT_EQ(KCORO_GROUP_LIVE, STATE(other).state);
	EXPECT_EQ(1, STATE(other).live);
}

/* --- poll -------------------------------------------------------------------------- */

TEST_F(group, poll_tells_of_records)
{
	int group = GROUP(0, 0);
	struct member m = MEMBER(group);

	EXPECT_EQ(0, polls(group));
	member_end(&m);
	EXPECT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_ENDED, NULL, 0));
	EXPECT_EQ(POLLIN, polls(group));
	NEXT(group);
	EXPECT_EQ(0, polls(group)); /* others can come */
	SLEEPER(group);
	EXPECT_EQ(0, kcoro_group_cancel(group, NULL));
	NEXT(group);
	EXPECT_EQ(POLLIN | POLLHUP, polls(group));
}

/* A child that polls until there is something, and exits with 0 if it is @want. */
static pid_t fork_poll(int fd, int want)
{
	pid_t pid = fork();

	if (!pid) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		_exit(poll(&p, 1, -1) != 1 || p.revents != want);
	}
	await_sleep(pid, SYS_poll);
	return pid;
}

TEST_F(group, poll_is_woken)
{
	int group = GROUP(0, 0), empty = GROUP(0, 0), killed = GROUP(0, 0);
	uint64_t id = SLEEPER(group);
	pid_t pid;

	pid = fork_poll(group, POLLIN);
	EXPECT_EQ(1, kcoro_kill(self->ctx, id, KCORO_SCOPE_CTX, 0));
	EXPECT_EQ(0, wait_child(pid)) TH_LOG("by a record");
	pid = fork_poll(empty, POLLIN | POLLHUP);
	kcoro_group_cancel(empty, NULL);
	EXPECT_EQ(0, wait_child(pid)) TH_LOG("by a cancel");
	pid = fork_poll(killed, POLLIN | POLLHUP);
	kcoro_kill(self->ctx, 0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS);
	EXPECT_EQ(0, wait_child(pid)) TH_LOG("by the context's end");
}

/* --- what it tells ------------------------------------------------------------------- */

TEST_F(group, fdinfo)
{
	int group = GROUP(KCORO_GROUP_FAIL_FAST, 7);
	int child = group_of(_metadata, group, 0, 0);
	char path[64], text[1024], want[64];
	unsigned long long id;
	const char *at;

	SLEEPER(child);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", group);
	ASSERT_LT(0, read_text(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "kcoro-kind:\tgroup\n"));
	EXPECT_NE(NULL, strstr(text, "kcoro-parent:\t0\n"));
	EXPECT_NE(NULL, strstr(text, "kcoro-tasks:\t1\n"));
	EXPECT_NE(NULL, strstr(text, "kcoro-limit:\t7\n"));
	EXPECT_NE(NULL, strstr(text, "kcoro-failures:\t0\n"));
	EXPECT_NE(NULL, strstr(text, "kcoro-state:\tlive fail-fast\n"));
	at = strstr(text, "kcoro-id:\t");
	ASSERT_NE(NULL, at);
	ASSERT_EQ(1, sscanf(at, "kcoro-id:\t%llu", &id));
	snprintf(want, sizeof(want), "kcoro-parent:\t%llu\n", id);
	kcoro_group_cancel(child, NULL);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", child);
	ASSERT_LT(0, read_text(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, want));
	EXPECT_NE(NULL, strstr(text, "kcoro-state:\tcanceled\n"));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->ctx);
	ASSERT_LT(0, read_text(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "kcoro-groups:\t2\n"));
}

TEST_F(group, info_and_cpus)
{
	int group = GROUP(0, 0);
	struct kcoro_cpu_info *cpus;
	struct kcoro_info i;

	ASSERT_EQ(0, kcoro_info(group, &i));
	EXPECT_EQ(KCORO_UAPI_VERSION, i.version);
	EXPECT_LE(1, i.groups_ctx_max);
	ASSERT_LE(1, kcoro_cpus(group, &cpus));
	free(cpus);
}

TEST_HARNESS_MAIN
