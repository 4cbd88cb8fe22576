// SPDX-License-Identifier: GPL-2.0
/*
 * SPAWN with one thing wrong. Nothing is started then.
 */
#include "kcoro_test.h"

FIXTURE(badspawn)
{
	int ctx;
	struct kcoro_spawn req; /* good */
	struct kcoro_info info;
};

FIXTURE_SETUP(badspawn) {
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	ASSERT_EQ(0, kcoro_info(self->ctx, &self->info));
	self->req = sleep_request();
}

FIXTURE_TEARDOWN(badspawn) {
	EXPECT_EQ(0, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
	/* and without what was wrong it starts one */
	self->req = sleep_request();
	EXPECT_EQ(0, t_ioctl(self->ctx, KCORO_IOC_SPAWN, &self->req));
	EXPECT_EQ(1, self->req.spawned);
	close(self->ctx);
}

#define SPAWNS(err) \
	EXPECT_EQ(err, t_ioctl(self->ctx, KCORO_IOC_SPAWN, &self->req))

TEST_F(badspawn, body_is_not_there)
{
	strcpy(self->req.body, "no-such-body");
	SPAWNS(-ENOENT);
}

TEST_F(badspawn, body_has_odd_letters)
{
	strcpy(self->req.body, "../Sleep %s");
	SPAWNS(-ENOENT);
}

TEST_F(badspawn, body_name_is_empty)
{
	memset(self->req.body, 0, sizeof(self->req.body));
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, body_name_has_no_end)
{
	memset(self->req.body, 'a', sizeof(self->req.body));
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, name_has_no_end)
{
	memset(self->req.name, 'a', sizeof(self->req.name));
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, flag_is_unknown)
{
	self->req.flags = KCORO_SPAWN_FLAGS + 1;
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, pad_is_not_zero)
{
	self->req.pad = 1;
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, count_is_zero)
{
	self->req.count = 0;
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, count_is_over_the_limit)
{
	self->req.count = self->info.spawn_max + 1;
	SPAWNS(-EINVAL);
	self->req.count = UINT32_MAX;
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, stack_is_over_the_limit)
{
	self->req.stack_size = self->info.stack_max + 1;
	SPAWNS(-EINVAL);
	self->req.stack_size = UINT32_MAX;
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, stack_is_under_the_minimum)
{
	self->req.stack_size = 1;
	SPAWNS(-EINVAL);
	self->req.stack_size = self->info.stack_min - 1;
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, stack_is_under_the_body_s_minimum)
{
	struct kcoro_body_info *list;
	ssize_t n = kcoro_bodies(self->ctx, &list), i;

	for (i = 0; i < n; i++) {
		if (strcmp(list[i].name, "sleep"))
			continue;
		self->req.stack_size = list[i].stack_min - 1;
		SPAWNS(-EINVAL);
	}
	free(list);
}

TEST_F(badspawn, argument_is_too_long)
{
	char *arg = calloc(1, self->info.arg_max + 1);

	self->req.arg = t_addr(arg);
	self->req.arg_len = self->info.arg_max + 1;
	SPAWNS(-E2BIG);
	self->req.arg_len = UINT32_MAX;
	SPAWNS(-E2BIG);
	free(arg);
}

TEST_F(badspawn, argument_has_a_bad_address)
{
	self->req.arg = 0;
	SPAWNS(-EFAULT);
	self->req.arg = 1ULL << 63;
	SPAWNS(-EFAULT);
}

TEST_F(badspawn, argument_is_missing)
{
	self->req.arg = 0;
	self->req.arg_len = 0;
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, priority_is_out_of_range)
{
	const int wrong[] = { KCORO_PRIORITY_MIN - 1, KCORO_PRIORITY_MAX + 1,
			      INT_MIN, INT_MAX };
	size_t i;

	for (i = 0; i < ROWS(wrong); i++) {
		self->req.priority = wrong[i];
		SPAWNS(-EINVAL);
	}
}

TEST_F(badspawn, cpu_without_a_pin)
{
	self->req.cpu = 1;
	SPAWNS(-EINVAL);
	self->req.flags = KCORO_SPAWN_THREAD;
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, cpu_is_none)
{
	const uint32_t wrong[] = { self->info.cpus_possible, INT_MAX,
				   (uint32_t)INT_MAX + 1, UINT32_MAX };
	size_t i;

	self->req.flags = KCORO_SPAWN_PIN;
	for (i = 0; i < ROWS(wrong); i++) {
		self->req.cpu = wrong[i];
		SPAWNS(-EINVAL);
	}
}

static void set_word(struct kcoro_spawn *req, const char *word)
{
	req->arg = t_addr(word);
	req->arg_len = strlen(word) + 1;
}

TEST_F(badspawn, argument_is_no_number)
{
	set_word(&self->req, "soon");
	SPAWNS(-EINVAL);
	set_word(&self->req, "12x");
	SPAWNS(-EINVAL);
	set_word(&self->req, "-1");
	SPAWNS(-EINVAL);
	set_word(&self->req, "99999999999999999999999");
	SPAWNS(-EINVAL);
	set_word(&self->req, "");
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, argument_has_too_many_words)
{
	self->req.arg = t_addr("1\0002");
	self->req.arg_len = 4;
	SPAWNS(-EINVAL);
}

/* --- descriptors ------------------------------------------------------------ */

/* A request for body "echo" with these descriptors. */
static void set_echo(struct kcoro_spawn *req, const int *fds, unsigned int nr)
{
	memset(req, 0, sizeof(*req));
	strcpy(req->body, "echo");
	req->fds = t_addr(fds);
	req->nr_fds = nr;
	req->count = 1;
}

TEST_F(badspawn, too_few_descriptors)
{
	struct pair a = chan_u64(1);

	set_echo(&self->req, FDS(a.recv));
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, too_many_descriptors)
{
	struct pair a = chan_u64(1), b = chan_u64(1);

	set_echo(&self->req, FDS(a.recv, b.send, b.send));
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, far_too_many_descriptors)
{
	int fds[4096] = { 0 };

	set_echo(&self->req, fds, self->info.spawn_fds_max + 1);
	SPAWNS(-EINVAL);
	self->req.nr_fds = UINT32_MAX;
	SPAWNS(-EINVAL);
}

TEST_F(badspawn, descriptors_have_a_bad_address)
{
	set_echo(&self->req, NULL, 2);
	SPAWNS(-EFAULT);
	self->req.fds = 1ULL << 63;
	SPAWNS(-EFAULT);
}

TEST_F(badspawn, descriptor_is_not_open)
{
	struct pair a = chan_u64(1);

	set_echo(&self->req, FDS(a.recv, 9999));
	SPAWNS(-EBADF);
	set_echo(&self->req, FDS(-1, a.send));
	SPAWNS(-EBADF);
}

TEST_F(badspawn, descriptor_is_the_other_end)
{
	struct pair a = chan_u64(1), b = chan_u64(1);

	set_echo(&self->req, FDS(a.send, b.recv));
	SPAWNS(-EBADF);
}

TEST_F(badspawn, descriptor_is_a_file_instead_of_a_channel)
{
	struct pair a = chan_u64(1);
	int p[2];

	ASSERT_EQ(0, pipe(p));
	set_echo(&self->req, FDS(p[0], a.send));
	SPAWNS(-EBADF);
}

TEST_F(badspawn, descriptor_is_a_context)
{
	struct pair a = chan_u64(1);

	set_echo(&self->req, FDS(self->ctx, a.send));
	SPAWNS(-ELOOP);
}

TEST_F(badspawn, descriptor_is_another_context)
{
	struct pair a = chan_u64(1);
	int other = kcoro_open(0);

	set_echo(&self->req, FDS(a.recv, other));
	SPAWNS(-ELOOP);
}

TEST_F(badspawn, descriptor_is_a_task)
{
	struct pair a = chan_u64(1);
	int task = spawn(self->ctx, "sleep", WORDS("0"), NULL, 0);

	ASSERT_LE(0, task);
	join_ok(_metadata, task);
	set_echo(&self->req, FDS(a.recv, task));
	SPAWNS(-ELOOP);
	close(task);
}

/* --- results ------------------------------------------------------------------ */

/*
 * The results' addresses are bad: it fails, and tasks that were started
 * already are ended; of those the context may have exit records.
 */
static void await_none(int ctx)
{
	struct kcoro_exit e;

	while (count_tasks(ctx, KCORO_SCOPE_CTX, 1))
		if (kcoro_next_exits(ctx, &e, 1, KCORO_NOW) == -ETIMEDOUT)
			nap();
}

TEST_F(badspawn, ids_have_a_bad_address)
{
	self->req.ids = 1ULL << 63;
	SPAWNS(-EFAULT);
	await_none(self->ctx);
}

TEST_F(badspawn, task_fds_have_a_bad_address)
{
	int before = dup(0), after;

	close(before);
	self->req.flags = KCORO_SPAWN_FD;
	self->req.task_fds = 0;
	SPAWNS(-EFAULT);
	self->req.task_fds = 1ULL << 63;
	SPAWNS(-EFAULT);
	await_none(self->ctx);
	after = dup(0);
	EXPECT_EQ(before, after);
}

TEST_F(badspawn, no_descriptor_is_left)
{
	struct rlimit limit = { 0, 0 };
	int fd = -1;

	self->req.flags = KCORO_SPAWN_FD;
	self->req.task_fds = t_addr(&fd);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	SPAWNS(-EMFILE);
	limit.rlim_cur = limit.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	await_none(self->ctx);
}

TEST_HARNESS_MAIN
