// SPDX-License-Identifier: GPL-2.0
/*
 * Bubbles of programs: what follows from the seed, what is virtual, what they fail
 * for, and what can be in them.
 */
#include "bubble.h"

CONTEXT_FIXTURE(bubble)

/* --- what follows from the seed -------------------------------------------------- */

struct course {
	struct kcoro_bubble_run end;
	struct kcoro_step steps[STEPS];
};

/*
 * Talkers and listeners that meet in a channel, sleepers that are due at the same
 * times, a select, and a body that spawns others.
 */
static struct course *course(t_metadata, uint64_t seed)
{
	struct course *c = calloc(1, sizeof(*c));
	int ctx = bubble_of(_metadata, seed, STEPS), i, sieve;
	struct pair p = chan_of(_metadata, ctx, 8, 1), in[2], out;

	for (i = 0; i < 4; i++)
		TASK(ctx, "act",
		     WORDS("times:3", "send:0", "yield:2", "sleep:10"),
		     FDS(p.send));
	for (i = 0; i < 2; i++)
		TASK(ctx, "act", WORDS("times:6", "recv:0", "yield:1"),
		     FDS(p.recv));
	for (i = 0; i < 2; i++) {
		in[i] = chan_of(_metadata, ctx, 0, 4);
		put_str(in[i].send, "a");
		put_str(in[i].send, "b");
		close(in[i].send);
	}
	out = chan_of(_metadata, ctx, 0, 0);
	TASK(ctx, "merge", NULL, FDS(in[0].recv, in[1].recv, out.send));
	TASK(ctx, "count", NULL, FDS(out.recv));
	close(out.send);
	sieve = TASK(ctx, "sieve", WORDS("5"), NO_FDS);
	ASSERT_EQ(0, kcoro_bubble_run(ctx, &c->end, c->steps, STEPS, 0));
	EXPECT_EQ(0, c->end.error)
	TH_LOG("seed %d: %s", (int)seed, c->end.message);
	EXPECT_EQ(c->end.nr_steps, c->end.count);
	EXPECT_EQ(11, END(sieve).result);
	close(ctx);
	return c;
}

TEST_F(bubble, the_same_seed_gives_the_same_steps)
{
	uint64_t seed;

	for (seed = 0; seed < 8; seed++) {
		struct course *a = course(_metadata, seed);
		struct course *b = course(_metadata, seed);

		EXPECT_LT(100, a->end.nr_steps);
		EXPECT_GE(STEPS, a->end.nr_steps);
		EXPECT_EQ(a->end.nr_steps, b->end.nr_steps);
		EXPECT_EQ(a->end.digest, b->end.digest);
		EXPECT_EQ(a->end.time_ns, b->end.time_ns);
		EXPECT_EQ(0, memcmp(a->steps, b->steps, sizeof(a->steps)))
		TH_LOG("seed %d", (int)seed);
		free(a);
		free(b);
	}
}

TEST_F(bubble, other_seeds_give_other_steps)
{
	struct course *first = course(_metadata, 100), *other;
	int differ = 0;
	uint64_t seed;

	for (seed = 101; seed <= 110; seed++) {
		other = course(_metadata, seed);
		differ += other->end.digest != first->end.digest;
		/* if the digests are equal so are the steps */
		EXPECT_EQ(other->end.digest == first->end.digest,
			  !memcmp(other->steps, first->steps,
				  sizeof(first->steps)));
		free(other);
	}
	EXPECT_EQ(10, differ);
	free(first);
}

/* Which of two that can both run is first. */
TEST_F(bubble, both_orders_come)
{
	int first = 0;
	uint64_t seed;

	for (seed = 0; seed < 40; seed++) {
		int ctx = bubble_of(_metadata, seed, 0);
		struct pair p = chan_of(_metadata, ctx, 8, 2);
		int task = TASK(ctx, "act", WORDS("send:0"), FDS(p.send));

		TASK(ctx, "act", WORDS("send:0"), FDS(p.send));
		RUN_WELL(ctx);
		/* an act sends its id */
		first += get_u64(p.recv) == (int64_t)END(task).id;
		close(p.recv);
		close(p.send);
		close(task);
		close(ctx);
	}
	/* far off the middle by chance: once in a million sets of seeds */
	EXPECT_LE(5, first);
	EXPECT_GE(35, first);
}

TEST_F(bubble, steps_tell_what_happened)
{
	static const struct kcoro_step want[] = {
		{ SECOND, 1, 0, KCORO_STEP_SPAWN, 0 },
		{ SECOND, 1, 1, KCORO_STEP_YIELD, 0 },
		{ SECOND, 1, 1, KCORO_STEP_PARK, KCORO_WAIT_SLEEP },
		{ SECOND + HOUR, 1, 0, KCORO_STEP_WAKE, 0 },
		{ SECOND + HOUR, 1, 1, KCORO_STEP_EXIT, 0 },
	};
	struct kcoro_step steps[8];
	struct kcoro_bubble_run end;
	int ctx = BUBBLE(), i;

	TASK(ctx, "act", WORDS("yield:1", "sleep:" HOUR_MS), NO_FDS);
	memset(steps, 0xaa, sizeof(steps));
	ASSERT_EQ(0, kcoro_bubble_run(ctx, &end, steps, 8, 0));
	EXPECT_EQ(5, end.nr_steps);
	ASSERT_EQ(5, end.count);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, memcmp(&want[i], &steps[i], sizeof(want[i])))
		TH_LOG("step %d: task %u by %u: %u", i, steps[i].task,
		       steps[i].by, steps[i].kind);
	}
	/* what there is no step for stays */
	EXPECT_EQ(0xaa, steps[5].kind);
	close(ctx);
}

/* What a task spawns is in it too, and has the next number. */
TEST_F(bubble, steps_tell_who_spawned)
{
	struct kcoro_step steps[16];
	struct kcoro_bubble_run end;
	int ctx = BUBBLE();

	TASK(ctx, "join", WORDS(HOUR_MS), NO_FDS);
	ASSERT_EQ(0, kcoro_bubble_run(ctx, &end, steps, 16, 0));
	EXPECT_EQ(0, end.error);
	EXPECT_EQ(HOUR, end.time_ns);
	ASSERT_LE(2, end.count);
	EXPECT_EQ(KCORO_STEP_SPAWN, steps[0].kind);
	EXPECT_EQ(1, steps[0].task);
	EXPECT_EQ(0, steps[0].by);
	EXPECT_EQ(KCORO_STEP_SPAWN, steps[1].kind);
	EXPECT_EQ(2, steps[1].task);
	EXPECT_EQ(1, steps[1].by);
	close(ctx);
}

/* The digest is of all steps, however many are kept. */
TEST_F(bubble, fewer_steps_are_kept)
{
	static const uint32_t max[] = { 0, 2, 5, 6 };
	struct kcoro_step steps[8];
	struct kcoro_bubble_run end;
	uint64_t digest = 0;
	size_t i;
	int ctx;

	for (i = 0; i < ROWS(max); i++) {
		ctx = bubble_of(_metadata, 0, max[i]);
		TASK(ctx, "act", WORDS("yield:1", "sleep:1"), NO_FDS);
		memset(steps, 0xaa, sizeof(steps));
		ASSERT_EQ(0, kcoro_bubble_run(ctx, &end, steps, 8, 0));
		EXPECT_EQ(5, end.nr_steps);
		EXPECT_EQ(max[i] < 5 ? max[i] : 5, end.count);
		EXPECT_EQ(0xaa, steps[end.count].kind);
		if (!i)
			digest = end.digest;
		EXPECT_EQ(digest, end.digest);
		/* less room than there are */
		memset(steps, 0xaa, sizeof(steps));
		ASSERT_EQ(0, kcoro_bubble_run(ctx, &end, steps, 1, 0));
		EXPECT_EQ(!!max[i], end.count);
		EXPECT_EQ(0xaa, steps[1].kind);
		EXPECT_EQ(digest, end.digest);
		close(ctx);
	}
}

/* --- time ---------------------------------------------------------------------------- */

TEST_F(bubble, an_hour_takes_no_time)
{
	int ctx = BUBBLE(), task;
	struct kcoro_bubble_run end;

	task = TASK(ctx, "sleep", WORDS(HOUR_MS), NO_FDS);
	end = RUN_WELL(ctx);
	EXPECT_EQ(HOUR, end.time_ns);
	EXPECT_EQ(KCORO_EXIT_RETURNED, END(task).reason);
	close(ctx);
}

/* Nor does what would compute for one. */
TEST_F(bubble, an_hour_of_spin_takes_no_time)
{
	int ctx = BUBBLE();
	struct kcoro_bubble_run end;

	TASK(ctx, "spin", WORDS(HOUR_MS), NO_FDS);
	end = RUN_WELL(ctx);
	EXPECT_EQ(HOUR, end.time_ns);
	EXPECT_EQ(4, end.nr_steps);
	close(ctx);
}

/* Their exit records come in the order of their times, whatever the seed. */
TEST_F(bubble, sleepers_end_in_the_order_of_their_times)
{
	static const char *const ms[] = { "30", "10", "20" };
	struct kcoro_exit exits[4];
	uint64_t seed, id[3];
	int i;

	for (seed = 0; seed < 10; seed++) {
		int ctx = bubble_of(_metadata, seed, 0);

		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, spawn_id(ctx, "sleep", WORDS(ms[i]),
					      NO_FDS, &id[i]));
		EXPECT_EQ(30 * SECOND / 1000, RUN_WELL(ctx).time_ns);
		ASSERT_EQ(3, kcoro_next_exits(ctx, exits, 4, 0));
		EXPECT_EQ(id[1], exits[0].id);
		EXPECT_EQ(id[2], exits[1].id);
		EXPECT_EQ(id[0], exits[2].id);
		close(ctx);
	}
}

TEST_F(bubble, deadlines_are_by_its_clock)
{
	struct kcoro_spawn_opts opts = {
		.argv = WORDS("7200000"),
		.deadline_ns = KCORO_BUBBLE_EPOCH + HOUR,
	};
	int ctx = BUBBLE(), task = kcoro_spawn(ctx, "sleep", &opts), past;

	ASSERT_LE(0, task);
	/* and one that has passed as it begins */
	opts.deadline_ns = 1;
	past = kcoro_spawn(ctx, "sleep", &opts);
	ASSERT_LE(0, past);
	EXPECT_EQ(HOUR, RUN_WELL(ctx).time_ns);
	EXPECT_EQ(KCORO_EXIT_DEADLINE, END(task).reason);
	EXPECT_EQ(KCORO_EXIT_DEADLINE, END(past).reason);
	close(ctx);
}

/* --- what it fails for ------------------------------------------------------------------ */

TEST_F(bubble, a_deadlock_is_told)
{
	int ctx = BUBBLE(), one, two;
	struct kcoro_spawn_opts opts = { .argv = WORDS("recv:0"), .nr_fds = 1 };
	struct pair p = chan_of(_metadata, ctx, 8, 0);

	opts.fds = &p.recv;
	opts.name = "one";
	one = kcoro_spawn(ctx, "act", &opts);
	ASSERT_LE(0, one);
	opts.name = "two";
	opts.argv = WORDS("sleep:" HOUR_MS, "send:0");
	opts.fds = &p.send;
	two = kcoro_spawn(ctx, "act", &opts);
	ASSERT_LE(0, two);
	opts.name = "three";
	opts.argv = WORDS("times:2", "recv:0");
	opts.fds = &p.recv;
	ASSERT_LE(0, kcoro_spawn(ctx, "act", &opts));
	EXPECT_EQ(-EDEADLK, RUN(ctx).error);
	EXPECT_EQ(HOUR, RUN(ctx).time_ns);
	EXPECT_NE(NULL, strstr(RUN(ctx).message, "three(recv)"));
	EXPECT_EQ(0, END(two).error);
	close(ctx);
}

TEST_F(bubble, a_deadlock_names_all)
{
	struct pair p;
	int ctx = BUBBLE(), task;

	p = chan_of(_metadata, ctx, 8, 0);
	task = TASK(ctx, "act", WORDS("recv:0"), FDS(p.recv));
	TASK(ctx, "echo", NULL, FDS(p.recv, p.send));
	EXPECT_FAILS(ctx, -EDEADLK, "all wait: act(recv) echo(recv)");
	EXPECT_EQ(KCORO_EXIT_KILLED, END(task).reason);
	EXPECT_EQ(-ECANCELED, END(task).error);
	close(ctx);
}

/* The task is given the message: nothing is lost. */
TEST_F(bubble, who_wakes_from_outside_is_noticed)
{
	int ctx = BUBBLE(), task;
	struct runner r;
	struct pair p;

	p = chan_of(_metadata, ctx, 8, 0);
	ENDLESS(ctx);
	task = TASK(ctx, "act", WORDS("recv:0"), FDS(p.recv));
	runner_start(_metadata, &r, ctx);
	await_parked(task, KCORO_WAIT_RECV);
	EXPECT_EQ(8, put_u64(p.send, 1));
	EXPECT_EQ(0, caller_join(&r.c));
	EXPECT_EQ(-EXDEV, r.end.error);
	EXPECT_STREQ("task 2 was woken from outside", r.end.message);
	EXPECT_EQ(1, END(task).result);
	close(ctx);
}

/* Also one that does not wait. */
TEST_F(bubble, who_kills_from_outside_is_noticed)
{
	static const uint32_t flags[] = { 0, KCORO_KILL_ONCE };
	size_t i;
	int ctx, task;

	for (i = 0; i < ROWS(flags); i++) {
		ctx = BUBBLE();
		task = ENDLESS(ctx);
		START(ctx);
		await_run(task);
		EXPECT_EQ(1, kcoro_kill(ctx, task_id(task), KCORO_SCOPE_CTX,
					flags[i]));
		EXPECT_FAILS(ctx, -EXDEV, "task 1 was woken from outside");
		EXPECT_EQ(-ECANCELED, END(task).error);
		close(ctx);
	}
}

TEST_F(bubble, who_cancels_its_group_is_noticed)
{
	int ctx = BUBBLE(), group = kcoro_group_create(ctx, 0, 0), task;

	ASSERT_LE(0, group);
	ENDLESS(ctx);
	task = TASK(group, "sleep", WORDS(HOUR_MS), NO_FDS);
	ENDLESS(ctx);
	START(ctx);
	await_parked(task, KCORO_WAIT_SLEEP);
	close(group);
	EXPECT_FAILS(ctx, -EXDEV, "task 2 was woken from outside");
	close(ctx);
}

TEST_F(bubble, a_file_has_no_place_in_it)
{
	int ctx = BUBBLE(), task, file = open("/proc/self/exe", O_RDONLY);
	struct pair p = chan_of(_metadata, ctx, 0, 1);

	ASSERT_LE(0, file);
	task = TASK(ctx, "file-source", NULL, FDS(file, p.send));
	EXPECT_FAILS(ctx, -EPERM, "task 1 made a native call");
	EXPECT_NE(0, END(task).error);
	close(ctx);
}

TEST_F(bubble, who_blocks_is_noticed)
{
	struct kcoro_info info;
	int ctx = BUBBLE();

	ASSERT_EQ(0, kcoro_info(ctx, &info));
	if (!(info.features & KCORO_FEATURE_HANDOVER))
		SKIP(return, "this kernel has no preempt notifiers");
	TASK(ctx, "act", WORDS("block:5"), NO_FDS);
	EXPECT_FAILS(ctx, -EPERM, "task 1 blocked in kernel code");
	close(ctx);
}

/* --- what can be in it ----------------------------------------------------------------------- */

/* What a program has sent before, and what it takes out afterwards. */
TEST_F(bubble, a_pipeline_from_what_was_sent_before)
{
	int ctx = BUBBLE(), i;
	struct pair in = chan_of(_metadata, ctx, 8, 10);
	struct pair out = chan_of(_metadata, ctx, 8, 10);

	for (i = 0; i < 10; i++)
		ASSERT_EQ(8, put_u64(in.send, i));
	close(in.send);
	TASK(ctx, "echo", NULL, FDS(in.recv, out.send));
	close(out.send);
	RUN_WELL(ctx);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(i, get_u64(out.recv));
	EXPECT_EQ(-ENODATA, get_u64(out.recv));
	close(ctx);
}

TEST_F(bubble, events_semaphores_and_queues)
{
	int ctx = BUBBLE(), event = kcoro_event_create(ctx, 0);
	int sem = kcoro_sem_create(ctx, 0, 1, 0), i, task[4];
	int queue = kcoro_queue_create(ctx, 8, 1, 0);

	task[0] = TASK(ctx, "sync",
		       WORDS("wait:0", "release:1", "put:2", "join:2"),
		       FDS(event, sem, queue));
	task[1] = TASK(ctx, "sync", WORDS("acquire:1", "get:2", "done:2"),
		       FDS(event, sem, queue));
	task[2] = TASK(ctx, "sync", WORDS("poll:0", "poll:0"), FDS(event));
	task[3] = TASK(ctx, "sync", WORDS("set:0"), FDS(event));
	RUN_WELL(ctx);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, END(task[i]).error) TH_LOG("task %d", i);
	EXPECT_EQ(1, kcoro_event_is_set(event));
	close(ctx);
}

/* The first that fails ends the other at once, not in an hour. */
TEST_F(bubble, a_group_that_fails_fast)
{
	int ctx = BUBBLE(), task, failed;
	int group = kcoro_group_create(ctx, KCORO_GROUP_FAIL_FAST, 0);
	struct kcoro_group_wait w;

	task = TASK(group, "sleep", WORDS(HOUR_MS), NO_FDS);
	failed = TASK(group, "sync", WORDS("fail:5"), NO_FDS);
	EXPECT_EQ(0, RUN_WELL(ctx).time_ns);
	EXPECT_EQ(-5, END(failed).error);
	EXPECT_EQ(KCORO_EXIT_CANCELED, END(task).reason);
	EXPECT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_ENDED, &w, KCORO_NOW));
	EXPECT_EQ(-5, w.error);
	close(ctx);
}

/* Nobody gives a place back before it is run. */
TEST_F(bubble, a_full_group_is_not_waited_for)
{
	int ctx = BUBBLE(), group = kcoro_group_create(ctx, 0, 1);

	TASK(group, "sleep", WORDS("1"), NO_FDS);
	EXPECT_EQ(-EAGAIN, spawn(group, "sleep", WORDS("1"), NO_FDS));
	RUN_WELL(ctx);
	close(ctx);
}

TEST_F(bubble, held_tasks_are_ready)
{
	int ctx = BUBBLE(), task = TASK(ctx, "sleep", WORDS("1"), NO_FDS);
	struct kcoro_task_info info;
	uint64_t id;

	ASSERT_EQ(0, spawn_id(ctx, "sleep", WORDS("2"), NO_FDS, &id));
	EXPECT_FDINFO(ctx, "kcoro-bubble:\theld");
	EXPECT_EQ(2, count_tasks(ctx, KCORO_SCOPE_CTX, 0));
	ASSERT_EQ(0, kcoro_task_info(task, &info));
	EXPECT_EQ(KCORO_TASK_READY, info.state);
	EXPECT_EQ(0, info.switches);
	RUN_WELL(ctx);
	EXPECT_FDINFO(ctx, "kcoro-bubble:\tover");
	EXPECT_EQ(0, count_tasks(ctx, KCORO_SCOPE_CTX, 0));
	/* with its record */
	EXPECT_EQ(1, count_tasks(ctx, KCORO_SCOPE_CTX, 1));
	close(ctx);
}

/* Before it is run that is no intrusion. */
TEST_F(bubble, a_held_task_can_be_cancelled)
{
	int ctx = BUBBLE(), task = TASK(ctx, "sleep", WORDS(HOUR_MS), NO_FDS);

	TASK(ctx, "sleep", WORDS("5"), NO_FDS);
	EXPECT_EQ(1, kcoro_kill(ctx, task_id(task), KCORO_SCOPE_CTX,
				KCORO_KILL_ONCE));
	EXPECT_EQ(5 * SECOND / 1000, RUN_WELL(ctx).time_ns);
	EXPECT_EQ(KCORO_EXIT_CANCELED, END(task).reason);
	close(ctx);
}

TEST_F(bubble, one_without_tasks)
{
	int ctx = BUBBLE();

	EXPECT_EQ(0, RUN_WELL(ctx).nr_steps);
	EXPECT_EQ(0, RUN_WELL(ctx).time_ns);
	close(ctx);
}

TEST_F(bubble, fdinfo_is_silent_without_one)
{
	char text[1024];

	fdinfo(_metadata, self->ctx, text, sizeof(text));
	EXPECT_EQ(NULL, strstr(text, "kcoro-bubble"));
	EXPECT_NE(NULL, strstr(text, "kcoro-state"));
}

TEST_HARNESS_MAIN
