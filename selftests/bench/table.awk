# SPDX-License-Identifier: GPL-2.0
#
# Figures (NAME NS NS ...) to a table: medians, spread, and ratios to the rows
# that each operation is compared with.

function median(name,    i, j, t) {
	for (i = 1; i <= n[name]; i++)
		for (j = i + 1; j <= n[name]; j++)
			if (v[name, j] < v[name, i]) {
				t = v[name, i]; v[name, i] = v[name, j]
				v[name, j] = t
			}
	return v[name, int((n[name] + 1) / 2)]
}

function row(name, text,    m) {
	if (!(name in n)) {
		printf "%-48s %10s\n", text, "no figure"
		missing = 1
		return
	}
	m = median(name)
	printf "%-48s %10d  %d..%d\n", text, m, v[name, 1], v[name, n[name]]
}

function ratio(name, peer, text, peertext) {
	if (name in n && peer in n)
		printf "%-24s %-40s %8.1fx\n", text, peertext,
		       median(peer) / median(name)
}

NF > 1 {
	n[$1] = NF - 1
	for (i = 2; i <= NF; i++)
		v[$1, i - 1] = $i + 0
}

END {
	printf "kernel %s, 2 CPUs, one VM run, median of %d, ns\n\n", kernel, runs
	printf "%-48s %10s  %s\n", "operation", "ns", "least..most"
	row("kcoro_switch", "task: switch of stacks")
	row("kcoro_yield", "tasks: yield there and back")
	row("kcoro_buffered", "task: send and receive, buffered, no switch")
	row("kcoro_unbuffered", "tasks: round trip over unbuffered channels")
	row("kcoro_spawn", "task: spawn, run, exit, join")
	row("kthread_bounce", "kthreads: wake-up there and back, same CPU")
	row("kthread_mail", "kthreads: message there and back, same CPU")
	row("workqueue", "workqueue: item there and back, same CPU")
	row("kthread_create", "kthread: create, run, exit, stop")
	row("burst_cold", "1000 tasks in msleep(10), workers made meanwhile")
	row("burst", "1000 tasks in msleep(10), workers there")
	row("burst_gap", "  worst gap of one that sleeps 1 ms, meanwhile")
	row("compute_one", "32 tasks that compute, one CPU")
	row("compute_all", "32 tasks that compute, both CPUs")
	row("user_task", "program to task and back over two channels")
	row("user_pipe", "program to thread and back over two pipes")
	printf "\n%-24s %-40s %9s\n", "kcoro", "compared with", "faster by"
	ratio("kcoro_yield", "kthread_bounce", "yield there and back", "kthread wake-up there and back")
	ratio("kcoro_unbuffered", "kthread_mail", "unbuffered round trip", "kthread messages, kfifo and wait queues")
	ratio("kcoro_unbuffered", "kthread_bounce", "unbuffered round trip", "kthread wake-up there and back")
	ratio("kcoro_unbuffered", "workqueue", "unbuffered round trip", "workqueue item there and back")
	ratio("kcoro_spawn", "kthread_create", "spawn, run, exit, join", "kthread create, run, exit, stop")
	ratio("compute_all", "compute_one", "32 tasks on both CPUs", "the same on one CPU")
	ratio("user_task", "user_pipe", "program, task and back", "program, thread and back, pipes")
	if (missing)
		print "\nsome rows have no figure: the run was cut short"
	exit missing
}
