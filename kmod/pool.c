// SPDX-License-Identifier: GPL-2.0
/*
 * The pool of workers: how many there are, and on which CPUs.
 *
 * Model: each CPU that takes tasks has one worker that owns its queue, those
 * whose task blocks or hogs, and some spares. As soon as there are fewer spares
 * than the parameter `spares` says, a work item makes new ones, up to
 * `workers_max` of a CPU: it takes 16 KiB and, here, more than a millisecond to
 * make a kthread, so some are made ahead. Spares beyond the low-water mark that
 * were idle for `spare_secs` are ended, the coldest first. If one cannot be made
 * that is counted, and tried again when next there are few: until then a CPU
 * whose workers are all blocked is helped by the others, which steal.
 *
 * Which CPUs take tasks ("are active"): those that are online and not isolated
 * from kernel threads (housekeeping), of these the first `active_cpus`, or all.
 * A CPU that goes offline hands its queue over; its workers finish what they
 * blocked in wherever the kernel puts them, and are bound again when the CPU
 * returns. Waiting for them would let a task block the CPU's offlining.
 *
 * A task that asks for a thread of its own has a worker that is in no CPU's pool
 * and ends with it; so has a bubble. It holds the module while it lives, as nobody waits for it.
 *
 * A worker that died in a task is replaced, and its task ended (cpu_bury()). Of
 * the dead the stacks and structures stay as they are and the module stays
 * loaded: the oops may have left references to all of them.
 *
 * Locks: pool_mutex, within cpus_read_lock(), or within hotplug's callbacks:
 * guards the lists of workers, apart_workers, and which CPUs are active. cpu->lock
 * for the spares, within it.
 *
 * Rejected: kthread_park() at offlining (waits for a worker that may be blocked);
 * to make spares when a task blocks (too late, and under the run queue's lock).
 */
#include <linux/cpu.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/sched/isolation.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "bubble.h"
#include "sched.h"
#include "steal.h"
#include "tick.h"
#include "trace.h"
#include "worker.h"

#define SPARES_MAX	256
#define REAP_DELAY	HZ	/* between two looks at the spares */

static unsigned int spares = 8;
static unsigned int workers_max = 512;
static unsigned int spare_secs = 30;
static unsigned int threads_max = 64;
static unsigned int active_cpus;
static int worker_nice;

static DEFINE_MUTEX(pool_mutex);
static LIST_HEAD(apart_workers);	/* [pool_mutex] */
static enum cpuhp_state hotplug_state;	/* 0: the pool is not ready */
static atomic_t nr_workers = ATOMIC_INIT(0);
static atomic_t nr_apart = ATOMIC_INIT(0);

/**
 * kcoro_pool_workers() - number of workers, idle ones included
 *
 * Context: any.
 */
u32 kcoro_pool_workers(void)
{
	return atomic_read(&nr_workers);
}

/**
 * kcoro_pool_nice() - nice level of workers
 *
 * Context: any.
 */
int kcoro_pool_nice(void)
{
	return READ_ONCE(worker_nice);
}

/**
 * kcoro_pool_hold() - keep the CPUs that are active as they are
 *
 * Context: may sleep; followed by kcoro_pool_release().
 */
void kcoro_pool_hold(void)
{
	cpus_read_lock();
	mutex_lock(&pool_mutex);
}

/**
 * kcoro_pool_release() - undo kcoro_pool_hold()
 *
 * Context: whoever called that.
 */
void kcoro_pool_release(void)
{
	mutex_unlock(&pool_mutex);
	cpus_read_unlock();
}

/* --- One worker ------------------------------------------------------------- */

static struct kcoro_worker *worker_alloc(void)
{
	struct kcoro_worker *worker = kzalloc(sizeof(*worker), GFP_KERNEL);

	if (worker)
		INIT_LIST_HEAD(&worker->spare);
	return worker;
}

static int worker_create(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *worker = worker_alloc();
	int err = -ENOMEM;

	lockdep_assert_held(&pool_mutex);
	if (!worker)
		goto err_count;
	worker->cpu = cpu;
	worker->thread = kthread_create_on_cpu(kcoro_worker_main, worker,
					       cpu->cpu, "kcoro/%u");
	if (IS_ERR(worker->thread)) {
		err = PTR_ERR(worker->thread);
		goto err_free;
	}
	get_task_struct(worker->thread);
	set_user_nice(worker->thread, kcoro_pool_nice());
	list_add_tail(&worker->node, &cpu->workers);
	WRITE_ONCE(cpu->nr_workers, cpu->nr_workers + 1);
	WRITE_ONCE(cpu->workers_max, max(cpu->workers_max, cpu->nr_workers));
	WRITE_ONCE(cpu->created, cpu->created + 1);
	atomic_inc(&nr_workers);
	wake_up_process(worker->thread);
	return 0;

err_free:
	kfree(worker);
err_count:
	WRITE_ONCE(cpu->failed, cpu->failed + 1);
	return err;
}

static void worker_forget(struct kcoro_worker *worker)
{
	struct kcoro_cpu *cpu = worker->cpu;

	lockdep_assert_held(&pool_mutex);
	list_del(&worker->node);
	WRITE_ONCE(cpu->nr_workers, cpu->nr_workers - 1);
	atomic_dec(&nr_workers);
}

/* End a worker that was told to stop. */
static void worker_end(struct kcoro_worker *worker)
{
	kthread_stop(worker->thread);
	put_task_struct(worker->thread);
	worker_forget(worker);
	kfree_rcu(worker, rcu);
}

/* --- More and fewer ---------------------------------------------------------- */

/**
 * kcoro_pool_few() - see to it that a CPU has enough spares
 * @cpu: its spares may have become fewer
 *
 * Context: any but NMI; not under scheduler locks.
 */
void kcoro_pool_few(struct kcoro_cpu *cpu)
{
	if (READ_ONCE(cpu->nr_spares) < READ_ONCE(spares) &&
	    READ_ONCE(cpu->nr_workers) < READ_ONCE(workers_max))
		queue_work(system_unbound_wq, &cpu->grow);
}

static void cpu_grow(struct work_struct *work)
{
	struct kcoro_cpu *cpu = container_of(work, struct kcoro_cpu, grow);
	int want;

	kcoro_pool_hold();
	want = READ_ONCE(spares) - READ_ONCE(cpu->nr_spares);
	while (cpu->active && want-- > 0 &&
	       cpu->nr_workers < READ_ONCE(workers_max))
		if (worker_create(cpu))
			break;
	kcoro_pool_release();
	queue_delayed_work(system_unbound_wq, &cpu->reap, REAP_DELAY);
}

/* Take the coldest spare off the list if it is one too many. */
static struct kcoro_worker *cold_spare(struct kcoro_cpu *cpu)
{
	unsigned long idle = READ_ONCE(spare_secs) * HZ;
	struct kcoro_worker *worker = NULL;

	raw_spin_lock_irq(&cpu->lock);
	if (cpu->nr_spares > READ_ONCE(spares)) {
		worker = list_last_entry(&cpu->spares, struct kcoro_worker,
					 spare);
		if (time_before(jiffies, worker->rest_jiffies + idle)) {
			worker = NULL;
		} else {
			kcoro_sched_del_spare(cpu, worker);
			worker->stop = true;
		}
	}
	raw_spin_unlock_irq(&cpu->lock);
	return worker;
}

static void cpu_reap(struct work_struct *work)
{
	struct kcoro_cpu *cpu =
		container_of(to_delayed_work(work), struct kcoro_cpu, reap);
	struct kcoro_worker *worker;

	kcoro_pool_hold();
	while ((worker = cold_spare(cpu))) {
		worker_end(worker);
		WRITE_ONCE(cpu->reaped, cpu->reaped + 1);
	}
	kcoro_pool_release();
	if (READ_ONCE(cpu->nr_workers) > 1 + READ_ONCE(spares))
		queue_delayed_work(system_unbound_wq, &cpu->reap, REAP_DELAY);
}

/* What must not be done under the kernel's run queue lock. */
static void cpu_kick(struct irq_work *work)
{
	struct kcoro_cpu *cpu = container_of(work, struct kcoro_cpu, kick);
	struct kcoro_worker *worker;
	unsigned long flags;

	raw_spin_lock_irqsave(&cpu->lock, flags);
	worker = cpu->to_wake;
	cpu->to_wake = NULL;
	raw_spin_unlock_irqrestore(&cpu->lock, flags);
	if (unlikely(READ_ONCE(cpu->nr_crashed)))
		schedule_work(&cpu->bury);
	kcoro_pool_few(cpu);
	if (!worker) {
		kcoro_steal_tell();
		return;
	}
	trace_kcoro_handover(cpu->cpu);
	wake_up_process(worker->thread);
}

static void bury(struct kcoro_worker *worker)
{
	__module_get(THIS_MODULE);
	if (worker->bubble)
		kcoro_bubble_crashed(worker->bubble);
	else
		kcoro_task_crashed(worker->task);
}

static void cpu_bury(struct work_struct *work)
{
	struct kcoro_cpu *cpu = container_of(work, struct kcoro_cpu, bury);
	struct kcoro_worker *worker, *next;

	kcoro_pool_hold();
	raw_spin_lock_irq(&cpu->lock);
	WRITE_ONCE(cpu->nr_crashed, 0);
	raw_spin_unlock_irq(&cpu->lock);
	list_for_each_entry_safe(worker, next, &cpu->workers, node) {
		if (!worker->crashed)
			continue;
		worker_forget(worker);
		/* A CPU that comes back online makes up for its own. */
		if (cpu_online(cpu->cpu) && worker_create(cpu))
			pr_warn("kcoro: no replacement for a worker of CPU %u that crashed\n",
				cpu->cpu);
		bury(worker);
	}
	list_for_each_entry_safe(worker, next, &apart_workers, node) {
		if (!worker->crashed)
			continue;
		list_del(&worker->node);
		atomic_dec(&nr_apart);
		bury(worker);
	}
	kcoro_pool_release();
}

/* --- Threads of their own ----------------------------------------------------- */

/*
 * Make a worker that is in no CPU's pool, for @task only, or for @bubble. It does
 * not run yet.
 */
static struct kcoro_worker *apart_create(struct kcoro_task *task,
					 struct kcoro_bubble *bubble)
{
	struct kcoro_worker *worker;
	int err = -EAGAIN;

	if (atomic_inc_return(&nr_apart) > READ_ONCE(threads_max))
		goto err_count;
	worker = worker_alloc();
	err = -ENOMEM;
	if (!worker)
		goto err_count;
	worker->cpu = kcoro_sched_cpu(raw_smp_processor_id());
	worker->own = task;
	worker->bubble = bubble;
	if (task)
		worker->thread = kthread_create(kcoro_worker_main, worker,
						"kcoro-own/%llu", task->id);
	else
		worker->thread = kthread_create(kcoro_worker_main, worker,
						"kcoro-bubble");
	if (IS_ERR(worker->thread)) {
		err = PTR_ERR(worker->thread);
		goto err_free;
	}
	get_task_struct(worker->thread);
	set_user_nice(worker->thread, kcoro_pool_nice());
	__module_get(THIS_MODULE);
	mutex_lock(&pool_mutex);
	list_add_tail(&worker->node, &apart_workers);
	mutex_unlock(&pool_mutex);
	return worker;

err_free:
	kfree(worker);
err_count:
	atomic_dec(&nr_apart);
	return ERR_PTR(err);
}

static void apart_forget(struct kcoro_worker *worker)
{
	mutex_lock(&pool_mutex);
	list_del(&worker->node);
	mutex_unlock(&pool_mutex);
	atomic_dec(&nr_apart);
	put_task_struct(worker->thread);
	kfree_rcu(worker, rcu);
}

/**
 * kcoro_pool_own() - make a thread for one task only
 * @task: not started yet; pinned, if it shall be
 *
 * Context: may sleep.
 * Return: 0. -EAGAIN: there are threads_max. -ENOMEM, -EINTR: no kthread.
 */
int kcoro_pool_own(struct kcoro_task *task)
{
	struct kcoro_worker *worker = apart_create(task, NULL);

	if (IS_ERR(worker))
		return PTR_ERR(worker);
	if (task->pin >= 0)
		kthread_bind(worker->thread, task->pin);
	task->own = worker;
	return 0;
}

/**
 * kcoro_pool_own_discard() - end the thread of a task that never ran
 * @task: has one, or has none
 *
 * Context: may sleep.
 */
void kcoro_pool_own_discard(struct kcoro_task *task)
{
	if (!task->own)
		return;
	kthread_stop(task->own->thread);
	apart_forget(task->own);
	module_put(THIS_MODULE);
}

/**
 * kcoro_pool_bubble() - make a thread for all tasks of a bubble
 * @bubble: the thread waits for its start, which must come
 *
 * Context: may sleep.
 * Return: as kcoro_pool_own().
 */
int kcoro_pool_bubble(struct kcoro_bubble *bubble)
{
	struct kcoro_worker *worker = apart_create(NULL, bubble);

	if (IS_ERR(worker))
		return PTR_ERR(worker);
	bubble->thread = get_task_struct(worker->thread);
	kcoro_bubble_get(bubble);
	wake_up_process(bubble->thread);
	return 0;
}

/**
 * kcoro_pool_apart_ended() - forget the calling thread, which has nothing to run
 * @worker: its worker: of a task that has ended, or of a bubble that is over
 *
 * Context: that thread, which still holds the module.
 */
void kcoro_pool_apart_ended(struct kcoro_worker *worker)
{
	struct kcoro_bubble *bubble = worker->bubble;

	apart_forget(worker);
	if (bubble)
		kcoro_bubble_over(bubble);
}

/* --- Which CPUs ------------------------------------------------------------------ */

/* Give a CPU its workers, bound to it, and let it take tasks. */
static int cpu_activate(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *worker;
	int err = 0;

	list_for_each_entry(worker, &cpu->workers, node)
		set_cpus_allowed_ptr(worker->thread, cpumask_of(cpu->cpu));
	/* One owner and its spares; fewer spares are no failure. */
	while (cpu->nr_workers < 1 + READ_ONCE(spares) && !err)
		err = worker_create(cpu);
	if (!cpu->nr_workers)
		return err;
	kcoro_sched_activate(cpu);
	return 0;
}

static bool cpu_wanted(unsigned int cpu, int gone)
{
	return cpu != gone &&
	       housekeeping_test_cpu(cpu, HK_TYPE_KTHREAD);
}

/*
 * Make those CPUs active, and only those, that are to be; one that goes offline,
 * @gone, or -1, is not. Not all are deactivated at any time.
 */
static int choose_cpus(int gone)
{
	unsigned int left = READ_ONCE(active_cpus) ?: UINT_MAX, cpu;
	static struct cpumask wanted;	/* [pool_mutex] */
	int err = 0;

	lockdep_assert_held(&pool_mutex);
	cpumask_clear(&wanted);
	for_each_online_cpu(cpu)
		if (left && cpu_wanted(cpu, gone)) {
			cpumask_set_cpu(cpu, &wanted);
			left--;
		}
	if (cpumask_empty(&wanted))	/* all that are left are isolated */
		for_each_online_cpu(cpu)
			if (cpu != gone) {
				cpumask_set_cpu(cpu, &wanted);
				break;
			}
	for_each_cpu(cpu, &wanted)
		if (!kcoro_sched_cpu(cpu)->active && !err)
			err = cpu_activate(kcoro_sched_cpu(cpu));
	if (err)
		return err;
	for_each_online_cpu(cpu)
		if (!cpumask_test_cpu(cpu, &wanted) &&
		    kcoro_sched_cpu(cpu)->active)
			kcoro_sched_deactivate(kcoro_sched_cpu(cpu));
	return 0;
}

static int cpu_comes_online(unsigned int nr)
{
	struct kcoro_worker *worker;
	int err;

	mutex_lock(&pool_mutex);
	list_for_each_entry(worker, &kcoro_sched_cpu(nr)->workers, node)
		set_cpus_allowed_ptr(worker->thread, cpumask_of(nr));
	err = choose_cpus(-1);
	mutex_unlock(&pool_mutex);
	return err;
}

static int cpu_goes_offline(unsigned int nr)
{
	int err;

	mutex_lock(&pool_mutex);
	err = choose_cpus(nr);
	mutex_unlock(&pool_mutex);
	return err;
}

/* --- Parameters --------------------------------------------------------------- */

static int spares_set(const char *text, const struct kernel_param *param)
{
	return param_set_uint_minmax(text, param, 1, SPARES_MAX);
}

/**
 * kcoro_pool_set_active() - set how many CPUs run tasks
 * @nr: that many, or 0: all
 *
 * Context: may sleep.
 * Return: 0. -ENOMEM: as it was.
 */
int kcoro_pool_set_active(unsigned int nr)
{
	unsigned int old;
	int err = 0;

	kcoro_pool_hold();
	old = active_cpus;
	WRITE_ONCE(active_cpus, nr);
	if (hotplug_state)
		err = choose_cpus(-1);
	if (err)
		WRITE_ONCE(active_cpus, old);
	kcoro_pool_release();
	return err;
}

static int active_set(const char *text, const struct kernel_param *param)
{
	unsigned int nr;

	return kstrtouint(text, 0, &nr) ?: kcoro_pool_set_active(nr);
}

static void nice_all(void)
{
	struct kcoro_worker *worker;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		list_for_each_entry(worker, &kcoro_sched_cpu(cpu)->workers, node)
			if (!worker->hog)
				set_user_nice(worker->thread, worker_nice);
	list_for_each_entry(worker, &apart_workers, node)
		set_user_nice(worker->thread, worker_nice);
}

static int nice_set(const char *text, const struct kernel_param *param)
{
	int nice, err = kstrtoint(text, 0, &nice);

	if (err)
		return err;
	if (nice < MIN_NICE || nice > MAX_NICE)
		return -EINVAL;
	kcoro_pool_hold();
	WRITE_ONCE(worker_nice, nice);
	if (hotplug_state)
		nice_all();
	kcoro_pool_release();
	return 0;
}

static const struct kernel_param_ops spares_ops = {
	.set = spares_set,
	.get = param_get_uint,
};

static const struct kernel_param_ops active_ops = {
	.set = active_set,
	.get = param_get_uint,
};

static const struct kernel_param_ops nice_ops = {
	.set = nice_set,
	.get = param_get_int,
};

module_param_cb(spares, &spares_ops, &spares, 0644);
MODULE_PARM_DESC(spares,
		 "Spare workers kept ready for each CPU, 1 to 256 (default 8)");
module_param(workers_max, uint, 0644);
MODULE_PARM_DESC(workers_max, "Most workers of each CPU (default 512)");
module_param(spare_secs, uint, 0644);
MODULE_PARM_DESC(spare_secs,
		 "Seconds after which an idle spare beyond those is ended (default 30)");
module_param(threads_max, uint, 0644);
MODULE_PARM_DESC(threads_max,
		 "Most tasks that have a thread of their own (default 64)");
module_param_cb(active_cpus, &active_ops, &active_cpus, 0644);
MODULE_PARM_DESC(active_cpus, "CPUs that run tasks, 0: all (default)");
module_param_cb(nice, &nice_ops, &worker_nice, 0644);
MODULE_PARM_DESC(nice, "Nice level of the workers, -20 to 19 (default 0)");

/* --- Life and death --------------------------------------------------------------- */

static void cpu_stop_workers(struct kcoro_cpu *cpu)
{
	struct kcoro_worker *worker, *next;

	cancel_work_sync(&cpu->grow);
	cancel_delayed_work_sync(&cpu->reap);
	mutex_lock(&pool_mutex);
	list_for_each_entry(worker, &cpu->workers, node) {
		raw_spin_lock_irq(&cpu->lock);
		worker->stop = true;
		raw_spin_unlock_irq(&cpu->lock);
	}
	list_for_each_entry_safe(worker, next, &cpu->workers, node)
		worker_end(worker);
	mutex_unlock(&pool_mutex);
	irq_work_sync(&cpu->kick);
}

static void nothing(void *unused) { }

static void stop_all(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		kcoro_sched_cpu(cpu)->active = false;
		kcoro_tick_stop(kcoro_sched_cpu(cpu));
	}
	for_each_possible_cpu(cpu)
		cpu_stop_workers(kcoro_sched_cpu(cpu));
	/* Pokes that are still on their way come before this. */
	on_each_cpu(nothing, NULL, 1);
	for_each_possible_cpu(cpu)
		kcoro_tick_stop(kcoro_sched_cpu(cpu));
}

/**
 * kcoro_pool_init() - start the workers of all CPUs
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int __init kcoro_pool_init(void)
{
	unsigned int i;
	int err;

	for_each_possible_cpu(i) {
		struct kcoro_cpu *cpu = kcoro_sched_cpu(i);

		cpu->kick = IRQ_WORK_INIT_HARD(cpu_kick);
		INIT_WORK(&cpu->bury, cpu_bury);
		INIT_WORK(&cpu->grow, cpu_grow);
		INIT_DELAYED_WORK(&cpu->reap, cpu_reap);
	}
	kcoro_worker_setup();
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "kcoro:online",
				cpu_comes_online, cpu_goes_offline);
	if (err < 0) {
		stop_all();
		kcoro_worker_cleanup();
		return err;
	}
	hotplug_state = err;
	return 0;
}

/**
 * kcoro_pool_exit() - stop all workers
 *
 * Context: module exit; there are no tasks.
 */
void kcoro_pool_exit(void)
{
	enum cpuhp_state state = hotplug_state;

	kcoro_pool_hold();
	hotplug_state = 0;	/* parameters change nothing any more */
	kcoro_pool_release();
	cpuhp_remove_state_nocalls(state);
	stop_all();
	kcoro_worker_cleanup();
}
