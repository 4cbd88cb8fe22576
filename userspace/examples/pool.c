// SPDX-License-Identifier: MIT
/*
 * Finds primes by their numbers. Threads take the numbers from a queue and start a
 * task in the kernel for each; a semaphore sees to it that no more than two are at
 * work at a time. Results are printed as they come, and the end is when all of the
 * work is done.
 *
 *	pool N...
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <kcoro.h>

#define THREADS 4
#define AT_A_TIME 2

struct job {
	char number[24];
};

static int ctx, jobs, places, failures;

static void fail(const char *what, int call, int err)
{
	char why[256];

	fprintf(stderr, "pool: %s: %s\n", what,
		kcoro_explain(ctx, call, err, why, sizeof(why)));
	exit(1);
}

static void work(const struct job *job)
{
	const char *words[] = { job->number, NULL };
	struct kcoro_spawn_opts opts = { .argv = words, .name = "pool" };
	struct kcoro_exit exit;
	char how[256];
	int task, err;

	err = kcoro_sem_acquire(places, 1, KCORO_NO_DEADLINE);
	if (err)
		fail("place", KCORO_CALL_SEM, err);
	task = kcoro_spawn(ctx, "sieve", &opts);
	if (task < 0)
		fail(job->number, KCORO_CALL_SPAWN, task);
	err = kcoro_join(task, &exit, KCORO_NO_DEADLINE);
	if (err)
		fail(job->number, KCORO_CALL_OTHER, err);
	close(task);
	/* However the task has ended, its place is free. */
	kcoro_sem_release(places, 1);

	if (kcoro_exit_ok(&exit)) {
		printf("%s: %" PRId64 "\n", job->number, (int64_t)exit.result);
	} else {
		fprintf(stderr, "pool: %s: %s\n", job->number,
			kcoro_explain_exit(&exit, how, sizeof(how)));
		__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
	}
}

/* Until the queue is shut down. */
static void *consumer(void *unused)
{
	struct job job;

	(void)unused;
	while (!kcoro_queue_get(jobs, &job, sizeof(job), KCORO_NO_DEADLINE)) {
		work(&job);
		kcoro_queue_done(jobs);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	struct job job;
	int i, err;

	ctx = kcoro_open(0);
	if (ctx < 0)
		fail("open", KCORO_CALL_OPEN, ctx);
	places = kcoro_sem_create(ctx, AT_A_TIME, AT_A_TIME, 0);
	if (places < 0)
		fail("semaphore", KCORO_CALL_SEM, places);
	jobs = kcoro_queue_create(ctx, sizeof(job), 8, 0);
	if (jobs < 0)
		fail("queue", KCORO_CALL_QUEUE, jobs);
	for (i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, consumer, NULL))
			return 1;
	}

	/* Waits for room, once eight are there. */
	for (i = 1; i < argc; i++) {
		memset(&job, 0, sizeof(job));
		snprintf(job.number, sizeof(job.number), "%s", argv[i]);
		err = kcoro_queue_put(jobs, &job, sizeof(job),
				      KCORO_NO_DEADLINE);
		if (err)
			fail(argv[i], KCORO_CALL_QUEUE, err);
	}
	err = kcoro_queue_join(jobs, KCORO_NO_DEADLINE);
	if (err)
		fail("join", KCORO_CALL_QUEUE, err);
	printf("%d jobs are done\n", argc - 1);

	/* There is no work any more: the threads end. */
	kcoro_queue_shutdown(jobs, 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return failures > 0;
}
