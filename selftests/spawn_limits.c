// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers of tasks: of a context, of a user, of all. The limits are module
 * parameters of the names that INFO has; these tests lower them for a while.
 */
#include "kcoro_test.h"

#define PARAMETERS "/sys/module/kcoro/parameters/"

FIXTURE(limit)
{
	int ctx;
	long saved[6];
};

static const char *const names[] = { "tasks_max",      "tasks_user_max",
				     "tasks_ctx_max",  "chans_ctx_max",
				     "groups_ctx_max", "syncs_ctx_max" };

static long get_limit(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	return read_long(path);
}

static int set_limit(const char *name, long value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	snprintf(text, sizeof(text), "%ld", value);
	return write_text(path, text);
}

FIXTURE_SETUP(limit) {
	size_t i;

	if (get_limit("tasks_max") < 0)
		SKIP(_exit(255), "no " PARAMETERS "tasks_max");
	await_no_tasks();
	for (i = 0; i < ROWS(names); i++)
		self->saved[i] = get_limit(names[i]);
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
}

FIXTURE_TEARDOWN(limit) {
	size_t i;

	for (i = 0; i < ROWS(names); i++)
		if (self->saved[i] > 0)
			set_limit(names[i], self->saved[i]);
	close(self->ctx);
}

static int sleepers(int ctx, int count)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS(SLEEP_LONG) };

	return kcoro_spawn_many(ctx, "sleep", &opts, count, NULL);
}

static int nobody_ctx(void)
{
	int ctx;

	if (setresuid(65534, 65534, 0))
		return -1;
	ctx = kcoro_open(0);
	return ctx;
}

TEST_F(limit, info_has_the_parameters)
{
	struct kcoro_info i;

	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	EXPECT_EQ(self->saved[0], i.tasks_max);
	EXPECT_EQ(self->saved[1], i.tasks_user_max);
	EXPECT_EQ(self->saved[2], i.tasks_ctx_max);
	EXPECT_EQ(self->saved[3], i.chans_ctx_max);
	EXPECT_EQ(self->saved[4], i.groups_ctx_max);
	EXPECT_EQ(self->saved[5], i.syncs_ctx_max);
	ASSERT_EQ(0, set_limit("tasks_ctx_max", 3));
	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	EXPECT_EQ(3, i.tasks_ctx_max);
}

TEST_F(limit, of_a_context_is_edquot)
{
	ASSERT_EQ(0, set_limit("tasks_ctx_max", 3));
	EXPECT_EQ(3, sleepers(self->ctx, 3));
	EXPECT_EQ(-EDQUOT, sleepers(self->ctx, 1));
	EXPECT_EQ(3, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
}

TEST_F(limit, of_a_context_starts_as_many_as_it_may)
{
	ASSERT_EQ(0, set_limit("tasks_ctx_max", 3));
	EXPECT_EQ(3, sleepers(self->ctx, 5));
	EXPECT_EQ(-EDQUOT, sleepers(self->ctx, 5));
}

/* --- why fewer were started ------------------------------------------------------ */

TEST_F(limit, what_stopped_it_is_told)
{
	struct kcoro_spawn req = sleep_request();

	ASSERT_EQ(0, set_limit("tasks_ctx_max", 3));
	req.count = 5;
	req.error = 77;
	ASSERT_EQ(0, t_ioctl(self->ctx, KCORO_IOC_SPAWN, &req));
	EXPECT_EQ(3, req.spawned);
	EXPECT_EQ(-EDQUOT, req.error);
	EXPECT_EQ(-EDQUOT, t_ioctl(self->ctx, KCORO_IOC_SPAWN, &req));
	EXPECT_EQ(0, req.spawned);
	EXPECT_EQ(-EDQUOT, req.error);
}

TEST_F(limit, what_stopped_it_is_0_if_nothing_did)
{
	struct kcoro_spawn req = sleep_request();

	req.count = 5;
	req.error = 77;
	ASSERT_EQ(0, t_ioctl(self->ctx, KCORO_IOC_SPAWN, &req));
	EXPECT_EQ(5, req.spawned);
	EXPECT_EQ(0, req.error);
}

TEST_F(limit, what_stopped_it_is_told_by_the_library)
{
	int why = 77;
	struct kcoro_spawn_opts opts = {
		.argv = WORDS(SLEEP_LONG),
		.error = &why,
	};

	EXPECT_EQ(1, kcoro_spawn_many(self->ctx, "sleep", &opts, 1, NULL));
	EXPECT_EQ(0, why);
	ASSERT_EQ(0, set_limit("tasks_max", 3));
	EXPECT_EQ(2, kcoro_spawn_many(self->ctx, "sleep", &opts, 5, NULL));
	EXPECT_EQ(-EAGAIN, why);
	EXPECT_EQ(-ENOENT, kcoro_spawn_many(self->ctx, "nope", &opts, 5, NULL));
	EXPECT_EQ(-ENOENT, why);
}

TEST_F(limit, what_stopped_it_may_be_descriptors)
{
	struct rlimit limit;
	int why = 0, fds[5], low = dup(0);
	struct kcoro_spawn_opts opts = {
		.argv = WORDS(SLEEP_LONG),
		.error = &why,
	};

	close(low);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = low + 2;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(2, kcoro_spawn_fds(self->ctx, "sleep", &opts, 5, NULL, fds));
	EXPECT_EQ(-EMFILE, why);
}

/* --- of whom ---------------------------------------------------------------------- */

TEST_F(limit, of_a_context_is_not_another_s)
{
	int other = kcoro_open(0);

	ASSERT_EQ(0, set_limit("tasks_ctx_max", 3));
	EXPECT_EQ(3, sleepers(self->ctx, 3));
	EXPECT_EQ(3, sleepers(other, 3));
}

/* Exits that were not read count, and those that were read do not. */
TEST_F(limit, of_a_context_includes_unread_exits)
{
	struct kcoro_exit e[3];

	ASSERT_EQ(0, set_limit("tasks_ctx_max", 3));
	EXPECT_EQ(3, sleepers(self->ctx, 3));
	EXPECT_EQ(3, kcoro_kill(self->ctx, 0, KCORO_SCOPE_CTX, 0));
	while (count_tasks(self->ctx, KCORO_SCOPE_CTX, 0))
		nap();
	EXPECT_EQ(-EDQUOT, sleepers(self->ctx, 1));
	EXPECT_EQ(1, kcoro_next_exits(self->ctx, e, 1, 0));
	EXPECT_EQ(1, sleepers(self->ctx, 2));
	EXPECT_EQ(2, kcoro_next_exits(self->ctx, e, 3, 0));
	EXPECT_EQ(2, sleepers(self->ctx, 3));
}

TEST_F(limit, of_a_context_with_descriptors)
{
	struct kcoro_exit e;
	int task[2];

	ASSERT_EQ(0, set_limit("tasks_ctx_max", 2));
	task[0] = spawn(self->ctx, "sleep", WORDS("0"), NULL, 0);
	task[1] = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	ASSERT_LE(0, task[0]);
	ASSERT_LE(0, task[1]);
	ASSERT_EQ(0, kcoro_join(task[0], &e, 0));
	close(task[0]);
	/* the place is free once the task's stack is */
	while ((task[0] = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL,
				0)) == -EDQUOT)
		nap();
	EXPECT_LE(0, task[0]);
	EXPECT_EQ(-EDQUOT,
		  spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0));
}

TEST_F(limit, of_all_is_eagain)
{
	ASSERT_EQ(0, set_limit("tasks_max", 3));
	EXPECT_EQ(3, sleepers(self->ctx, 3));
	EXPECT_EQ(-EAGAIN, sleepers(self->ctx, 1));
	EXPECT_EQ(3, kcoro_kill(self->ctx, 0, KCORO_SCOPE_CTX, 0));
	while (sleepers(self->ctx, 1) == -EAGAIN)
		nap();
	while (count_tasks(self->ctx, KCORO_SCOPE_CTX, 0) > 1)
		nap(); /* others that were killed are still ending */
	EXPECT_EQ(1, count_tasks(self->ctx, KCORO_SCOPE_CTX, 0));
}

/* Over all contexts of one user; another user has its own. */
TEST_F(limit, of_a_user_is_edquot)
{
	int other = kcoro_open(0);
	pid_t pid;

	ASSERT_EQ(0, chmod(KCORO_DEVICE, 0666));
	ASSERT_EQ(0, set_limit("tasks_user_max", 3));
	EXPECT_EQ(2, sleepers(self->ctx, 2));
	EXPECT_EQ(1, sleepers(other, 2));
	EXPECT_EQ(-EDQUOT, sleepers(other, 1));
	pid = fork();
	if (!pid)
		_exit(sleepers(nobody_ctx(), 3) == 3 ? 0 : 1);
	EXPECT_EQ(0, wait_child(pid));
	ASSERT_EQ(0, chmod(KCORO_DEVICE, 0600));
}

/* --- channels ------------------------------------------------------------------ */

TEST_F(limit, of_channels_is_edquot)
{
	struct pair p;
	int fds[2];

	ASSERT_EQ(0, set_limit("chans_ctx_max", 2));
	p = chan_u64(1);
	chan_u64(1);
	EXPECT_EQ(-EDQUOT, kcoro_chan(self->ctx, 8, 1, fds));
	close(p.send);
	EXPECT_EQ(-EDQUOT, kcoro_chan(self->ctx, 8, 1, fds));
	close(p.recv);
	while (kcoro_chan(self->ctx, 8, 1, fds) == -EDQUOT)
		nap();
	EXPECT_EQ(-EDQUOT, kcoro_chan(self->ctx, 8, 1, fds));
}

TEST_F(limit, no_descriptor_left_for_a_channel)
{
	struct rlimit limit;
	int fds[2], low = dup(0);

	close(low);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	/* one of the two it needs */
	limit.rlim_cur = low + 1;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, kcoro_chan(self->ctx, 8, 1, fds));
	EXPECT_EQ(low, dup(0));
}

/* For those who are not root, fs.file-max counts. */
TEST_F(limit, no_file_left_for_a_channel)
{
	long saved = read_long("/proc/sys/fs/file-max");
	char text[32];
	int fds[2];
	pid_t pid;

	snprintf(text, sizeof(text), "%ld", saved);
	ASSERT_EQ(0, write_text("/proc/sys/fs/file-max", "0"));
	pid = fork();
	if (!pid) {
		if (setresuid(65534, 65534, 65534))
			_exit(2);
		_exit(kcoro_chan(self->ctx, 8, 1, fds) == -ENFILE ? 0 : 1);
	}
	EXPECT_EQ(0, wait_child(pid));
	ASSERT_EQ(0, write_text("/proc/sys/fs/file-max", text));
}

/* --- groups -------------------------------------------------------------------- */

/* A closed one counts as long as there is one in it. */
TEST_F(limit, of_groups_is_edquot)
{
	int group, child;

	ASSERT_EQ(0, set_limit("groups_ctx_max", 2));
	group = kcoro_group_create(self->ctx, 0, 0);
	ASSERT_LE(0, group);
	child = kcoro_group_create(group, 0, 0);
	ASSERT_LE(0, child);
	EXPECT_EQ(-EDQUOT, kcoro_group_create(self->ctx, 0, 0));
	EXPECT_EQ(-EDQUOT, kcoro_group_create(child, 0, 0));
	close(group);
	EXPECT_EQ(-EDQUOT, kcoro_group_create(self->ctx, 0, 0));
	close(child);
	EXPECT_LE(0, kcoro_group_create(self->ctx, 0, 0));
	EXPECT_LE(0, kcoro_group_create(self->ctx, 0, 0));
	EXPECT_EQ(-EDQUOT, kcoro_group_create(self->ctx, 0, 0));
}

/* Another context's are its own. */
TEST_F(limit, of_groups_is_a_context_s)
{
	int other = kcoro_open(0);

	ASSERT_EQ(0, set_limit("groups_ctx_max", 1));
	EXPECT_LE(0, kcoro_group_create(self->ctx, 0, 0));
	EXPECT_LE(0, kcoro_group_create(other, 0, 0));
}

/* --- events and the like -------------------------------------------------------- */

TEST_F(limit, of_events_is_edquot)
{
	int event, other = kcoro_open(0);

	ASSERT_EQ(0, set_limit("syncs_ctx_max", 1));
	event = kcoro_event_create(self->ctx, 0);
	ASSERT_LE(0, event);
	EXPECT_EQ(-EDQUOT, kcoro_event_create(self->ctx, 0));
	EXPECT_LE(0, kcoro_event_create(other, 0));
	close(event);
	EXPECT_LE(0, kcoro_event_create(self->ctx, 0));
}

/* Records that nobody reads count, wherever they are. */
TEST_F(limit, of_a_context_counts_records_of_groups)
{
	int group = kcoro_group_create(self->ctx, 0, 0);
	struct kcoro_exit e;

	ASSERT_LE(0, group);
	ASSERT_EQ(0, set_limit("tasks_ctx_max", 2));
	ASSERT_EQ(2, sleepers(group, 2));
	kcoro_group_cancel(group, NULL);
	ASSERT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_ENDED, NULL, 0));
	EXPECT_EQ(-EDQUOT, sleepers(self->ctx, 1));
	ASSERT_EQ(1, kcoro_next_exits(group, &e, 1, 0));
	EXPECT_EQ(1, sleepers(self->ctx, 2));
	close(group);
	EXPECT_EQ(1, sleepers(self->ctx, 2));
}

TEST_HARNESS_MAIN
