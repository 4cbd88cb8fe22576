// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that are wrong as such: numbers, sizes, descriptors, addresses. Each
 * test spoils one thing of a call that is otherwise good.
 */
#include "kcoro_test.h"

#define KERNEL_ADDRESS ((void *)0xffff888000000000UL)

/* Everything there is, once. Checks at the end that nothing is left behind. */
FIXTURE(bad)
{
	int ctx;
	int task;
	struct pair chan;
	int group;
	int event;
	int sem;
	int queue;
	int pipe[2];
	char *none; /* a page without access */
	char *readonly; /* a page of zeros */
};

FIXTURE_SETUP(bad) {
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->task = spawn(self->ctx, "sleep", WORDS(SLEEP_LONG), NULL, 0);
	ASSERT_LE(0, self->task);
	self->chan = chan_u64(4);
	self->group = kcoro_group_create(self->ctx, 0, 0);
	ASSERT_LE(0, self->group);
	self->event = kcoro_event_create(self->ctx, 0);
	ASSERT_LE(0, self->event);
	self->sem = kcoro_sem_create(self->ctx, 1, 1, 0);
	ASSERT_LE(0, self->sem);
	self->queue = kcoro_queue_create(self->ctx, 8, 1, 0);
	ASSERT_LE(0, self->queue);
	ASSERT_EQ(0, pipe(self->pipe));
	self->none =
		mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->none);
	self->readonly =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->readonly);
}

FIXTURE_TEARDOWN(bad) {
	/* Only the fixture's task is there, and all of it still works. */
	EXPECT_EQ(1, count_tasks(self->ctx, KCORO_SCOPE_CTX, 1));
	EXPECT_EQ(8, put_u64(self->chan.send, 77));
	EXPECT_EQ(77, poll_u64(self->chan.recv));
	close(self->task);
	close(self->ctx);
}

struct call {
	const char *name;
	unsigned long request;
	int takes_no_argument;
};

static const struct call calls[] = {
	{ "INFO", KCORO_IOC_INFO },
	{ "BODIES", KCORO_IOC_BODIES },
	{ "SPAWN", KCORO_IOC_SPAWN },
	{ "CHAN_CREATE", KCORO_IOC_CHAN_CREATE },
	{ "SEND", KCORO_IOC_SEND },
	{ "RECV", KCORO_IOC_RECV },
	{ "SELECT", KCORO_IOC_SELECT },
	{ "CLOSE", KCORO_IOC_CLOSE, 1 },
	{ "LIST", KCORO_IOC_LIST },
	{ "KILL", KCORO_IOC_KILL },
	{ "OPTIONS", KCORO_IOC_OPTIONS },
	{ "TASK", KCORO_IOC_TASK },
	{ "CPUS", KCORO_IOC_CPUS },
	{ "SET", KCORO_IOC_SET },
	{ "GROUP_CREATE", KCORO_IOC_GROUP_CREATE },
	{ "GROUP_WAIT", KCORO_IOC_GROUP_WAIT },
	{ "GROUP_CANCEL", KCORO_IOC_GROUP_CANCEL },
	{ "GROUP_FAILED", KCORO_IOC_GROUP_FAILED },
	{ "EVENT_CREATE", KCORO_IOC_EVENT_CREATE },
	{ "EVENT_SET", KCORO_IOC_EVENT_SET, 1 },
	{ "EVENT_CLEAR", KCORO_IOC_EVENT_CLEAR, 1 },
	{ "EVENT_WAIT", KCORO_IOC_EVENT_WAIT },
	{ "SEM_CREATE", KCORO_IOC_SEM_CREATE },
	{ "SEM_ACQUIRE", KCORO_IOC_SEM_ACQUIRE },
	{ "SEM_RELEASE", KCORO_IOC_SEM_RELEASE },
	{ "QUEUE_CREATE", KCORO_IOC_QUEUE_CREATE },
	{ "QUEUE_PUT", KCORO_IOC_QUEUE_PUT },
	{ "QUEUE_GET", KCORO_IOC_QUEUE_GET },
	{ "QUEUE_DONE", KCORO_IOC_QUEUE_DONE, 1 },
	{ "QUEUE_JOIN", KCORO_IOC_QUEUE_JOIN },
	{ "QUEUE_SHUTDOWN", KCORO_IOC_QUEUE_SHUTDOWN },
	{ "LEAKS", KCORO_IOC_LEAKS },
	{ "BUBBLE", KCORO_IOC_BUBBLE },
	{ "BUBBLE_RUN", KCORO_IOC_BUBBLE_RUN },
	{ "CARRY_SEND", KCORO_IOC_CARRY_SEND },
	{ "CARRY_RECV", KCORO_IOC_CARRY_RECV },
};

enum { CTX, TASK, SEND, RECV, GROUP, EVENT, SEM, QUEUE, KINDS };

/* Who takes what. */
static int takes(unsigned long request, int kind)
{
	switch (_IOC_NR(request)) {
	case _IOC_NR(KCORO_IOC_INFO):
	case _IOC_NR(KCORO_IOC_CPUS):
		return 1;
	case _IOC_NR(KCORO_IOC_SEND):
	case _IOC_NR(KCORO_IOC_RECV):
	case _IOC_NR(KCORO_IOC_CARRY_SEND):
	case _IOC_NR(KCORO_IOC_CARRY_RECV):
	case _IOC_NR(KCORO_IOC_CLOSE):
		return kind == SEND || kind == RECV; /* or EBADF */
	case _IOC_NR(KCORO_IOC_TASK):
		return kind == TASK;
	case _IOC_NR(KCORO_IOC_SET):
		return kind == TASK || kind == CTX;
	case _IOC_NR(KCORO_IOC_SPAWN):
	case _IOC_NR(KCORO_IOC_GROUP_CREATE):
		return kind == CTX || kind == GROUP;
	case _IOC_NR(KCORO_IOC_GROUP_WAIT):
	case _IOC_NR(KCORO_IOC_GROUP_CANCEL):
	case _IOC_NR(KCORO_IOC_GROUP_FAILED):
		return kind == GROUP;
	case _IOC_NR(KCORO_IOC_EVENT_SET):
	case _IOC_NR(KCORO_IOC_EVENT_CLEAR):
	case _IOC_NR(KCORO_IOC_EVENT_WAIT):
		return kind == EVENT;
	case _IOC_NR(KCORO_IOC_SEM_ACQUIRE):
	case _IOC_NR(KCORO_IOC_SEM_RELEASE):
		return kind == SEM;
	case _IOC_NR(KCORO_IOC_QUEUE_PUT):
	case _IOC_NR(KCORO_IOC_QUEUE_GET):
	case _IOC_NR(KCORO_IOC_QUEUE_DONE):
	case _IOC_NR(KCORO_IOC_QUEUE_JOIN):
	case _IOC_NR(KCORO_IOC_QUEUE_SHUTDOWN):
		return kind == QUEUE;
	}
	return kind == CTX;
}

static int fd_of(const FIXTURE_DATA(bad) * self, int kind)
{
	return kind == CTX   ? self->ctx :
	       kind == TASK  ? self->task :
	       kind == SEND  ? self->chan.send :
	       kind == GROUP ? self->group :
	       kind == EVENT ? self->event :
	       kind == SEM   ? self->sem :
	       kind == QUEUE ? self->queue :
			       self->chan.recv;
}

TEST_F(bad, unknown_number_is_enotty)
{
	char room[512] = "";
	int kind;

	for (kind = 0; kind < KINDS; kind++) {
		EXPECT_EQ(-ENOTTY,
			  t_ioctl(fd_of(self, kind),
				  _IOWR(KCORO_IOC_MAGIC, 100, room), room));
		EXPECT_EQ(-ENOTTY,
			  t_ioctl(fd_of(self, kind),
				  _IOWR(KCORO_IOC_MAGIC, 255, room), room));
	}
}

TEST_F(bad, other_magic_is_enotty)
{
	char room[sizeof(struct kcoro_info)] = "";
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		EXPECT_EQ(-ENOTTY,
			  t_ioctl(fd_of(self, kind),
				  _IOWR('k', 0, struct kcoro_info), room));
	EXPECT_EQ(-ENOTTY, t_ioctl(self->ctx, 0, room));
	/* what a libc asks any descriptor */
	EXPECT_EQ(0, isatty(self->ctx));
}

TEST_F(bad, other_direction_is_enotty)
{
	char room[512] = "";
	size_t i;

	for (i = 0; i < ROWS(calls); i++) {
		unsigned long req = calls[i].request;

		req = _IOC(_IOC_READ, KCORO_IOC_MAGIC, _IOC_NR(req),
			   _IOC_SIZE(req));
		EXPECT_EQ(-ENOTTY, t_ioctl(self->ctx, req, room))
		TH_LOG("%s", calls[i].name);
	}
}

TEST_F(bad, call_on_another_kind_of_descriptor)
{
	size_t i;
	int kind;

	for (i = 0; i < ROWS(calls); i++) {
		for (kind = 0; kind < KINDS; kind++) {
			char room[512] = "";

			if (takes(calls[i].request, kind))
				continue;
			EXPECT_EQ(-EOPNOTSUPP, t_ioctl(fd_of(self, kind),
						       calls[i].request, room))
			TH_LOG("%s on kind %d", calls[i].name, kind);
		}
	}
}

TEST_F(bad, argument_is_null)
{
	size_t i;
	int kind;

	for (i = 0; i < ROWS(calls); i++) {
		for (kind = 0; kind < KINDS; kind++) {
			if (calls[i].takes_no_argument ||
			    !takes(calls[i].request, kind))
				continue;
			EXPECT_EQ(-EFAULT, t_ioctl(fd_of(self, kind),
						   calls[i].request, NULL))
			TH_LOG("%s on kind %d", calls[i].name, kind);
		}
	}
}

TEST_F(bad, argument_is_a_kernel_address)
{
	size_t i;

	for (i = 0; i < ROWS(calls); i++) {
		if (calls[i].takes_no_argument || !takes(calls[i].request, CTX))
			continue;
		EXPECT_EQ(-EFAULT,
			  t_ioctl(self->ctx, calls[i].request, KERNEL_ADDRESS))
		TH_LOG("%s", calls[i].name);
	}
}

TEST_F(bad, argument_has_no_access)
{
	size_t i;

	for (i = 0; i < ROWS(calls); i++) {
		if (calls[i].takes_no_argument || !takes(calls[i].request, CTX))
			continue;
		EXPECT_EQ(-EFAULT,
			  t_ioctl(self->ctx, calls[i].request, self->none))
		TH_LOG("%s", calls[i].name);
	}
}

/* It begins in good memory. */
TEST_F(bad, argument_crosses_into_no_access)
{
	char *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	ASSERT_NE(MAP_FAILED, (void *)two);
	ASSERT_EQ(0, munmap(two + 4096, 4096));
	for (i = 0; i < ROWS(calls); i++) {
		size_t size = _IOC_SIZE(calls[i].request);

		if (calls[i].takes_no_argument || !takes(calls[i].request, CTX))
			continue;
		memset(two + 4096 - size + 1, 0, size - 1);
		EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, calls[i].request,
					   two + 4096 - size + 1))
		TH_LOG("%s", calls[i].name);
	}
}

/* Good to read, but results cannot be written. */
TEST_F(bad, info_into_readonly_memory)
{
	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_INFO, self->readonly));
}

TEST_F(bad, task_info_into_readonly_memory)
{
	EXPECT_EQ(-EFAULT, t_ioctl(self->task, KCORO_IOC_TASK, self->readonly));
}

TEST_F(bad, bodies_count_into_readonly_memory)
{
	EXPECT_EQ(-EFAULT,
		  t_ioctl(self->ctx, KCORO_IOC_BODIES, self->readonly));
}

/* Then the channel is gone again, and no descriptor is left. */
TEST_F(bad, channel_into_readonly_memory)
{
	int before = dup(0), after;

	close(before);
	EXPECT_EQ(-EFAULT,
		  t_ioctl(self->ctx, KCORO_IOC_CHAN_CREATE, self->readonly));
	after = dup(0);
	EXPECT_EQ(before, after);
	close(after);
}

/* A good argument that cannot be written. */
static void *readonly_copy(t_metadata, const void *arg, size_t len)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, page);
	memcpy(page, arg, len);
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	return page;
}

#define READONLY(arg) readonly_copy(_metadata, &(arg), sizeof(arg))

/* No task was started: the fixture looks. */
TEST_F(bad, spawn_into_readonly_memory)
{
	struct kcoro_spawn s = sleep_request();

	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_SPAWN, READONLY(s)));
}

TEST_F(bad, select_into_readonly_memory)
{
	uint64_t v = 1;
	struct kcoro_case c = kcoro_case_send(self->chan.send, &v, 8);
	struct kcoro_select s = { .cases = t_addr(&c), .count = 1 };

	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_SELECT, READONLY(s)));
	EXPECT_EQ(-EAGAIN, poll_u64(self->chan.recv));
}

TEST_F(bad, kill_into_readonly_memory)
{
	struct kcoro_kill k = { .flags = KCORO_KILL_CONTEXTS };
	struct pair p;

	EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_KILL, READONLY(k)));
	/* A context that was killed makes no channel. */
	p = chan_u64(1);
	EXPECT_EQ(8, put_u64(p.send, 1));
}

/* --- arrays: of each call that takes one ----------------------------------- */

TEST_F(bad, bodies_array)
{
	void *const where[] = { NULL, KERNEL_ADDRESS, self->none,
				self->readonly };
	size_t i;

	for (i = 0; i < ROWS(where); i++) {
		struct kcoro_bodies req = { .bodies = t_addr(where[i]),
					    .count = 1 };

		EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_BODIES, &req))
		TH_LOG("address %zu", i);
	}
}

/* What does not exist needs no room. */
TEST_F(bad, bodies_count_is_huge)
{
	static struct kcoro_body_info list[200];
	struct kcoro_bodies req = { .bodies = t_addr(list),
				    .count = UINT32_MAX };
	int err = t_ioctl(self->ctx, KCORO_IOC_BODIES, &req);

	if (err) {
		EXPECT_EQ(-EINVAL, err);
	} else {
		EXPECT_EQ(req.total, req.count);
	}
}

TEST_F(bad, list_array)
{
	void *const where[] = { NULL, KERNEL_ADDRESS, self->none,
				self->readonly };
	size_t i;

	for (i = 0; i < ROWS(where); i++) {
		struct kcoro_list req = { .tasks = t_addr(where[i]),
					  .count = 1 };

		EXPECT_EQ(-EFAULT, t_ioctl(self->ctx, KCORO_IOC_LIST, &req))
		TH_LOG("address %zu", i);
	}
}

TEST_F(bad, list_count_is_huge)
{
	static struct kcoro_task_info list[16];
	struct kcoro_list req = { .tasks = t_addr(list), .count = UINT32_MAX };
	int err = t_ioctl(self->ctx, KCORO_IOC_LIST, &req);

	if (err) {
		EXPECT_EQ(-EINVAL, err);
	} else {
		EXPECT_EQ(1, req.count);
	}
}

TEST_F(bad, list_scope_is_unknown)
{
	struct kcoro_task_info info;
	struct kcoro_list req = { .tasks = t_addr(&info),
				  .count = 1,
				  .scope = KCORO_SCOPE_ALL + 1 };

	EXPECT_EQ(-EINVAL, t_ioctl(self->ctx, KCORO_IOC_LIST, &req));
}

/* --- the rest ------------------------------------------------------------- */

TEST_F(bad, close_is_not_for_receivers)
{
	EXPECT_EQ(-EBADF, kcoro_close_chan(self->chan.recv));
}

TEST_F(bad, descriptor_is_not_open)
{
	struct kcoro_info info;

	EXPECT_EQ(-EBADF, kcoro_info(9999, &info));
}

/* read(2) and write(2) of what can only be read or written. */
TEST_F(bad, write_to_a_context_and_to_a_task)
{
	EXPECT_GT(0, put_u64(self->ctx, 1));
	EXPECT_GT(0, put_u64(self->task, 1));
}

TEST_F(bad, read_of_less_than_an_exit_record)
{
	char small[8];

	EXPECT_EQ(-EMSGSIZE, t_read(self->ctx, small, sizeof(small)));
	EXPECT_EQ(-EMSGSIZE, t_read(self->task, small, sizeof(small)));
}

TEST_HARNESS_MAIN
