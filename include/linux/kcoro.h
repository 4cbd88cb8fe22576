/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcoro - tasks and channels for kernel code
 *
 * A task is a coroutine: it has a stack of its own (4 KiB and up) and runs on
 * the kcoro worker of some CPU until it waits, ends or yields. It may use any
 * kernel interface that a kthread may use, sleeping ones included: its CPU's
 * other tasks then go on under another worker.
 *
 * Between two statements of a task that wait through this header (anything
 * whose Context says "may park") the task may move to another CPU and another
 * kthread. So nothing that belongs to the kthread may be held across such a
 * call: no lock of any kind, no RCU read side, no disabled preemption, bottom
 * half or interrupt, no kmap_local, no overridden credentials or memalloc
 * scope, and `current` and per-CPU pointers read before it are stale after
 * it. What can be checked of this is checked, in every build.
 *
 * Calls whose Context says "task or thread" work from any kthread or user
 * thread in process context as well; a thread then sleeps interruptibly, and
 * gets -ERESTARTSYS on a signal.
 *
 * Interrupt handlers, soft ones included, talk to tasks by kcoro_try_send() and
 * kcoro_try_recv(), in channels from kcoro_chan_create_irq() only.
 *
 * Deadlines are absolute CLOCK_MONOTONIC times, to be computed from kcoro_now()
 * (so that they hold in a bubble too: kcoro_bubble.h); KCORO_FOREVER is none, and
 * one that lies in the past tries once.
 */
#ifndef _LINUX_KCORO_H
#define _LINUX_KCORO_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <uapi/linux/kcoro.h>

struct file;
struct kcoro_carried;
struct kcoro_chan;
struct kcoro_event;
struct kcoro_group;
struct kcoro_task;
struct wait_queue_head;

#define KCORO_FOREVER	KTIME_MAX

/* --- Buffers: messages that move by ownership ---------------------------- */

/**
 * struct kcoro_buf - a message of a channel of buffers
 * @len: bytes used of @data
 * @size: bytes allocated of @data
 * @carried: ends of channels that travel with it; the module's own
 * @data: the payload
 *
 * A buffer has one owner. Sending passes the ownership on if it succeeds.
 */
struct kcoro_buf {
	u32 len;
	u32 size;
	struct kcoro_carried *carried;
	u8 data[];
};

struct kcoro_buf *kcoro_buf_alloc(u32 size, gfp_t gfp);
void kcoro_buf_free(struct kcoro_buf *buf);
struct kcoro_buf *kcoro_buf_copy(const struct kcoro_buf *buf, gfp_t gfp);
int kcoro_buf_carry(struct kcoro_buf *buf, struct kcoro_chan *chan, u32 ends,
		    gfp_t gfp);
struct kcoro_chan *kcoro_buf_take_ends(struct kcoro_buf *buf, u32 *ends);
void kcoro_buf_drop_ends(struct kcoro_buf *buf);

/* --- Bodies: code that programs can spawn by name ------------------------ */

/**
 * struct kcoro_env - what a body finds
 * @arg: the argument, @arg_len bytes followed by a zero byte. Built-in bodies
 *	take words, each terminated by a zero byte (see kcoro_env_word()).
 * @arg_len: bytes of @arg
 * @nr_slots: entries of @slots
 * @slots: channel ends, files and so on, in the spawner's order. They belong to the
 *	environment and are dropped when the body returns; a body that is done
 *	with one before its end says so by kcoro_env_drop().
 * @data: result data for those who read the exit record
 * @data_len: bytes used of @data
 * @message: text that explains a failure, or ""
 * @priv: for the body
 * @result: the exit record's result
 * @cred: the spawner's credentials, worn for its files
 * @lock: private
 */
struct kcoro_env {
	const char *arg;
	u32 arg_len;
	u32 nr_slots;
	struct kcoro_slot *slots;
	const struct cred *cred;
	s64 result;
	u32 data_len;
	u8 data[KCORO_RESULT_MAX];
	char message[KCORO_MESSAGE_MAX];
	void *priv;
	spinlock_t lock; /* held while a slot becomes empty */
};

/**
 * struct kcoro_slot - one descriptor given to a task
 * @chan: a channel, or NULL
 * @ends: which ends of @chan are held: KCORO_SEND, KCORO_RECV or both
 * @file: a file, or NULL. An event, a semaphore or a queue is one: kcoro_sync.h
 */
struct kcoro_slot {
	struct kcoro_chan *chan;
	u32 ends;
	struct file *file;
};

/**
 * struct kcoro_body - code that can be spawned by name
 * @name: [a-z0-9_-], unique, under KCORO_NAME_MAX
 * @help: one line: arguments, descriptors, what it does
 * @owner: THIS_MODULE; held while a task runs the body
 * @stack_min: bytes of stack it needs at least; 0: the default size
 * @slots_min: fewest descriptors
 * @slots_max: most descriptors
 * @check: optional; validates the environment in the spawner's context (may
 *	sleep, may not park) so that SPAWN can fail: 0 or a negative errno.
 *	EINVAL for a wrong argument, EBADF for a wrong end, EOPNOTSUPP for a
 *	file that cannot be used. It may set @env->priv.
 * @run: the body, in a task. Returns 0 or a negative errno; sets @env->result,
 *	and on failure @env->message. On -ECANCELED it must return soon.
 * @release: optional; frees @env->priv, also when @run never ran or @check
 *	failed
 * @node: internal
 */
struct kcoro_body {
	const char *name;
	const char *help;
	struct module *owner;
	u32 stack_min;
	u32 slots_min;
	u32 slots_max;
	int (*check)(struct kcoro_env *env);
	int (*run)(struct kcoro_env *env);
	void (*release)(struct kcoro_env *env);
	struct list_head node;
};

int kcoro_body_register(struct kcoro_body *body);
void kcoro_body_unregister(struct kcoro_body *body);

const char *kcoro_env_word(const struct kcoro_env *env, const char *prev);
struct kcoro_chan *kcoro_env_chan(const struct kcoro_env *env, u32 slot,
				  u32 end);
struct file *kcoro_env_file(const struct kcoro_env *env, u32 slot);
void kcoro_env_drop(struct kcoro_env *env, u32 slot);
int kcoro_env_check_file(const struct kcoro_env *env, u32 slot, fmode_t mode);
ssize_t kcoro_env_read(const struct kcoro_env *env, u32 slot, void *buf,
		       size_t len);
ssize_t kcoro_env_write(const struct kcoro_env *env, u32 slot,
			const void *buf, size_t len);
__printf(3, 4) int kcoro_env_fail(struct kcoro_env *env, int err,
				  const char *fmt, ...);

/* --- Tasks ---------------------------------------------------------------- */

/* For kernel code only; the others are in the uAPI header. */
#define KCORO_SPAWN_ATOMIC	(1U << 16) /* from where nobody may sleep */

/**
 * struct kcoro_spawn_args - how to start a task of kernel code
 * @fn: what it runs; its value is the exit record's result if it is >= 0, its
 *	error if it is a negative errno
 * @data: handed to @fn
 * @name: shown to operators; copied
 * @owner: THIS_MODULE; held until the task has ended
 * @stack_size: bytes; 0 is the default
 * @priority: KCORO_PRIORITY_MIN (first) to KCORO_PRIORITY_MAX; 0 is the default
 * @flags: KCORO_SPAWN_PIN, KCORO_SPAWN_THREAD, KCORO_SPAWN_ATOMIC
 * @cpu: with KCORO_SPAWN_PIN: where it runs
 */
struct kcoro_spawn_args {
	s64 (*fn)(void *data);
	void *data;
	const char *name;
	struct module *owner;
	u32 stack_size;
	int priority;
	u32 flags;
	u32 cpu;
};

struct kcoro_task *kcoro_spawn(const struct kcoro_spawn_args *args);

/**
 * kcoro_go() - start a task with the default stack
 * @task_fn: s64 (*)(void *)
 * @task_data: handed to @task_fn
 *
 * Context, Return: as kcoro_spawn(). The task is named after @task_fn.
 */
#define kcoro_go(task_fn, task_data)					\
	kcoro_spawn(&(struct kcoro_spawn_args) {			\
		.fn = (task_fn), .data = (task_data),			\
		.name = #task_fn, .owner = THIS_MODULE })

struct kcoro_task *kcoro_task_get(struct kcoro_task *task);
void kcoro_task_put(struct kcoro_task *task);
u64 kcoro_task_id(const struct kcoro_task *task);
bool kcoro_task_done(const struct kcoro_task *task);
int kcoro_join(struct kcoro_task *task, ktime_t deadline, s64 *result);

struct kcoro_task *kcoro_current(void);
bool kcoro_yield(void);
bool kcoro_should_yield(void);
ktime_t kcoro_now(void);
int kcoro_sleep_until(ktime_t when);
int kcoro_native(int (*fn)(void *arg), void *arg);

/**
 * kcoro_sleep_ms() - wait for a time
 * @ms: milliseconds
 *
 * Context, Return: as kcoro_sleep_until().
 */
static inline int kcoro_sleep_ms(u32 ms)
{
	return kcoro_sleep_until(ktime_add_ms(kcoro_now(), ms));
}

/* --- Cancelling tasks ------------------------------------------------------ */

/**
 * struct kcoro_cause - why a task was cancelled
 * @by: the task that did it, or 0: a thread, or a deadline
 * @why: what it said, or empty
 */
struct kcoro_cause {
	u64 by;
	char why[KCORO_CAUSE_MAX];
};

bool kcoro_cancel(struct kcoro_task *task);
bool kcoro_cancel_why(struct kcoro_task *task, const char *why);
bool kcoro_canceled(void);
u32 kcoro_canceling(void);
u32 kcoro_uncancel(void);
bool kcoro_cancel_cause(struct kcoro_cause *cause);
void kcoro_shield_begin(void);
void kcoro_shield_end(void);

/* --- Files ------------------------------------------------------------------ */

int kcoro_poll_file(struct file *file, __poll_t events, ktime_t deadline);

/* --- Channels --------------------------------------------------------------- */

/* The ends of a channel, for holding and for rights. */
#define KCORO_SEND	KCORO_OP_SEND
#define KCORO_RECV	KCORO_OP_RECV

/* Messages: the largest fixed-size one, the largest buffer, the most queued. */
#define KCORO_ELEM_MAX		1024
#define KCORO_BUF_MAX		(1U << 20)
#define KCORO_CAPACITY_MAX	(1U << 16)
#define KCORO_SELECT_MAX	64

struct kcoro_chan *kcoro_chan_create(u32 elem_size, u32 capacity);
struct kcoro_chan *kcoro_chan_create_irq(u32 elem_size, u32 capacity);
struct kcoro_chan *kcoro_chan_create_buf(u32 buf_max, u32 capacity);
struct kcoro_chan *kcoro_chan_create_carrier(u32 buf_max, u32 capacity);
void kcoro_chan_hold(struct kcoro_chan *chan, u32 ends);
void kcoro_chan_drop(struct kcoro_chan *chan, u32 ends);
int kcoro_chan_close(struct kcoro_chan *chan);
u64 kcoro_chan_id(const struct kcoro_chan *chan);
u32 kcoro_chan_elem_size(const struct kcoro_chan *chan);
u32 kcoro_chan_buf_max(const struct kcoro_chan *chan);
u64 kcoro_chan_dropped(const struct kcoro_chan *chan);

int kcoro_send(struct kcoro_chan *chan, const void *elem, ktime_t deadline);
int kcoro_recv(struct kcoro_chan *chan, void *elem, ktime_t deadline);
int kcoro_try_send(struct kcoro_chan *chan, const void *elem);
int kcoro_try_recv(struct kcoro_chan *chan, void *elem);
int kcoro_send_buf(struct kcoro_chan *chan, struct kcoro_buf *buf,
		   ktime_t deadline);
int kcoro_recv_buf(struct kcoro_chan *chan, struct kcoro_buf **buf,
		   ktime_t deadline);

/*
 * For kernel code only; the others are in the uAPI header. (Programs poll the
 * descriptors of groups and events.)
 */
#define KCORO_OP_WAITQ	0x100
#define KCORO_OP_GROUP	0x101
#define KCORO_OP_EVENT	0x102

/**
 * struct kcoro_select_case - one thing that a select waits for
 * @chan: KCORO_OP_SEND, KCORO_OP_RECV: the channel; NULL for all others
 * @op: KCORO_OP_*
 * @result: out, of the chosen case: 0 or -EPIPE for a send; 1 or 0 (end of
 *	stream) for a receive; the events that are there for a file; -ESHUTDOWN for
 *	an event of a program whose context has ended; else 0
 * @msg: of a channel of elements: the element to send or the room for the one
 *	received. Of a channel of buffers: address of a struct kcoro_buf *.
 * @task: KCORO_OP_JOIN: ready once it has ended; kcoro_join(), which then does
 *	not wait, tells how
 * @group: KCORO_OP_GROUP: ready once no task is left in it
 * @event: KCORO_OP_EVENT: ready while it is set
 * @file: KCORO_OP_POLL: ready if it has one of @events, an error or a hang-up;
 *	any that can be polled
 * @queue: KCORO_OP_WAITQ: ready if @condition holds, which is asked after each
 *	wake-up of this queue, as by wait_event()
 * @events: EPOLL*
 * @condition: may sleep, but not park
 * @data: for @condition
 *
 * A case that names nothing is never ready. The caller keeps
 * what it has named.
 */
struct kcoro_select_case {
	struct kcoro_chan *chan;
	u32 op;
	int result;
	union {
		void *msg;
		struct kcoro_task *task;
		struct kcoro_group *group;
		struct kcoro_event *event;
		struct file *file;
		struct wait_queue_head *queue;
	};
	union {
		__poll_t events;
		bool (*condition)(void *data);
	};
	void *data;
};

int kcoro_select(struct kcoro_select_case *cases, u32 nr, u32 flags,
		 ktime_t deadline);

/**
 * kcoro_wait_event() - wait until something is so: wait_event() for tasks
 * @queue: woken, as by wake_up(), when that may have changed
 * @condition: is it so? Called with @data; must not sleep
 * @data: for @condition
 * @deadline: or KCORO_FOREVER
 *
 * Context: task or thread; may park.
 * Return: 0: it was so. -ETIMEDOUT, -ECANCELED, -ERESTARTSYS.
 */
static inline int kcoro_wait_event(struct wait_queue_head *queue,
				   bool (*condition)(void *data), void *data,
				   ktime_t deadline)
{
	struct kcoro_select_case c = {
		.op = KCORO_OP_WAITQ,
		.queue = queue,
		.condition = condition,
		.data = data,
	};

	return kcoro_select(&c, 1, 0, deadline);
}

#endif /* _LINUX_KCORO_H */
