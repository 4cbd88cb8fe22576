// SPDX-License-Identifier: GPL-2.0
/*
 * A policy from another module, lifo: loaded by its name, held while it is in
 * force; and as it starves tasks, left by the watchdog.
 */
#include <sys/syscall.h>

#include "sched.h"

#define MODULE "kcoro_policy_lifo"

static int unload(void)
{
	return syscall(SYS_delete_module, MODULE, O_NONBLOCK) ? -errno : 0;
}

static int is_offered(t_metadata, const char *name)
{
	struct policies p = policies_of(_metadata);
	int i;

	for (i = 0; i < p.count; i++)
		if (!strcmp(p.names[i], name))
			return 1;
	return 0;
}

FIXTURE(module)
{
	int ctx;
	char starve_ms[16];
};

FIXTURE_SETUP(module) {
	if (geteuid())
		SKIP(_exit(255), "not root");
	if (system("modprobe " MODULE " 2>/dev/null"))
		SKIP(_exit(255), "modprobe does not find " MODULE);
	ASSERT_EQ(0, unload());
	snprintf(self->starve_ms, sizeof(self->starve_ms), "%ld",
		 param_get("starve_ms"));
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
}

FIXTURE_TEARDOWN(module) {
	close(self->ctx);
	param_set("policy", "fifo");
	param_set("starve_ms", self->starve_ms);
	unload();
	await_no_tasks();
}

#define EXPECT_POLICY(name)                                 \
	do {                                                \
		struct kcoro_info info;                     \
                                                            \
		ASSERT_EQ(0, kcoro_info(self->ctx, &info)); \
		EXPECT_STREQ(name, info.policy);            \
	} while (0)

TEST_F(module, is_loaded_by_its_name)
{
	EXPECT_EQ(0, is_offered(_metadata, "lifo"));
	ASSERT_EQ(0, param_set("policy", "lifo"));
	EXPECT_EQ(1, is_offered(_metadata, "lifo"));
	EXPECT_POLICY("lifo");
	EXPECT_EQ(0, param_set("policy", "fifo"));
	EXPECT_EQ(0, unload());
	EXPECT_EQ(0, is_offered(_metadata, "lifo"));
}

TEST_F(module, is_not_unloaded_while_in_force)
{
	int task;

	ASSERT_EQ(0, param_set("policy", "lifo"));
	EXPECT_EQ(-EAGAIN, unload());
	/* chosen twice it is still held once */
	ASSERT_EQ(0, param_set("policy", "lifo"));
	EXPECT_EQ(-EAGAIN, unload());
	task = act(self->ctx, WORDS("times:20", "yield:3", "sleep:1"), NULL, 0);
	ASSERT_LE(0, task);
	ACT_END(task, 40);
	EXPECT_POLICY("lifo");
	ASSERT_EQ(0, param_set("policy", "mlfq"));
	EXPECT_EQ(0, unload());
}

/* As long as this thread runs, no worker does on its CPU. */
static void keep_the_cpu(t_metadata, int keep)
{
	struct sched_param param = { .sched_priority = keep };

	ASSERT_EQ(0, sched_setscheduler(0, keep ? SCHED_FIFO : SCHED_OTHER,
					&param));
}

/*
 * One task waits, and two newer ones give way to each other until it has had its
 * turn: under lifo it never has.
 */
TEST_F(module, is_left_when_a_task_starves)
{
	struct kcoro_info before, after;
	struct pair end = chan_u64(1);
	int victim, busy[2], i;

	ASSERT_EQ(0, param_set("starve_ms", "100"));
	ASSERT_EQ(0, param_set("policy", "lifo"));
	ASSERT_EQ(0, kcoro_info(self->ctx, &before));
	run_on(_metadata, 0);
	keep_the_cpu(_metadata, 1);
	victim = act_pinned(self->ctx, 0, WORDS("close:0"), FDS(end.send));
	for (i = 0; i < 2; i++)
		busy[i] = act_pinned(self->ctx, 0, WORDS("until:0"),
				     FDS(end.recv));
	keep_the_cpu(_metadata, 0);
	run_on(_metadata, -1);
	ASSERT_LE(0, victim);
	ACT_END(victim, 1);
	for (i = 0; i < 2; i++) {
		ASSERT_LE(0, busy[i]);
		ACT_END(busy[i], 1);
	}
	do {
		nap();
		ASSERT_EQ(0, kcoro_info(self->ctx, &after));
	} while (strcmp(after.policy, "fifo"));
	EXPECT_EQ(before.policy_falls + 1, after.policy_falls);
	/* and so it is no longer held */
	EXPECT_EQ(0, unload());
}

TEST_HARNESS_MAIN
