// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation of a call fails once: the call then fails with ENOMEM, or
 * does without, or, where the kernel lets copies of user memory fail as well,
 * with EFAULT, and nothing is left behind. (What is left, kmemleak finds, and
 * the counts that are looked at after each sweep.)
 *
 * /proc/self/fail-nth = N lets the N-th allocation of this thread fail; it
 * reads 0 once that has happened.
 */
#include "leak.h"

#define FAILSLAB "/sys/kernel/debug/failslab/"
#define FAILPAGE "/sys/kernel/debug/fail_page_alloc/"
#define NTH_MAX 10000

FIXTURE(nth)
{
	int ctx;
	int nth; /* /proc/self/fail-nth */
};

FIXTURE_SETUP(nth) {
	self->nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	if (self->nth < 0)
		SKIP(_exit(255), "no /proc/self/fail-nth in this kernel");
	/* with fail-nth each call to be failed counts, without a filter */
	write_text(FAILSLAB "ignore-gfp-wait", "N");
	write_text(FAILSLAB "cache-filter", "N");
	write_text(FAILPAGE "ignore-gfp-wait", "N");
	write_text(FAILPAGE "ignore-gfp-highmem", "N");
	write_text(FAILPAGE "min-order", "0");
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
}

FIXTURE_TEARDOWN(nth) {
	close(self->nth);
	close(self->ctx);
	await_no_tasks();
}

static void arm(int nth, int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", n);
	while (pwrite(nth, text, strlen(text), 0) < 0)
		;
}

/* Whether the failure happened; if not, the sweep is over. */
static int disarm(int nth)
{
	char text[16] = "";
	int n;

	if (pread(nth, text, sizeof(text) - 1, 0) < 0) {
		arm(nth, 0);
		return 0;
	}
	n = atoi(text);
	arm(nth, 0);
	return n == 0;
}

/*
 * Does @call with the 1st, 2nd, ... allocation failing until none is left.
 * @call gives 0 or a negative errno; @undo what is needed after a success.
 */
static void sweep(t_metadata, int nth, int (*call)(void *),
		  void (*undo)(void *), void *data)
{
	int n, err, failed, refused = 0;

	for (n = 1; n < NTH_MAX; n++) {
		arm(nth, n);
		err = call(data);
		failed = disarm(nth);
		if (err) {
			/* only for that reason; or a copy_from_user() failed */
			ASSERT_TRUE(err == -ENOMEM || err == -EFAULT)
			TH_LOG("allocation %d: error %d", n, err);
			ASSERT_EQ(1, failed) TH_LOG("allocation %d", n);
			refused++;
		} else {
			undo(data);
		}
		if (!failed)
			break;
	}
	TH_LOG("%d allocations, %d refused the call", n - 1, refused);
	ASSERT_GT(NTH_MAX, n);
	/* a call that allocates nothing would be no test */
	EXPECT_LT(0, refused);
}

/* --- open --------------------------------------------------------------------------- */

static int do_open(void *data)
{
	*(int *)data = kcoro_open(0);
	return *(int *)data < 0 ? *(int *)data : 0;
}

static void undo_fd(void *data)
{
	close(*(int *)data);
}

TEST_F(nth, open)
{
	int fd;

	sweep(_metadata, self->nth, do_open, undo_fd, &fd);
}

/* --- CHAN_CREATE ----------------------------------------------------------------------- */

struct chan_call {
	int ctx;
	struct kcoro_chan_create req;
	uint32_t flags, elem_size;
};

static int do_chan(void *data)
{
	struct chan_call *c = data;

	c->req = (struct kcoro_chan_create){
		.elem_size = c->elem_size,
		.capacity = 64,
		.flags = c->flags,
	};
	return kcoro_chan_create(c->ctx, &c->req);
}

static void undo_chan(void *data)
{
	struct chan_call *c = data;

	close(c->req.send_fd);
	if (c->req.recv_fd != c->req.send_fd)
		close(c->req.recv_fd);
}

TEST_F(nth, channel)
{
	struct chan_call c = { .ctx = self->ctx, .elem_size = 8 };
	int low = dup(0), after;

	close(low);
	sweep(_metadata, self->nth, do_chan, undo_chan, &c);
	after = dup(0);
	EXPECT_EQ(low, after) TH_LOG("a descriptor was left");
}

TEST_F(nth, channel_of_buffers_with_both_rights)
{
	struct chan_call c = { .ctx = self->ctx, .flags = KCORO_CHAN_BOTH };

	sweep(_metadata, self->nth, do_chan, undo_chan, &c);
}

/* --- groups ------------------------------------------------------------------------------- */

struct group_call {
	int on;
	int group;
};

static int do_group(void *data)
{
	struct group_call *c = data;

	c->group = kcoro_group_create(c->on, 0, 0);
	return c->group < 0 ? c->group : 0;
}

static void undo_group(void *data)
{
	close(((struct group_call *)data)->group);
}

TEST_F(nth, group_in_a_group)
{
	struct group_call c = { .on = kcoro_group_create(self->ctx, 0, 0) };
	char path[64], text[1024];
	int low = dup(0), after;

	close(low);
	ASSERT_LE(0, c.on);
	sweep(_metadata, self->nth, do_group, undo_group, &c);
	after = dup(0);
	EXPECT_EQ(low, after) TH_LOG("a descriptor was left");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->ctx);
	ASSERT_LT(0, read_text(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "kcoro-groups:\t1\n"));
}

/* --- events and the like ------------------------------------------------------------------ */

struct sync_call {
	int ctx;
	int (*make)(int ctx);
	int fd;
};

static int do_sync(void *data)
{
	struct sync_call *c = data;

	c->fd = c->make(c->ctx);
	return c->fd < 0 ? c->fd : 0;
}

static void undo_sync(void *data)
{
	close(((struct sync_call *)data)->fd);
}

static void sync_sweep(t_metadata, FIXTURE_DATA(nth) * self,
		       int (*make)(int ctx))
{
	struct sync_call c = { .ctx = self->ctx, .make = make };
	char path[64], text[1024];
	int low = dup(0), after;

	close(low);
	sweep(_metadata, self->nth, do_sync, undo_sync, &c);
	after = dup(0);
	EXPECT_EQ(low, after) TH_LOG("a descriptor was left");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->ctx);
	ASSERT_LT(0, read_text(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "kcoro-syncs:\t0\n"));
}

static int make_event(int ctx)
{
	return kcoro_event_create(ctx, 0);
}

TEST_F(nth, event)
{
	sync_sweep(_metadata, self, make_event);
}

static int make_sem(int ctx)
{
	return kcoro_sem_create(ctx, 1, 1, 0);
}

TEST_F(nth, semaphore)
{
	sync_sweep(_metadata, self, make_sem);
}

static int make_queue(int ctx)
{
	return kcoro_queue_create(ctx, 100, 100, KCORO_QUEUE_PRIORITY);
}

TEST_F(nth, queue)
{
	sync_sweep(_metadata, self, make_queue);
}

/* One whose elements do not fit on the stack; nothing is put, or got, by halves. */
struct queue_call {
	int queue;
	char elem[100];
};

static int do_put(void *data)
{
	struct queue_call *c = data;

	return kcoro_queue_put(c->queue, c->elem, sizeof(c->elem), 0);
}

static int do_get(void *data)
{
	struct queue_call *c = data;

	return kcoro_queue_get(c->queue, c->elem, sizeof(c->elem), 0);
}

static void undo_put(void *data)
{
	if (do_get(data))
		abort();
}

static void undo_get(void *data)
{
	if (do_put(data))
		abort();
}

TEST_F(nth, element_of_a_queue)
{
	struct queue_call c = { .queue = make_queue(self->ctx) };

	ASSERT_LE(0, c.queue);
	sweep(_metadata, self->nth, do_put, undo_put, &c);
	ASSERT_EQ(0, do_put(&c));
	sweep(_metadata, self->nth, do_get, undo_get, &c);
	EXPECT_EQ(0, do_get(&c));
	EXPECT_EQ(-ETIMEDOUT,
		  kcoro_queue_get(c.queue, c.elem, sizeof(c.elem), KCORO_NOW));
}

/* --- ends in messages ----------------------------------------------------------- */

struct carry_call {
	int carrier[2];
	int end;
	int got;
	char text[100];
};

static int do_carry(void *data)
{
	struct carry_call *c = data;
	int n = kcoro_send_ends(c->carrier[KCORO_SEND_END], c->text,
				sizeof(c->text), &c->end, 1, KCORO_NOW);

	return n < 0 ? n : 0;
}

static int do_uncarry(void *data)
{
	struct carry_call *c = data;
	unsigned int nr = 1;
	int n = kcoro_recv_ends(c->carrier[KCORO_RECV_END], c->text,
				sizeof(c->text), &c->got, &nr, KCORO_NOW);

	return n < 0 ? n : 0;
}

static void undo_carry(void *data)
{
	if (do_uncarry(data))
		abort();
	close(((struct carry_call *)data)->got);
}

static void undo_uncarry(void *data)
{
	close(((struct carry_call *)data)->got);
	if (do_carry(data))
		abort();
}

TEST_F(nth, ends_in_a_message)
{
	struct kcoro_chan_create chan = {
		.capacity = 1,
		.flags = KCORO_CHAN_CARRIER,
	};
	struct pair a = chan_u64(1);
	struct carry_call c = { .end = a.send };

	ASSERT_EQ(0, kcoro_chan_create(self->ctx, &chan));
	c.carrier[KCORO_SEND_END] = chan.send_fd;
	c.carrier[KCORO_RECV_END] = chan.recv_fd;
	sweep(_metadata, self->nth, do_carry, undo_carry, &c);
	ASSERT_EQ(0, do_carry(&c));
	sweep(_metadata, self->nth, do_uncarry, undo_uncarry, &c);
	close(a.send);
	EXPECT_EQ(0, do_uncarry(&c));
	close(c.got);
	EXPECT_EQ(-ENODATA, get_u64(a.recv)) TH_LOG("an end was left behind");
}

/* --- LEAKS --------------------------------------------------------------------------------- */

struct leaks_call {
	int ctx;
	struct kcoro_leak found[4];
	struct kcoro_leaks req;
};

static int do_leaks(void *data)
{
	struct leaks_call *c = data;

	c->req = (struct kcoro_leaks){ .leaks = t_addr(c->found), .count = 4 };
	return t_ioctl(c->ctx, KCORO_IOC_LEAKS, &c->req);
}

static void undo_leaks(void *data)
{
	if (((struct leaks_call *)data)->req.total != 2)
		abort();
}

/* With every kind of thing that a search notes. */
TEST_F(nth, leaks)
{
	struct leaks_call c = { .ctx = self->ctx };
	int event = kcoro_event_create(self->ctx, 0), task[2];
	int group = kcoro_group_create(self->ctx, KCORO_GROUP_FAIL_FAST, 0);
	struct pair in = chan_buf(1), out = chan_buf(0);

	ASSERT_LE(0, event);
	ASSERT_LE(0, group);
	task[0] = spawn(group, "gate", NULL, FDS(in.recv, out.send, event));
	task[1] = spawn(group, "merge", NULL, FDS(out.recv, in.send));
	ASSERT_LE(0, task[0]);
	ASSERT_LE(0, task[1]);
	EXPECT_EQ(1, put_str(in.send, "x"));
	await_parked(task[0], KCORO_WAIT_EVENT);
	await_parked(task[1], KCORO_WAIT_SELECT);
	close(in.send);
	close(in.recv);
	close(out.send);
	close(out.recv);
	close(event);
	while (do_leaks(&c) || c.req.total != 2)
		;
	sweep(_metadata, self->nth, do_leaks, undo_leaks, &c);
}

/* --- bubbles ------------------------------------------------------------------------------ */

static int do_bubble(void *data)
{
	int *ctx = data;

	return kcoro_bubble(*ctx, 1, 1000);
}

/* For another one a context of its own: this one has its bubble. */
static void undo_bubble(void *data)
{
	int *ctx = data;

	if (kcoro_bubble_run(*ctx, NULL, NULL, 0, 0))
		abort();
	close(*ctx);
	*ctx = kcoro_open(0);
}

TEST_F(nth, bubble)
{
	int ctx = kcoro_open(0);

	sweep(_metadata, self->nth, do_bubble, undo_bubble, &ctx);
	close(ctx);
}

/* --- SPAWN --------------------------------------------------------------------------------- */

struct spawn_call {
	int ctx;
	int on; /* it, or a group */
	struct pair in, out;
	const char *body;
	int task; /* with a descriptor, or */
	uint64_t id;
	int by_id;
};

static int do_spawn(void *data)
{
	struct spawn_call *c = data;
	int fds[2] = { c->in.recv, c->out.send };
	struct kcoro_spawn_opts opts = { .fds = fds, .nr_fds = 2 };

	if (c->by_id)
		return kcoro_spawn_id(c->on, c->body, &opts, &c->id);
	c->task = kcoro_spawn(c->on, c->body, &opts);
	return c->task < 0 ? c->task : 0;
}

static void undo_spawn(void *data)
{
	struct spawn_call *c = data;
	struct kcoro_exit e;

	if (c->by_id) {
		kcoro_kill(c->ctx, c->id, KCORO_SCOPE_CTX, 0);
		if (kcoro_next_exits(c->on, &e, 1, 0) != 1)
			abort();
		return;
	}
	kcoro_kill(c->ctx, task_id(c->task), KCORO_SCOPE_CTX, 0);
	if (kcoro_join(c->task, &e, 0))
		abort();
	close(c->task);
}

static void undo_nothing(void *data)
{
}

static void spawn_sweep(t_metadata, FIXTURE_DATA(nth) * self, int on,
			const char *body, int by_id, uint32_t elem_size)
{
	struct spawn_call c = {
		.ctx = self->ctx,
		.on = on,
		.in = chan_of(_metadata, self->ctx, elem_size, 1),
		.out = chan_of(_metadata, self->ctx, elem_size, 1),
		.body = body,
		.by_id = by_id,
	};
	struct kcoro_info info;

	sweep(_metadata, self->nth, do_spawn, undo_spawn, &c);
	/* no task and no hold on the channels is left */
	EXPECT_EQ(0, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
	ASSERT_EQ(0, kcoro_info(self->ctx, &info));
	EXPECT_EQ(0, info.tasks);
	close(c.out.send);
	EXPECT_EQ(-ENODATA, get_u64(c.out.recv));
	close(c.in.recv);
	EXPECT_EQ(-EPIPE, put_u64(c.in.send, 1));
}

TEST_F(nth, spawn_with_a_descriptor)
{
	spawn_sweep(_metadata, self, self->ctx, "echo", 0, 8);
}

TEST_F(nth, spawn_with_an_id)
{
	spawn_sweep(_metadata, self, self->ctx, "echo", 1, 0);
}

TEST_F(nth, spawn_of_lines)
{
	spawn_sweep(_metadata, self, self->ctx, "lines", 0, 0);
}

/* There is one place: it is given back each time. */
TEST_F(nth, spawn_in_a_group)
{
	int group = kcoro_group_create(self->ctx, 0, 1);
	struct kcoro_group_wait w;

	ASSERT_LE(0, group);
	spawn_sweep(_metadata, self, group, "echo", 1, 8);
	EXPECT_EQ(0, kcoro_group_wait(group, KCORO_UNTIL_ENDED, &w, 0));
	EXPECT_EQ(0, w.live);
}

/* None of those that failed is in it. */
TEST_F(nth, spawn_in_a_bubble)
{
	struct spawn_call c = { .body = "echo", .by_id = 1 };
	struct kcoro_bubble_run end;

	c.ctx = kcoro_open(0);
	c.on = c.ctx;
	ASSERT_EQ(0, kcoro_bubble(c.ctx, 1, 10));
	c.in = chan_of(_metadata, c.ctx, 8, 1);
	c.out = chan_of(_metadata, c.ctx, 8, 1);
	close(c.in.send);
	sweep(_metadata, self->nth, do_spawn, undo_nothing, &c);
	ASSERT_EQ(0, kcoro_bubble_run(c.ctx, &end, NULL, 0, 0));
	EXPECT_EQ(0, end.error);
	/* started, and ended */
	EXPECT_EQ(2 * count_tasks(c.ctx, KCORO_SCOPE_CTX, 1), end.nr_steps);
	close(c.ctx);
}

/* With an argument and a file. */
struct source_call {
	int ctx, pipe[2], task;
	struct pair out;
};

static int do_source(void *data)
{
	struct source_call *c = data;

	c->task = spawn(c->ctx, "file-source", WORDS("-b", "512"),
			FDS(c->pipe[0], c->out.send));
	return c->task < 0 ? c->task : 0;
}

static void undo_source(void *data)
{
	struct source_call *c = data;
	struct kcoro_exit e;

	kcoro_kill(c->ctx, task_id(c->task), KCORO_SCOPE_CTX, 0);
	if (kcoro_join(c->task, &e, 0))
		abort();
	close(c->task);
}

TEST_F(nth, spawn_with_a_file)
{
	struct source_call c = { .ctx = self->ctx, .out = chan_buf(1) };

	ASSERT_EQ(0, pipe(c.pipe));
	sweep(_metadata, self->nth, do_source, undo_source, &c);
	/* nobody holds the pipe's reading end any more */
	close(c.pipe[0]);
	signal(SIGPIPE, SIG_IGN);
	while (write(c.pipe[1], "x", 1) == 1)
		nap();
}

/* --- messages -------------------------------------------------------------------------------- */

struct io_call {
	int ctx;
	struct pair p;
	char msg[64];
};

static int do_write(void *data)
{
	struct io_call *c = data;
	ssize_t n = t_write(c->p.send, c->msg, sizeof(c->msg));

	return n < 0 ? n : 0;
}

static void undo_write(void *data)
{
	struct io_call *c = data;

	if (t_read(c->p.recv, c->msg, sizeof(c->msg)) != sizeof(c->msg))
		abort();
}

TEST_F(nth, write_of_a_buffer)
{
	struct io_call c = { .ctx = self->ctx, .p = chan_buf(1) };

	sweep(_metadata, self->nth, do_write, undo_write, &c);
}

/* Receive in a select of more cases than need no allocation. */
static int do_select(void *data)
{
	struct io_call *c = data;
	struct kcoro_case cases[10];
	int i, n;

	for (i = 0; i < 9; i++)
		cases[i] = kcoro_case_recv(-1, c->msg, sizeof(c->msg));
	cases[9] = kcoro_case_recv(c->p.recv, c->msg, sizeof(c->msg));
	n = kcoro_select(c->ctx, cases, 10, 0, 0, NULL);
	return n < 0 ? n : n == 9 ? 0 : -EINVAL;
}

static void undo_select(void *data)
{
	struct io_call *c = data;

	if (t_write(c->p.send, c->msg, sizeof(c->msg)) != sizeof(c->msg))
		abort();
}

TEST_F(nth, select)
{
	struct io_call c = { .ctx = self->ctx, .p = chan_buf(1) };

	undo_select(&c);
	sweep(_metadata, self->nth, do_select, undo_select, &c);
	/* the message is still there: none was lost */
	EXPECT_EQ(sizeof(c.msg), t_read(c.p.recv, c.msg, sizeof(c.msg)));
}

TEST_HARNESS_MAIN
