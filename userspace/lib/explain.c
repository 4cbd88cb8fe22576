// SPDX-License-Identifier: MIT
/*
 * Failures in words: what an errno value means for a call of this interface,
 * and what to do about it. Numbers of limits are asked for only if the text
 * has one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* In a text below: the limit of struct kcoro_info to put there. */
enum limit {
	NO_LIMIT,
	ARG_MAX_BYTES,
	TASKS_MAX,
	TASKS_QUOTA,
	CHANS_CTX_MAX,
	GROUPS_CTX_MAX,
	SYNCS_CTX_MAX,
	SPAWN_LIMITS,
	CHAN_LIMITS,
	SELECT_MAX,
};

struct text {
	int call;
	int err;
	enum limit limit;
	const char *text;
};

static const struct text texts[] = {
	{ KCORO_CALL_OPEN, ENOENT, NO_LIMIT,
	  "there is no " KCORO_DEVICE
	  ": the module is not loaded; load it: modprobe kcoro" },
	{ KCORO_CALL_OPEN, ENODEV, NO_LIMIT,
	  "the module is not loaded; load it: modprobe kcoro" },
	{ KCORO_CALL_OPEN, ENXIO, NO_LIMIT,
	  "the module is not loaded; load it: modprobe kcoro" },
	{ KCORO_CALL_OPEN, EACCES, NO_LIMIT,
	  "no permission for " KCORO_DEVICE
	  ": run as root, or let its group use it: see kcoro(4)" },
	{ KCORO_CALL_OPEN, EPERM, NO_LIMIT,
	  "opening " KCORO_DEVICE
	  " is forbidden here: a container or security policy denies it" },
	{ KCORO_CALL_SPAWN, E2BIG, ARG_MAX_BYTES, "the argument is too long" },
	{ KCORO_CALL_SPAWN, EAGAIN, TASKS_MAX,
	  "the machine has as many tasks, or tasks with threads of their own, as it may: wait for some to end, or raise tasks_max or threads_max" },
	{ KCORO_CALL_SPAWN, EBADF, NO_LIMIT,
	  "one of the descriptors is not open" },
	{ KCORO_CALL_SPAWN, EDQUOT, TASKS_QUOTA,
	  "too many tasks: wait for some to end and read their exits, or raise the limit" },
	{ KCORO_CALL_SPAWN, EFAULT, NO_LIMIT,
	  "the argument, a descriptor list or a result list is not in memory" },
	{ KCORO_CALL_SPAWN, EINVAL, SPAWN_LIMITS,
	  "the body does not take this argument, this number of descriptors or this stack size: kcoro bodies tells what it takes" },
	{ KCORO_CALL_SPAWN, ELOOP, NO_LIMIT,
	  "a context, a task or a group cannot be given to a task" },
	{ KCORO_CALL_SPAWN, EMFILE, NO_LIMIT,
	  "no descriptor is left for the task: raise ulimit -n, or start it without one" },
	{ KCORO_CALL_SPAWN, ENOENT, NO_LIMIT,
	  "there is no such body, nor a module for it that you can have loaded: kcoro bodies lists those that are there" },
	{ KCORO_CALL_SPAWN, ENOMEM, NO_LIMIT, "memory for stacks ran out" },
	{ KCORO_CALL_SPAWN, EOPNOTSUPP, NO_LIMIT,
	  "the body cannot use this file: only regular files, pipes, sockets and terminals can be used in the kernel" },
	{ KCORO_CALL_SPAWN, ESHUTDOWN, NO_LIMIT,
	  "the context was killed: open a new one" },
	{ KCORO_CALL_SPAWN, EACCES, NO_LIMIT,
	  "a file is not open for what the body does with it" },
	{ KCORO_CALL_SPAWN, ENODEV, NO_LIMIT,
	  "that CPU is offline, or runs no tasks: kcoro cpus lists those that do" },
	{ KCORO_CALL_SPAWN, EPERM, NO_LIMIT,
	  "a priority under 0 needs CAP_SYS_NICE: run as root" },
	{ KCORO_CALL_SPAWN, EBUSY, NO_LIMIT,
	  "the context's bubble was run: it takes no new tasks" },
	{ KCORO_CALL_SPAWN, ECANCELED, NO_LIMIT,
	  "the group was canceled: it takes no new tasks" },
	{ KCORO_CALL_CHAN, EINVAL, CHAN_LIMITS,
	  "the message size or the capacity is over the limit" },
	{ KCORO_CALL_CHAN, EDQUOT, CHANS_CTX_MAX,
	  "the context has as many channels as it may: close some" },
	{ KCORO_CALL_CHAN, EMFILE, NO_LIMIT,
	  "no descriptor is left: raise ulimit -n" },
	{ KCORO_CALL_CHAN, ENFILE, NO_LIMIT,
	  "the machine has no file left: raise fs.file-max" },
	{ KCORO_CALL_CHAN, ESHUTDOWN, NO_LIMIT,
	  "the context was killed: open a new one" },
	{ KCORO_CALL_SEND, EPIPE, NO_LIMIT,
	  "the channel is closed, or nobody can receive any more" },
	{ KCORO_CALL_SEND, EBADF, NO_LIMIT,
	  "not the sending end of a channel" },
	{ KCORO_CALL_SEND, EMSGSIZE, NO_LIMIT,
	  "the channel does not take messages of this length" },
	{ KCORO_CALL_RECV, EBADF, NO_LIMIT,
	  "not the receiving end of a channel" },
	{ KCORO_CALL_RECV, EMSGSIZE, NO_LIMIT,
	  "the message is longer than the buffer; it was left in the channel" },
	{ KCORO_CALL_SELECT, EBADF, NO_LIMIT,
	  "a case's descriptor is not the end of a channel, or the task, that it needs" },
	{ KCORO_CALL_SELECT, EINVAL, SELECT_MAX,
	  "too many cases, or a case that this kernel's kcoro does not have" },
	{ KCORO_CALL_SELECT, EOPNOTSUPP, NO_LIMIT,
	  "a case's file cannot be polled: a regular file, or one with many wait queues" },
	{ KCORO_CALL_LIST, EPERM, NO_LIMIT,
	  "everybody's tasks need CAP_SYS_ADMIN: run as root" },
	{ KCORO_CALL_KILL, EPERM, NO_LIMIT,
	  "everybody's tasks need CAP_SYS_ADMIN: run as root" },
	{ KCORO_CALL_KILL, ESRCH, NO_LIMIT,
	  "there is no such task (it may have ended), or it belongs to somebody else" },
	{ KCORO_CALL_SET, EINVAL, NO_LIMIT,
	  "no such priority or CPU: priorities are -4 to 3" },
	{ KCORO_CALL_SET, ENODEV, NO_LIMIT,
	  "that CPU is offline, or runs no tasks: kcoro cpus lists those that do" },
	{ KCORO_CALL_SET, EOPNOTSUPP, NO_LIMIT,
	  "a task that has a thread of its own cannot be pinned" },
	{ KCORO_CALL_SET, EPERM, NO_LIMIT,
	  "a priority under 0, or under the task's, needs CAP_SYS_NICE, and everybody's tasks CAP_SYS_ADMIN: run as root" },
	{ KCORO_CALL_SET, ESRCH, NO_LIMIT,
	  "there is no such task (it may have ended), or it belongs to somebody else" },
	{ KCORO_CALL_GROUP, EALREADY, NO_LIMIT, "it was canceled before" },
	{ KCORO_CALL_GROUP, ECANCELED, NO_LIMIT,
	  "the group was canceled: it takes no groups" },
	{ KCORO_CALL_GROUP, EDQUOT, GROUPS_CTX_MAX,
	  "the context has as many groups as it may: close some" },
	{ KCORO_CALL_GROUP, EMFILE, NO_LIMIT,
	  "no descriptor is left: raise ulimit -n" },
	{ KCORO_CALL_GROUP, ENFILE, NO_LIMIT,
	  "the machine has no file left: raise fs.file-max" },
	{ KCORO_CALL_GROUP, ENOENT, NO_LIMIT, "so many did not fail" },
	{ KCORO_CALL_GROUP, ESHUTDOWN, NO_LIMIT,
	  "the context was killed: open a new one" },
	{ KCORO_CALL_EVENT, EDQUOT, SYNCS_CTX_MAX,
	  "the context has as many events, semaphores and queues as it may: close some" },
	{ KCORO_CALL_EVENT, EMFILE, NO_LIMIT,
	  "no descriptor is left: raise ulimit -n" },
	{ KCORO_CALL_EVENT, ENFILE, NO_LIMIT,
	  "the machine has no file left: raise fs.file-max" },
	{ KCORO_CALL_EVENT, ESHUTDOWN, NO_LIMIT,
	  "the event's context has ended: nobody can wait for it any more" },
	{ KCORO_CALL_SEM, EDQUOT, SYNCS_CTX_MAX,
	  "the context has as many events, semaphores and queues as it may: close some" },
	{ KCORO_CALL_SEM, EINVAL, NO_LIMIT,
	  "the semaphore never has so many units, or the number is 0" },
	{ KCORO_CALL_SEM, EMFILE, NO_LIMIT,
	  "no descriptor is left: raise ulimit -n" },
	{ KCORO_CALL_SEM, ENFILE, NO_LIMIT,
	  "the machine has no file left: raise fs.file-max" },
	{ KCORO_CALL_SEM, EOVERFLOW, NO_LIMIT,
	  "more units were given back than were taken" },
	{ KCORO_CALL_SEM, ESHUTDOWN, NO_LIMIT,
	  "the semaphore's context has ended: nobody can wait for it any more" },
	{ KCORO_CALL_QUEUE, EALREADY, NO_LIMIT, "it was shut down before" },
	{ KCORO_CALL_QUEUE, EDQUOT, SYNCS_CTX_MAX,
	  "the context has as many events, semaphores and queues as it may: close some" },
	{ KCORO_CALL_QUEUE, EINVAL, CHAN_LIMITS,
	  "the element size or the capacity is 0 or over the limit, or more elements are said to be done than were put" },
	{ KCORO_CALL_QUEUE, EMFILE, NO_LIMIT,
	  "no descriptor is left: raise ulimit -n" },
	{ KCORO_CALL_QUEUE, EMSGSIZE, NO_LIMIT,
	  "the queue's elements do not have this length" },
	{ KCORO_CALL_QUEUE, ENFILE, NO_LIMIT,
	  "the machine has no file left: raise fs.file-max" },
	{ KCORO_CALL_QUEUE, ESHUTDOWN, NO_LIMIT,
	  "the queue was shut down, or its context has ended" },
	{ KCORO_CALL_BUBBLE, EAGAIN, NO_LIMIT,
	  "there are as many bubbles and threads as may be: raise threads_max; or it is not over" },
	{ KCORO_CALL_BUBBLE, EALREADY, NO_LIMIT, "the context has a bubble" },
	{ KCORO_CALL_BUBBLE, EBUSY, NO_LIMIT,
	  "the context has tasks already: open a new one" },
	{ KCORO_CALL_BUBBLE, EDEADLK, NO_LIMIT,
	  "all tasks waited, and nothing would have woken them" },
	{ KCORO_CALL_BUBBLE, EFAULT, NO_LIMIT,
	  "a task crashed: the kernel log has the report" },
	{ KCORO_CALL_BUBBLE, ENOENT, NO_LIMIT, "the context has no bubble" },
	{ KCORO_CALL_BUBBLE, EPERM, NO_LIMIT,
	  "a task did what has no place in a bubble: it used a file, or blocked in the kernel" },
	{ KCORO_CALL_BUBBLE, ESHUTDOWN, NO_LIMIT,
	  "the context was killed: open a new one" },
	{ KCORO_CALL_BUBBLE, EXDEV, NO_LIMIT,
	  "somebody from outside woke a task, or canceled one" },
	/* Any call. */
	{ KCORO_CALL_OTHER, ETIMEDOUT, NO_LIMIT, "the deadline passed" },
	{ KCORO_CALL_OTHER, EINTR, NO_LIMIT, "interrupted by a signal" },
	{ KCORO_CALL_OTHER, EAGAIN, NO_LIMIT, "it would have to wait" },
	{ KCORO_CALL_OTHER, ENOTTY, NO_LIMIT,
	  "this kernel's kcoro does not have this call: is the module older than the program?" },
	{ KCORO_CALL_OTHER, E2BIG, NO_LIMIT,
	  "this kernel's kcoro is older than the program" },
	{ KCORO_CALL_OTHER, EOPNOTSUPP, NO_LIMIT,
	  "this descriptor does not take this call" },
};

static const struct text *find(int call, int err)
{
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].call == call && texts[i].err == err)
			return &texts[i];
	}
	return call == KCORO_CALL_OTHER ? NULL : find(KCORO_CALL_OTHER, err);
}

static void append_limit(enum limit limit, const struct kcoro_info *i,
			 char *buf, size_t size)
{
	size_t len = strlen(buf);

	buf += len;
	size -= len;
	switch (limit) {
	case NO_LIMIT:
		break;
	case ARG_MAX_BYTES:
		snprintf(buf, size, " (arg_max is %u bytes)", i->arg_max);
		break;
	case TASKS_MAX:
		snprintf(buf, size, " (now %u)", i->tasks_max);
		break;
	case TASKS_QUOTA:
		snprintf(
			buf, size,
			" (tasks_ctx_max is %u for a context, tasks_user_max %u for a user)",
			i->tasks_ctx_max, i->tasks_user_max);
		break;
	case CHANS_CTX_MAX:
		snprintf(buf, size, " (chans_ctx_max is %u)", i->chans_ctx_max);
		break;
	case GROUPS_CTX_MAX:
		snprintf(buf, size, " (groups_ctx_max is %u)",
			 i->groups_ctx_max);
		break;
	case SYNCS_CTX_MAX:
		snprintf(buf, size, " (syncs_ctx_max is %u)", i->syncs_ctx_max);
		break;
	case SPAWN_LIMITS:
		snprintf(
			buf, size,
			" (stacks: %u to %u bytes; %u descriptors and %u tasks at most)",
			i->stack_min, i->stack_max, i->spawn_fds_max,
			i->spawn_max);
		break;
	case CHAN_LIMITS:
		snprintf(
			buf, size,
			" (elem_max is %u bytes, buf_max %u bytes, capacity_max %u messages)",
			i->elem_max, i->buf_max, i->capacity_max);
		break;
	case SELECT_MAX:
		snprintf(buf, size, " (select_max is %u)", i->select_max);
		break;
	}
}

KCORO_PUBLIC const char *kcoro_explain(int fd, int call, int err, char *buf,
				       size_t size)
{
	const struct text *t;
	struct kcoro_info info;

	if (!size)
		return buf;
	if (err < 0)
		err = -err;
	t = find(call, err);
	snprintf(buf, size, "%s", t ? t->text : strerror(err));
	if (t && t->limit && fd >= 0 && !kcoro_info(fd, &info))
		append_limit(t->limit, &info, buf, size);
	return buf;
}

KCORO_PUBLIC const char *kcoro_explain_exit(const struct kcoro_exit *exit,
					    char *buf, size_t size)
{
	static const char *const how[] = {
		[KCORO_EXIT_RETURNED] = "",
		[KCORO_EXIT_CANCELED] = "canceled",
		[KCORO_EXIT_DEADLINE] = "canceled by its deadline",
		[KCORO_EXIT_KILLED] = "killed",
		[KCORO_EXIT_FAULT] = "crashed; the kernel log has the report",
	};
	const char *said = exit->message;
	int said_len = strnlen(said, sizeof(exit->message));
	int known = exit->reason < sizeof(how) / sizeof(how[0]);

	if (kcoro_exit_ok(exit))
		snprintf(buf, size, "ok");
	else if (exit->reason != KCORO_EXIT_RETURNED)
		snprintf(buf, size, "%s%s%.*s",
			 known ? how[exit->reason] : "ended in an unknown way",
			 said_len ? ": " : "", said_len, said);
	else
		snprintf(buf, size, "%.*s%s%s", said_len, said,
			 said_len ? ": " : "", strerror(-exit->error));
	return buf;
}
