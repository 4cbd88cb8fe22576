// SPDX-License-Identifier: GPL-2.0
/*
 * LIST and TASK: what they tell of tasks.
 */
#include "kcoro_test.h"

CONTEXT_FIXTURE(list)

static int sleepers(int ctx, unsigned int count, uint64_t *ids)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS(SLEEP_LONG) };

	return kcoro_spawn_many(ctx, "sleep", &opts, count, ids);
}

TEST_F(list, of_nothing)
{
	struct kcoro_task_info info;

	EXPECT_EQ(0, kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, 0, &info, 1));
}

TEST_F(list, without_room)
{
	ASSERT_EQ(3, sleepers(self->ctx, 3, NULL));
	EXPECT_EQ(0, kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, 0, NULL, 0));
}

TEST_F(list, in_order_of_id)
{
	struct kcoro_task_info *list;
	uint64_t ids[20];
	int i;

	ASSERT_EQ(20, sleepers(self->ctx, 20, ids));
	ASSERT_EQ(20, kcoro_list(self->ctx, KCORO_SCOPE_CTX, &list));
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(ids[i], list[i].id);
		EXPECT_EQ(1, i == 0 || ids[i - 1] < ids[i]);
	}
	free(list);
}

TEST_F(list, in_pages)
{
	struct kcoro_task_info page[4];
	uint64_t ids[10], after = 0;
	int n, i, seen = 0;

	ASSERT_EQ(10, sleepers(self->ctx, 10, ids));
	while ((n = kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, after, page,
				    3)) > 0) {
		ASSERT_GE(3, n);
		for (i = 0; i < n; i++)
			EXPECT_EQ(ids[seen + i], page[i].id);
		seen += n;
		after = page[n - 1].id;
	}
	EXPECT_EQ(0, n);
	EXPECT_EQ(10, seen);
}

TEST_F(list, after_the_last)
{
	struct kcoro_task_info info;
	uint64_t id;

	ASSERT_EQ(1, sleepers(self->ctx, 1, &id));
	EXPECT_EQ(0, kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, id, &info, 1));
	EXPECT_EQ(1, kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, id - 1, &info,
				     1));
	EXPECT_EQ(0, kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, UINT64_MAX,
				     &info, 1));
}

TEST_F(list, writes_no_more_than_it_says)
{
	struct kcoro_task_info page[4];

	ASSERT_EQ(2, sleepers(self->ctx, 2, NULL));
	memset(page, 0xa5, sizeof(page));
	EXPECT_EQ(2, kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, 0, page, 4));
	EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, page[2].id);
}

TEST_F(list, scopes)
{
	int other = kcoro_open(0);

	ASSERT_EQ(2, sleepers(self->ctx, 2, NULL));
	ASSERT_EQ(3, sleepers(other, 3, NULL));
	EXPECT_EQ(2, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
	EXPECT_EQ(3, count_tasks(other, KCORO_SCOPE_CTX, 1));
	EXPECT_EQ(5, count_tasks(self->ctx, KCORO_SCOPE_USER, 1));
	EXPECT_LE(5, count_tasks(self->ctx, KCORO_SCOPE_ALL, 1));
}

/* --- fields ------------------------------------------------------------------------------- */

TEST_F(list, fields_of_a_sleeper)
{
	struct kcoro_spawn_opts opts = {
		.argv = WORDS(SLEEP_LONG),
		.name = "dozer",
	};
	int task = kcoro_spawn(self->ctx, "sleep", &opts);
	struct kcoro_task_info a, b, again;
	char comm[16] = "";

	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_SLEEP);
	ASSERT_EQ(1, kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, 0, &a, 1));
	EXPECT_STREQ("dozer", a.name);
	EXPECT_STREQ("sleep", a.body);
	EXPECT_LT(0, a.ctx);
	EXPECT_EQ(0, a.parent);
	EXPECT_LE(1, a.switches);
	EXPECT_LE(a.stack_size, a.mem_bytes);
	EXPECT_GE(a.stack_size, a.stack_used);
	EXPECT_GT(sysconf(_SC_NPROCESSORS_CONF), a.cpu);
	EXPECT_EQ(getuid(), a.uid);
	EXPECT_EQ(getpid(), a.pid);
	EXPECT_EQ(0, a.priority);
	EXPECT_EQ(-1, a.pin);
	EXPECT_EQ(0, a.flags);
	ASSERT_LT(0, read_text("/proc/self/comm", comm, sizeof(comm)));
	comm[strcspn(comm, "\n")] = '\0';
	EXPECT_STREQ(comm, a.comm);
	/* TASK says the same */
	ASSERT_EQ(0, kcoro_task_info(task, &b));
	EXPECT_EQ(a.id, b.id);
	EXPECT_EQ(a.ctx, b.ctx);
	EXPECT_EQ(a.stack_size, b.stack_size);
	EXPECT_EQ(a.pid, b.pid);
	EXPECT_STREQ(a.name, b.name);
	EXPECT_STREQ(a.comm, b.comm);
	ASSERT_EQ(0, kcoro_task_info(task, &again));
	EXPECT_LE(b.age_ns, again.age_ns);
}

TEST_F(list, waits)
{
	struct pair in = chan_u64(0), out = chan_u64(0);
	struct pair m = chan_buf(0), n = chan_buf(0), b = chan_buf(0);
	int p[2], task;

	/* await_parked() ends only if the state is as it should be */
	ASSERT_EQ(0, pipe(p));
	task = spawn(self->ctx, "echo", NULL, FDS(in.recv, out.send));
	await_parked(task, KCORO_WAIT_RECV);
	put_u64(in.send, 1);
	await_parked(task, KCORO_WAIT_SEND);
	task = spawn(self->ctx, "merge", NULL, FDS(m.recv, n.recv, b.send));
	await_parked(task, KCORO_WAIT_SELECT);
	task = spawn(self->ctx, "file-source", NULL, FDS(p[0], b.send));
	await_parked(task, KCORO_WAIT_POLL);
}

TEST_F(list, busy_task_is_running_or_ready)
{
	int task = spawn(self->ctx, "spin", WORDS("3000000"), NULL, 0), i;
	struct kcoro_task_info info;

	ASSERT_LE(0, task);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, kcoro_task_info(task, &info));
		EXPECT_EQ(1, info.state == KCORO_TASK_RUNNING ||
				     info.state == KCORO_TASK_READY);
		EXPECT_EQ(KCORO_WAIT_NONE, info.wait);
		nap();
	}
}

/* Until its exit record is read. */
TEST_F(list, exited)
{
	struct kcoro_task_info info;
	struct kcoro_exit e;
	uint64_t id;

	ASSERT_EQ(0, spawn_id(self->ctx, "sleep", WORDS("0"), NULL, 0, &id));
	while (count_tasks(self->ctx, KCORO_SCOPE_CTX, 0))
		nap();
	ASSERT_EQ(1, kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, 0, &info, 1));
	EXPECT_EQ(id, info.id);
	EXPECT_EQ(KCORO_TASK_EXITED, info.state);
	EXPECT_EQ(1, kcoro_next_exits(self->ctx, &e, 1, 0));
	EXPECT_EQ(0, kcoro_list_page(self->ctx, KCORO_SCOPE_CTX, 0, &info, 1));
}

TEST_F(list, exited_task_by_its_descriptor)
{
	int task = spawn(self->ctx, "sleep", WORDS("0"), NULL, 0);
	struct kcoro_task_info info;

	ASSERT_LE(0, task);
	join_ok(_metadata, task);
	ASSERT_EQ(0, kcoro_task_info(task, &info));
	EXPECT_EQ(KCORO_TASK_EXITED, info.state);
	EXPECT_STREQ("sleep", info.name);
}

/* Names are bytes of a program's choice; ends of lines must not get through. */
TEST_F(list, odd_names)
{
	struct kcoro_spawn_opts opts = {
		.argv = WORDS(SLEEP_LONG),
		.name = "a\nb\033[2J\177\200\"\\%s",
	};
	int task = kcoro_spawn(self->ctx, "sleep", &opts);
	char path[64], line[256];
	struct kcoro_task_info info;
	const char *p;
	FILE *f;

	ASSERT_LE(0, task);
	ASSERT_EQ(0, kcoro_task_info(task, &info));
	EXPECT_STREQ(opts.name, info.name);
	/* text for people is escaped */
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", task);
	f = fopen(path, "r");
	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f)) {
		EXPECT_NE('b', line[0]) TH_LOG("%s", line);
		for (p = line; *p; p++)
			EXPECT_EQ(1, *p == '\n' || *p == '\t' ||
					     (*p >= ' ' && *p < 127));
	}
	fclose(f);
}

/* --- many ----------------------------------------------------------------------------------- */

TEST_F(list, ten_thousand)
{
	struct kcoro_task_info *list;
	struct kcoro_info info;
	uint64_t last = 0;
	int done = 0, n, i;

	ASSERT_EQ(0, kcoro_info(self->ctx, &info));
	while (done < 10000) {
		n = 10000 - done;
		if (n > (int)info.spawn_max)
			n = info.spawn_max;
		n = sleepers(self->ctx, n, NULL);
		ASSERT_LT(0, n);
		done += n;
	}
	ASSERT_EQ(10000, kcoro_list(self->ctx, KCORO_SCOPE_CTX, &list));
	for (i = 0; i < 10000; i++) {
		ASSERT_LT(last, list[i].id);
		last = list[i].id;
	}
	free(list);
	ASSERT_EQ(0, kcoro_info(self->ctx, &info));
	EXPECT_LE(10000, info.tasks);
	EXPECT_EQ(10000, kcoro_kill(self->ctx, 0, KCORO_SCOPE_CTX, 0));
	while (count_tasks(self->ctx, KCORO_SCOPE_CTX, 0))
		nap();
	EXPECT_EQ(10000, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
}

TEST_HARNESS_MAIN
