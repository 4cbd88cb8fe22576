/* SPDX-License-Identifier: MIT */
/*
 * libkcoro - tasks and channels of the kcoro kernel module, for programs
 *
 * Every object is a file descriptor: a context (kcoro_open), an end of a
 * channel (kcoro_chan), a task (kcoro_spawn), a group (kcoro_group_create), an
 * event (kcoro_event_create), a semaphore (kcoro_sem_create), a queue
 * (kcoro_queue_create). close(2) is the only clean-up; poll(2), epoll(7), fcntl(2)
 * and SCM_RIGHTS work on all of them.
 *
 * Rules for every function
 * - Failure is a negative errno value, returned. errno itself means nothing.
 * - A deadline is an absolute CLOCK_MONOTONIC time in nanoseconds, see
 *   kcoro_deadline_in(). KCORO_NO_DEADLINE waits for ever; KCORO_NOW tries
 *   once. When a deadline passes the call fails with -ETIMEDOUT and nothing
 *   was consumed.
 * - A call that waits fails with -EINTR when a signal handler ran. The library
 *   never goes on by itself: the caller decides.
 * - All functions may be called from several threads at once.
 *
 * <linux/kcoro.h> describes the structures and the errno values of each call.
 */
#ifndef KCORO_H
#define KCORO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/kcoro.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KCORO_NO_DEADLINE ((int64_t)0)
#define KCORO_NOW ((int64_t)1)

/* Contexts ---------------------------------------------------------------- */

/* For kcoro_open(): the context outlives this process if another holds it. */
#define KCORO_OPEN_DETACHED (1U << 0)

/*
 * Opens /dev/kcoro, close-on-exec.
 * Returns a context. -ENOENT: the module is not loaded; -EACCES: the device
 * does not let this user in; -EINVAL: a flag that is not known.
 */
int kcoro_open(unsigned int flags);

/* Sets a context's options: KCORO_CTX_*; what is absent is cleared. */
int kcoro_set_options(int ctx, uint32_t flags);

/* Fills @info with limits and counters. @fd: any kcoro descriptor. */
int kcoro_info(int fd, struct kcoro_info *info);

/*
 * Fetches the state of each CPU. @fd: any kcoro descriptor.
 * Returns their number, and in *@cpus an array to be given to free(3).
 */
ssize_t kcoro_cpus(int fd, struct kcoro_cpu_info **cpus);

/*
 * Lists the bodies that tasks can run.
 * Returns their number, and in *@bodies an array to be given to free(3).
 */
ssize_t kcoro_bodies(int ctx, struct kcoro_body_info **bodies);

/* Tasks ------------------------------------------------------------------- */

/*
 * What a task is started with. Zero is the default of every member, and NULL
 * instead of the structure means all defaults.
 */
struct kcoro_spawn_opts {
	const char *name; /* what kcoro ps shows; NULL: the body's name */
	/*
	 * The argument: either words (a list that ends with NULL; each word is
	 * given with its terminating zero, one after the other; this is what
	 * the built-in bodies take), or @arg_len bytes at @arg.
	 */
	const char *const *argv;
	const void *arg;
	size_t arg_len;
	const int *fds; /* channel ends, files and so on, in the body's order */
	unsigned int nr_fds;
	uint32_t stack_size; /* bytes */
	uint32_t flags; /* KCORO_SPAWN_NO_EXIT, _PIN, _THREAD */
	int32_t priority; /* KCORO_PRIORITY_MIN .. MAX; the lower, the earlier */
	int64_t deadline_ns; /* the task is cancelled then */
	/*
	 * Where to store why fewer tasks were started than asked for: a
	 * negative errno value; 0 if they were all started. Or NULL.
	 */
	int *error;
	uint32_t cpu; /* with KCORO_SPAWN_PIN: the only one it runs on */
	uint32_t reserved32; /* 0 */
	uint64_t reserved[3]; /* 0 */
};

/*
 * Starts one task. @ctx, here and below: a context or a group.
 * Returns its descriptor, readable once it has ended: kcoro_join().
 * The task holds its own references on @opts->fds: close the ends that were
 * given away, or nobody will ever see end of stream on them.
 */
int kcoro_spawn(int ctx, const char *body, const struct kcoro_spawn_opts *opts);

/*
 * Starts one task without a descriptor and stores its id. Its exit record is
 * read from the context or group: kcoro_next_exits().
 */
int kcoro_spawn_id(int ctx, const char *body,
		   const struct kcoro_spawn_opts *opts, uint64_t *id);

/*
 * Starts up to @count equal tasks without descriptors (at most spawn_max of
 * struct kcoro_info).
 * Returns how many were started, which can be fewer than asked for: @error of
 * @opts tells why. @ids: array of @count to be filled, or NULL.
 */
int kcoro_spawn_many(int ctx, const char *body,
		     const struct kcoro_spawn_opts *opts, unsigned int count,
		     uint64_t *ids);

/* As kcoro_spawn_many(), and each task gets a descriptor in @task_fds. */
int kcoro_spawn_fds(int ctx, const char *body,
		    const struct kcoro_spawn_opts *opts, unsigned int count,
		    uint64_t *ids, int *task_fds);

/*
 * Waits for the end of a task and fetches its exit record. Can be called any
 * number of times, also by several threads.
 * Returns 0 whatever the task's own fate: see @exit.
 */
int kcoro_join(int task, struct kcoro_exit *exit, int64_t deadline_ns);

/*
 * Waits until at least one of the context's or group's tasks without a descriptor
 * has ended, then takes the records that are there, up to @max, in order of exit.
 * Returns their number. With a deadline let one thread at a time call this:
 * another one could take the record in between, and the wait would go on.
 */
int kcoro_next_exits(int ctx, struct kcoro_exit *exits, unsigned int max,
		     int64_t deadline_ns);

/* Fetches the state of a task. @task: its descriptor. */
int kcoro_task_info(int task, struct kcoro_task_info *info);

/* Groups ------------------------------------------------------------------ */

/*
 * Makes a group of tasks, close-on-exec. @on: a context; or a group, which the
 * new one is a part of then. @flags: KCORO_GROUP_*. @limit: most tasks that it has
 * at a time, or 0.
 * Returns its descriptor. It takes the place of the context in kcoro_spawn() and
 * the like, which start tasks in the group (and wait for a place while it is
 * full), and in kcoro_next_exits(), which gives the records of those tasks, in
 * order of ending. Closing the last descriptor cancels the tasks.
 */
int kcoro_group_create(int on, uint32_t flags, uint32_t limit);

/*
 * Waits until all tasks of a group, and of the groups in it, have ended, or one
 * has failed. @until: KCORO_UNTIL_*. @state: how they fare, filled also if the
 * deadline passes; or NULL.
 */
int kcoro_group_wait(int group, uint32_t until, struct kcoro_group_wait *state,
		     int64_t deadline_ns);

/*
 * Cancels the tasks of a group, and of the groups in it. @why: for their exit
 * records, under KCORO_CAUSE_MAX bytes, or NULL. -EALREADY: it was before.
 */
int kcoro_group_cancel(int group, const char *why);

/*
 * Fetches the exit record of the @nth task of a group that failed, from 0.
 * -ENOENT: so many did not, or only KCORO_GROUP_FAILED_MAX were kept.
 */
int kcoro_group_failed(int group, unsigned int nth, struct kcoro_exit *exit);

/* Events, semaphores, queues ---------------------------------------------- */

/*
 * They are for threads of programs and for tasks whose bodies take them, alike.
 * They end with their context: who waits gets -ESHUTDOWN.
 */

/*
 * Makes an event, close-on-exec. @flags: KCORO_EVENT_*.
 * Returns its descriptor, readable while the event is set.
 */
int kcoro_event_create(int ctx, uint32_t flags);

/* Sets it: all who wait go on, also if it is cleared before they run. */
int kcoro_event_set(int event);

/* Clears it. */
int kcoro_event_clear(int event);

/* Waits until it is set. */
int kcoro_event_wait(int event, int64_t deadline_ns);

/* Returns 1 if it is set, 0 if not. */
int kcoro_event_is_set(int event);

/*
 * Makes a semaphore, close-on-exec, with @count units, and never more than @max.
 * @flags: KCORO_SEM_*.
 * Returns its descriptor, readable while a unit can be taken.
 */
int kcoro_sem_create(int ctx, uint32_t count, uint32_t max, uint32_t flags);

/* Takes @n units, all at once; who came first goes first. */
int kcoro_sem_acquire(int sem, uint32_t n, int64_t deadline_ns);

/*
 * Gives @n units back, whoever took them: those of one who was killed are for you
 * to give back. -EOVERFLOW: there would be more than there may be.
 */
int kcoro_sem_release(int sem, uint32_t n);

/*
 * Makes a queue of up to @capacity elements of @elem_size bytes, close-on-exec.
 * @flags: KCORO_QUEUE_*; with KCORO_QUEUE_PRIORITY an element begins with an
 * int64_t, and the lowest is the first.
 * Returns its descriptor, readable while there are elements, writable while there
 * is room.
 */
int kcoro_queue_create(int ctx, uint32_t elem_size, uint32_t capacity,
		       uint32_t flags);

/* Puts an element in, of the queue's size. -ESHUTDOWN: nothing is taken any more. */
int kcoro_queue_put(int queue, const void *elem, size_t len,
		    int64_t deadline_ns);

/* Gets one. -ESHUTDOWN: there is none, and none will come. */
int kcoro_queue_get(int queue, void *elem, size_t size, int64_t deadline_ns);

/* Says that one that was got has been dealt with. -EINVAL: so have all. */
int kcoro_queue_done(int queue);

/* Waits until all that was put has been dealt with. */
int kcoro_queue_join(int queue, int64_t deadline_ns);

/*
 * Lets nothing be put any more. What is in it can still be got, or with
 * KCORO_QUEUE_IMMEDIATE is discarded, and done. -EALREADY: it was shut down
 * before, and there is nothing to discard.
 */
int kcoro_queue_shutdown(int queue, uint32_t flags);

/* Bubbles ----------------------------------------------------------------- */

/*
 * Puts the tasks that are started in a context from now on in a bubble, to test
 * them: it has no task yet. They run in an order that is drawn from @seed, by a
 * clock that stands still while one can run, once kcoro_bubble_run() is called.
 * @steps_max: how many steps to keep, up to KCORO_STEPS_MAX.
 * -EALREADY: it has a bubble. -EBUSY: it has tasks, or exit records.
 */
int kcoro_bubble(int ctx, uint64_t seed, uint32_t steps_max);

/*
 * Runs a context's bubble, if it was not, and waits for its end. Can be called any
 * number of times, also after -EINTR and -ETIMEDOUT: it goes on meanwhile.
 * @end: how it ended: its error, the time that passed in it, the number and the
 * digest of its steps, and a message; @count is that of the steps stored. Or NULL.
 * @steps: array of @count for the first steps, or NULL.
 * Returns 0 whatever the bubble's own fate: see @end->error. -ENOENT: there is none.
 */
int kcoro_bubble_run(int ctx, struct kcoro_bubble_run *end,
		     struct kcoro_step *steps, unsigned int count,
		     int64_t deadline_ns);

/* Channels ---------------------------------------------------------------- */

/* The places of the two ends, as pipe(2) has them. */
#define KCORO_RECV_END 0
#define KCORO_SEND_END 1

/*
 * Makes a channel of messages of @elem_size bytes each, which holds up to
 * @capacity of them (0: unbuffered).
 * Stores the receiving end in fds[0] and the sending end in fds[1].
 */
int kcoro_chan(int ctx, uint32_t elem_size, uint32_t capacity, int fds[2]);

/* The same for messages of 1 to @buf_max bytes (0: the kernel's limit). */
int kcoro_chan_buf(int ctx, uint32_t buf_max, uint32_t capacity, int fds[2]);

/* Makes a channel with flags (KCORO_CHAN_*). @chan: in and out. */
int kcoro_chan_create(int ctx, struct kcoro_chan_create *chan);

/*
 * Sends one message.
 * Returns @len. -EPIPE: closed, or nobody can receive any more; -EMSGSIZE: a
 * length that the channel does not take. No signal is raised.
 */
ssize_t kcoro_send(int fd, const void *msg, size_t len, int64_t deadline_ns);

/*
 * Receives one message.
 * Returns its length, or 0 at end of stream. -EMSGSIZE: it is longer than
 * @size, and stays in the channel.
 */
ssize_t kcoro_recv(int fd, void *msg, size_t size, int64_t deadline_ns);

/*
 * Sends one message through a carrier (KCORO_CHAN_CARRIER), and with it the @nr ends
 * of channels behind @ends, up to KCORO_CARRY_MAX, which stay the caller's too.
 * Returns @len. As kcoro_send(), and -EBADF: one is no channel's; -ELOOP: one is a
 * carrier's; -EXDEV: one is another context's; -EINVAL: @fd is no carrier's.
 */
ssize_t kcoro_send_ends(int fd, const void *msg, size_t len, const int *ends,
			unsigned int nr, int64_t deadline_ns);

/*
 * Receives one message through a carrier, with the ends that it carries: @ends has
 * room for *@nr and gets descriptors, close-on-exec, the caller's to close; *@nr
 * says how many.
 * Returns the message's length, or 0 at end of stream. As kcoro_recv(), also -EMSGSIZE
 * if it carries more: it stays in the channel.
 */
ssize_t kcoro_recv_ends(int fd, void *msg, size_t size, int *ends,
			unsigned int *nr, int64_t deadline_ns);

/*
 * Receives one message of any length, as getline(3) reads a line: *@msg (NULL,
 * or from malloc(3)) of *@size bytes is enlarged as needed; the caller frees
 * it. Returns as kcoro_recv().
 */
ssize_t kcoro_recv_alloc(int fd, void **msg, size_t *size, int64_t deadline_ns);

/*
 * Sends (receives) up to @count messages with one system call (at most
 * batch_max of struct kcoro_info). @flags: KCORO_IO_*. Lengths of received
 * messages are stored in @iov. Fill @iov anew before each call.
 * Returns the number of messages that moved; it can be fewer than asked for.
 * kcoro_recvv(): 0 is end of stream.
 */
int kcoro_sendv(int fd, struct kcoro_iov *iov, unsigned int count,
		uint32_t flags, int64_t deadline_ns);
int kcoro_recvv(int fd, struct kcoro_iov *iov, unsigned int count,
		uint32_t flags, int64_t deadline_ns);

/*
 * Closes a channel for good, for all who hold it. @fd: a sending end. What was
 * sent before can still be received. -EALREADY: it was closed before.
 */
int kcoro_close_chan(int fd);

/* Select ------------------------------------------------------------------ */

/* A case of kcoro_select(): send @len bytes, or receive up to @len. */
static inline struct kcoro_case kcoro_case_send(int fd, const void *msg,
						uint32_t len)
{
	struct kcoro_case c;

	c.fd = fd;
	c.op = KCORO_OP_SEND;
	c.addr = (uintptr_t)msg;
	c.len = len;
	c.pad = 0;
	return c;
}

static inline struct kcoro_case kcoro_case_recv(int fd, void *msg, uint32_t len)
{
	struct kcoro_case c;

	c.fd = fd;
	c.op = KCORO_OP_RECV;
	c.addr = (uintptr_t)msg;
	c.len = len;
	c.pad = 0;
	return c;
}

/* Another: a task has ended. kcoro_join() then tells how, without waiting. */
static inline struct kcoro_case kcoro_case_join(int task)
{
	struct kcoro_case c;

	c.fd = task;
	c.op = KCORO_OP_JOIN;
	c.addr = 0;
	c.len = 0;
	c.pad = 0;
	return c;
}

/* Another: a file has one of @events (POLLIN, ...), an error or a hang-up. */
static inline struct kcoro_case kcoro_case_poll(int fd, uint32_t events)
{
	struct kcoro_case c;

	c.fd = fd;
	c.op = KCORO_OP_POLL;
	c.addr = 0;
	c.len = events;
	c.pad = 0;
	return c;
}

/*
 * Waits until one of several cases is ready, and does exactly that one.
 * @flags: KCORO_SELECT_*.
 * Returns the index of the case; cases[index].len is then the length of what
 * was received, 0 at end of stream, or the events that a file has: make its
 * case anew for the next call. A send that found its channel closed also wins:
 * *@error (may be NULL) is then -EPIPE, else 0.
 */
int kcoro_select(int ctx, struct kcoro_case *cases, unsigned int count,
		 uint32_t flags, int64_t deadline_ns, int *error);

/* Looking after tasks ----------------------------------------------------- */

/*
 * Lists the tasks within @scope (KCORO_SCOPE_*) in order of id.
 * Returns their number, and in *@tasks an array to be given to free(3). Tasks
 * come and go meanwhile: it is no snapshot.
 */
ssize_t kcoro_list(int ctx, uint32_t scope, struct kcoro_task_info **tasks);

/* One page of that: up to @count tasks with ids over @after. */
int kcoro_list_page(int ctx, uint32_t scope, uint64_t after,
		    struct kcoro_task_info *tasks, unsigned int count);

/*
 * Cancels the task @id, or with @id 0 every task within @scope.
 * @flags: KCORO_KILL_*. Returns the number of tasks that were asked to end.
 */
int64_t kcoro_kill(int ctx, uint64_t id, uint32_t scope, uint32_t flags);

/*
 * The tasks that wait for something that nobody who is alive can bring about any
 * more, in order of id. With @flags KCORO_LEAKS_END their waits fail with EDEADLK.
 * Returns their number, and in *@leaks an array to be given to free(3). See
 * KCORO_IOC_LEAKS; KCORO_CTX_DEADLK of kcoro_set_options() has the kernel do that.
 */
ssize_t kcoro_leaks(int ctx, uint32_t scope, uint32_t flags,
		    struct kcoro_leak **leaks);

/*
 * Changes how a task is scheduled, from its next turn on: what @set->which
 * names. @fd: a context; or the task's descriptor, with @id and @scope 0.
 */
int kcoro_set(int fd, const struct kcoro_set *set);

/* Time and words ---------------------------------------------------------- */

/* The deadline that is @ns nanoseconds from now. */
int64_t kcoro_deadline_in(int64_t ns);

/* The call that failed, for kcoro_explain(). */
#define KCORO_CALL_OTHER 0
#define KCORO_CALL_OPEN 1
#define KCORO_CALL_SPAWN 2
#define KCORO_CALL_CHAN 3
#define KCORO_CALL_SEND 4
#define KCORO_CALL_RECV 5
#define KCORO_CALL_SELECT 6
#define KCORO_CALL_LIST 7
#define KCORO_CALL_KILL 8
#define KCORO_CALL_SET 9
#define KCORO_CALL_GROUP 10
#define KCORO_CALL_EVENT 11
#define KCORO_CALL_SEM 12
#define KCORO_CALL_QUEUE 13
#define KCORO_CALL_BUBBLE 14

/*
 * Says in @buf what @err (negative or positive) means for that call and what
 * to do about it. @fd: a kcoro descriptor, so that limits are given as
 * numbers, or -1.
 * Returns @buf.
 */
const char *kcoro_explain(int fd, int call, int err, char *buf, size_t size);

/* Says in @buf how a task ended. Returns @buf. */
const char *kcoro_explain_exit(const struct kcoro_exit *exit, char *buf,
			       size_t size);

/* Whether a task ended by itself and without an error. */
static inline int kcoro_exit_ok(const struct kcoro_exit *exit)
{
	return exit->reason == KCORO_EXIT_RETURNED && exit->error >= 0;
}

/* One word for KCORO_EXIT_*, KCORO_TASK_*, KCORO_WAIT_*, KCORO_PREEMPT_*. */
const char *kcoro_reason_name(uint32_t reason);
const char *kcoro_state_name(uint32_t state);
const char *kcoro_wait_name(uint32_t wait);
const char *kcoro_preempt_name(uint32_t preempt);

#ifdef __cplusplus
}
#endif

#endif /* KCORO_H */
