#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Loading and unloading the module, over and over, with tasks parked in it.
#
# Needs root, kcoro in PATH and the module where modprobe finds it.  The module
# is loaded when this ends, as it was when it began.

CYCLES=100
tests="idle parked many busy refused refused_idle kill_all kill_contexts parameters \
	memory_limits"
# A kernel with KUnit runs all its tests at each load, which takes long.
if [ -d /sys/module/kunit ]; then
	CYCLES=4
	tests="parked refused kill_all"
fi

# Each load and unload flips a static key. QEMU's emulation, when each of its
# CPUs is a thread, now and then goes on to execute the breakpoint that is put
# there meanwhile, and all CPUs trap on it for ever. So there only one CPU is
# online while that happens.
alone=
! grep -q 'QEMU TCG' /proc/cpuinfo || alone=1

FOREVER=80000000
n=0
failed=0

result()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n module_cycle.$2"
	else
		failed=$((failed + 1))
		echo "not ok $n module_cycle.$2"
	fi
}

skip_all()
{
	echo "1..0 # SKIP $*"
	exit 4
}

loaded() { [ -d /sys/module/kcoro ]; }

# $1: 0 or 1
other_cpus()
{
	[ "$alone" ] || return 0
	for cpu in /sys/devices/system/cpu/cpu[1-9]*/online; do
		[ ! -w "$cpu" ] || [ "$(cat "$cpu")" = "$1" ] || echo "$1" >"$cpu"
	done
}

# $@: parameters
load()
{
	other_cpus 0
	modprobe kcoro "$@"
	status=$?
	other_cpus 1
	return "$status"
}

# At the first try: nothing holds the module.
unload()
{
	other_cpus 0
	rmmod kcoro
	status=$?
	other_cpus 1
	return "$status"
}

# What a process that is gone has left is taken down in the background.
unload_soon()
{
	until [ "$(cat /sys/module/kcoro/refcnt)" = 0 ]; do
		sleep 0.05
	done
	unload
}

# $1: number; $2...: body and argument. Sets $pid; waits until they live.
spawn()
{
	count=$1
	shift
	kcoro spawn -c "$count" "$@" >/dev/null 2>&1 &
	pid=$!
	until [ "$(kcoro ps -a --json | grep -o '"id"' | wc -l)" -ge "$count" ]; do
		kill -0 "$pid" 2>/dev/null || return 1
		sleep 0.05
	done
}

# --- the tests

idle()
{
	i=0
	other_cpus 0
	while [ "$i" -lt "$CYCLES" ]; do
		rmmod kcoro || return 1
		! loaded || return 1
		modprobe kcoro || return 1
		i=$((i + 1))
	done
}

parked()
{
	i=0
	while [ "$i" -lt $((CYCLES / 4)) ]; do
		spawn 50 sleep "$FOREVER" || return 1
		kill -KILL "$pid"
		wait "$pid" 2>/dev/null
		unload_soon && load || return 1
		i=$((i + 1))
	done
}

# Right after the kill, with thousands of tasks on their way out.
many()
{
	spawn 5000 sleep "$FOREVER" || return 1
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	unload_soon && load
}

busy()
{
	spawn 8 spin 3000000 || return 1
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	unload_soon && load
}

refused()
{
	spawn 10 sleep "$FOREVER" || return 1
	rmmod kcoro 2>/dev/null && return 1
	loaded || return 1
	kill -TERM "$pid"
	wait "$pid" 2>/dev/null
	unload_soon && load
}

# An open descriptor is enough.
refused_idle()
{
	exec 9<>/dev/kcoro || return 1
	if rmmod kcoro 2>/dev/null; then
		exec 9>&-
		return 1
	fi
	exec 9>&-
	unload_soon && load
}

kill_all()
{
	spawn 1000 sleep "$FOREVER" || return 1
	kcoro kill --all -a >/dev/null || return 1
	# the program sees all of them end, and ends
	wait "$pid" 2>/dev/null
	unload_soon && load
}

kill_contexts()
{
	spawn 10 sleep "$FOREVER" || return 1
	kcoro kill --all -a --contexts >/dev/null || return 1
	wait "$pid" 2>/dev/null
	unload_soon && load
}

parameters()
{
	unload || return 1
	load tasks_ctx_max=7 || return 1
	[ "$(cat /sys/module/kcoro/parameters/tasks_ctx_max)" = 7 ] || return 1
	kcoro spawn -c 8 sleep 0 >/dev/null 2>&1 && return 1
	unload_soon && load
}

# Two: up to one part in 16 apart, as pages come and go.
near()
{
	[ $(($1 - $2)) -le $(($2 / 16)) ] && [ $(($2 - $1)) -le $(($2 / 16)) ]
}

limit() { cat "/sys/module/kcoro/parameters/$1"; }

# All tasks' stacks fill half of the memory, unless limits are given.
memory_limits()
{
	unload && load || return 1
	stack=$(kcoro info | sed -n 's/^ *stack_default  *\([0-9]*\).*/\1/p')
	kib=$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)
	near "$(limit tasks_max)" $((kib * 1024 / 2 / stack)) || return 1
	[ "$(limit tasks_user_max)" = $(($(limit tasks_max) / 2)) ] || return 1
	[ "$(limit tasks_ctx_max)" = $(($(limit tasks_max) / 2)) ] || return 1
	unload && load tasks_max=1000 tasks_ctx_max=700 || return 1
	[ "$(limit tasks_max)" = 1000 ] || return 1
	[ "$(limit tasks_user_max)" = 500 ] || return 1
	[ "$(limit tasks_ctx_max)" = 700 ] || return 1
	unload && load
}

[ "$(id -u)" -eq 0 ] || skip_all "not root"
command -v kcoro >/dev/null || skip_all "no kcoro command"
loaded || load || skip_all "no module"
# What the test before has left may still be on its way out.
tries=600
while [ "$(cat /sys/module/kcoro/refcnt)" != 0 ]; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || skip_all "the module is in use"
	sleep 0.1
done

# shellcheck disable=SC2086 # a list of words is meant
set -- $tests
echo TAP version 13
echo "1..$#"
for test; do
	"$test"
	result $? "$test"
	other_cpus 1
	loaded || load
done
[ "$failed" -eq 0 ]
