/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kcoro - tasks and channels in the kernel, for programs.
 *
 * A short manual
 * --------------
 * open("/dev/kcoro") gives a CONTEXT. All that a program makes through it
 * ends with it: closing its last descriptor, or the exit of the process that
 * opened it (of its last thread), cancels its tasks, whoever has descriptors
 * by then.
 *
 * KCORO_IOC_SPAWN starts TASKS. A task runs a BODY: kernel code that has a
 * name (KCORO_IOC_BODIES lists them). It gets an argument (bytes), and a list
 * of descriptors: channel ends, files, events and so on. With KCORO_SPAWN_FD each task is a
 * descriptor, readable once the task has ended; without, it is an id, and its
 * exit record is read from the context's descriptor.
 *
 * KCORO_IOC_CHAN_CREATE makes a CHANNEL: a sending and a receiving end, each a
 * descriptor as with pipe(2). One write(2) sends one message, one read(2)
 * receives one, 0 is end of stream. A channel holds either messages of one
 * fixed size (elem_size > 0) or buffers of 1..buf_max bytes (elem_size == 0).
 * poll, epoll, O_NONBLOCK, SCM_RIGHTS and fdinfo work as with any descriptor.
 * KCORO_IOC_SEND and KCORO_IOC_RECV move many messages with one call,
 * KCORO_IOC_SELECT waits for the first of several channels, ends of tasks, and
 * files.
 *
 * KCORO_IOC_GROUP_CREATE makes a GROUP, on a context, or on another group, which
 * it is a part of then. KCORO_IOC_SPAWN on a group's descriptor starts tasks in it;
 * those without descriptors leave their exit records there. A group's tasks can be
 * waited for, and cancelled, together with those of the groups in it; the first one
 * that fails can end the others (KCORO_GROUP_FAIL_FAST). Closing the last
 * descriptor of a group cancels its tasks.
 *
 * KCORO_IOC_EVENT_CREATE makes an EVENT: it is set until it is cleared, and all who
 * wait for it, threads of programs and tasks, go on. KCORO_IOC_SEM_CREATE makes a
 * SEMAPHORE: units that they take and give back. KCORO_IOC_QUEUE_CREATE makes a
 * QUEUE: work that they take, until all of it is done. (A channel is for messages; a
 * queue is for work that somebody waits for.)
 *
 * KCORO_IOC_BUBBLE makes a new context's tasks a BUBBLE, to test them: they run one
 * at a time, in an order drawn from a seed, by a clock that stands still while one can
 * run. The same seed gives the same steps. KCORO_IOC_BUBBLE_RUN runs them.
 *
 * What poll(2) says
 * -----------------
 *   receiving end	POLLIN: a message is there, or a sender waits with one.
 *			POLLIN | POLLHUP: end of stream
 *   sending end	POLLOUT: there is room, or a receiver waits. POLLOUT |
 *			POLLERR: a send gives EPIPE, as the channel was closed
 *			or nobody can receive any more
 *   task		POLLIN: it has ended
 *   context		POLLIN: an exit record is there. POLLIN | POLLHUP: none
 *			will come, as the context was killed and all were read.
 *			POLLPRI: some of its tasks wait for ever: KCORO_IOC_LEAKS
 *   group		POLLIN: an exit record is there. POLLIN | POLLHUP: none
 *			will come, as the group was cancelled, or its context
 *			killed, and all were read
 *   event		POLLIN: it is set. POLLIN | POLLHUP: the context has ended,
 *			and a wait does not wait
 *   semaphore		POLLIN: a unit can be taken. POLLIN | POLLHUP: as an event
 *   queue		POLLIN: an element is there. POLLIN | POLLHUP: none, and none
 *			will come. POLLOUT: there is room. POLLOUT | POLLERR: nothing
 *			is taken any more, as it was shut down
 * With POLLIN and POLLOUT go POLLRDNORM and POLLWRNORM. Somebody else may be
 * faster: use O_NONBLOCK if that must not make a call wait.
 *
 * Rules for every call
 * --------------------
 * - The argument's size is part of the call number. A newer program's longer
 *   structure is taken if the tail that this kernel does not know is zero
 *   (else E2BIG); an older program's shorter one is taken as if zero-extended.
 * - Unknown flags and non-zero pads are EINVAL, an unknown call is ENOTTY, a
 *   call on a descriptor that does not take it is EOPNOTSUPP.
 * - A deadline is an absolute CLOCK_MONOTONIC time in nanoseconds. 0 is none;
 *   one in the past tries once. When it passes, the call fails with ETIMEDOUT
 *   and nothing was consumed.
 * - All structures are the same for 32-bit and 64-bit programs.
 */
#ifndef _UAPI_LINUX_KCORO_H
#define _UAPI_LINUX_KCORO_H

#include <linux/types.h>
#include <linux/ioctl.h>

#define KCORO_DEVICE		"/dev/kcoro"
#define KCORO_UAPI_VERSION	1

/* Sizes of the fixed arrays below, the terminating zero included. */
#define KCORO_NAME_MAX		32
#define KCORO_MESSAGE_MAX	64
#define KCORO_RESULT_MAX	64
#define KCORO_HELP_MAX		96
#define KCORO_POLICY_MAX	16
#define KCORO_CAUSE_MAX		56

/*
 * KCORO_IOC_INFO - what this kernel offers, its limits and counters
 * On: any kcoro descriptor.
 */
#define KCORO_FEATURE_HANDOVER	(1ULL << 0) /* a blocked task's CPU goes on */
#define KCORO_FEATURE_HOGS	(1ULL << 1) /* one that computes on loses its queue */

#define KCORO_PREEMPT_NONE	0
#define KCORO_PREEMPT_VOLUNTARY	1
#define KCORO_PREEMPT_FULL	2

struct kcoro_info {
	__u32 version;		/* KCORO_UAPI_VERSION */
	__u32 preempt;		/* KCORO_PREEMPT_* */
	__u64 features;		/* KCORO_FEATURE_* */
	__u32 stack_min;	/* bytes; smallest stack of any task */
	__u32 stack_max;	/* bytes */
	__u32 stack_default;	/* bytes */
	__u32 arg_max;		/* bytes of a spawn argument */
	__u32 spawn_fds_max;	/* descriptors given to one task */
	__u32 spawn_max;	/* tasks of one SPAWN */
	__u32 elem_max;		/* bytes of a fixed-size message */
	__u32 buf_max;		/* bytes of a buffer message */
	__u32 capacity_max;	/* messages a channel may hold */
	__u32 batch_max;	/* messages of one SEND or RECV */
	__u32 select_max;	/* cases of one SELECT */
	__u32 cpus;		/* CPUs that run tasks now */
	__u32 tasks_max;	/* live tasks, all users */
	__u32 tasks_user_max;	/* live tasks of one user */
	__u32 tasks_ctx_max;	/* live tasks and unread exits of one context */
	__u32 chans_ctx_max;	/* channels of one context */
	__u32 tasks;		/* live tasks now, all users */
	__u32 workers;		/* worker threads now */
	__u64 spawned;		/* tasks started since the module was loaded */
	__u64 switches;		/* times a task was given a CPU */
	__u64 handovers;	/* times a CPU passed on as its task blocked */
	__u64 no_spare;		/* times it could not, for want of a worker */
	__u64 steals;		/* tasks that another CPU took over */
	__u64 hogs;		/* times a task lost its CPU's queue as it went on */
	__u32 slice_us;		/* a task's turn while others wait */
	__u32 nr_global;	/* tasks in the queue of all CPUs now */
	__u32 cpus_possible;	/* numbers of CPUs are below this */
	__u32 spares;		/* workers that wait for a CPU to be handed over */
	__u64 policy_falls;	/* times the watchdog went back to fifo */
	char policy[KCORO_POLICY_MAX]; /* that orders the run queues */
	__u32 groups_ctx_max;	/* groups of one context */
	__u32 syncs_ctx_max;	/* events, semaphores and queues of one context */
};

/*
 * KCORO_IOC_CPUS - the state of each CPU
 * On: any kcoro descriptor.
 * @cpus: array of @count struct kcoro_cpu_info to fill, in order of number
 * @count: in: room; out: number filled
 * @total: out: how many there are
 */
#define KCORO_CPU_ACTIVE	(1U << 0) /* runs tasks */
#define KCORO_CPU_IDLE		(1U << 1) /* has none to run */
#define KCORO_CPU_HOGGED	(1U << 2) /* a task that lost the queue runs on */

struct kcoro_cpu_info {
	__u32 cpu;
	__u32 flags;		/* KCORO_CPU_* */
	__u32 queued;		/* tasks that wait for it */
	__u32 workers;		/* its worker threads */
	__u32 spares;		/* of them idle, beside the owner of the queue */
	__u32 workers_max;	/* most there ever were */
	__u64 switches;		/* times it was given to a task */
	__u64 run_ns;		/* time in tasks */
	__u64 idle_ns;		/* time without any */
	__u64 steals;		/* tasks taken from other CPUs */
	__u64 handovers;
	__u64 no_spare;
	__u64 hogs;
	__u64 created;		/* workers made */
	__u64 reaped;		/* workers ended for want of work */
	__u64 failed;		/* workers that could not be made */
};

struct kcoro_cpus {
	__u64 cpus;
	__u32 count;
	__u32 total;
};

/*
 * KCORO_IOC_BODIES - list the bodies that are registered
 * On: a context.
 * @bodies: array of @count struct kcoro_body_info to fill; may be 0 if @count is
 * @count: in: room; out: number filled
 * @total: out: number registered
 */
struct kcoro_body_info {
	char name[KCORO_NAME_MAX];
	char help[KCORO_HELP_MAX];
	__u32 stack_min;	/* bytes */
	__u32 fds_min;		/* descriptors it wants at least */
	__u32 fds_max;		/* and takes at most */
	__u32 pad;
};

struct kcoro_bodies {
	__u64 bodies;
	__u32 count;
	__u32 total;
};

/*
 * KCORO_IOC_SPAWN - start tasks
 * On: a context, or a group. Returns 0 if at least one task was started: see
 * @spawned, and @error, which is one of those below if they are fewer than @count.
 *
 * What a task spawns in its turn belongs to the context, and counts in its
 * limits; it leaves no exit record, and is in no group.
 *
 * In a group that has as many tasks as it may, the call waits for one of them to
 * end, for each task that it starts.
 *
 * E2BIG @arg_len over arg_max; EAGAIN tasks_max reached; EBADF a bad entry in
 * @fds; EDQUOT tasks_user_max or tasks_ctx_max reached; EFAULT; EINVAL an
 * unknown flag, a non-zero pad, a name that is empty or without end, a stack
 * under the body's minimum or over stack_max, @count 0 or over spawn_max, a
 * number of @fds or an argument that the body does not take; ELOOP a context,
 * task or group descriptor among @fds; EMFILE; ENOENT no such body, nor a module
 * kcoro-body-NAME that the caller may have loaded; ENOMEM; EOPNOTSUPP a file
 * that this body cannot use; ESHUTDOWN the context was killed; EACCES a file
 * not open for what the body does with it; ENODEV @cpu is offline, or not
 * active; EPERM @priority under 0 without CAP_SYS_NICE. EAGAIN with
 * KCORO_SPAWN_THREAD: as many tasks as may have threads of their own. On a group:
 * EAGAIN it is full, and its descriptor O_NONBLOCK; ECANCELED it was cancelled;
 * EINTR. With a bubble: EBUSY it runs, or is over; EOPNOTSUPP with
 * KCORO_SPAWN_PIN or _THREAD.
 */
#define KCORO_SPAWN_FD		(1U << 0) /* give a descriptor for each task */
#define KCORO_SPAWN_NO_EXIT	(1U << 1) /* no exit record in context or group */
#define KCORO_SPAWN_PIN		(1U << 2) /* only on @cpu */
#define KCORO_SPAWN_THREAD	(1U << 3) /* on a kernel thread of its own */
#define KCORO_SPAWN_FLAGS	(KCORO_SPAWN_FD | KCORO_SPAWN_NO_EXIT |	\
				 KCORO_SPAWN_PIN | KCORO_SPAWN_THREAD)

/* As nice(2) values: the lower, the earlier. Under 0: needs CAP_SYS_NICE. */
#define KCORO_PRIORITY_MIN	-4
#define KCORO_PRIORITY_MAX	3

struct kcoro_spawn {
	char body[KCORO_NAME_MAX];
	char name[KCORO_NAME_MAX]; /* empty: the body's */
	__u64 arg;		/* address of the argument, or 0 */
	__u64 fds;		/* address of __s32[nr_fds], or 0 */
	__u32 arg_len;
	__u32 nr_fds;
	__u32 flags;		/* KCORO_SPAWN_* */
	__u32 stack_size;	/* bytes; 0: the default */
	__u32 count;		/* how many tasks */
	__u32 spawned;		/* out: how many were started */
	__u64 ids;		/* address of __u64[count] to fill, or 0 */
	__u64 task_fds;		/* with KCORO_SPAWN_FD: of __s32[count] to fill */
	__s64 deadline_ns;	/* the task is cancelled then; 0: never */
	__s32 error;		/* out: 0, or a negative errno: why not all */
	__s32 priority;		/* KCORO_PRIORITY_MIN .. MAX; 0: the default */
	__u32 cpu;		/* with KCORO_SPAWN_PIN */
	__u32 pad;
};

/*
 * The end of a task: read(2) from its descriptor (any number of times), or,
 * for tasks without one, from the context's or group's, in order of exit, as many
 * whole records as fit: EMSGSIZE if not even one does. A context or group gives 0
 * when it has no record and no task that could leave one.
 */
#define KCORO_EXIT_RETURNED	0 /* its body returned, @error tells how */
#define KCORO_EXIT_CANCELED	1 /* by a request: KCORO_KILL_ONCE, a group */
#define KCORO_EXIT_DEADLINE	2 /* cancelled by its deadline */
#define KCORO_EXIT_KILLED	3 /* its context ended, or KCORO_IOC_KILL */
#define KCORO_EXIT_FAULT	4 /* it crashed; the kernel log has the report */

struct kcoro_exit {
	__u64 id;
	__s64 result;		/* what the body returned */
	__s32 error;		/* 0 or a negative errno */
	__u32 reason;		/* KCORO_EXIT_* */
	__u64 switches;		/* times it was given a CPU */
	__u32 data_len;		/* bytes used of @data */
	__u32 pad;
	char name[KCORO_NAME_MAX];
	char message[KCORO_MESSAGE_MAX]; /* says what @error is about */
	__u8 data[KCORO_RESULT_MAX];	 /* what the body gives besides */
};

/*
 * KCORO_IOC_CHAN_CREATE - make a channel
 * On: a context.
 * EINVAL an unknown flag, a size or capacity over the limit, a carrier of elements;
 * EDQUOT chans_ctx_max reached; EMFILE; ENFILE; ENOMEM; ESHUTDOWN.
 */
#define KCORO_CHAN_BOTH		(1U << 0) /* one descriptor, both rights */
#define KCORO_CHAN_NONBLOCK	(1U << 1) /* O_NONBLOCK on the descriptors */
#define KCORO_CHAN_CARRIER	(1U << 2) /* of buffers, which may carry ends */
#define KCORO_CHAN_FLAGS	(KCORO_CHAN_BOTH | KCORO_CHAN_NONBLOCK | \
				 KCORO_CHAN_CARRIER)

struct kcoro_chan_create {
	__u32 elem_size;	/* bytes; 0: buffers */
	__u32 buf_max;		/* of a channel of buffers; 0: buf_max of INFO */
	__u32 capacity;		/* messages; 0: unbuffered */
	__u32 flags;		/* KCORO_CHAN_* */
	__s32 send_fd;		/* out */
	__s32 recv_fd;		/* out; with KCORO_CHAN_BOTH equal to send_fd */
	__u64 id;		/* out */
};

/*
 * KCORO_IOC_SEND, KCORO_IOC_RECV - move up to @count messages
 * On: a channel's sending (receiving) end.
 *
 * SEND waits until all are sent. RECV waits for the first, then takes what is
 * there, or with KCORO_IO_ALL waits for all. Either returns 0 if at least one
 * message moved: see @done. RECV with @done 0 is end of stream.
 *
 * EAGAIN would block, and the descriptor is O_NONBLOCK or KCORO_IO_NOWAIT is
 * set; EBADF not this end; EFAULT; EINTR; EINVAL; EMSGSIZE a message of a
 * wrong size, or a buffer too small: nothing is lost, @iov's entry of that
 * message tells its length; EPIPE closed, or nobody can receive; ETIMEDOUT.
 */
#define KCORO_IO_ALL		(1U << 0)
#define KCORO_IO_NOWAIT		(1U << 1)
#define KCORO_IO_FLAGS		(KCORO_IO_ALL | KCORO_IO_NOWAIT)

struct kcoro_iov {
	__u64 addr;
	__u32 len;		/* in: bytes there; out of RECV: the message's */
	__u32 pad;
};

struct kcoro_io {
	__u64 iov;		/* address of struct kcoro_iov[count] */
	__u32 count;
	__u32 flags;		/* KCORO_IO_* */
	__s64 deadline_ns;
	__u32 done;		/* out: messages moved */
	__u32 pad;
};

/*
 * KCORO_IOC_CARRY_SEND, KCORO_IOC_CARRY_RECV - move a message that carries ends
 * On: the sending (receiving) end of a channel made with KCORO_CHAN_CARRIER.
 *
 * The message holds the ends behind the sender's descriptors, which stay the
 * sender's. The receiver gets descriptors of its own, close-on-exec. As long as
 * the message is in the channel its ends count as held; they go with it when the last
 * receiver does. read(2), RECV and SELECT drop the ends of a message. RECV with @len
 * 0 is end of stream.
 *
 * EAGAIN would block, and the descriptor is O_NONBLOCK or KCORO_IO_NOWAIT is
 * set; EBADF not this end, or a descriptor that is no channel's; EFAULT; EINTR; EINVAL
 * the channel is no carrier, an unknown flag, over KCORO_CARRY_MAX descriptors; ELOOP an
 * end of a carrier; EMFILE, ENFILE; EMSGSIZE a message of a wrong size, too little room
 * for it or for its ends: nothing is lost; ENOMEM; EPIPE; ETIMEDOUT; EXDEV an end of
 * another context's channel.
 */
#define KCORO_CARRY_MAX		8

struct kcoro_carry {
	__u64 addr;		/* of the message */
	__u32 len;		/* in: bytes there; out of RECV: the message's */
	__u32 flags;		/* KCORO_IO_NOWAIT */
	__s64 deadline_ns;
	__u32 nr_fds;		/* in: of SEND, those to carry; of RECV, room; out */
	__u32 pad;
	__s32 fds[KCORO_CARRY_MAX];
};

/*
 * KCORO_IOC_SELECT - wait for the first of several cases
 * On: a context. Exactly one case is carried out; @index tells which.
 *
 *	op		@fd		ready if		then
 *	KCORO_OP_SEND	sending end	poll(2) says POLLOUT	sends what is at
 *								@addr
 *	KCORO_OP_RECV	receiving end	poll(2) says POLLIN	receives to @addr
 *	KCORO_OP_JOIN	a task		it has ended		read(2) from @fd
 *								tells how
 *	KCORO_OP_POLL	any that can	it has one of the	@len is those that
 *			be polled	events (POLL*) in @len,	it has
 *					POLLERR or POLLHUP
 *
 * A case that can never proceed any more is ready: a receive with @len 0 (end
 * of stream), a send with @error -EPIPE. With several ready one is drawn at
 * random, or with KCORO_SELECT_PRIORITY the first in order is taken. A case
 * with a negative @fd is never ready. A file that was ready may not be any more
 * when the call returns, if others use it too.
 *
 * EAGAIN none ready and KCORO_SELECT_NOWAIT; EBADF @fd is not open, or neither
 * the end nor the task that its case needs; EFAULT; EINTR; EINVAL; EMSGSIZE;
 * ENOMEM; EOPNOTSUPP a file that cannot be polled, or has more wait queues than
 * four; ETIMEDOUT. After an error no case was carried out, with one exception:
 * if the argument can be written when the call begins and not when it ends
 * (another thread has unmapped it), EFAULT may come after a send.
 */
#define KCORO_OP_SEND		1
#define KCORO_OP_RECV		2
#define KCORO_OP_JOIN		4
#define KCORO_OP_POLL		5

#define KCORO_SELECT_PRIORITY	(1U << 0)
#define KCORO_SELECT_NOWAIT	(1U << 1)
#define KCORO_SELECT_FLAGS	(KCORO_SELECT_PRIORITY | KCORO_SELECT_NOWAIT)

struct kcoro_case {
	__s32 fd;
	__u32 op;		/* KCORO_OP_* */
	__u64 addr;		/* JOIN, POLL: 0 */
	__u32 len;		/* in: bytes at addr; out: the message's.
				 * JOIN: 0. POLL: events
				 */
	__u32 pad;
};

struct kcoro_select {
	__u64 cases;		/* address of struct kcoro_case[count] */
	__u32 count;
	__u32 flags;		/* KCORO_SELECT_* */
	__s64 deadline_ns;
	__u32 index;		/* out: the case that was carried out */
	__s32 error;		/* out: 0 or -EPIPE */
};

/*
 * KCORO_IOC_CLOSE - close a channel for good, for all who hold it
 * On: a channel's sending end. No argument.
 * Queued messages can still be received, then receivers see end of stream;
 * senders get EPIPE. EALREADY it was closed before; EBADF not a sending end.
 */

/*
 * KCORO_IOC_LIST - list tasks in order of id
 * On: a context.
 * @tasks: array of @count struct kcoro_task_info to fill
 * @after: only tasks with an id over this one
 * @scope: KCORO_SCOPE_*
 * EINVAL; EFAULT; EPERM KCORO_SCOPE_ALL without CAP_SYS_ADMIN.
 */
#define KCORO_SCOPE_CTX		0 /* this context's */
#define KCORO_SCOPE_USER	1 /* of all contexts opened by the caller's user */
#define KCORO_SCOPE_ALL		2 /* everybody's */

#define KCORO_TASK_READY	0 /* waits for a CPU */
#define KCORO_TASK_RUNNING	1 /* has one, or is blocked in kernel code */
#define KCORO_TASK_PARKED	2 /* waits: see @wait */
#define KCORO_TASK_EXITED	3 /* its exit record was not read yet */

#define KCORO_WAIT_NONE		0
#define KCORO_WAIT_SLEEP	1
#define KCORO_WAIT_SEND		2
#define KCORO_WAIT_RECV		3
#define KCORO_WAIT_SELECT	4
#define KCORO_WAIT_JOIN		5
#define KCORO_WAIT_POLL		6 /* a file to become readable or writable */
#define KCORO_WAIT_EVENT	7 /* something in kernel code */
#define KCORO_WAIT_MUTEX	8 /* from here on: see <linux/kcoro_sync.h> */
#define KCORO_WAIT_RWLOCK	9
#define KCORO_WAIT_SEM		10
#define KCORO_WAIT_COND		11
#define KCORO_WAIT_WAITGROUP	12
#define KCORO_WAIT_ONCE		13
#define KCORO_WAIT_BARRIER	14
#define KCORO_WAIT_PUT		15 /* into a queue */
#define KCORO_WAIT_GET		16
#define KCORO_WAIT_DRAIN	17 /* of a queue */
#define KCORO_WAIT_QUIET	18 /* all others in its bubble to wait */

struct kcoro_task_info {
	__u64 id;
	__u64 ctx;		/* id of its context */
	__u64 parent;		/* id of the task that spawned it, or 0 */
	__u64 switches;
	__u64 age_ns;		/* since it was spawned */
	__u64 mem_bytes;	/* stack and bookkeeping */
	__u64 run_ns;		/* time on a CPU */
	__u64 waits;		/* times it parked */
	__u64 wakes;		/* tasks and threads that it woke */
	__u64 steals;		/* times another CPU took it over */
	__u64 handovers;	/* times it blocked, and its CPU passed on */
	__u64 hogs;		/* times it lost its CPU's queue as it went on */
	__u32 state;		/* KCORO_TASK_* */
	__u32 wait;		/* KCORO_WAIT_* */
	__u32 cpu;		/* where it ran last */
	__u32 stack_size;
	__u32 stack_used;	/* high-water mark, bytes; 0: not known */
	__u32 uid;		/* of the context's opener, as the caller sees it */
	__s32 pid;		/* likewise; 0: none, or not visible */
	__s32 priority;
	__s32 pin;		/* CPU it is pinned to, or -1 */
	__u32 flags;		/* KCORO_TASK_F_* */
	char name[KCORO_NAME_MAX];
	char body[KCORO_NAME_MAX]; /* empty: spawned by @parent */
	char comm[16];		/* of the context's opener */
};

#define KCORO_TASK_F_AWAY	(1U << 0) /* the CPU it is pinned to is offline */
#define KCORO_TASK_F_HOG	(1U << 1) /* goes on without its CPU's queue */
#define KCORO_TASK_F_THREAD	(1U << 2) /* has a kernel thread of its own */

struct kcoro_list {
	__u64 tasks;
	__u64 after;
	__u32 count;		/* in: room; out: number filled */
	__u32 scope;
};

/*
 * KCORO_IOC_KILL - cancel tasks
 * On: a context.
 * @id: the task, or 0 for every task within @scope
 * @flags: without KCORO_KILL_ONCE every further wait of the task fails with
 *         ECANCELED; with it only the next one. KCORO_KILL_CONTEXTS (@id 0):
 *         the contexts within @scope themselves end; they take no new tasks.
 * @killed: out: number of tasks asked to end
 * EINVAL; EPERM KCORO_SCOPE_ALL without CAP_SYS_ADMIN; ESRCH no such task
 * within @scope.
 */
#define KCORO_KILL_ONCE		(1U << 0)
#define KCORO_KILL_CONTEXTS	(1U << 1)
#define KCORO_KILL_FLAGS	(KCORO_KILL_ONCE | KCORO_KILL_CONTEXTS)

struct kcoro_kill {
	__u64 id;
	__u32 scope;
	__u32 flags;
	__u64 killed;
};

/*
 * KCORO_IOC_OPTIONS - set what holds for a whole context
 * On: a context.
 * KCORO_CTX_DETACHED: it outlives the process that opened it, as long as some
 * process holds its descriptor. Cleared after that process's exit, it ends.
 * KCORO_CTX_DEADLK: where the kernel finds of itself that nobody can wake some of
 * its tasks any more (KCORO_IOC_LEAKS), it ends their waits with EDEADLK.
 * EINVAL; an absent flag is cleared.
 */
#define KCORO_CTX_DETACHED	(1U << 0)
#define KCORO_CTX_DEADLK	(1U << 1)
#define KCORO_CTX_FLAGS		(KCORO_CTX_DETACHED | KCORO_CTX_DEADLK)

struct kcoro_options {
	__u32 flags;
	__u32 pad;
};

/*
 * KCORO_IOC_SET - change how tasks are scheduled
 * On: a context; or a task's descriptor, with @id 0 and @scope 0.
 * @id: the task
 * @scope: where it may be: KCORO_SCOPE_*
 * @which: KCORO_SET_*; what is not named stays
 * @priority: KCORO_PRIORITY_MIN .. MAX
 * @cpu: pin to it, or -1: to none
 * It holds from the task's next turn on.
 * EINVAL; ENODEV @cpu is offline, or not active; EOPNOTSUPP to pin a task that
 * has a thread of its own; EPERM a @priority under 0, or under the task's,
 * without CAP_SYS_NICE, or KCORO_SCOPE_ALL without CAP_SYS_ADMIN; ESRCH no
 * such task within @scope, or it has ended.
 */
#define KCORO_SET_PRIORITY	(1U << 0)
#define KCORO_SET_CPU		(1U << 1)
#define KCORO_SET_FLAGS		(KCORO_SET_PRIORITY | KCORO_SET_CPU)

struct kcoro_set {
	__u64 id;
	__u32 scope;
	__u32 which;
	__s32 priority;
	__s32 cpu;
};

/*
 * KCORO_IOC_LEAKS - find tasks that wait, and that nobody can wake any more
 * On: a context.
 * A task is found if it waits without a deadline to receive from, or to send to,
 * a channel, for an event, a semaphore or a queue, for the end of a task, or for the
 * first of several of these, and if nobody but such tasks holds the channel's other
 * end, a descriptor of the object, or is the task. A task that waits for something
 * else is not, nor one that shares a group that ends with its first failure, or has
 * a child, with one that is not. What is found is so, and stays so unless somebody
 * cancels the task; who holds ends in tasks outside of @scope is taken for able to
 * wake.
 *
 * The kernel looks for itself, a while after the last descriptor of a channel that
 * tasks hold was closed, unless module parameter leak_check is off. It says what it
 * finds in its log (the first leak_warnings times), as trace event kcoro_leak, and
 * by POLLPRI of the context's descriptor, until this call.
 *
 * @leaks: address of struct kcoro_leak[@count], filled in order of id
 * @count: in: room; out: number filled
 * @scope: whose: KCORO_SCOPE_*
 * @flags: KCORO_LEAKS_END: the waits of those that are filled in fail with EDEADLK
 * @total: out: number found
 * EFAULT; EINTR; EINVAL; ENOMEM; EPERM KCORO_SCOPE_ALL without CAP_SYS_ADMIN.
 */
#define KCORO_LEAKS_END		(1U << 0)
#define KCORO_LEAKS_FLAGS	(KCORO_LEAKS_END)

struct kcoro_leak {
	__u64 id;
	__u64 ctx;		/* id of its context */
	__u64 on;		/* id of the channel, task and so on, or of the first */
	__u32 wait;		/* KCORO_WAIT_*: tells what @on is, unless a select */
	__u32 sources;		/* how many it waits for */
	char on_kind[16];	/* "channel", "task", "event", "semaphore", "queue" */
	char name[KCORO_NAME_MAX];
};

struct kcoro_leaks {
	__u64 leaks;
	__u32 count;
	__u32 scope;
	__u32 flags;		/* KCORO_LEAKS_* */
	__u32 total;
};

/*
 * KCORO_IOC_TASK - the state of one task
 * On: a task's descriptor. Fills a struct kcoro_task_info.
 */

/*
 * KCORO_IOC_GROUP_CREATE - make a group
 * On: a context; or a group, which the new one becomes a part of: what is said of a
 * group's tasks holds for those of the groups in it, if not told otherwise.
 * @limit: most tasks at a time, without those of groups in it; 0: any number
 * EINVAL; ECANCELED the group that it would be in was cancelled; EDQUOT
 * groups_ctx_max reached; EMFILE; ENFILE; ENOMEM; ESHUTDOWN.
 *
 * A task fails if it ends with an error other than ECANCELED. A group counts until
 * it is closed, its tasks have ended, and the groups in it are gone too.
 */
#define KCORO_GROUP_FAIL_FAST	(1U << 0) /* the first that fails ends the others */
#define KCORO_GROUP_NONBLOCK	(1U << 1) /* O_NONBLOCK on the descriptor */
#define KCORO_GROUP_FLAGS	(KCORO_GROUP_FAIL_FAST | KCORO_GROUP_NONBLOCK)

struct kcoro_group_create {
	__u32 flags;		/* KCORO_GROUP_* */
	__u32 limit;
	__s32 fd;		/* out */
	__u32 pad;
	__u64 id;		/* out */
};

/*
 * KCORO_IOC_GROUP_WAIT - wait for a group's tasks, and tell how they fare
 * On: a group. Does not wait if there are none. Once it was cancelled @why tells
 * the reason, and @by the task that failed; 0: a program cancelled or closed it.
 * EAGAIN would block, and the descriptor is O_NONBLOCK; EINTR; EINVAL; ETIMEDOUT.
 * EAGAIN and ETIMEDOUT fill the argument as well: with a deadline in the past this
 * is a question.
 */
#define KCORO_UNTIL_ENDED	0 /* all have ended */
#define KCORO_UNTIL_FAILED	1 /* one has failed, or all have ended */

#define KCORO_GROUP_LIVE	0
#define KCORO_GROUP_CANCELED	1 /* it takes no new tasks: see @why */

struct kcoro_group_wait {
	__s64 deadline_ns;
	__u32 until;		/* KCORO_UNTIL_* */
	__u32 live;		/* out: tasks that have not ended */
	__u64 failed;		/* out: how many have failed so far */
	__u64 id;		/* out: of the first that failed, or 0 */
	char name[KCORO_NAME_MAX]; /* out: its name */
	__s32 error;		/* out: its error, or 0 */
	__u32 state;		/* out: KCORO_GROUP_LIVE, _CANCELED */
	__u64 by;		/* out: id of the task that ended the others, or 0 */
	char why[KCORO_CAUSE_MAX]; /* out: what was said then */
};

/*
 * KCORO_IOC_GROUP_CANCEL - cancel a group's tasks
 * On: a group. It takes no new tasks and groups any more, and no wait for a place
 * succeeds. Each task gets one cancel request, as by KCORO_KILL_ONCE.
 * @why: for the message of their exit records, unless their bodies have another;
 *	may be empty
 * EALREADY it was cancelled before; EINVAL @why has no end.
 */
struct kcoro_group_cancel {
	char why[KCORO_CAUSE_MAX];
};

/*
 * KCORO_IOC_GROUP_FAILED - the exit record of a task that failed
 * On: a group. Whether or not the record was read otherwise; without those of
 * groups in it.
 * @nth: from 0, in the order in which they did
 * EINVAL; ENOENT so many did not fail, or @nth is not under KCORO_GROUP_FAILED_MAX.
 */
#define KCORO_GROUP_FAILED_MAX	64 /* more are only counted */

struct kcoro_group_failed {
	__u32 nth;
	__u32 pad;
	struct kcoro_exit exit;	/* out */
};

/*
 * KCORO_IOC_EVENT_CREATE - make an event: something has happened, until it is cleared
 * On: a context. A task that is given the descriptor waits for it if its body says
 * so: KCORO_IOC_BODIES.
 * EINVAL; EDQUOT syncs_ctx_max reached; EMFILE; ENFILE; ENOMEM; ESHUTDOWN.
 */
#define KCORO_EVENT_SET		(1U << 0) /* it is set from the beginning */
#define KCORO_EVENT_NONBLOCK	(1U << 1) /* O_NONBLOCK on the descriptor */
#define KCORO_EVENT_FLAGS	(KCORO_EVENT_SET | KCORO_EVENT_NONBLOCK)

struct kcoro_event_create {
	__u32 flags;		/* KCORO_EVENT_* */
	__s32 fd;		/* out */
	__u64 id;		/* out */
};

/*
 * KCORO_IOC_EVENT_SET, KCORO_IOC_EVENT_CLEAR - it has happened; it may happen again
 * On: an event. No argument. Setting it wakes all who wait, also if it is cleared
 * before they run. Either may be done any number of times.
 */

/*
 * KCORO_IOC_EVENT_WAIT - wait until an event is set
 * On: an event. With a deadline in the past this is a question.
 * EAGAIN would block, and the descriptor is O_NONBLOCK; EINTR; ESHUTDOWN the context
 * has ended; ETIMEDOUT.
 */
struct kcoro_event_wait {
	__s64 deadline_ns;
};

/*
 * KCORO_IOC_SEM_CREATE - make a semaphore: so many units to take and give back
 * On: a context. A task that is given the descriptor takes units if its body says
 * so: KCORO_IOC_BODIES.
 * @count: units that are there at first
 * @max: most that may ever be, 1 to KCORO_SEM_UNITS_MAX, and at least @count
 * EINVAL; EDQUOT syncs_ctx_max reached; EMFILE; ENFILE; ENOMEM; ESHUTDOWN.
 */
#define KCORO_SEM_UNITS_MAX	0x7fffffff

#define KCORO_SEM_NONBLOCK	(1U << 0) /* O_NONBLOCK on the descriptor */
#define KCORO_SEM_FLAGS		(KCORO_SEM_NONBLOCK)

struct kcoro_sem_create {
	__u32 count;
	__u32 max;
	__u32 flags;		/* KCORO_SEM_* */
	__s32 fd;		/* out */
	__u64 id;		/* out */
};

/*
 * KCORO_IOC_SEM_ACQUIRE - take units, all @n at once
 * On: a semaphore. First come, first served: who wants fewer does not overtake who
 * wants more.
 * EAGAIN would block, and the descriptor is O_NONBLOCK; EINTR; EINVAL @n is 0 or over
 * the semaphore's @max; ESHUTDOWN the context has ended; ETIMEDOUT. None were taken.
 */
struct kcoro_sem_acquire {
	__u32 n;
	__u32 pad;
	__s64 deadline_ns;
};

/*
 * KCORO_IOC_SEM_RELEASE - give units back
 * On: a semaphore. Units are nobody's: they need not be those that the caller took,
 * and those of one who dies stay taken until somebody gives them back.
 * EINVAL @n is 0; EOVERFLOW there would be more than @max. None were given back.
 */
struct kcoro_sem_release {
	__u32 n;
	__u32 pad;
};

/*
 * KCORO_IOC_QUEUE_CREATE - make a queue: work, and when all of it is done
 * On: a context. A task that is given the descriptor uses it if its body says so:
 * KCORO_IOC_BODIES.
 *
 * One write(2) puts an element, one read(2) gets one, as PUT and GET without a
 * deadline do. First in, first out; with KCORO_QUEUE_PRIORITY an element begins with
 * an __s64, and the lowest is the first, of equals the one that was put first.
 * @elem_size: bytes, 1 to elem_max; 8 at least with KCORO_QUEUE_PRIORITY
 * @capacity: elements, 1 to capacity_max; put waits while it is full
 * EINVAL; EDQUOT syncs_ctx_max reached; EMFILE; ENFILE; ENOMEM; ESHUTDOWN.
 */
#define KCORO_QUEUE_PRIORITY	(1U << 0)
#define KCORO_QUEUE_NONBLOCK	(1U << 1) /* O_NONBLOCK on the descriptor */
#define KCORO_QUEUE_FLAGS	(KCORO_QUEUE_PRIORITY | KCORO_QUEUE_NONBLOCK)

struct kcoro_queue_create {
	__u32 elem_size;
	__u32 capacity;
	__u32 flags;		/* KCORO_QUEUE_* */
	__s32 fd;		/* out */
	__u64 id;		/* out */
};

/*
 * KCORO_IOC_QUEUE_PUT, KCORO_IOC_QUEUE_GET - put an element in; get one
 * On: a queue.
 * EAGAIN would block, and the descriptor is O_NONBLOCK; EFAULT; EINTR; EINVAL;
 * EMSGSIZE @len is not the elements' size, or for GET less; ENOMEM; ESHUTDOWN it was
 * shut down, or its context has ended (GET: and it is empty); ETIMEDOUT. Nothing was
 * put, or is lost: what GET cannot write to @addr is the first in the queue again.
 */
struct kcoro_queue_io {
	__u64 addr;
	__u32 len;		/* bytes there */
	__u32 pad;
	__s64 deadline_ns;
};

/*
 * KCORO_IOC_QUEUE_DONE - an element that was got has been dealt with
 * On: a queue. No argument. By whoever: for one who died with an element, by one who
 * learned of that.
 * EINVAL so have all that were put.
 */

/*
 * KCORO_IOC_QUEUE_JOIN - wait until all that was put has been dealt with
 * On: a queue.
 * EAGAIN would block, and the descriptor is O_NONBLOCK; EINTR; ESHUTDOWN the context
 * has ended; ETIMEDOUT.
 */
struct kcoro_queue_join {
	__s64 deadline_ns;
};

/*
 * KCORO_IOC_QUEUE_SHUTDOWN - let nothing be put any more
 * On: a queue. What is in it can still be got, or with KCORO_QUEUE_IMMEDIATE is
 * discarded, and counts as dealt with. Then who gets, or waits for that, has
 * ESHUTDOWN.
 * EALREADY it was before, and there is nothing to discard; EINVAL.
 */
#define KCORO_QUEUE_IMMEDIATE	(1U << 0)

struct kcoro_queue_shutdown {
	__u32 flags;		/* KCORO_QUEUE_IMMEDIATE */
	__u32 pad;
};

/*
 * KCORO_IOC_BUBBLE - from now on the context's tasks are in a bubble
 * On: a context that has no task, nor an exit record that was not read. Channels,
 * groups, events and so on may be there.
 * @seed: what the order of the tasks, and of the cases of their selects, is drawn from
 * @steps_max: how many steps are kept, for RUN: 0 to KCORO_STEPS_MAX
 * @flags: 0
 *
 * Tasks that are started are held until KCORO_IOC_BUBBLE_RUN: what they do before
 * they first wait included. Their deadlines are by the bubble's clock, which begins
 * at KCORO_BUBBLE_EPOCH. A task with KCORO_SPAWN_PIN or _THREAD is EOPNOTSUPP, and
 * nobody waits for a place in a full group: EAGAIN. What was sent before is there, and
 * a KCORO_IOC_KILL of a task that is held is done before it begins. LIST shows those
 * that are held as ready.
 * EAGAIN as many bubbles, and tasks with threads of their own, as may be; EALREADY it
 * has a bubble; EBUSY it has tasks, or exit records; EINTR killed; EINVAL; ENOMEM;
 * ESHUTDOWN the context was killed.
 */
#define KCORO_STEPS_MAX		65536

#define KCORO_BUBBLE_EPOCH	1000000000LL /* its clock as it begins, nanoseconds */

struct kcoro_bubble_create {
	__u64 seed;
	__u32 steps_max;
	__u32 flags;
};

/*
 * KCORO_IOC_BUBBLE_RUN - run a context's bubble, and tell how it ended
 * On: a context. It is run once, and starts no other task: SPAWN gives EBUSY from
 * now on. Who calls this while it runs waits for its end, and who calls it
 * afterwards is told the same.
 *
 * It is over when its tasks have ended, those that they spawned included. It fails,
 * which @error and @message tell, and its tasks are killed, if
 *	EDEADLK	all wait, and nothing would wake them; @message says for what
 *	EXDEV	one was woken, killed or cancelled from outside, as by a thread that
 *		sends: that does not follow from the seed
 *	EPERM	one made a native call, as those that read and write files do, or
 *		blocked in kernel code
 *	EFAULT	one crashed
 *	ESHUTDOWN the context was killed: closed, its opener has exited, or by KILL
 * Threads may receive what is there, and poll; a thread that waits for a task is no
 * part of the bubble.
 *
 * It is the context's, as tasks are: it goes on if the call ends early, and ends with
 * the context.
 * @deadline_ns: by CLOCK_MONOTONIC: how long to wait for its end
 * @steps: address of struct kcoro_step[@count] to fill with the first steps
 * @count: in: room; out: number filled
 * @error: out: 0, or a negative errno: how it failed
 * @time_ns: out: that passed in it
 * @nr_steps: out: how many it took, whether or not they were kept
 * @digest: out: of all steps: two runs that differ in one differ in this
 * @message: out: why it failed, in words
 * EAGAIN it is not over, and the descriptor is O_NONBLOCK; EFAULT; EINTR; EINVAL;
 * ENOENT the context has no bubble; ETIMEDOUT it is not over.
 */
#define KCORO_STEP_SPAWN	0 /* it was started, by the task @by */
#define KCORO_STEP_WAKE		1 /* it was woken, by the task @by; 0: the clock */
#define KCORO_STEP_YIELD	2 /* it ran, and gave its turn away */
#define KCORO_STEP_PARK		3 /* it ran, and waits now; @wait says for what */
#define KCORO_STEP_EXIT		4 /* it ran, and has ended */

struct kcoro_step {
	__u64 time;		/* by the bubble's clock */
	__u32 task;		/* numbered from 1, in the order of their start */
	__u32 by;		/* the task that did it, or 0 */
	__u8 kind;		/* KCORO_STEP_* */
	__u8 wait;		/* KCORO_WAIT_* */
	__u8 pad[6];
};

struct kcoro_bubble_run {
	__s64 deadline_ns;
	__u64 steps;
	__u32 count;
	__s32 error;
	__u64 time_ns;
	__u64 nr_steps;
	__u64 digest;
	char message[KCORO_MESSAGE_MAX];
};

#define KCORO_IOC_MAGIC		0xc6
#define KCORO_IOC_INFO		_IOWR(KCORO_IOC_MAGIC, 0, struct kcoro_info)
#define KCORO_IOC_BODIES	_IOWR(KCORO_IOC_MAGIC, 1, struct kcoro_bodies)
#define KCORO_IOC_SPAWN		_IOWR(KCORO_IOC_MAGIC, 2, struct kcoro_spawn)
#define KCORO_IOC_CHAN_CREATE	_IOWR(KCORO_IOC_MAGIC, 3, struct kcoro_chan_create)
#define KCORO_IOC_SEND		_IOWR(KCORO_IOC_MAGIC, 4, struct kcoro_io)
#define KCORO_IOC_RECV		_IOWR(KCORO_IOC_MAGIC, 5, struct kcoro_io)
#define KCORO_IOC_SELECT	_IOWR(KCORO_IOC_MAGIC, 6, struct kcoro_select)
#define KCORO_IOC_CLOSE		_IO(KCORO_IOC_MAGIC, 7)
#define KCORO_IOC_LIST		_IOWR(KCORO_IOC_MAGIC, 8, struct kcoro_list)
#define KCORO_IOC_KILL		_IOWR(KCORO_IOC_MAGIC, 9, struct kcoro_kill)
#define KCORO_IOC_OPTIONS	_IOWR(KCORO_IOC_MAGIC, 10, struct kcoro_options)
#define KCORO_IOC_TASK		_IOWR(KCORO_IOC_MAGIC, 11, struct kcoro_task_info)
#define KCORO_IOC_CPUS		_IOWR(KCORO_IOC_MAGIC, 12, struct kcoro_cpus)
#define KCORO_IOC_SET		_IOWR(KCORO_IOC_MAGIC, 13, struct kcoro_set)
#define KCORO_IOC_GROUP_CREATE	_IOWR(KCORO_IOC_MAGIC, 14, struct kcoro_group_create)
#define KCORO_IOC_GROUP_WAIT	_IOWR(KCORO_IOC_MAGIC, 15, struct kcoro_group_wait)
#define KCORO_IOC_GROUP_CANCEL	_IOWR(KCORO_IOC_MAGIC, 16, struct kcoro_group_cancel)
#define KCORO_IOC_GROUP_FAILED	_IOWR(KCORO_IOC_MAGIC, 17, struct kcoro_group_failed)
#define KCORO_IOC_EVENT_CREATE	_IOWR(KCORO_IOC_MAGIC, 18, struct kcoro_event_create)
#define KCORO_IOC_EVENT_SET	_IO(KCORO_IOC_MAGIC, 19)
#define KCORO_IOC_EVENT_CLEAR	_IO(KCORO_IOC_MAGIC, 20)
#define KCORO_IOC_EVENT_WAIT	_IOWR(KCORO_IOC_MAGIC, 21, struct kcoro_event_wait)
#define KCORO_IOC_SEM_CREATE	_IOWR(KCORO_IOC_MAGIC, 22, struct kcoro_sem_create)
#define KCORO_IOC_SEM_ACQUIRE	_IOWR(KCORO_IOC_MAGIC, 23, struct kcoro_sem_acquire)
#define KCORO_IOC_SEM_RELEASE	_IOWR(KCORO_IOC_MAGIC, 24, struct kcoro_sem_release)
#define KCORO_IOC_QUEUE_CREATE	_IOWR(KCORO_IOC_MAGIC, 25, struct kcoro_queue_create)
#define KCORO_IOC_QUEUE_PUT	_IOWR(KCORO_IOC_MAGIC, 26, struct kcoro_queue_io)
#define KCORO_IOC_QUEUE_GET	_IOWR(KCORO_IOC_MAGIC, 27, struct kcoro_queue_io)
#define KCORO_IOC_QUEUE_DONE	_IO(KCORO_IOC_MAGIC, 28)
#define KCORO_IOC_QUEUE_JOIN	_IOWR(KCORO_IOC_MAGIC, 29, struct kcoro_queue_join)
#define KCORO_IOC_QUEUE_SHUTDOWN _IOWR(KCORO_IOC_MAGIC, 30, struct kcoro_queue_shutdown)
#define KCORO_IOC_LEAKS		_IOWR(KCORO_IOC_MAGIC, 31, struct kcoro_leaks)
#define KCORO_IOC_BUBBLE	_IOWR(KCORO_IOC_MAGIC, 32, struct kcoro_bubble_create)
#define KCORO_IOC_BUBBLE_RUN	_IOWR(KCORO_IOC_MAGIC, 33, struct kcoro_bubble_run)
#define KCORO_IOC_CARRY_SEND	_IOWR(KCORO_IOC_MAGIC, 34, struct kcoro_carry)
#define KCORO_IOC_CARRY_RECV	_IOWR(KCORO_IOC_MAGIC, 35, struct kcoro_carry)

#endif /* _UAPI_LINUX_KCORO_H */
