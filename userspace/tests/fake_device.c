// SPDX-License-Identifier: MIT
/*
 * A stand-in for the module, for tests of the library and the command on a
 * machine without it: LD_PRELOAD this. Tasks are threads, channels are
 * SOCK_SEQPACKET socket pairs, tasks, groups and contexts are eventfds.
 *
 * It shows what a correct module would answer in the cases that the tests
 * need; it is no model of it. Not there: elem_size is not checked, capacity is
 * not exact, poll on an unbuffered channel finds it ready, groups do not nest
 * and are not waited for.
 *
 * FAKE_KCORO_REFUSE_FILES=1: file-source and file-sink refuse every file.
 * FAKE_KCORO_TASKS=N: tasks_ctx_max.
 * FAKE_KCORO_SHOW=N: each context shows N tasks that do not run anything. A
 *	task takes a quarter of a CPU and a switch each millisecond.
 * FAKE_KCORO_NICE=1: CAP_SYS_NICE. There are the CPUs 0 and 1, half busy.
 * FAKE_KCORO_POLICY=fifo: the parameter policy; "missing", "readonly" and
 *	"stuck" (a switch does not complete) are failures.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"

#define FDS 4096

struct fake_exit {
	struct fake_exit *next;
	struct kcoro_exit exit;
};

/* A context, or a group, whose tasks are among its context's. */
struct fake_ctx {
	struct fake_ctx *parent; /* a group's context */
	struct fake_task *tasks;
	struct fake_exit *first, **last;
	uint32_t live; /* and unread exits */
	int event;
	bool canceled;
	char why[KCORO_CAUSE_MAX];
};

/* What our descriptors are, by number. One lock for everything. */
static struct {
	struct fake_ctx *ctx;
	struct fake_task *task;
	bool closed; /* a channel's sending end, for good */
	bool policy; /* the module parameter */
} table[FDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t last_id;
static bool loaded; /* the last body was asked for */
static char policy[KCORO_POLICY_MAX];

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

bool fake_canceled(const struct fake_task *t)
{
	return t->cancel || (t->deadline_ns && now() >= t->deadline_ns);
}

int fake_wait(const struct fake_task *t, int fd, short events,
	      int64_t deadline_ns)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	for (;;) {
		n = poll(&p, 1, deadline_ns == 1 ? 0 : 5);
		if (n > 0)
			return 0;
		if (n < 0 && errno == EINTR && !t)
			return -EINTR;
		if (t && fake_canceled(t))
			return -ECANCELED;
		if (deadline_ns && now() >= deadline_ns)
			return -ETIMEDOUT;
	}
}

/* A byte goes before each message, so that one can have no bytes. */
int fake_send(int fd, const void *msg, uint32_t len)
{
	struct iovec v[2] = { { "", 1 }, { (void *)msg, len } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	if (len > FAKE_BUF_MAX)
		return -EMSGSIZE;
	if (sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return 0;
	return errno == ECONNRESET ? -EPIPE : -errno;
}

int fake_recv(int fd, void *msg, uint32_t *len)
{
	char byte;
	struct iovec v[2] = { { &byte, 1 }, { msg, *len } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
	ssize_t n;

	n = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	if (n < 0 && errno != ECONNRESET)
		return -errno;
	if (n <= 0)
		return -ENODATA;
	if (n - 1 > *len) {
		*len = n - 1;
		return -EMSGSIZE;
	}
	n = recvmsg(fd, &m, MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	*len = n - 1;
	return 0;
}

bool fake_takes_file(int fd)
{
	struct statfs fs;
	struct stat st;

	if (getenv("FAKE_KCORO_REFUSE_FILES"))
		return false;
	if (fstat(fd, &st) || fstatfs(fd, &fs))
		return false;
	return fs.f_type != PROC_SUPER_MAGIC &&
	       (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) ||
		S_ISSOCK(st.st_mode));
}

static void *task_thread(void *arg)
{
	struct fake_task *t = arg, **p;
	struct fake_exit *e;
	unsigned int i;
	sigset_t all;
	int err;

	/* Signals are the program's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	err = t->body->run(t);
	for (i = 0; i < t->nr_fds; i++)
		close(t->fds[i]);
	pthread_mutex_lock(&lock);
	t->exit.error = err == -ENODATA ? 0 : err;
	t->exit.switches = 1;
	if (err == -ECANCELED)
		t->exit.reason = t->killed ? KCORO_EXIT_KILLED :
				 t->cancel ? KCORO_EXIT_CANCELED :
					     KCORO_EXIT_DEADLINE;
	if (t->exit.reason == KCORO_EXIT_CANCELED)
		strcpy(t->exit.message, t->home->why);
	t->info.state = KCORO_TASK_EXITED;
	for (p = &t->ctx->tasks; *p != t; p = &(*p)->next)
		;
	*p = t->next;
	if (t->done >= 0 || t->no_exit) {
		t->ctx->live--;
		if (t->done >= 0)
			eventfd_write(t->done, 1);
	} else {
		e = calloc(1, sizeof(*e));
		e->exit = t->exit;
		*t->home->last = e;
		t->home->last = &e->next;
		eventfd_write(t->home->event, 1);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static const struct fake_body *find_body(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_fake_bodies; i++) {
		if (!strncmp(fake_bodies[i].name, name, KCORO_NAME_MAX))
			return &fake_bodies[i];
	}
	return NULL;
}

static uint32_t tasks_ctx_max(void)
{
	const char *s = getenv("FAKE_KCORO_TASKS");

	return s ? atoi(s) : 2000;
}

static int check_sched(int priority, int cpu)
{
	if (priority < KCORO_PRIORITY_MIN || priority > KCORO_PRIORITY_MAX)
		return -EINVAL;
	if (priority < 0 && !getenv("FAKE_KCORO_NICE"))
		return -EPERM;
	return cpu < FAKE_CPUS ? 0 : -ENODEV;
}

static void describe(struct fake_task *t, const char *body, const char *name)
{
	t->info.id = t->exit.id = ++last_id;
	t->info.pid = getpid();
	t->info.uid = getuid();
	t->info.age_ns = now();
	t->info.state = KCORO_TASK_PARKED;
	t->info.wait = KCORO_WAIT_SLEEP;
	t->info.stack_size = t->info.mem_bytes = 8192;
	t->info.pin = -1;
	snprintf(t->info.body, KCORO_NAME_MAX, "%s", body);
	snprintf(t->info.name, KCORO_NAME_MAX, "%s", name);
	snprintf(t->info.comm, sizeof(t->info.comm), "fake\x1b[1m");
}

static int spawn_one(struct fake_ctx *home, const struct kcoro_spawn *req,
		     uint32_t n, const struct fake_body *body)
{
	struct fake_ctx *ctx = home->parent ? home->parent : home;
	const int *fds = (int *)(uintptr_t)req->fds;
	struct fake_task *t;
	pthread_attr_t attr;
	pthread_t thread;
	uint32_t i;

	t = calloc(1, sizeof(*t));
	t->body = body;
	t->ctx = ctx;
	t->home = home;
	t->done = -1;
	t->no_exit = req->flags & KCORO_SPAWN_NO_EXIT;
	t->deadline_ns = req->deadline_ns;
	t->arg_len = req->arg_len;
	t->arg = malloc(req->arg_len + 1);
	if (req->arg_len)
		memcpy(t->arg, (void *)(uintptr_t)req->arg, req->arg_len);
	for (i = 0; i < req->nr_fds; i++)
		t->fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FDS / 2);
	t->nr_fds = req->nr_fds;
	describe(t, body->name, req->name[0] ? req->name : body->name);
	t->info.priority = req->priority;
	if (req->flags & KCORO_SPAWN_PIN)
		t->info.pin = req->cpu;
	if (req->flags & KCORO_SPAWN_THREAD)
		t->info.flags |= KCORO_TASK_F_THREAD;
	memcpy(t->exit.name, t->info.name, KCORO_NAME_MAX);
	if (req->flags & KCORO_SPAWN_FD) {
		t->done = eventfd(0, EFD_CLOEXEC);
		table[t->done].task = t;
		((int *)(uintptr_t)req->task_fds)[n] = t->done;
	}
	if (req->ids)
		((uint64_t *)(uintptr_t)req->ids)[n] = t->exit.id;
	t->next = ctx->tasks;
	ctx->tasks = t;
	ctx->live++;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	return -pthread_create(&thread, &attr, task_thread, t);
}

static int do_spawn(struct fake_ctx *home, struct kcoro_spawn *req)
{
	struct fake_ctx *ctx = home->parent ? home->parent : home;
	const int *fds = (int *)(uintptr_t)req->fds;
	const struct fake_body *body = find_body(req->body);
	bool file;
	int err;

	if (!body)
		return -ENOENT;
	if (home->canceled)
		return -ECANCELED;
	err = check_sched(req->priority,
			  req->flags & KCORO_SPAWN_PIN ? (int)req->cpu : -1);
	if (err)
		return err;
	if (body == &fake_bodies[nr_fake_bodies - 1])
		loaded = true;
	if (req->stack_size && req->stack_size < 4096)
		return -EINVAL;
	if (!req->count || req->count > 128 || req->nr_fds < body->fds_min ||
	    req->nr_fds > body->fds_max)
		return -EINVAL;
	file = !strncmp(body->name, "file-", 5);
	if (file && !fake_takes_file(fds[body->name[6] == 'i']))
		return -EOPNOTSUPP;
	req->error = 0;
	for (req->spawned = 0; req->spawned < req->count; req->spawned++) {
		req->error = ctx->live < tasks_ctx_max() ?
				     spawn_one(home, req, req->spawned, body) :
				     -EDQUOT;
		if (req->error)
			return req->spawned ? 0 : req->error;
	}
	return 0;
}

static int do_info(struct kcoro_info *i)
{
	*i = (struct kcoro_info){
		.version = KCORO_UAPI_VERSION,
		.preempt = KCORO_PREEMPT_VOLUNTARY,
		.stack_min = 4096,
		.stack_max = 16384,
		.stack_default = 8192,
		.arg_max = 4096,
		.spawn_fds_max = FAKE_FDS_MAX,
		.spawn_max = 128,
		.elem_max = 128,
		.buf_max = FAKE_BUF_MAX,
		.capacity_max = 65536,
		.batch_max = 64,
		.select_max = 64,
		.cpus = FAKE_CPUS,
		.tasks_max = 100000,
		.tasks_user_max = 50000,
		.tasks_ctx_max = tasks_ctx_max(),
		.chans_ctx_max = 1000,
		.groups_ctx_max = 100,
		.syncs_ctx_max = 100,
		.spawned = last_id,
		.features = KCORO_FEATURE_HANDOVER | KCORO_FEATURE_HOGS,
		.switches = now() / 1000000,
		.slice_us = 3000,
		.cpus_possible = FAKE_CPUS,
		.spares = 2,
		.workers = 4,
	};
	strcpy(i->policy, policy);
	return 0;
}

static int do_cpus(struct kcoro_cpus *req)
{
	struct kcoro_cpu_info *c = (void *)(uintptr_t)req->cpus;
	uint32_t i;

	req->total = FAKE_CPUS;
	if (req->count > req->total)
		req->count = req->total;
	for (i = 0; i < req->count; i++)
		c[i] = (struct kcoro_cpu_info){
			.cpu = i,
			.flags = KCORO_CPU_ACTIVE | (i ? KCORO_CPU_IDLE : 0),
			.queued = 7 * !i,
			.workers = 2,
			.spares = 1,
			.workers_max = 3,
			.switches = now() / 1000000,
			.run_ns = now() / 2,
			.idle_ns = now() / 2,
		};
	return 0;
}

static int do_bodies(struct kcoro_bodies *req)
{
	struct kcoro_body_info *b = (void *)(uintptr_t)req->bodies;
	uint32_t i;

	req->total = nr_fake_bodies - !loaded;
	if (req->count > req->total)
		req->count = req->total;
	for (i = 0; i < req->count; i++) {
		memset(&b[i], 0, sizeof(b[i]));
		strcpy(b[i].name, fake_bodies[i].name);
		strcpy(b[i].help, fake_bodies[i].help);
		b[i].stack_min = 4096;
		b[i].fds_min = fake_bodies[i].fds_min;
		b[i].fds_max = fake_bodies[i].fds_max;
	}
	return 0;
}

static int do_create(struct kcoro_chan_create *req)
{
	int sv[2];

	if (req->elem_size > 128 || req->buf_max > FAKE_BUF_MAX)
		return -EINVAL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv))
		return -errno;
	table[sv[0]].closed = false;
	req->send_fd = sv[0];
	req->recv_fd = sv[1];
	req->id = ++last_id;
	return 0;
}

static int do_io(int fd, struct kcoro_io *req, bool send)
{
	struct kcoro_iov *v = (void *)(uintptr_t)req->iov;
	int err = 0;

	for (req->done = 0; req->done < req->count; v++) {
		if (send && table[fd].closed)
			err = -EPIPE;
		else
			err = send ? fake_send(fd, (void *)(uintptr_t)v->addr,
					       v->len) :
				     fake_recv(fd, (void *)(uintptr_t)v->addr,
					       &v->len);
		if (!err) {
			req->done++;
			continue;
		}
		if (err != -EAGAIN || (req->flags & KCORO_IO_NOWAIT) ||
		    (!send && req->done && !(req->flags & KCORO_IO_ALL)))
			break;
		err = fake_wait(NULL, fd, send ? POLLOUT : POLLIN,
				req->deadline_ns);
		if (err)
			break;
		v--;
	}
	return req->done || err == -ENODATA ? 0 : err;
}

/* Tasks are descriptors that poll readable once they have ended. */
static int do_case_poll(struct kcoro_case *c)
{
	struct pollfd p = { .fd = c->fd, .events = c->len };

	if (c->op == KCORO_OP_JOIN)
		p.events = POLLIN;
	if (poll(&p, 1, 0) <= 0)
		return 0;
	if (c->op == KCORO_OP_POLL)
		c->len = p.revents;
	return 1;
}

static int do_select(struct kcoro_select *req)
{
	struct kcoro_case *c = (void *)(uintptr_t)req->cases;
	uint32_t i;
	int err;

	for (;;) {
		for (i = 0; i < req->count; i++) {
			struct kcoro_iov v = { c[i].addr, c[i].len, 0 };
			struct kcoro_io io = {
				.iov = (uintptr_t)&v,
				.count = 1,
				.flags = KCORO_IO_NOWAIT,
			};

			if (c[i].fd < 0)
				continue;
			if (c[i].op == KCORO_OP_POLL ||
			    c[i].op == KCORO_OP_JOIN) {
				if (!do_case_poll(&c[i]))
					continue;
				req->index = i;
				req->error = 0;
				return 0;
			}
			err = do_io(c[i].fd, &io, c[i].op == KCORO_OP_SEND);
			if (err == -EAGAIN)
				continue;
			c[i].len = io.done ? v.len : 0;
			req->index = i;
			req->error = err;
			return 0;
		}
		if (req->flags & KCORO_SELECT_NOWAIT)
			return -EAGAIN;
		if (req->deadline_ns && now() > req->deadline_ns)
			return -ETIMEDOUT;
		poll(NULL, 0, 1);
	}
}

static struct fake_ctx *make_ctx(struct fake_ctx *parent)
{
	struct fake_ctx *ctx = calloc(1, sizeof(*ctx));

	ctx->parent = parent;
	ctx->last = &ctx->first;
	ctx->event = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	table[ctx->event].ctx = ctx;
	return ctx;
}

static int do_group_cancel(struct fake_ctx *group,
			   const struct kcoro_group_cancel *req)
{
	struct fake_task *t;

	if (group->canceled)
		return -EALREADY;
	group->canceled = true;
	memcpy(group->why, req->why, sizeof(group->why));
	for (t = group->parent->tasks; t; t = t->next)
		t->cancel |= t->home == group;
	return 0;
}

static int do_list(struct fake_ctx *ctx, struct kcoro_list *req)
{
	struct kcoro_task_info *out = (void *)(uintptr_t)req->tasks;
	struct fake_task *t, *best;
	uint32_t n = 0;

	while (n < req->count) {
		best = NULL;
		for (t = ctx->tasks; t; t = t->next) {
			if (!(t->shown && t->cancel) &&
			    t->info.id > req->after &&
			    (!best || t->info.id < best->info.id))
				best = t;
		}
		if (!best)
			break;
		out[n] = best->info;
		out[n].age_ns = now() - out[n].age_ns;
		out[n].run_ns = out[n].age_ns / 4;
		out[n].switches = out[n].age_ns / 1000000;
		req->after = out[n++].id;
	}
	req->count = n;
	return 0;
}

static int do_kill(struct fake_ctx *ctx, struct kcoro_kill *req)
{
	struct fake_task *t;

	req->killed = 0;
	for (t = ctx->tasks; t; t = t->next) {
		if (req->id && t->info.id != req->id)
			continue;
		t->killed |= !(req->flags & KCORO_KILL_ONCE);
		t->cancel = true;
		req->killed++;
	}
	return req->killed || !req->id ? 0 : -ESRCH;
}

static int do_set(struct fake_ctx *ctx, const struct kcoro_set *req)
{
	struct fake_task *t = ctx->tasks;
	int err;

	while (t && t->info.id != req->id)
		t = t->next;
	if (!t)
		return -ESRCH;
	err = check_sched(req->which & KCORO_SET_PRIORITY ? req->priority : 0,
			  req->which & KCORO_SET_CPU ? req->cpu : -1);
	if (err)
		return err;
	if (req->which & KCORO_SET_PRIORITY)
		t->info.priority = req->priority;
	if (req->which & KCORO_SET_CPU)
		t->info.pin = req->cpu;
	return 0;
}

static int do_ioctl(int fd, unsigned long request, void *arg)
{
	struct fake_ctx *ctx = table[fd].ctx;
	struct fake_task *task = table[fd].task;

	switch (request) {
	case KCORO_IOC_INFO:
		return do_info(arg);
	case KCORO_IOC_CPUS:
		return do_cpus(arg);
	case KCORO_IOC_CLOSE:
		if (table[fd].closed)
			return -EALREADY;
		table[fd].closed = true;
		return shutdown(fd, SHUT_WR);
	case KCORO_IOC_TASK:
		if (!task)
			return -EOPNOTSUPP;
		*(struct kcoro_task_info *)arg = task->info;
		return 0;
	}
	if (!ctx)
		return -EOPNOTSUPP;
	if (request == KCORO_IOC_SPAWN)
		return do_spawn(ctx, arg);
	if (ctx->parent)
		return request == KCORO_IOC_GROUP_CANCEL ?
			       do_group_cancel(ctx, arg) :
			       -EOPNOTSUPP;
	switch (request) {
	case KCORO_IOC_BODIES:
		return do_bodies(arg);
	case KCORO_IOC_GROUP_CREATE:
		((struct kcoro_group_create *)arg)->fd = make_ctx(ctx)->event;
		return 0;
	case KCORO_IOC_CHAN_CREATE:
		return do_create(arg);
	case KCORO_IOC_LIST:
		return do_list(ctx, arg);
	case KCORO_IOC_KILL:
		return do_kill(ctx, arg);
	case KCORO_IOC_SET:
		return do_set(ctx, arg);
	case KCORO_IOC_LEAKS: /* it knows of none */
		((struct kcoro_leaks *)arg)->count = 0;
		((struct kcoro_leaks *)arg)->total = 0;
		return 0;
	case KCORO_IOC_OPTIONS:
		return 0;
	}
	return -ENOTTY;
}

int ioctl(int fd, unsigned long request, ...)
{
	typeof(ioctl) *real = dlsym(RTLD_NEXT, "ioctl");
	va_list args;
	void *arg;
	int err;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (_IOC_TYPE(request) != KCORO_IOC_MAGIC || fd < 0 || fd >= FDS)
		return real(fd, request, arg);
	if (request == KCORO_IOC_SEND || request == KCORO_IOC_RECV) {
		err = do_io(fd, arg, request == KCORO_IOC_SEND);
	} else if (request == KCORO_IOC_SELECT) {
		err = do_select(arg);
	} else {
		pthread_mutex_lock(&lock);
		err = do_ioctl(fd, request, arg);
		pthread_mutex_unlock(&lock);
	}
	errno = -err;
	return err ? -1 : 0;
}

static int open_device(void)
{
	const char *show = getenv("FAKE_KCORO_SHOW");
	struct fake_ctx *ctx = make_ctx(NULL);
	struct fake_task *t;
	char name[32];
	int i;

	for (i = 0; show && i < atoi(show); i++) {
		snprintf(name, sizeof(name), "shown-%d", i + 1);
		t = calloc(1, sizeof(*t));
		describe(t, "sleep", name);
		t->info.age_ns -= i * INT64_C(1000000000);
		t->shown = true;
		t->next = ctx->tasks;
		ctx->tasks = t;
	}
	return ctx->event;
}

/* As the file is read: the policies, that in use in brackets. */
static int open_policy(int flags)
{
	static const char *const names[] = { "fifo", "mlfq", "predict" };
	unsigned int i;
	int fd;

	if (!strcmp(policy, "missing")) {
		errno = ENOENT;
		return -1;
	}
	if (!strcmp(policy, "readonly") && (flags & O_ACCMODE) != O_RDONLY) {
		errno = EACCES;
		return -1;
	}
	fd = memfd_create("policy", MFD_CLOEXEC);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		dprintf(fd, strcmp(names[i], policy) ? "%s%s" : "%s[%s]",
			i ? " " : "", names[i]);
	dprintf(fd, "\n");
	lseek(fd, 0, SEEK_SET);
	table[fd].policy = true;
	return fd;
}

ssize_t write(int fd, const void *buf, size_t size)
{
	typeof(write) *real = dlsym(RTLD_NEXT, "write");
	const char *name = buf;

	if (fd < 0 || fd >= FDS || !table[fd].policy)
		return real(fd, buf, size);
	errno = !strcmp(policy, "stuck") ? ETIMEDOUT : EINVAL;
	if (errno == ETIMEDOUT ||
	    (strncmp(name, "mlfq", size) && strncmp(name, "fifo", size)))
		return -1;
	memset(policy, 0, sizeof(policy));
	memcpy(policy, name, size);
	return size;
}

static __attribute__((constructor)) void set_policy(void)
{
	const char *s = getenv("FAKE_KCORO_POLICY");

	snprintf(policy, sizeof(policy), "%s", s ? s : "fifo");
}

int open64(const char *path, int flags, ...)
{
	typeof(open64) *real = dlsym(RTLD_NEXT, "open64");
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (!strcmp(path, "/sys/module/kcoro/parameters/policy"))
		return open_policy(flags);
	return strcmp(path, KCORO_DEVICE) ? real(path, flags, mode) :
					    open_device();
}

static ssize_t read_exits(struct fake_ctx *ctx, void *buf, size_t size)
{
	typeof(read) *real = dlsym(RTLD_NEXT, "read");
	struct fake_exit *e;
	uint64_t one;
	size_t n = 0;

	/* Waits for the first; the others each count one too. */
	while (n + sizeof(e->exit) <= size) {
		if (n && !ctx->first)
			break;
		if (real(ctx->event, &one, sizeof(one)) < 0)
			return n ? (ssize_t)n : -1;
		pthread_mutex_lock(&lock);
		e = ctx->first;
		ctx->first = e->next;
		if (!ctx->first)
			ctx->last = &ctx->first;
		(ctx->parent ? ctx->parent : ctx)->live--;
		pthread_mutex_unlock(&lock);
		memcpy((char *)buf + n, &e->exit, sizeof(e->exit));
		free(e);
		n += sizeof(e->exit);
	}
	return n;
}

ssize_t read(int fd, void *buf, size_t size)
{
	typeof(read) *real = dlsym(RTLD_NEXT, "read");
	struct fake_task *t;
	int err;

	if (fd < 0 || fd >= FDS)
		return real(fd, buf, size);
	if (table[fd].ctx)
		return read_exits(table[fd].ctx, buf, size);
	t = table[fd].task;
	if (!t)
		return real(fd, buf, size);
	err = fake_wait(NULL, fd, POLLIN, 0);
	if (err) {
		errno = -err;
		return -1;
	}
	pthread_mutex_lock(&lock);
	memcpy(buf, &t->exit, sizeof(t->exit));
	pthread_mutex_unlock(&lock);
	return sizeof(t->exit);
}

int close(int fd)
{
	typeof(close) *real = dlsym(RTLD_NEXT, "close");
	struct fake_ctx *ctx;
	struct fake_task *t;

	if (fd >= 0 && fd < FDS)
		table[fd].policy = false;
	if (fd >= 0 && fd < FDS && (table[fd].ctx || table[fd].task)) {
		pthread_mutex_lock(&lock);
		ctx = table[fd].ctx;
		if (ctx && ctx->parent) {
			for (t = ctx->parent->tasks; t; t = t->next) {
				t->cancel |= t->home == ctx;
				t->no_exit |= t->home == ctx;
			}
		} else if (ctx) {
			for (t = ctx->tasks; t; t = t->next) {
				t->killed = true;
				t->cancel = true;
			}
		} else {
			/* Its thread may still want to write there. */
			table[fd].task->done = -1;
			table[fd].task->no_exit = true;
		}
		table[fd].ctx = NULL;
		table[fd].task = NULL;
		pthread_mutex_unlock(&lock);
	}
	return real(fd);
}
