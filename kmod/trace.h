/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events of kcoro: /sys/kernel/tracing/events/kcoro/.
 *
 * Tasks and channels appear by their numbers, which are never used twice while
 * the module is loaded. A send and the receive of the same message carry the
 * same chan and seq.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kcoro

#if !defined(KCORO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KCORO_TRACE_H

#include <linux/tracepoint.h>

#include "chan.h"
#include "compat.h"
#include "sched.h"
#include "sync.h"
#include "task.h"

const char *kcoro_wait_name(u8 reason);

#define kcoro_show_op(op)						\
	__print_symbolic(op,						\
		{ KCORO_SWITCH_PARK,	"park" },			\
		{ KCORO_SWITCH_PARK_LOCKED, "park" },			\
		{ KCORO_SWITCH_YIELD,	"yield" },			\
		{ KCORO_SWITCH_EXIT,	"exit" })

#define kcoro_wait_names						\
	{ KCORO_WAIT_NONE,		"-" },				\
	{ KCORO_WAIT_SLEEP,		"sleep" },			\
	{ KCORO_WAIT_SEND,		"send" },			\
	{ KCORO_WAIT_RECV,		"recv" },			\
	{ KCORO_WAIT_SELECT,		"select" },			\
	{ KCORO_WAIT_JOIN,		"join" },			\
	{ KCORO_WAIT_POLL,		"poll" },			\
	{ KCORO_WAIT_EVENT,		"event" },			\
	{ KCORO_WAIT_MUTEX,		"mutex" },			\
	{ KCORO_WAIT_RWLOCK,		"rwlock" },			\
	{ KCORO_WAIT_SEM,		"sem" },			\
	{ KCORO_WAIT_COND,		"cond" },			\
	{ KCORO_WAIT_WAITGROUP,		"waitgrp" },			\
	{ KCORO_WAIT_ONCE,		"once" },			\
	{ KCORO_WAIT_BARRIER,		"barrier" },			\
	{ KCORO_WAIT_PUT,		"put" },			\
	{ KCORO_WAIT_GET,		"get" },			\
	{ KCORO_WAIT_DRAIN,		"drain" },			\
	{ KCORO_WAIT_QUIET,		"quiet" }

#define kcoro_show_wait(wait)	__print_symbolic(wait, kcoro_wait_names)

/* A task was made. Context: the spawner. */
TRACE_EVENT(kcoro_spawn,
	TP_PROTO(const struct kcoro_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		__field(u64, task)
		__field(u64, parent)
		__array(char, name, KCORO_NAME_MAX)
	),
	TP_fast_assign(
		__entry->task = task->id;
		__entry->parent = task->parent;
		memcpy(__entry->name, task->name, KCORO_NAME_MAX);
	),
	TP_printk("task=%llu name=%s parent=%llu", __entry->task,
		  __entry->name, __entry->parent)
);

/* A task runs for the first time. Context: the task. */
TRACE_EVENT(kcoro_start,
	TP_PROTO(const struct kcoro_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		__field(u64, task)
		__array(char, name, KCORO_NAME_MAX)
	),
	TP_fast_assign(
		__entry->task = task->id;
		memcpy(__entry->name, task->name, KCORO_NAME_MAX);
	),
	TP_printk("task=%llu name=%s", __entry->task, __entry->name)
);

/* A task is given a worker. Context: that worker, preemption off. */
TRACE_EVENT(kcoro_switch_in,
	TP_PROTO(const struct kcoro_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		__field(u64, task)
		__array(char, name, KCORO_NAME_MAX)
	),
	TP_fast_assign(
		__entry->task = task->id;
		memcpy(__entry->name, task->name, KCORO_NAME_MAX);
	),
	TP_printk("task=%llu name=%s", __entry->task, __entry->name)
);

/*
 * A task gives its worker back, but for a native call: that is the task's own
 * doing. Context: the task, preemption off.
 */
TRACE_EVENT(kcoro_switch_out,
	TP_PROTO(const struct kcoro_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		__field(u64, task)
		__field(u8, op)
		__field(u8, wait)
		__array(char, name, KCORO_NAME_MAX)
	),
	TP_fast_assign(
		__entry->task = task->id;
		__entry->op = task->op;
		__entry->wait = task->op == KCORO_SWITCH_PARK ||
				task->op == KCORO_SWITCH_PARK_LOCKED ?
				task->wait.reason : KCORO_WAIT_NONE;
		memcpy(__entry->name, task->name, KCORO_NAME_MAX);
	),
	TP_printk("task=%llu name=%s why=%s wait=%s", __entry->task,
		  __entry->name, kcoro_show_op(__entry->op),
		  kcoro_show_wait(__entry->wait))
);

/* A task's wait is over: it will run. Context: the waker, any but NMI. */
TRACE_EVENT(kcoro_wake,
	TP_PROTO(const struct kcoro_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		__field(u64, task)
		__field(u8, wait)
		__field(int, cause)
		__array(char, name, KCORO_NAME_MAX)
	),
	TP_fast_assign(
		__entry->task = task->id;
		__entry->wait = task->wait.reason;
		__entry->cause = task->wait.cause;
		memcpy(__entry->name, task->name, KCORO_NAME_MAX);
	),
	TP_printk("task=%llu name=%s wait=%s cause=%d", __entry->task,
		  __entry->name, kcoro_show_wait(__entry->wait),
		  __entry->cause)
);

/* A task has ended. Context: the task. */
TRACE_EVENT(kcoro_exit,
	TP_PROTO(const struct kcoro_task *task),
	TP_ARGS(task),
	TP_STRUCT__entry(
		__field(u64, task)
		__field(s64, result)
		__field(int, error)
		__field(u8, reason)
		__array(char, name, KCORO_NAME_MAX)
	),
	TP_fast_assign(
		__entry->task = task->id;
		__entry->result = task->result;
		__entry->error = task->error;
		__entry->reason = task->reason;
		memcpy(__entry->name, task->name, KCORO_NAME_MAX);
	),
	TP_printk("task=%llu name=%s result=%lld error=%d reason=%s",
		  __entry->task, __entry->name, __entry->result,
		  __entry->error,
		  __print_symbolic(__entry->reason,
				   { KCORO_EXIT_RETURNED, "returned" },
				   { KCORO_EXIT_CANCELED, "canceled" },
				   { KCORO_EXIT_DEADLINE, "deadline" },
				   { KCORO_EXIT_KILLED, "killed" },
				   { KCORO_EXIT_FAULT, "fault" }))
);

/* A message enters, or leaves, a channel. Context: who moves it; its lock. */
DECLARE_EVENT_CLASS(kcoro_message,
	TP_PROTO(const struct kcoro_chan *chan, u64 seq),
	TP_ARGS(chan, seq),
	TP_STRUCT__entry(
		__field(u64, chan)
		__field(u64, seq)
	),
	TP_fast_assign(
		__entry->chan = chan->id;
		__entry->seq = seq;
	),
	TP_printk("chan=%llu seq=%llu", __entry->chan, __entry->seq)
);

DEFINE_EVENT(kcoro_message, kcoro_send,
	TP_PROTO(const struct kcoro_chan *chan, u64 seq), TP_ARGS(chan, seq));
DEFINE_EVENT(kcoro_message, kcoro_recv,
	TP_PROTO(const struct kcoro_chan *chan, u64 seq), TP_ARGS(chan, seq));

/* A channel was closed. Context: who closes it; its lock. */
TRACE_EVENT(kcoro_close,
	TP_PROTO(const struct kcoro_chan *chan),
	TP_ARGS(chan),
	TP_STRUCT__entry(
		__field(u64, chan)
		__field(u32, queued)
	),
	TP_fast_assign(
		__entry->chan = chan->id;
		__entry->queued = chan->count;
	),
	TP_printk("chan=%llu queued=%u", __entry->chan, __entry->queued)
);

/* A CPU's queue passed to a spare worker. Context: hard interrupt. */
TRACE_EVENT(kcoro_handover,
	TP_PROTO(u32 cpu),
	TP_ARGS(cpu),
	TP_STRUCT__entry(__field(u32, cpu)),
	TP_fast_assign(__entry->cpu = cpu;),
	TP_printk("cpu=%u", __entry->cpu)
);

/* A task went on for two slices while others waited. Context: hard interrupt. */
TRACE_EVENT(kcoro_hog,
	TP_PROTO(const struct kcoro_task *task, u32 cpu, u32 ms),
	TP_ARGS(task, cpu, ms),
	TP_STRUCT__entry(
		__field(u64, task)
		__field(u32, cpu)
		__field(u32, ms)
		__array(char, name, KCORO_NAME_MAX)
	),
	TP_fast_assign(
		__entry->task = task->id;
		__entry->cpu = cpu;
		__entry->ms = ms;
		memcpy(__entry->name, task->name, KCORO_NAME_MAX);
	),
	TP_printk("task=%llu name=%s cpu=%u ms=%u", __entry->task,
		  __entry->name, __entry->cpu, __entry->ms)
);

/*
 * A task that waited goes to another CPU. Context: the CPU that it leaves,
 * preemption off.
 */
TRACE_EVENT(kcoro_steal,
	TP_PROTO(const struct kcoro_task *task, u32 from, u32 to),
	TP_ARGS(task, from, to),
	TP_STRUCT__entry(
		__field(u64, task)
		__field(u32, from)
		__field(u32, to)
		__array(char, name, KCORO_NAME_MAX)
	),
	TP_fast_assign(
		__entry->task = task->id;
		__entry->from = from;
		__entry->to = to;
		memcpy(__entry->name, task->name, KCORO_NAME_MAX);
	),
	TP_printk("task=%llu name=%s from=%u to=%u", __entry->task,
		  __entry->name, __entry->from, __entry->to)
);

/*
 * A task waits, and nobody can wake it any more: on is the number of what it waits
 * for, or of the first of several. Context: process.
 */
TRACE_EVENT(kcoro_leak,
	TP_PROTO(const struct kcoro_task *task, u64 ctx, u8 wait, u64 on,
		 const char *kind),
	TP_ARGS(task, ctx, wait, on, kind),
	TP_STRUCT__entry(
		__field(u64, task)
		__field(u64, ctx)
		__field(u64, on)
		__field(u8, wait)
		__string(kind, kind)
		__array(char, name, KCORO_NAME_MAX)
	),
	TP_fast_assign(
		__entry->task = task->id;
		__entry->ctx = ctx;
		__entry->on = on;
		__entry->wait = wait;
		kcoro_assign_str(kind, kind);
		memcpy(__entry->name, task->name, KCORO_NAME_MAX);
	),
	TP_printk("task=%llu name=%s ctx=%llu wait=%s on=%s:%llu",
		  __entry->task, __entry->name, __entry->ctx,
		  kcoro_show_wait(__entry->wait), __get_str(kind), __entry->on)
);

/*
 * One of a cycle of tasks and threads that wait for each other's locks, one event for
 * each, the last to come first. Who waits, and who holds, is the number of a task or,
 * if that is 0, the pid of a thread. Context: the last to come.
 */
TRACE_EVENT(kcoro_deadlock,
	TP_PROTO(long self, u8 wait, const char *object, long holder, u32 of),
	TP_ARGS(self, wait, object, holder, of),
	TP_STRUCT__entry(
		__field(u64, task)
		__field(u64, holder_task)
		__field(pid_t, thread)
		__field(pid_t, holder_thread)
		__field(u32, of)
		__field(u8, wait)
		__string(object, object)
	),
	TP_fast_assign(
		__entry->task = kcoro_sync_task(self);
		__entry->holder_task = kcoro_sync_task(holder);
		__entry->thread = kcoro_sync_thread(self);
		__entry->holder_thread = kcoro_sync_thread(holder);
		__entry->of = of;
		__entry->wait = wait;
		kcoro_assign_str(object, object);
	),
	TP_printk("task=%llu thread=%d wait=%s on=%s holder=%llu holder_thread=%d of=%u",
		  __entry->task, __entry->thread,
		  kcoro_show_wait(__entry->wait), __get_str(object),
		  __entry->holder_task, __entry->holder_thread, __entry->of)
);

/* A policy was left as it failed. Context: process. */
TRACE_EVENT(kcoro_policy_fall,
	TP_PROTO(const char *name, bool starved),
	TP_ARGS(name, starved),
	TP_STRUCT__entry(
		__string(name, name)
		__field(bool, starved)
	),
	TP_fast_assign(
		kcoro_assign_str(name, name);
		__entry->starved = starved;
	),
	TP_printk("policy=%s why=%s", __get_str(name),
		  __entry->starved ? "starved" : "lost")
);

#endif /* KCORO_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
