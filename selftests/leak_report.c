// SPDX-License-Identifier: GPL-2.0
/*
 * Who is told of tasks that nobody can wake: the kernel's log, and a trace event. What
 * is lost here is named "meant", so that the log's lines are not taken for a complaint.
 */
#include "leak.h"

#include <inttypes.h>
#include <sys/prctl.h>

#define TRACING "/sys/kernel/tracing"
#define INSTANCE TRACING "/instances/kcoro_leak"

FIXTURE(report)
{
	int ctx;
	int log; /* the kernel's, from here on */
	char text[64 * 1024];
};

FIXTURE_SETUP(report) {
	prctl(PR_SET_NAME, "meant");
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->log);
	lseek(self->log, 0, SEEK_END);
}

FIXTURE_TEARDOWN(report) {
	write_text(LEAK_WARNINGS, "0");
	close(self->log);
	close(self->ctx);
}

/* What it has said since the last time. */
static const char *log_text(int log, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	for (;;) {
		n = read(log, text + len, size - 1 - len);
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			break;
		len += n;
	}
	text[len] = 0;
	return text;
}

#define logged() log_text(self->log, self->text, sizeof(self->text))

/* The kernel looks, and notes it in the context: has it told by then? */
static void await_found(t_metadata, int ctx)
{
	struct pollfd p = { .fd = ctx, .events = POLLPRI };
	struct kcoro_leak *list = NULL;

	ASSERT_EQ(1, poll(&p, 1, 60000));
	ASSERT_LT(0, kcoro_leaks(ctx, KCORO_SCOPE_CTX, 0, &list));
	free(list);
}

/* Two tasks, found by the time it returns. */
static void lose(t_metadata, int ctx, struct ring *r)
{
	make_ring(_metadata, ctx, "meant", r);
	lose_ring(r);
	await_found(_metadata, ctx);
}

static int times(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

TEST_F(report, the_log_names_them_and_where_they_wait)
{
	char line[128];
	const char *text;
	struct ring r;
	int i;

	ASSERT_EQ(0, write_text(LEAK_WARNINGS, "1"));
	lose(_metadata, self->ctx, &r);
	text = logged();
	snprintf(line, sizeof(line), "(meant, pid %d): 2 tasks wait for ever",
		 getpid());
	EXPECT_NE(NULL, strstr(text, line)) TH_LOG("it says %s", text);
	for (i = 0; i < 2; i++) {
		snprintf(line, sizeof(line),
			 "task %" PRIu64
			 " (meant) waits to receive from channel",
			 task_id(r.task[i]));
		EXPECT_EQ(1, times(text, line)) TH_LOG("it says %s", text);
	}
	EXPECT_EQ(2, times(text, "kcoro:   echo_run+"));
	EXPECT_EQ(2, times(text, "kcoro:   kcoro_recv+"));
}

TEST_F(report, the_log_is_not_filled)
{
	struct ring r;
	int i;

	ASSERT_EQ(0, write_text(LEAK_WARNINGS, "2"));
	for (i = 0; i < 4; i++) {
		lose(_metadata, self->ctx, &r);
		EXPECT_EQ(i < 2, times(logged(), "kcoro: leak: context"));
		EXPECT_EQ(i < 2 ? 1 - i : 0, read_long(LEAK_WARNINGS));
	}
}

TEST_F(report, all_of_them_if_so_wanted)
{
	struct ring r;
	int i;

	ASSERT_EQ(0, write_text(LEAK_WARNINGS, "-1"));
	for (i = 0; i < 3; i++) {
		lose(_metadata, self->ctx, &r);
		EXPECT_EQ(1, times(logged(), "kcoro: leak: context"));
	}
	EXPECT_EQ(-1, read_long(LEAK_WARNINGS));
}

/* Each is told of once, though the kernel looks again. */
TEST_F(report, there_is_a_trace_event)
{
	char what[128], text[16 * 1024];
	struct ring r;
	int i;

	rmdir(INSTANCE); /* a run that was killed */
	if (mkdir(INSTANCE, 0755))
		SKIP(return, "no tracing");
	ASSERT_EQ(0,
		  write_text(INSTANCE "/events/kcoro/kcoro_leak/enable", "1"));
	lose(_metadata, self->ctx, &r);
	lose(_metadata, self->ctx, &r);
	EXPECT_LT(0, read_text(INSTANCE "/trace", text, sizeof(text)));
	for (i = 0; i < 2; i++) {
		snprintf(what, sizeof(what),
			 "kcoro_leak: task=%" PRIu64 " name=meant",
			 task_id(r.task[i]));
		EXPECT_EQ(1, times(text, what)) TH_LOG("it says %s", text);
	}
	EXPECT_EQ(4, times(text, "wait=recv on=channel:"));
	write_text(INSTANCE "/events/kcoro/kcoro_leak/enable", "0");
	EXPECT_EQ(0, rmdir(INSTANCE));
}

TEST_HARNESS_MAIN
