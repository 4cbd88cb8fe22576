/* SPDX-License-Identifier: GPL-2.0 */
/* The device and its calls: see dev.c. */
#ifndef KCORO_DEV_H
#define KCORO_DEV_H

#include <linux/ktime.h>
#include <linux/types.h>
#include <uapi/linux/kcoro.h>

struct file;
struct seq_file;

/* What a descriptor is, as bits. */
#define KCORO_KIND_CTX		0x1
#define KCORO_KIND_CHAN		0x2
#define KCORO_KIND_TASK		0x4
#define KCORO_KIND_GROUP	0x8
#define KCORO_KIND_EVENT	0x10
#define KCORO_KIND_SEM		0x20
#define KCORO_KIND_QUEUE	0x40
#define KCORO_KIND_ANY		0x7f

/* The argument of any call. */
union kcoro_call_arg {
	struct kcoro_info info;
	struct kcoro_bodies bodies;
	struct kcoro_spawn spawn;
	struct kcoro_chan_create chan_create;
	struct kcoro_io io;
	struct kcoro_select select;
	struct kcoro_list list;
	struct kcoro_kill kill;
	struct kcoro_options options;
	struct kcoro_leaks leaks;
	struct kcoro_task_info task;
	struct kcoro_cpus cpus;
	struct kcoro_set set;
	struct kcoro_group_create group_create;
	struct kcoro_group_wait group_wait;
	struct kcoro_group_cancel group_cancel;
	struct kcoro_group_failed group_failed;
	struct kcoro_event_create event_create;
	struct kcoro_event_wait event_wait;
	struct kcoro_sem_create sem_create;
	struct kcoro_sem_acquire sem_acquire;
	struct kcoro_sem_release sem_release;
	struct kcoro_queue_create queue_create;
	struct kcoro_queue_io queue_io;
	struct kcoro_queue_join queue_join;
	struct kcoro_queue_shutdown queue_shutdown;
	struct kcoro_bubble_create bubble_create;
	struct kcoro_bubble_run bubble_run;
	struct kcoro_carry carry;
};

/**
 * struct kcoro_call - one ioctl
 * @user: where the program has its argument
 * @size: bytes of it that both the program and this kernel know
 * @replied: @arg was written back by the handler, for the last time
 * @arg: a copy; what the program does not know is zero
 */
struct kcoro_call {
	void __user *user;
	u32 size;
	bool replied;
	union kcoro_call_arg arg;
};

long kcoro_ioctl(struct file *file, unsigned int cmd, unsigned long user,
		 u32 kind);
int kcoro_call_reply(struct kcoro_call *call);
void kcoro_show_name(struct seq_file *m, const char *name);

/**
 * kcoro_call_deadline() - a deadline as programs give it
 * @ns: absolute, CLOCK_MONOTONIC; 0 is none
 *
 * Context: any.
 */
static inline ktime_t kcoro_call_deadline(s64 ns)
{
	return ns ? ns_to_ktime(ns) : KTIME_MAX;
}

int kcoro_dev_init(void);
void kcoro_dev_exit(void);

#endif /* KCORO_DEV_H */
