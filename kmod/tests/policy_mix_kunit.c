// SPDX-License-Identifier: GPL-2.0
/*
 * What policies make of a mix of tasks, in a simulation of one CPU.
 *
 * Model: time goes on in steps of LOOK_NS, at most, of the task that runs. Then
 * those that are due are queued, and the running one gives way if the policy
 * wants it to, or if others wait and its turn of TURN_NS is over. Nothing is
 * random, and nothing but the tasks takes time.
 *	pings	sleep, compute for PING_NS, and again
 *	burners	compute
 *	jobs	are spawned one after another, and compute for JOB_NS
 * The wait of a task is the time from when it was due, or gave way, until it
 * runs.
 */
#include <linux/math64.h>

#include "policy_ops.h"

#define PINGS		4
#define BURNERS		4
#define PING_NS		(50 * US)
#define PING_SLEEP_NS	(5 * MS)
#define BURN_NS		(400 * MS)
#define JOB_NS		(500 * US)
#define SPAN_NS		(2 * SECOND)	/* jobs and pings come for so long */
#define LOOK_NS		(20 * US)
#define TURN_NS		(4 * MS)

enum kind { PING, BURNER, JOB, KINDS };

struct sim_task {
	struct kcoro_entity entity;
	enum kind kind;
	enum kcoro_enqueue why;
	u64 due;	/* when it is queued, or was */
	u64 left;	/* to compute until it parks or ends */
	bool asleep;
};

struct waits {
	u32 nr;
	u64 sum;
	u64 worst;
};

struct sim {
	struct rq rq;
	struct sim_task few[PINGS + BURNERS];
	struct sim_task *jobs;
	u32 nr_jobs;
	u32 next_job;
	u32 waiting;
	u32 unfinished;
	u64 end;
	struct sim_task *running;
	u64 turn;	/* when its turn began */
	bool resched;
	struct waits waits[KINDS];
};

/* --- The policy that the others are compared with ------------------------- */

static void fifo_init(void *rq)
{
	INIT_LIST_HEAD((struct list_head *)rq);
}

static bool fifo_enqueue(void *rq, struct kcoro_entity *entity,
			 enum kcoro_enqueue why, u64 now)
{
	list_add_tail(&entity->list, rq);
	return false;
}

static struct kcoro_entity *fifo_pick(void *rq, u64 now)
{
	struct kcoro_entity *entity;

	entity = list_first_entry_or_null((struct list_head *)rq,
					  struct kcoro_entity, list);
	if (entity)
		list_del(&entity->list);
	return entity;
}

static const struct kcoro_policy fifo = {
	.name = "fifo",
	.rq_size = sizeof(struct list_head),
	.init = fifo_init,
	.enqueue = fifo_enqueue,
	.pick = fifo_pick,
};

/* --- The CPU --------------------------------------------------------------- */

static void sim_queue(struct sim *sim, struct sim_task *task)
{
	task->asleep = false;
	if (put(&sim->rq, &task->entity, task->why))
		sim->resched = true;
	sim->waiting++;
}

/* Queue those that are due. Returns when the next one will be. */
static u64 sim_deliver(struct sim *sim)
{
	u64 next = U64_MAX;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sim->few); i++) {
		struct sim_task *task = &sim->few[i];

		if (!task->asleep)
			continue;
		if (task->due <= sim->rq.now)
			sim_queue(sim, task);
		else
			next = min(next, task->due);
	}
	while (sim->next_job < sim->nr_jobs &&
	       sim->jobs[sim->next_job].due <= sim->rq.now)
		sim_queue(sim, &sim->jobs[sim->next_job++]);
	if (sim->next_job < sim->nr_jobs)
		next = min(next, sim->jobs[sim->next_job].due);
	return next;
}

static void sim_start(struct sim *sim, struct kcoro_entity *entity)
{
	struct sim_task *task = container_of(entity, struct sim_task, entity);
	struct waits *waits = &sim->waits[task->kind];
	u64 wait = sim->rq.now - task->due;

	waits->nr++;
	waits->sum += wait;
	waits->worst = max(waits->worst, wait);
	sim->running = task;
	sim->turn = sim->rq.now;
	sim->resched = false;
	sim->waiting--;
}

/* The task that runs has computed all it had to. */
static void sim_park(struct sim *sim, struct sim_task *task)
{
	if (task->kind == PING && sim->rq.now < sim->end) {
		task->due = sim->rq.now + PING_SLEEP_NS;
		task->left = PING_NS;
		task->why = KCORO_ENQUEUE_WOKEN;
		task->asleep = true;
	} else {
		sim->unfinished--;
	}
}

static void sim_step(struct sim *sim)
{
	struct sim_task *task = sim->running;
	u64 step = min(task->left, LOOK_NS);
	bool parks;

	sim->rq.now += step;
	task->left -= step;
	sim_deliver(sim);
	parks = !task->left;
	if (!parks && !sim->resched &&
	    !(sim->waiting && sim->rq.now - sim->turn >= TURN_NS))
		return;
	sim->running = NULL;
	if (sim->rq.policy->ran)
		sim->rq.policy->ran(sim->rq.data, &task->entity,
				    sim->rq.now - sim->turn, parks, sim->rq.now);
	if (parks) {
		sim_park(sim, task);
	} else {
		task->due = sim->rq.now;
		task->why = KCORO_ENQUEUE_YIELDED;
		sim_queue(sim, task);
	}
}

static void sim_task_init(struct sim *sim, struct sim_task *task,
			  enum kind kind, u64 due, u64 left)
{
	task->kind = kind;
	task->due = due;
	task->left = left;
	task->why = KCORO_ENQUEUE_NEW;
	task->asleep = true;
	sim->unfinished++;
}

/* Run the mix with a job every @job_every ns, until all have finished. */
static struct sim *simulate(struct kunit *test,
			    const struct kcoro_policy *policy, u64 job_every)
{
	struct sim *sim = kunit_kzalloc(test, sizeof(*sim), GFP_KERNEL);
	u64 next, start;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, sim);
	sim->rq = rq_make(test, policy);
	start = sim->rq.now;
	sim->end = start + SPAN_NS;
	sim->nr_jobs = div64_u64(SPAN_NS, job_every);
	sim->jobs = kunit_kcalloc(test, sim->nr_jobs, sizeof(*sim->jobs),
				  GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sim->jobs);
	for (i = 0; i < PINGS; i++)
		sim_task_init(sim, &sim->few[i], PING, start + i * MS, PING_NS);
	for (; i < PINGS + BURNERS; i++)
		sim_task_init(sim, &sim->few[i], BURNER, start, BURN_NS);
	for (i = 0; i < sim->nr_jobs; i++)
		sim_task_init(sim, &sim->jobs[i], JOB, start + i * job_every,
			      JOB_NS);
	while (sim->unfinished) {
		struct kcoro_entity *entity;

		next = sim_deliver(sim);
		if (!sim->running) {
			entity = pick(&sim->rq);
			KUNIT_ASSERT_EQ(test, !entity, !sim->waiting);
			if (entity) {
				sim_start(sim, entity);
			} else {
				KUNIT_ASSERT_NE(test, next, U64_MAX);
				sim->rq.now = next;
				continue;
			}
		}
		sim_step(sim);
	}
	KUNIT_EXPECT_NULL(test, pick(&sim->rq));
	return sim;
}

static u64 mean_us(const struct sim *sim, enum kind kind)
{
	return div64_u64(sim->waits[kind].sum, sim->waits[kind].nr * US);
}

static u64 worst_us(const struct sim *sim, enum kind kind)
{
	return div64_u64(sim->waits[kind].worst, US);
}

static struct sim *run(struct kunit *test, const struct kcoro_policy *policy,
		       u64 job_every)
{
	struct sim *sim = simulate(test, policy, job_every);

	kunit_info(test, "%s: wait in us, mean (worst): pings %llu (%llu) burners %llu (%llu) jobs %llu (%llu)",
		   policy->name, mean_us(sim, PING), worst_us(sim, PING),
		   mean_us(sim, BURNER), worst_us(sim, BURNER),
		   mean_us(sim, JOB), worst_us(sim, JOB));
	return sim;
}

/* --- Tests ------------------------------------------------------------------ */

#define USUAL		(3 * MS)	/* a job every so often: a sixth of the CPU */
#define OVERLOAD	JOB_NS		/* jobs take all of it */

static void mlfq_keeps_the_wait_of_pings_short(struct kunit *test)
{
	struct sim *plain = run(test, &fifo, USUAL);
	struct sim *mlfq = run(test, &kcoro_policy_mlfq, USUAL);

	KUNIT_EXPECT_LT(test, 10 * mean_us(mlfq, PING), mean_us(plain, PING));
}

static void predict_has_the_shortest_wait_of_pings_and_jobs(struct kunit *test)
{
	struct sim *plain = run(test, &fifo, USUAL);
	struct sim *mlfq = run(test, &kcoro_policy_mlfq, USUAL);
	struct sim *predict = run(test, &kcoro_policy_predict, USUAL);

	KUNIT_EXPECT_LT(test, 10 * mean_us(predict, JOB), mean_us(plain, JOB));
	KUNIT_EXPECT_LT(test, mean_us(predict, JOB), mean_us(mlfq, JOB));
	KUNIT_EXPECT_LT(test, 10 * mean_us(predict, PING), mean_us(plain, PING));
}

/* All of them finish, or simulate() would not return. */
static void nobody_starves(struct kunit *test)
{
	static const struct kcoro_policy *const policies[] = {
		&kcoro_policy_mlfq, &kcoro_policy_predict,
	};
	enum kind kind;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		struct sim *sim = run(test, policies[i], OVERLOAD);

		for (kind = 0; kind < KINDS; kind++)
			KUNIT_EXPECT_LT(test, worst_us(sim, kind), 500 * MS / US);
	}
}

static struct kunit_case mix_cases[] = {
	KUNIT_CASE(mlfq_keeps_the_wait_of_pings_short),
	KUNIT_CASE(predict_has_the_shortest_wait_of_pings_and_jobs),
	KUNIT_CASE(nobody_starves),
	{}
};

static struct kunit_suite mix_suite = {
	.name = "kcoro_policy_mix",
	.test_cases = mix_cases,
};

kunit_test_suites(&mix_suite);
