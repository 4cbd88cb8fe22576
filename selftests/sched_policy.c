// SPDX-License-Identifier: GPL-2.0
/*
 * Policies: the parameter that names them, and switching on a live system.
 */
#include "sched.h"

FIXTURE(policy)
{
	int ctx;
	int cpus;
};

FIXTURE_SETUP(policy) {
	await_no_tasks();
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->cpus = nr_cpus();
}

FIXTURE_TEARDOWN(policy) {
	close(self->ctx);
	param_set("policy", "fifo");
	param_set("active_cpus", "0");
	await_no_tasks();
}

/* What the parameter and INFO say is in use. */
static void expect_policy(t_metadata, int ctx, const char *name)
{
	struct policies p = policies_of(_metadata);
	struct kcoro_info info;

	EXPECT_STREQ(name, p.names[p.used]);
	ASSERT_EQ(0, kcoro_info(ctx, &info));
	EXPECT_STREQ(name, info.policy);
}

TEST_F(policy, names)
{
	struct policies p = policies_of(_metadata);
	int i, found = 0;

	for (i = 0; i < p.count; i++)
		found += !strcmp(p.names[i], "fifo") ||
			 !strcmp(p.names[i], "mlfq") ||
			 !strcmp(p.names[i], "predict");
	EXPECT_EQ(3, found);
	expect_policy(_metadata, self->ctx, "fifo");
}

TEST_F(policy, can_be_chosen)
{
	struct policies p = policies_of(_metadata);
	char line[KCORO_POLICY_MAX + 1];
	int i;

	for (i = 0; i < p.count; i++) {
		ASSERT_EQ(0, param_set("policy", p.names[i]));
		expect_policy(_metadata, self->ctx, p.names[i]);
		/* and once more; as echo writes it */
		snprintf(line, sizeof(line), "%s\n", p.names[i]);
		ASSERT_EQ(0, param_set("policy", line));
		expect_policy(_metadata, self->ctx, p.names[i]);
	}
}

TEST_F(policy, unknown_name)
{
	const char *const wrong[] = {
		"lottery", "fif", "fifoo",
		"FIFO",	   "\n",  "a-name-that-is-longer-than-any-may-be",
	};
	size_t i;

	ASSERT_EQ(0, param_set("policy", "mlfq"));
	for (i = 0; i < ROWS(wrong); i++) {
		EXPECT_EQ(-EINVAL, param_set("policy", wrong[i]))
		TH_LOG("%s", wrong[i]);
		expect_policy(_metadata, self->ctx, "mlfq");
	}
}

/* --- with tasks ----------------------------------------------------------------- */

#define COUNT 60

/* Tasks of all kinds: pinned, urgent, those that block, hog and talk. */
struct load {
	int fds[COUNT];
	int sieve, echo;
	struct pair there, back;
};

static void load_start(t_metadata, int ctx, int cpus, struct load *l)
{
	int i;

	l->sieve = spawn(ctx, "sieve", WORDS("60"), NULL, 0);
	ASSERT_LE(0, l->sieve);
	l->there = chan_of(_metadata, ctx, 8, 0);
	l->back = chan_of(_metadata, ctx, 8, 0);
	l->echo = spawn(ctx, "echo", NULL, FDS(l->there.recv, l->back.send));
	ASSERT_LE(0, l->echo);
	for (i = 0; i < COUNT; i++) {
		struct kcoro_spawn how = {
			.priority = i % 8 + KCORO_PRIORITY_MIN,
			.flags = i % 3 ? 0 : KCORO_SPAWN_PIN,
			.cpu = i % 3 ? 0 : i % cpus,
		};

		l->fds[i] = act_how(ctx, &how,
				    WORDS("times:20", "yield:3", "hog:200",
					  "sleep:1", "block:1"),
				    NULL, 0);
		ASSERT_LE(0, l->fds[i]);
	}
}

static void load_end(t_metadata, struct load *l)
{
	int i;

	for (i = 0; i < COUNT; i++)
		ACT_END(l->fds[i], 80);
	EXPECT_EQ(281, join_ok(_metadata, l->sieve).result);
	close(l->sieve);
	close(l->there.send);
	join_ok(_metadata, l->echo);
	close(l->echo);
	close(l->there.recv);
	close(l->back.recv);
	close(l->back.send);
}

/* A task answers, whoever orders the queues. */
static void talk(t_metadata, struct load *l)
{
	int i;

	for (i = 0; i < 5; i++) {
		EXPECT_EQ(8, put_u64(l->there.send, i));
		EXPECT_EQ(i, get_u64(l->back.recv));
	}
}

TEST_F(policy, each_runs_all_tasks)
{
	struct policies p = policies_of(_metadata);
	struct load l;
	int i;

	for (i = 0; i < p.count; i++) {
		ASSERT_EQ(0, param_set("policy", p.names[i]));
		load_start(_metadata, self->ctx, self->cpus, &l);
		talk(_metadata, &l);
		load_end(_metadata, &l);
		expect_policy(_metadata, self->ctx, p.names[i]);
	}
}

/* Neither for priority nor for having run for long. */
TEST_F(policy, nobody_starves)
{
	struct policies p = policies_of(_metadata);
	int fds[8], idle, n, i;

	for (n = 0; n < p.count; n++) {
		struct pair end = chan_u64(1);

		ASSERT_EQ(0, param_set("policy", p.names[n]));
		for (i = 0; i < ROWS(fds); i++) {
			fds[i] = act_urgent(self->ctx, 0, KCORO_PRIORITY_MIN,
					    WORDS("until:0"), FDS(end.recv));
			ASSERT_LE(0, fds[i]);
		}
		idle = act_urgent(self->ctx, 0, KCORO_PRIORITY_MAX,
				  WORDS("hog:5000", "yield:2", "close:0"),
				  FDS(end.send));
		ASSERT_LE(0, idle);
		ACT_END(idle, 3);
		for (i = 0; i < ROWS(fds); i++)
			ACT_END(fds[i], 1);
		expect_policy(_metadata, self->ctx, p.names[n]);
	}
}

TEST_F(policy, switched_while_tasks_run)
{
	struct policies p = policies_of(_metadata);
	struct kcoro_info before, after;
	struct load l;
	int i, n;

	ASSERT_EQ(0, kcoro_info(self->ctx, &before));
	load_start(_metadata, self->ctx, self->cpus, &l);
	for (i = 0; i < 20; i++) {
		for (n = 0; n < p.count; n++) {
			ASSERT_EQ(0, param_set("policy", p.names[n]));
			expect_policy(_metadata, self->ctx, p.names[n]);
			talk(_metadata, &l);
		}
	}
	load_end(_metadata, &l);
	ASSERT_EQ(0, kcoro_info(self->ctx, &after));
	EXPECT_EQ(before.policy_falls, after.policy_falls);
}

/* By two at once, and as CPUs come and go. */
static void *switcher(void *arg)
{
	static const char *const names[] = { "mlfq", "predict", "fifo" };
	int *stop = arg, n = 0;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED))
		if (param_set("policy", names[n++ % 3]))
			return "a switch failed";
	return NULL;
}

TEST_F(policy, switched_by_two_while_cpus_change)
{
	pthread_t threads[2];
	int stop = 0, i;
	struct load l;
	void *error;
	char n[16];

	load_start(_metadata, self->ctx, self->cpus, &l);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0,
			  pthread_create(&threads[i], NULL, switcher, &stop));
	for (i = 0; i < 20; i++) {
		snprintf(n, sizeof(n), "%d", 1 + i % self->cpus);
		EXPECT_EQ(0, param_set("active_cpus", n));
		talk(_metadata, &l);
	}
	load_end(_metadata, &l);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], &error);
		EXPECT_EQ(NULL, error) TH_LOG("%s", (char *)error);
	}
}

TEST_HARNESS_MAIN
