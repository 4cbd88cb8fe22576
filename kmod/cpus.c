// SPDX-License-Identifier: GPL-2.0
/*
 * KCORO_IOC_CPUS: what each CPU does, for operators.
 *
 * Model: counters are read one by one while their CPUs go on: each is right, but
 * they are not of one moment.
 *
 * Locks: cpu->lock for a moment, to agree with those who change the owner.
 */
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "cpus.h"
#include "dev.h"
#include "sched.h"
#include "worker.h"

static void fill(struct kcoro_cpu_info *info, struct kcoro_cpu *cpu)
{
	memset(info, 0, sizeof(*info));
	info->cpu = cpu->cpu;
	info->queued = READ_ONCE(cpu->nr_queued) + !!READ_ONCE(cpu->run_next);
	info->workers = READ_ONCE(cpu->nr_workers);
	info->workers_max = READ_ONCE(cpu->workers_max);
	info->switches = READ_ONCE(cpu->switches);
	info->run_ns = kcoro_arch_cycles_to_ns(READ_ONCE(cpu->run_cycles));
	info->idle_ns = kcoro_arch_cycles_to_ns(READ_ONCE(cpu->idle_cycles));
	info->steals = atomic64_read(&cpu->stolen);
	info->hogs = READ_ONCE(cpu->nr_hogs);
	info->created = READ_ONCE(cpu->created);
	info->reaped = READ_ONCE(cpu->reaped);
	info->failed = READ_ONCE(cpu->failed);

	raw_spin_lock_irq(&cpu->lock);
	info->flags = (cpu->active ? KCORO_CPU_ACTIVE : 0) |
		      (cpu->idle ? KCORO_CPU_IDLE : 0) |
		      (cpu->nr_hogging ? KCORO_CPU_HOGGED : 0);
	info->spares = cpu->nr_spares;
	info->handovers = cpu->handovers;
	info->no_spare = cpu->no_spare;
	raw_spin_unlock_irq(&cpu->lock);
}

/**
 * kcoro_ioc_cpus() - KCORO_IOC_CPUS
 * @file: any of ours
 * @call: the call
 *
 * Context: process.
 * Return: 0 or an errno of the call.
 */
int kcoro_ioc_cpus(struct file *file, struct kcoro_call *call)
{
	struct kcoro_cpus *args = &call->arg.cpus;
	struct kcoro_cpu_info __user *to = u64_to_user_ptr(args->cpus);
	struct kcoro_cpu_info info;
	u32 room = args->count;
	unsigned int cpu;

	args->count = 0;
	args->total = num_possible_cpus();
	for_each_possible_cpu(cpu) {
		if (args->count == room)
			break;
		if (fatal_signal_pending(current))
			return -EINTR;
		fill(&info, kcoro_sched_cpu(cpu));
		if (copy_to_user(to + args->count, &info, sizeof(info)))
			return -EFAULT;
		args->count++;
	}
	return 0;
}
