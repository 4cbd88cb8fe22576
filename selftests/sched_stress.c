// SPDX-License-Identifier: GPL-2.0
/*
 * Thousands of tasks at a time that spawn, block, hog, sleep, yield, talk to and
 * cancel each other, while they are cancelled, moved and reordered from outside,
 * and the number of CPUs changes, and policies. Each step of each is done once.
 *
 * Model: the body "stress" (kcoro_body_stress.c) draws its steps from its id,
 * and sums up what it drew. So the test knows what the sum of a task must be
 * that ended by itself, and of one that was cancelled after any number of steps.
 * All share one channel: what they sent, less what they received, is found in it
 * when all have ended.
 *
 * Policies are switched in sched_stress_policy.c alone, which is this file too:
 * it needs a boot of its own.
 */
#include "sched.h"

#ifndef WITH_POLICIES
#define WITH_POLICIES 0
#endif

#define SECONDS 1300 /* a hang guard */
#define WAVE 1000
#define STEPS 24
#define STEPS_WORD "24"
#define CAPACITY 64

/* How many tasks, and for how long at least. */
struct size {
	int tasks, seconds;
};

static struct size size_of_test(void)
{
	return getenv("KCORO_SOAK") ? (struct size){ 20000, 60 } :
				      (struct size){ 2 * WAVE, 0 };
}

/* As kcoro_body_stress.c has it. */
struct tally {
	uint64_t sum, sent, received;
	uint32_t nr_sent, nr_received;
	uint32_t steps;
	uint32_t children, children_steps;
	uint32_t wrong;
};

static uint64_t stress_draw(uint64_t seed, uint32_t step)
{
	uint64_t z = seed + (step + 1) * 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static uint64_t stress_sum(uint64_t seed, uint32_t steps)
{
	uint64_t sum = 0;

	while (steps--)
		sum += stress_draw(seed, steps);
	return sum;
}

/* --- a wave of tasks -------------------------------------------------------------- */

struct wave {
	uint64_t ids[WAVE]; /* ascending */
	char canceled[WAVE]; /* atomic */
	char ended[WAVE];
	int left;
};

static int index_of(const struct wave *w, uint64_t id)
{
	int low = 0, high = WAVE - 1, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (w->ids[mid] < id)
			low = mid + 1;
		else
			high = mid;
	}
	return w->ids[low] == id ? low : -1;
}

struct sums {
	uint64_t sent, received, nr_sent, nr_received;
	uint64_t steps, children, children_steps;
	int canceled;
};

static void check_exit(t_metadata, struct wave *w, const struct kcoro_exit *e,
		       struct sums *sums)
{
	int i = index_of(w, e->id);
	struct tally t = { 0 };

	ASSERT_LE(0, i) TH_LOG("task %llu is none of ours", e->id);
	EXPECT_EQ(0, w->ended[i]) TH_LOG("task %llu ended twice", e->id);
	w->ended[i] = 1;
	w->left--;
	/* cancelled before it began, it never ran */
	if (e->data_len) {
		ASSERT_EQ(sizeof(t), e->data_len);
		memcpy(&t, e->data, sizeof(t));
	}
	EXPECT_EQ(t.steps, e->result);
	EXPECT_EQ(stress_sum(e->id, t.steps), t.sum)
	TH_LOG("task %llu, %u steps", e->id, t.steps);
	EXPECT_EQ(0, t.wrong) TH_LOG("task %llu", e->id);
	if (e->error) {
		EXPECT_EQ(-ECANCELED, e->error) TH_LOG("%s", e->message);
		EXPECT_EQ(1, w->canceled[i]);
		EXPECT_GE(STEPS, t.steps);
		sums->canceled++;
	} else {
		EXPECT_EQ(STEPS, t.steps);
	}
	sums->sent += t.sent;
	sums->received += t.received;
	sums->nr_sent += t.nr_sent;
	sums->nr_received += t.nr_received;
	sums->steps += t.steps;
	sums->children += t.children;
	sums->children_steps += t.children_steps;
}

/* --- who shakes them --------------------------------------------------------------- */

struct shaker {
	pthread_t thread;
	int ctx, cpus, stop;
	uint64_t seed;
	struct policies policies;
	struct wave *wave; /* atomic */
	int done[6];
	int failed; /* which of them, or 0, with */
	int error;
};

static int shake_task(struct shaker *s, struct wave *w, int what, int which)
{
	struct kcoro_set req = {
		.id = w->ids[which],
		.priority = (int)draw_below(&s->seed, 8) + KCORO_PRIORITY_MIN,
		.cpu = (int)draw_below(&s->seed, s->cpus + 1) - 1,
	};

	if (what == 1) {
		__atomic_store_n(&w->canceled[which], 1, __ATOMIC_SEQ_CST);
		return kcoro_kill(s->ctx, req.id, KCORO_SCOPE_CTX,
				  draw_below(&s->seed, 2) ? KCORO_KILL_ONCE :
							    0);
	}
	req.which = what == 2 ? KCORO_SET_PRIORITY : KCORO_SET_CPU;
	return t_ioctl(s->ctx, KCORO_IOC_SET, &req);
}

/* A negative errno that should not be, or not. */
static int shake(struct shaker *s, int what)
{
	struct wave *w = __atomic_load_n(&s->wave, __ATOMIC_ACQUIRE);
	char n[16];
	int err;

	switch (what) {
	case 1 ... 3:
		if (!w)
			return 0;
		err = shake_task(s, w, what, draw_below(&s->seed, WAVE));
		/* it has ended; or that CPU is not active */
		if (err == -ESRCH || (what == 3 && err == -ENODEV))
			return 0;
		return err;
	case 5:
		return param_set("policy",
				 s->policies.names[draw_below(
					 &s->seed, s->policies.count)]);
	default:
		snprintf(n, sizeof(n), "%u", draw_below(&s->seed, s->cpus + 1));
		return param_set("active_cpus", n);
	}
}

static void *shaker_main(void *arg)
{
	struct shaker *s = arg;
	int what, err;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		what = 1 + draw_below(&s->seed, 3);
		if (!draw_below(&s->seed, 20))
			what = 4 + draw_below(&s->seed, 1 + WITH_POLICIES);
		err = shake(s, what);
		if (err < 0) {
			s->failed = what;
			s->error = err;
			return NULL;
		}
		s->done[what]++;
		usleep(draw_below(&s->seed, 3000));
	}
	return NULL;
}

/* --- the test ------------------------------------------------------------------------ */

SCHED_FIXTURE(stress)

static void wave_run(t_metadata, int ctx, struct pair chan,
		     struct shaker *shaker, struct sums *sums)
{
	const int fds[] = { chan.recv, chan.send };
	struct kcoro_spawn_opts opts = {
		.argv = WORDS(STEPS_WORD),
		.fds = fds,
		.nr_fds = 2,
	};
	struct wave *w = calloc(1, sizeof(*w));
	struct kcoro_exit exits[64];
	struct kcoro_info info;
	int done, n, i;

	ASSERT_NE(NULL, w);
	ASSERT_EQ(0, kcoro_info(ctx, &info));
	for (done = 0; done < WAVE; done += n) {
		n = WAVE - done < info.spawn_max ? WAVE - done : info.spawn_max;
		n = kcoro_spawn_many(ctx, "stress", &opts, n, w->ids + done);
		ASSERT_LT(0, n);
	}
	w->left = WAVE;
	__atomic_store_n(&shaker->wave, w, __ATOMIC_RELEASE);
	while (w->left) {
		n = kcoro_next_exits(ctx, exits, ROWS(exits), 0);
		ASSERT_LT(0, n);
		for (i = 0; i < n; i++)
			check_exit(_metadata, w, &exits[i], sums);
	}
	/* w is leaked: the shaker may look at it still */
}

/* All have ended: no CPU has a task any more, nor is one that was a hog left. */
static void await_rest(t_metadata, int ctx)
{
	struct kcoro_cpu_info cpus[CPUS_MAX];
	int n, i, busy;

	do {
		nap();
		n = cpus_of(_metadata, ctx, cpus);
		busy = 0;
		for (i = 0; i < n; i++)
			busy += cpus[i].queued ||
				cpus[i].flags & KCORO_CPU_HOGGED;
	} while (busy);
}

static int64_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

TEST_F_TIMEOUT(stress, each_step_is_done_once, SECONDS)
{
	struct size size = size_of_test();
	struct pair chan = chan_u64(CAPACITY);
	int64_t start = seconds(), v;
	struct kcoro_info info;
	struct sums sums = { 0 };
	struct shaker shaker = {
		.ctx = self->ctx,
		.cpus = self->cpus,
		.seed = test_seed(_metadata),
		.policies = policies_of(_metadata),
	};
	int tasks = 0;

	ASSERT_EQ(0, param_set("slice_us", "1000"));
	ASSERT_EQ(0,
		  pthread_create(&shaker.thread, NULL, shaker_main, &shaker));
	do {
		wave_run(_metadata, self->ctx, chan, &shaker, &sums);
		tasks += WAVE;
	} while (tasks < size.tasks || seconds() - start < size.seconds);
	__atomic_store_n(&shaker.stop, 1, __ATOMIC_RELAXED);
	pthread_join(shaker.thread, NULL);
	if (WITH_POLICIES)
		ASSERT_EQ(0, param_set("policy", "fifo"));
	EXPECT_EQ(0, shaker.error) TH_LOG("by shake %d", shaker.failed);
	while ((v = poll_u64(chan.recv)) != -EAGAIN) {
		sums.received += v;
		sums.nr_received++;
	}
	EXPECT_EQ(sums.nr_sent, sums.nr_received);
	EXPECT_EQ(sums.sent, sums.received);
	EXPECT_LT(0, sums.nr_sent);
	EXPECT_LT(0, sums.children);
	await_rest(_metadata, self->ctx);
	ASSERT_EQ(0, kcoro_info(self->ctx, &info));
	TH_LOG("%d tasks, %llu steps, %llu children, %llu messages; %d cancelled, %d set, %d policies, %d active; %llu switches, %llu steals, %llu handovers, %llu hogs, %llu falls, %lld s",
	       tasks, (unsigned long long)sums.steps,
	       (unsigned long long)sums.children,
	       (unsigned long long)sums.nr_sent, sums.canceled,
	       shaker.done[2] + shaker.done[3], shaker.done[5], shaker.done[4],
	       (unsigned long long)info.switches,
	       (unsigned long long)info.steals,
	       (unsigned long long)info.handovers,
	       (unsigned long long)info.hogs,
	       (unsigned long long)info.policy_falls,
	       (long long)(seconds() - start));
}

TEST_HARNESS_MAIN
