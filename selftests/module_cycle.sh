#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Loading and unloading the module, over and over, with tasks parked in it.
#
# Needs root, kcoro in PATH and the module where modprobe finds it.  The module
# is loaded when this ends, as it was when it began.

# The debug kernel runs all KUnit tests at each load.
CYCLES=100
[ ! -d /sys/module/kunit ] || CYCLES=3

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
load() { modprobe kcoro; }

# At the first try: nothing holds the module.
unload() { rmmod kcoro; }

# What a process that is gone has left is taken down in the background.
unload_soon()
{
	until rmmod kcoro 2>/dev/null; do
		sleep 0.05
	done
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
	while [ "$i" -lt "$CYCLES" ]; do
		unload && ! loaded && load || return 1
		i=$((i + 1))
	done
}

parked()
{
	i=0
	while [ "$i" -lt "$CYCLES" ]; do
		spawn 50 sleep "$FOREVER" || return 1
		kill -KILL "$pid"
		wait "$pid" 2>/dev/null
		unload_soon
		load || return 1
		i=$((i + 1))
	done
}

# Right after the kill, with thousands of tasks on their way out.
many()
{
	spawn 5000 sleep "$FOREVER" || return 1
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	unload_soon
	load
}

busy()
{
	spawn 8 spin 3000000 || return 1
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	unload_soon
	load
}

refused()
{
	spawn 10 sleep "$FOREVER" || return 1
	rmmod kcoro 2>/dev/null && return 1
	loaded || return 1
	kill -TERM "$pid"
	wait "$pid" 2>/dev/null
	unload_soon
	load
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
	unload_soon
	load
}

kill_all()
{
	spawn 1000 sleep "$FOREVER" || return 1
	kcoro kill --all -a >/dev/null || return 1
	# the program sees all of them end, and ends
	wait "$pid" 2>/dev/null
	unload_soon
	load
}

kill_contexts()
{
	spawn 10 sleep "$FOREVER" || return 1
	kcoro kill --all -a --contexts >/dev/null || return 1
	wait "$pid" 2>/dev/null
	unload_soon
	load
}

parameters()
{
	unload || return 1
	modprobe kcoro tasks_ctx_max=7 || return 1
	[ "$(cat /sys/module/kcoro/parameters/tasks_ctx_max)" = 7 ] || return 1
	kcoro spawn -c 8 sleep 0 >/dev/null 2>&1 && return 1
	unload_soon
	load
}

[ "$(id -u)" -eq 0 ] || skip_all "not root"
command -v kcoro >/dev/null || skip_all "no kcoro command"
loaded || load || skip_all "no module"
rmmod kcoro && load || skip_all "the module is in use"

tests="idle parked many busy refused refused_idle kill_all kill_contexts parameters"
# shellcheck disable=SC2086 # a list of words is meant
set -- $tests
echo TAP version 13
echo "1..$#"
for test; do
	"$test"
	result $? "$test"
	loaded || load
done
[ "$failed" -eq 0 ]
