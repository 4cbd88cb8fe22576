// SPDX-License-Identifier: GPL-2.0
/*
 * The device, and the calls of all our descriptors.
 *
 * Model: /dev/kcoro is a misc device; an open of it is a context (context.c).
 * All our descriptors share one table of calls, indexed by the call's number, which says what a call is called on, how much of its argument there
 * is at least, and who carries it out. Arguments are copied in before and out
 * after the handler, which sees kernel memory only.
 *
 * Invariants: a handler gets an argument of this kernel's size, zero where the
 * program's was shorter; a longer one has a tail of zeroes. A program learns of
 * what was done: nothing has an effect unless the argument can be written back
 * (it was tried), and what cannot be done twice is told before it is done, lest
 * another thread unmap the argument meanwhile.
 *
 * Errors, in order: ENOTTY not a call of ours, or not of this direction;
 * EOPNOTSUPP not on this kind of descriptor; EINVAL shorter than the first
 * version of the argument; EFAULT; E2BIG a tail that is not zero.
 *
 * Locks: none here.
 *
 * Rejected: to switch on the whole number, size included (a newer program's
 * call would be another call).
 */
#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>
#include <linux/uaccess.h>

#include "body.h"
#include "bubble_fd.h"
#include "carry.h"
#include "chan_fd.h"
#include "context.h"
#include "cpus.h"
#include "dev.h"
#include "group.h"
#include "leak.h"
#include "limits.h"
#include "list.h"
#include "sched.h"
#include "spawn.h"
#include "stack.h"
#include "sync_fd.h"
#include "task_fd.h"

static_assert(sizeof(struct kcoro_info) == 184);
static_assert(sizeof(struct kcoro_cpu_info) == 104);
static_assert(sizeof(struct kcoro_cpus) == 16);
static_assert(sizeof(struct kcoro_body_info) == 144);
static_assert(sizeof(struct kcoro_bodies) == 16);
static_assert(sizeof(struct kcoro_spawn) == 144);
static_assert(sizeof(struct kcoro_exit) == 200);
static_assert(sizeof(struct kcoro_chan_create) == 32);
static_assert(sizeof(struct kcoro_carry) == 64);
static_assert(sizeof(struct kcoro_iov) == 16);
static_assert(sizeof(struct kcoro_io) == 32);
static_assert(sizeof(struct kcoro_case) == 24);
static_assert(sizeof(struct kcoro_select) == 32);
static_assert(sizeof(struct kcoro_task_info) == 216);
static_assert(sizeof(struct kcoro_list) == 24);
static_assert(sizeof(struct kcoro_kill) == 24);
static_assert(sizeof(struct kcoro_options) == 8);
static_assert(sizeof(struct kcoro_leak) == 80);
static_assert(sizeof(struct kcoro_leaks) == 24);
static_assert(sizeof(struct kcoro_set) == 24);
static_assert(sizeof(struct kcoro_group_create) == 24);
static_assert(sizeof(struct kcoro_group_wait) == 136);
static_assert(sizeof(struct kcoro_group_cancel) == 56);
static_assert(sizeof(struct kcoro_group_failed) == 208);
static_assert(sizeof(struct kcoro_event_create) == 16);
static_assert(sizeof(struct kcoro_event_wait) == 8);
static_assert(sizeof(struct kcoro_sem_create) == 24);
static_assert(sizeof(struct kcoro_sem_acquire) == 16);
static_assert(sizeof(struct kcoro_sem_release) == 8);
static_assert(sizeof(struct kcoro_queue_create) == 24);
static_assert(sizeof(struct kcoro_queue_io) == 24);
static_assert(sizeof(struct kcoro_queue_join) == 8);
static_assert(sizeof(struct kcoro_queue_shutdown) == 8);
static_assert(sizeof(struct kcoro_bubble_create) == 16);
static_assert(sizeof(struct kcoro_step) == 24);
static_assert(sizeof(struct kcoro_bubble_run) == 112);

static int ioc_info(struct file *file, struct kcoro_call *call)
{
	struct kcoro_info *info = &call->arg.info;

	memset(info, 0, sizeof(*info));
	kcoro_sched_stats(info);
	kcoro_limits_info(info);
	info->version = KCORO_UAPI_VERSION;
	info->stack_min = PAGE_SIZE;
	info->stack_max = KCORO_STACK_PAGES_MAX * PAGE_SIZE;
	info->stack_default = KCORO_STACK_PAGES_DEFAULT * PAGE_SIZE;
	info->elem_max = KCORO_ELEM_MAX;
	info->buf_max = KCORO_BUF_MAX;
	info->capacity_max = KCORO_CAPACITY_MAX;
	info->select_max = KCORO_SELECT_MAX;
	return 0;
}

static int ioc_bodies(struct file *file, struct kcoro_call *call)
{
	struct kcoro_bodies *args = &call->arg.bodies;
	struct kcoro_body_info *list = NULL;
	int err = 0;

	kcoro_body_list(NULL, 0, &args->total);
	args->count = min(args->count, args->total);
	if (args->count) {
		list = kvcalloc(args->count, sizeof(*list), GFP_KERNEL_ACCOUNT);
		if (!list)
			return -ENOMEM;
	}
	args->count = kcoro_body_list(list, args->count, &args->total);
	if (copy_to_user(u64_to_user_ptr(args->bodies), list,
			 args->count * sizeof(*list)))
		err = -EFAULT;
	kvfree(list);
	return err;
}

/**
 * struct ioc - one call
 * @kinds: what it is called on
 * @dir: _IOC_DIR
 * @min: bytes of the argument that every program has
 * @size: bytes of the argument here
 * @handler: carries it out
 */
struct ioc {
	u8 kinds;
	u8 dir;
	u16 min;
	u16 size;
	int (*handler)(struct file *file, struct kcoro_call *call);
};

/* @min_size: of the first version of a struct: the whole, so far. */
#define IOC(cmd, on, min_size, fn)					\
	[_IOC_NR(cmd)] = {						\
		.kinds = (on), .dir = _IOC_DIR(cmd), .min = (min_size),	\
		.size = _IOC_SIZE(cmd), .handler = (fn),		\
	}

static const struct ioc iocs[] = {
	IOC(KCORO_IOC_INFO, KCORO_KIND_ANY,
	    offsetofend(struct kcoro_info, features), ioc_info),
	IOC(KCORO_IOC_BODIES, KCORO_KIND_CTX,
	    sizeof(struct kcoro_bodies), ioc_bodies),
	IOC(KCORO_IOC_SPAWN, KCORO_KIND_CTX | KCORO_KIND_GROUP,
	    sizeof(struct kcoro_spawn), kcoro_ioc_spawn),
	IOC(KCORO_IOC_CHAN_CREATE, KCORO_KIND_CTX,
	    sizeof(struct kcoro_chan_create), kcoro_ioc_chan_create),
	IOC(KCORO_IOC_SEND, KCORO_KIND_CHAN,
	    sizeof(struct kcoro_io), kcoro_ioc_send),
	IOC(KCORO_IOC_RECV, KCORO_KIND_CHAN,
	    sizeof(struct kcoro_io), kcoro_ioc_recv),
	IOC(KCORO_IOC_SELECT, KCORO_KIND_CTX,
	    sizeof(struct kcoro_select), kcoro_ioc_select),
	IOC(KCORO_IOC_CLOSE, KCORO_KIND_CHAN, 0, kcoro_ioc_close),
	IOC(KCORO_IOC_LIST, KCORO_KIND_CTX,
	    sizeof(struct kcoro_list), kcoro_ioc_list),
	IOC(KCORO_IOC_KILL, KCORO_KIND_CTX,
	    sizeof(struct kcoro_kill), kcoro_ioc_kill),
	IOC(KCORO_IOC_OPTIONS, KCORO_KIND_CTX,
	    sizeof(struct kcoro_options), kcoro_ctx_ioc_options),
	IOC(KCORO_IOC_LEAKS, KCORO_KIND_CTX,
	    sizeof(struct kcoro_leaks), kcoro_ioc_leaks),
	IOC(KCORO_IOC_TASK, KCORO_KIND_TASK,
	    offsetofend(struct kcoro_task_info, id), kcoro_ioc_task),
	IOC(KCORO_IOC_CPUS, KCORO_KIND_ANY,
	    sizeof(struct kcoro_cpus), kcoro_ioc_cpus),
	IOC(KCORO_IOC_SET, KCORO_KIND_CTX | KCORO_KIND_TASK,
	    sizeof(struct kcoro_set), kcoro_ioc_set),
	IOC(KCORO_IOC_GROUP_CREATE, KCORO_KIND_CTX | KCORO_KIND_GROUP,
	    sizeof(struct kcoro_group_create), kcoro_ioc_group_create),
	IOC(KCORO_IOC_GROUP_WAIT, KCORO_KIND_GROUP,
	    sizeof(struct kcoro_group_wait), kcoro_ioc_group_wait),
	IOC(KCORO_IOC_GROUP_CANCEL, KCORO_KIND_GROUP,
	    sizeof(struct kcoro_group_cancel), kcoro_ioc_group_cancel),
	IOC(KCORO_IOC_GROUP_FAILED, KCORO_KIND_GROUP,
	    sizeof(struct kcoro_group_failed), kcoro_ioc_group_failed),
	IOC(KCORO_IOC_EVENT_CREATE, KCORO_KIND_CTX,
	    sizeof(struct kcoro_event_create), kcoro_ioc_event_create),
	IOC(KCORO_IOC_EVENT_SET, KCORO_KIND_EVENT, 0, kcoro_ioc_event_set),
	IOC(KCORO_IOC_EVENT_CLEAR, KCORO_KIND_EVENT, 0, kcoro_ioc_event_clear),
	IOC(KCORO_IOC_EVENT_WAIT, KCORO_KIND_EVENT,
	    sizeof(struct kcoro_event_wait), kcoro_ioc_event_wait),
	IOC(KCORO_IOC_SEM_CREATE, KCORO_KIND_CTX,
	    sizeof(struct kcoro_sem_create), kcoro_ioc_sem_create),
	IOC(KCORO_IOC_SEM_ACQUIRE, KCORO_KIND_SEM,
	    sizeof(struct kcoro_sem_acquire), kcoro_ioc_sem_acquire),
	IOC(KCORO_IOC_SEM_RELEASE, KCORO_KIND_SEM,
	    sizeof(struct kcoro_sem_release), kcoro_ioc_sem_release),
	IOC(KCORO_IOC_QUEUE_CREATE, KCORO_KIND_CTX,
	    sizeof(struct kcoro_queue_create), kcoro_ioc_queue_create),
	IOC(KCORO_IOC_QUEUE_PUT, KCORO_KIND_QUEUE,
	    sizeof(struct kcoro_queue_io), kcoro_ioc_queue_put),
	IOC(KCORO_IOC_QUEUE_GET, KCORO_KIND_QUEUE,
	    sizeof(struct kcoro_queue_io), kcoro_ioc_queue_get),
	IOC(KCORO_IOC_QUEUE_DONE, KCORO_KIND_QUEUE, 0, kcoro_ioc_queue_done),
	IOC(KCORO_IOC_QUEUE_JOIN, KCORO_KIND_QUEUE,
	    sizeof(struct kcoro_queue_join), kcoro_ioc_queue_join),
	IOC(KCORO_IOC_QUEUE_SHUTDOWN, KCORO_KIND_QUEUE,
	    sizeof(struct kcoro_queue_shutdown), kcoro_ioc_queue_shutdown),
	IOC(KCORO_IOC_BUBBLE, KCORO_KIND_CTX,
	    sizeof(struct kcoro_bubble_create), kcoro_ioc_bubble),
	IOC(KCORO_IOC_BUBBLE_RUN, KCORO_KIND_CTX,
	    sizeof(struct kcoro_bubble_run), kcoro_ioc_bubble_run),
	IOC(KCORO_IOC_CARRY_SEND, KCORO_KIND_CHAN,
	    sizeof(struct kcoro_carry), kcoro_ioc_carry_send),
	IOC(KCORO_IOC_CARRY_RECV, KCORO_KIND_CHAN,
	    sizeof(struct kcoro_carry), kcoro_ioc_carry_recv),
};

/**
 * kcoro_call_reply() - write a call's argument back to the program
 * @call: the call
 *
 * Done for every call that succeeds, unless its handler did. A handler that
 * makes something that the program has to learn of, does it before that.
 *
 * Context: process.
 * Return: 0 or -EFAULT.
 */
int kcoro_call_reply(struct kcoro_call *call)
{
	if (copy_to_user(call->user, &call->arg, call->size))
		return -EFAULT;
	call->replied = true;
	return 0;
}

/**
 * kcoro_ioctl() - carry out a call
 * @file: on what
 * @cmd: which
 * @user: the program's argument
 * @kind: KCORO_KIND_* of @file
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
long kcoro_ioctl(struct file *file, unsigned int cmd, unsigned long user,
		 u32 kind)
{
	unsigned int nr = _IOC_NR(cmd), size = _IOC_SIZE(cmd);
	struct kcoro_call call;
	const struct ioc *ioc;
	int err;

	if (_IOC_TYPE(cmd) != KCORO_IOC_MAGIC || nr >= ARRAY_SIZE(iocs))
		return -ENOTTY;
	ioc = &iocs[array_index_nospec(nr, ARRAY_SIZE(iocs))];
	if (!ioc->handler || _IOC_DIR(cmd) != ioc->dir)
		return -ENOTTY;
	if (!(ioc->kinds & kind))
		return -EOPNOTSUPP;
	if (size < ioc->min || (!ioc->size && size))
		return -EINVAL;
	call.user = (void __user *)user;
	call.size = min_t(u32, size, ioc->size);
	if (!ioc->size)
		return ioc->handler(file, &call);

	err = copy_struct_from_user(&call.arg, ioc->size, call.user, size);
	if (err)
		return err;
	err = kcoro_call_reply(&call);	/* can it be written? */
	if (err)
		return err;
	call.replied = false;
	err = ioc->handler(file, &call);
	if (!err && !call.replied)
		err = kcoro_call_reply(&call);
	return err;
}

/**
 * kcoro_show_name() - show a name that a program has chosen
 * @m: fdinfo
 * @name: what is not printable, and spaces, are shown as \NNN
 *
 * Context: process.
 */
void kcoro_show_name(struct seq_file *m, const char *name)
{
	seq_escape_str(m, name, ESCAPE_SPACE | ESCAPE_SPECIAL | ESCAPE_NP |
		       ESCAPE_OCTAL | ESCAPE_APPEND, " \\");
}

static struct miscdevice kcoro_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kcoro",
	.fops = &kcoro_ctx_fops,
	.mode = 0600,
};

/**
 * kcoro_dev_init() - make /dev/kcoro; programs can come from now on
 *
 * Context: module init, last.
 * Return: 0 or a negative errno.
 */
int __init kcoro_dev_init(void)
{
	int err;

	kcoro_limits_init();
	err = kcoro_ctx_init();
	if (err)
		return err;
	err = misc_register(&kcoro_misc);
	if (err)
		kcoro_ctx_exit();
	return err;
}

/**
 * kcoro_dev_exit() - undo kcoro_dev_init()
 *
 * Context: module exit, first; nobody holds a descriptor of ours, or the module
 * could not be unloaded.
 */
void kcoro_dev_exit(void)
{
	misc_deregister(&kcoro_misc);
	kcoro_ctx_exit();
}
