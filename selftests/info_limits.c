// SPDX-License-Identifier: GPL-2.0
/*
 * INFO and BODIES: what they say, and structures of other sizes.
 */
#include "kcoro_test.h"

CONTEXT_FIXTURE(info)

/* The same call, for a structure of another size. */
#define RESIZED(request, size) \
	_IOC(_IOC_READ | _IOC_WRITE, KCORO_IOC_MAGIC, _IOC_NR(request), size)

struct longer_info {
	struct kcoro_info info;
	uint64_t tail[4];
};

TEST_F(info, of_a_context)
{
	struct kcoro_info i;

	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	EXPECT_EQ(KCORO_UAPI_VERSION, i.version);
}

TEST_F(info, of_a_sending_end)
{
	struct pair p = chan_u64(1);
	struct kcoro_info i;

	ASSERT_EQ(0, kcoro_info(p.send, &i));
	EXPECT_EQ(KCORO_UAPI_VERSION, i.version);
}

TEST_F(info, of_a_receiving_end)
{
	struct pair p = chan_u64(1);
	struct kcoro_info i;

	ASSERT_EQ(0, kcoro_info(p.recv, &i));
	EXPECT_EQ(KCORO_UAPI_VERSION, i.version);
}

TEST_F(info, of_a_task)
{
	int task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	struct kcoro_info i;

	ASSERT_LE(0, task);
	ASSERT_EQ(0, kcoro_info(task, &i));
	EXPECT_EQ(KCORO_UAPI_VERSION, i.version);
}

TEST_F(info, limits_are_sane)
{
	struct kcoro_info i;

	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	EXPECT_GE(KCORO_PREEMPT_FULL, i.preempt);
	EXPECT_LE(4096, i.stack_min);
	EXPECT_LE(i.stack_min, i.stack_default);
	EXPECT_LE(i.stack_default, i.stack_max);
	EXPECT_LE(256, i.arg_max);
	EXPECT_LE(3, i.spawn_fds_max);
	EXPECT_LE(1, i.spawn_max);
	EXPECT_LE(8, i.elem_max);
	EXPECT_LE(4096, i.buf_max);
	EXPECT_LE(1, i.capacity_max);
	EXPECT_LE(1, i.batch_max);
	EXPECT_EQ(64, i.select_max);
	EXPECT_LE(1, i.cpus);
	EXPECT_GE(sysconf(_SC_NPROCESSORS_CONF), i.cpus);
	EXPECT_LE(i.tasks_ctx_max, i.tasks_max);
	EXPECT_LE(i.tasks_user_max, i.tasks_max);
	EXPECT_LE(1, i.tasks_ctx_max);
	EXPECT_LE(1, i.chans_ctx_max);
}

TEST_F(info, counts_live_tasks)
{
	struct kcoro_spawn_opts opts = { .argv = WORDS(SLEEP_LONG) };
	struct kcoro_info i;

	ASSERT_EQ(5, kcoro_spawn_many(self->ctx, "sleep", &opts, 5, NULL));
	ASSERT_EQ(0, kcoro_info(self->ctx, &i));
	EXPECT_LE(5, i.tasks);
	EXPECT_LE(1, i.workers);
}

TEST_F(info, counts_spawned_tasks)
{
	struct kcoro_info before, after;
	int task, n;

	ASSERT_EQ(0, kcoro_info(self->ctx, &before));
	for (n = 0; n < 7; n++) {
		task = spawn(self->ctx, "sleep", WORDS("0"), NULL, 0);
		ASSERT_LE(0, task);
		join_ok(_metadata, task);
		close(task);
	}
	ASSERT_EQ(0, kcoro_info(self->ctx, &after));
	EXPECT_EQ(before.spawned + 7, after.spawned);
	EXPECT_LE(before.switches + 7, after.switches);
}

/* What every version of it had: version, preempt, features. */
#define SHORTEST offsetof(struct kcoro_info, stack_min)

TEST_F(info, takes_a_shorter_structure)
{
	unsigned char buf[sizeof(struct kcoro_info)];
	struct kcoro_info want;
	size_t i;

	ASSERT_EQ(0, kcoro_info(self->ctx, &want));
	memset(buf, 0xa5, sizeof(buf));
	ASSERT_EQ(0,
		  t_ioctl(self->ctx, RESIZED(KCORO_IOC_INFO, SHORTEST), buf));
	EXPECT_EQ(0, memcmp(buf, &want, SHORTEST));
	for (i = SHORTEST; i < sizeof(buf) && buf[i] == 0xa5; i++)
		;
	EXPECT_EQ(sizeof(buf), i) TH_LOG("it wrote behind the end");
}

TEST_F(info, refuses_a_structure_shorter_than_any)
{
	struct kcoro_info i = { 0 };

	EXPECT_EQ(-EINVAL, t_ioctl(self->ctx, RESIZED(KCORO_IOC_INFO, 8), &i));
	EXPECT_EQ(-EINVAL, t_ioctl(self->ctx, RESIZED(KCORO_IOC_INFO, 0), &i));
}

TEST_F(info, takes_a_longer_structure_with_zero_tail)
{
	struct longer_info l = { .tail = { 0 } };

	ASSERT_EQ(0,
		  t_ioctl(self->ctx, RESIZED(KCORO_IOC_INFO, sizeof(l)), &l));
	EXPECT_EQ(KCORO_UAPI_VERSION, l.info.version);
	EXPECT_EQ(0, l.tail[3]);
}

TEST_F(info, refuses_a_longer_structure_with_nonzero_tail)
{
	struct longer_info l = { .tail = { 0, 0, 0, 1ULL << 63 } };

	EXPECT_EQ(-E2BIG,
		  t_ioctl(self->ctx, RESIZED(KCORO_IOC_INFO, sizeof(l)), &l));
}

TEST_F(info, options_take_a_longer_structure)
{
	struct {
		struct kcoro_options options;
		uint64_t tail;
	} l = { .options = { .flags = KCORO_CTX_DETACHED } };

	EXPECT_EQ(0, t_ioctl(self->ctx, RESIZED(KCORO_IOC_OPTIONS, sizeof(l)),
			     &l));
	l.tail = 1;
	EXPECT_EQ(-E2BIG, t_ioctl(self->ctx,
				  RESIZED(KCORO_IOC_OPTIONS, sizeof(l)), &l));
}

TEST_F(info, spawn_takes_a_longer_structure)
{
	struct {
		struct kcoro_spawn spawn;
		uint64_t tail;
	} l = { .spawn = sleep_request() };

	EXPECT_EQ(0,
		  t_ioctl(self->ctx, RESIZED(KCORO_IOC_SPAWN, sizeof(l)), &l));
	EXPECT_EQ(1, l.spawn.spawned);
	l.tail = 1;
	EXPECT_EQ(-E2BIG,
		  t_ioctl(self->ctx, RESIZED(KCORO_IOC_SPAWN, sizeof(l)), &l));
	EXPECT_EQ(1, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
}

TEST_F(info, spawn_refuses_a_structure_shorter_than_any)
{
	struct kcoro_spawn s = sleep_request();

	EXPECT_EQ(-EINVAL,
		  t_ioctl(self->ctx, RESIZED(KCORO_IOC_SPAWN, sizeof(s) - 8),
			  &s));
	EXPECT_EQ(0, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
}

/* --- bodies --------------------------------------------------------------- */

TEST_F(info, bodies_are_all_there)
{
	static const char *const builtin[] = {
		"count", "echo",  "file-sink", "file-source", "gate", "lines",
		"match", "merge", "sieve",     "sleep",	      "spin", "tee",
	};
	struct kcoro_body_info *list;
	ssize_t n = kcoro_bodies(self->ctx, &list), i;
	size_t b;

	ASSERT_LE((ssize_t)ROWS(builtin), n);
	for (b = 0; b < ROWS(builtin); b++) {
		for (i = 0; i < n && strcmp(list[i].name, builtin[b]); i++)
			;
		EXPECT_GT(n, i) TH_LOG("there is no %s", builtin[b]);
	}
	free(list);
}

TEST_F(info, bodies_have_sane_fields)
{
	struct kcoro_body_info *list;
	ssize_t n = kcoro_bodies(self->ctx, &list), i;
	struct kcoro_info info;

	ASSERT_LE(0, n);
	ASSERT_EQ(0, kcoro_info(self->ctx, &info));
	for (i = 0; i < n; i++) {
		struct kcoro_body_info *b = &list[i];

		ASSERT_GT(sizeof(b->name), strnlen(b->name, sizeof(b->name)));
		ASSERT_GT(sizeof(b->help), strnlen(b->help, sizeof(b->help)));
		EXPECT_NE(0, b->help[0]) TH_LOG("%s has no help", b->name);
		EXPECT_LE(b->fds_min, b->fds_max) TH_LOG("%s", b->name);
		EXPECT_GE(info.spawn_fds_max, b->fds_max) TH_LOG("%s", b->name);
		EXPECT_LE(info.stack_min, b->stack_min) TH_LOG("%s", b->name);
		EXPECT_GE(info.stack_max, b->stack_min) TH_LOG("%s", b->name);
		EXPECT_EQ(0, b->pad);
	}
	free(list);
}

TEST_F(info, bodies_are_counted_without_an_array)
{
	struct kcoro_bodies req = { 0 };

	ASSERT_EQ(0, t_ioctl(self->ctx, KCORO_IOC_BODIES, &req));
	EXPECT_EQ(0, req.count);
	EXPECT_LE(11, req.total);
}

TEST_F(info, bodies_fill_no_more_than_asked_for)
{
	struct kcoro_body_info list[4];
	struct kcoro_bodies req = { .bodies = t_addr(list), .count = 3 };

	memset(list, 0xa5, sizeof(list));
	ASSERT_EQ(0, t_ioctl(self->ctx, KCORO_IOC_BODIES, &req));
	EXPECT_EQ(3, req.count);
	EXPECT_LE(11, req.total);
	EXPECT_NE(0xa5, (unsigned char)list[2].name[0]);
	EXPECT_EQ(0xa5, (unsigned char)list[3].name[0]);
}

TEST_F(info, bodies_are_fewer_than_the_room)
{
	struct kcoro_body_info list[100];
	struct kcoro_bodies req = { .bodies = t_addr(list), .count = 100 };

	ASSERT_EQ(0, t_ioctl(self->ctx, KCORO_IOC_BODIES, &req));
	EXPECT_EQ(req.total, req.count);
}

/* --- fdinfo ---------------------------------------------------------------- */

static int fdinfo_has(int fd, const char *word)
{
	char path[64], buf[2048] = "";
	ssize_t n;
	int info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY);
	n = read(info, buf, sizeof(buf) - 1);
	close(info);
	return n > 0 && strstr(buf, word);
}

TEST_F(info, fdinfo_tells_what_it_is)
{
	int task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	struct pair p = chan_u64(1);

	EXPECT_EQ(1, fdinfo_has(self->ctx, "kcoro"));
	EXPECT_EQ(1, fdinfo_has(task, "kcoro"));
	EXPECT_EQ(1, fdinfo_has(p.recv, "kcoro"));
	EXPECT_EQ(1, fdinfo_has(p.send, "kcoro"));
}

TEST_HARNESS_MAIN
