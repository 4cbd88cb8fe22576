// SPDX-License-Identifier: GPL-2.0
/*
 * Trace events of switches: a task is given a worker and gives it back by turns,
 * whatever it does in between; its last one is its exit.
 */
#include "kcoro_test.h"

#include <inttypes.h>

#define TRACING "/sys/kernel/tracing"
#define INSTANCE TRACING "/instances/kcoro_test"

FIXTURE(trace)
{
	int ctx;
	int hold[2]; /* a pipe with nothing in it */
	FILE *log;
};

FIXTURE_SETUP(trace) {
	rmdir(INSTANCE); /* a run that was killed */
	if (mkdir(INSTANCE, 0755))
		SKIP(return, "no tracing");
	ASSERT_EQ(0, write_text(INSTANCE "/trace_clock", "global"));
	ASSERT_EQ(0, write_text(INSTANCE "/events/kcoro/enable", "1"));
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	ASSERT_EQ(0, pipe(self->hold));
}

FIXTURE_TEARDOWN(trace) {
	if (self->log)
		fclose(self->log);
	close(self->hold[0]);
	close(self->ctx);
	write_text(INSTANCE "/events/kcoro/enable", "0");
	EXPECT_EQ(0, rmdir(INSTANCE));
}

/* Reads on to a task's next switch: 1 in, 0 out, -1 none; and its reason. */
static int next_switch(FILE *log, uint64_t id, char *why, size_t size)
{
	char line[512], task[48];
	const char *p;

	snprintf(task, sizeof(task), ": task=%" PRIu64 " ", id);
	while (fgets(line, sizeof(line), log)) {
		p = strstr(line, "kcoro_switch_");
		if (!p || !strstr(p, task))
			continue;
		if (!strncmp(p, "kcoro_switch_in", 15))
			return 1;
		p = strstr(p, "why=");
		snprintf(why, size, "%.*s", p ? (int)strcspn(p + 4, " ") : 0,
			 p ? p + 4 : "");
		return 0;
	}
	return -1;
}

/* Parks, and reads its file by native calls. */
TEST_F(trace, in_and_out_by_turns)
{
	struct pair p = chan_of(_metadata, self->ctx, 0, 1);
	int task = spawn(self->ctx, "file-source", NULL,
			 FDS(self->hold[0], p.send));
	char why[16] = "";
	struct kcoro_exit e;
	int in = 0, ins = 0, next;

	await_parked(task, KCORO_WAIT_POLL);
	EXPECT_EQ(5, put_str(self->hold[1], "hello"));
	close(self->hold[1]);
	e = join_ok(_metadata, task);
	self->log = fopen(INSTANCE "/trace", "r");
	ASSERT_NE(NULL, self->log);
	while ((next = next_switch(self->log, e.id, why, sizeof(why))) >= 0) {
		EXPECT_NE(in, next) TH_LOG("switch %d, out for %s", ins, why);
		in = next;
		ins += in;
	}
	EXPECT_EQ(0, in);
	EXPECT_STREQ("exit", why);
	EXPECT_EQ(e.switches, ins);
	EXPECT_LE(2, ins);
	close(p.recv);
	close(p.send);
	close(task);
}

TEST_HARNESS_MAIN
