/* SPDX-License-Identifier: MIT */
/*
 * Runs a chain: a task, or a pump, for each stage, a channel between, until
 * all have ended.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include "chain.h"
#include "pump.h"
#include "sched_opts.h"

struct unit {
	struct stage *stage;
	bool pumped; /* by this process, instead of a task */
	bool ended;
	bool abandoned; /* we ended it: what it says does not matter */
	uint64_t id; /* of its task */
	struct pump pump;
	struct kcoro_exit exit; /* a pump's as if it were a task */
};

struct runner {
	int ctx;
	int group; /* of all tasks */
	struct chain *chain;
	struct unit *unit;
	size_t count;
	int (*ends)[2]; /* of the channel after each stage but the last */
	/* Options */
	uint32_t capacity;
	uint32_t stack_size;
	struct sched_opts sched;
	int64_t deadline_ns;
	bool json; /* messages to standard output as JSON */
	/* Outcome */
	struct unit *failure; /* the first unit that failed, or NULL */
	bool timed_out;
	bool broken_pipe; /* nobody reads standard output any more */
};

/*
 * Starts the units of r->chain. Complains. Returns a status; runner_free() in
 * any case.
 */
int runner_start(struct runner *r);

/*
 * Waits until all units have ended. The first failure cancels the others; so do a
 * signal (interrupt.h) and the deadline. Their exit records tell the reason.
 * Complains only if it cannot wait. Returns a status.
 */
int runner_wait(struct runner *r);

void runner_free(struct runner *r);

#endif /* RUNNER_H */
