#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Tests of the library and the command that need no kernel module, in TAP.
# Run it with "make check". What a device has to answer comes from
# fake_device.so; what needs the real one is in the selftests.

: "${O:?is the build directory: run make check}"
: "${CC:=cc}"
cd "$(dirname "$0")/.." || exit 1

kcoro=$O/kcoro
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
count=0
failures=0

# Nothing here takes seconds, but a hang must not last.
fake()
{
	env LD_PRELOAD="$O/fake_device.so" timeout -k 5 60 "$@"
}

result() # STATUS NAME [DETAILS]
{
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count $2"
	else
		echo "not ok $count $2"
		printf '%s\n' "$3" | sed 's/^/# /'
		failures=$((failures + 1))
	fi
}

# expect NAME STATUS TEXT COMMAND...: exit status, and TEXT (a pattern of
# [[ == ]]) is what it printed on both outputs.
expect()
{
	local name=$1 status=$2 text=$3 output got

	shift 3
	output=$("$@" 2>&1 </dev/null)
	got=$?
	# shellcheck disable=SC2053 # a pattern it shall be
	[[ $got = "$status" && $output == $text ]]
	result $? "$name" "status $got, expected $status; output: $output"
}

valid_json() # NAME COMMAND...: each line is a JSON text
{
	local name=$1

	shift
	"$@" </dev/null 2>"$dir/err" | python3 -c '
import json, sys
lines = sys.stdin.read().splitlines()
assert lines
for line in lines:
    json.loads(line)' 2>"$dir/why"
	result $? "$name" "$(cat "$dir/why" "$dir/err")"
}

check() # PIPELINE EXPECTED...: how it is understood
{
	expect "parse: $1" "$2" "$3" "$kcoro" run --check "$1"
}

seq 1 2000 >"$dir/numbers"
printf 'one\n\nthree' >"$dir/short"
# An input that does not end.
mkfifo "$dir/fifo"
exec 8<>"$dir/fifo"

# --- arguments ---------------------------------------------------------------
expect "no command" 2 "usage:*" "$kcoro"
expect "help" 0 "usage:*" "$kcoro" help
for c in run spawn ps top kill leaks set cpus policy chan bodies info test; do
	expect "help $c" 0 "usage: kcoro $c*" "$kcoro" help $c
	expect "$c --help" 0 "usage: kcoro $c*" "$kcoro" $c --help
	expect "$c --nonsense" 2 "*Try: kcoro help $c" "$kcoro" $c --nonsense
done
expect "version" 0 "kcoro [0-9]*" "$kcoro" --version
expect "no such command" 2 "*no command 'nope'*" "$kcoro" nope
expect "help of no such command" 2 "*no command 'nope'*" "$kcoro" help nope
expect "spawn without a body" 2 "*wants a BODY*" "$kcoro" spawn
expect "spawn -c 0" 2 "*no number of tasks*" "$kcoro" spawn -c 0 sleep 1
expect "spawn -c x" 2 "*no number of tasks*" "$kcoro" spawn -c 10x sleep 1
expect "spawn -t" 2 "*no time*" "$kcoro" spawn -t 10y sleep 1
expect "spawn -s" 2 "*no stack size*" "$kcoro" spawn -s 9999999G sleep 1
expect "spawn --fd" 2 "*no descriptor*" "$kcoro" spawn --fd -1 sleep 1
expect "ps -s" 2 "*no column 'x'*" "$kcoro" ps -s x
expect "ps -o" 2 "*no column 'x'*" "$kcoro" ps -o id,x
expect "ps -o with an empty name" 2 "*no column ''*" "$kcoro" ps -o id,
expect "ps -n" 2 "*no number*" "$kcoro" ps -n many
expect "leaks of somebody" 2 "*unexpected '3'*" "$kcoro" leaks 3
expect "kill nothing" 2 "*ids of tasks or --all*" "$kcoro" kill
expect "kill both" 2 "*ids of tasks or --all*" "$kcoro" kill --all 3
expect "kill 0" 2 "*no id*" "$kcoro" kill 0
expect "kill --contexts" 2 "*with --all only*" "$kcoro" kill --contexts 3
expect "set nothing" 2 "*ids of tasks*" "$kcoro" set --cpu 1
expect "set to nothing" 2 "*--priority, --cpu*" "$kcoro" set 3
expect "set 0" 2 "*no id*" "$kcoro" set 0 --cpu any
for p in 4 -5 x "" 1x +1; do
	expect "--priority '$p'" 2 "*no priority: -4 to 3*" \
		"$kcoro" set 1 --priority "$p"
done
for c in "set 1" "run" "spawn"; do
	# shellcheck disable=SC2086 # words
	expect "$c --cpu -1" 2 "*no number of a CPU*" "$kcoro" $c --cpu -1
done
expect "policy of two names" 2 "*one NAME*" "$kcoro" policy a b
expect "policy ''" 2 "*not empty*" "$kcoro" policy ""
expect "top -d" 2 "*no time*" "$kcoro" top -d 1ms
expect "top -n" 2 "*no number*" "$kcoro" top -n 0
expect "top -s" 2 "*no column 'x'*" "$kcoro" top -s x
expect "top --json" 2 "*no JSON*" "$kcoro" top --json
expect "run without a pipeline" 2 "*wants one PIPELINE*" "$kcoro" run
expect "run two pipelines" 2 "*wants one PIPELINE*" "$kcoro" run a b
expect "run -q" 2 "*no capacity*" "$kcoro" run -q -1 echo
expect "chan" 2 "*list, info, bench*" "$kcoro" chan
expect "chan nope" 2 "*chan nope*" "$kcoro" chan nope
expect "chan list x" 2 "*no process id*" "$kcoro" chan list x
expect "chan info of another file" 1 "*is not kcoro's*" "$kcoro" chan info 0
expect "chan info of no file" 1 "*is not open*" "$kcoro" chan info 99
expect "chan info of nonsense" 2 "*a number or*" "$kcoro" chan info /etc/x
expect "chan bench -n 0" 2 "*no number for it*" "$kcoro" chan bench -n 0

# --- pipelines ---------------------------------------------------------------
check "file-source 'a b' | lines|match -i \"x\\\"y\" | count" 0 \
	"*file-source file 'a b'
*lines
*match '-i' 'x\"y'
*count"
check "match a\\|b" 0 "*match 'a|b'
*standard output: file-sink"
check "match ''" 0 "*match ''*"
check "match 'it'\\''s'" 0 "*match 'it's'*"
check "lines" 0 "standard input: *
*lines
standard output: file-sink"
check "file-source -b 4096 -- -x | echo" 0 \
	"*file-source '-b' '4096' file '-x'*"
check "sieve 10" 0 "stage 1 (sieve): sieve '10'"
check "match 'x" 2 "*a quote that is not closed, at character 7*"
check "match x\\" 2 "*a backslash at the end*"
check "" 2 "*a stage without a body*"
check "lines |" 2 "*a stage without a body, at character 8*"
check "| lines" 2 "*a stage without a body, at character 1*"
check "count | lines" 2 "*stage 1: count sends no messages*"
check "lines | file-source x" 2 "*stage 2: file-source takes no messages*"
check "sieve 3 | count" 2 "*cannot be part of a chain*"
check "file-source | count" 2 "*wants one FILE*"
check "file-source a b | count" 2 "*wants one FILE*"
check "file-source -b 0 a | count" 2 "*no number of bytes*"
check "file-sink -n a" 2 "*an option that it does not have*"

# --- without a device --------------------------------------------------------
if [ ! -e /dev/kcoro ]; then
	for c in info bodies ps cpus policy "policy fifo" "top -b" \
		"set 1 --cpu any" "kill 1" "spawn sleep 1" "run echo" \
		"chan bench"; do
		# shellcheck disable=SC2086 # words
		expect "$c without the module" 1 "*modprobe kcoro*" \
			"$kcoro" $c
	done
	expect "test without the module" 1 "*not ok 1*Bail out!*" \
		"$kcoro" test
fi

# --- with a stand-in for it --------------------------------------------------
expect "the self-test" 0 "*13 passed, 0 failed" fake "$kcoro" test
expect "the example hello" 0 "hello" fake "$O/hello"
expect "the example pipeline" 0 "12" \
	fake "$O/pipeline" "$dir/numbers" 199
# shellcheck disable=SC2016 # for the inner shell
expect "the example select-file" 0 "hello*messages" \
	fake sh -c 'echo hello | "$0"' "$O/select-file"
expect "info" 0 "interface version 1*" fake "$kcoro" info
expect "ps" 0 "*ID*NAME*COMM*" fake "$kcoro" ps
expect "ps -H without tasks" 0 "" fake "$kcoro" ps -H
expect "ps --summary" 0 "tasks   0*" fake "$kcoro" ps --summary
expect "kill of no task" 1 "*no such task*" fake "$kcoro" kill 77
expect "leaks, none" 0 "" fake "$kcoro" leaks --end
expect "kill --all" 0 "asked 0 tasks to end" fake "$kcoro" kill --all
expect "chan bench" 0 "*up to*" fake "$kcoro" chan bench -n 500

expect "spawn" 0 "1 nap ok, result 0, 1 switch" \
	fake "$kcoro" spawn -n nap sleep 1
expect "spawn many" 0 "300 tasks ended: 300 ok, 0 failed" \
	fake "$kcoro" spawn -c 300 sleep 1
expect "spawn with a priority, on a CPU, on a thread" 0 "1 sleep ok*" \
	fake "$kcoro" spawn --priority 3 --cpu 1 --own-thread sleep 1
expect "run with a priority, on a CPU, on a thread" 0 "2000 *" \
	fake "$kcoro" run --priority 3 --cpu 1 --own-thread \
	"file-source $dir/numbers | lines | count"
for c in run spawn; do
	words=(sleep 1)
	[ $c = spawn ] || words=("sleep 1")
	expect "$c on a CPU that is not there" 1 "*that CPU is offline*" \
		fake "$kcoro" $c --cpu 2 "${words[@]}"
	expect "$c with a priority that is not allowed" 1 "*CAP_SYS_NICE*" \
		fake "$kcoro" $c --priority -1 "${words[@]}"
	expect "$c with a priority that is allowed" 0 "*" \
		fake env FAKE_KCORO_NICE=1 "$kcoro" $c --priority -4 \
		"${words[@]}"
done
expect "spawn more than the limit" 1 \
	"*only 20 of 30*tasks_ctx_max is 20*20 failed" \
	fake env FAKE_KCORO_TASKS=20 "$kcoro" spawn -c 30 sleep 60000
expect "spawn -t" 1 "1 sleep canceled by its deadline*" \
	fake "$kcoro" spawn -t 20ms sleep 60000
expect "spawn of no body" 1 "*no such body*kcoro bodies*" \
	fake "$kcoro" spawn nope
expect "a long name of a body" 1 "*no such body*" \
	fake "$kcoro" spawn a2345678901234567890123456789012345

# --- scheduling --------------------------------------------------------------
show() # N COMMAND...: with so many tasks there
{
	local n=$1

	shift
	fake env FAKE_KCORO_SHOW="$n" "$@"
}
expect "ps of scheduling" 0 " TIME PRI PIN FLAGS
2.00s 0 - -" show 9 sh -c "$kcoro ps -o time,priority,pin,flags -s -id -n 1 |
	tr -s ' '"
expect "set" 0 "set 2 tasks" show 2 "$kcoro" set 1 2 --priority 3 --cpu 1
expect "set --cpu any" 0 "set 1 task" show 2 "$kcoro" set --cpu any 2
expect "set: some fail" 1 "*task 9: there is no such task*set 1 task" \
	show 2 "$kcoro" set 9 2 --priority 1
expect "set --cpu 2" 1 "*that CPU is offline*set 0 tasks" \
	show 2 "$kcoro" set 1 --cpu 2
expect "set --priority -1" 1 "*CAP_SYS_NICE*set 0 tasks" \
	show 2 "$kcoro" set 1 --priority -1
expect "cpus" 0 "CPU STATE *
  0 busy *
  1 idle *" fake "$kcoro" cpus
expect "policy" 0 "[[]fifo] mlfq predict" fake "$kcoro" policy
expect "policy NAME" 0 "fifo [[]mlfq] predict" fake "$kcoro" policy mlfq
expect "policy: no such" 1 "*no policy 'nope'*[[]fifo] mlfq*" \
	fake "$kcoro" policy nope
expect "policy: not allowed" 1 "*no permission*run as root" \
	env FAKE_KCORO_POLICY=readonly LD_PRELOAD="$O/fake_device.so" \
	"$kcoro" policy mlfq
expect "policy: no such file" 1 "*modprobe kcoro*" \
	env FAKE_KCORO_POLICY=missing LD_PRELOAD="$O/fake_device.so" \
	"$kcoro" policy
expect "policy: a switch that does not complete" 1 \
	"*mlfq: the switch did not complete: Connection timed out" \
	env FAKE_KCORO_POLICY=stuck LD_PRELOAD="$O/fake_device.so" \
	"$kcoro" policy mlfq
expect "JSON of the policies" 0 \
	'*[[]"fifo", "mlfq", "predict"], "policy": "fifo"}' \
	fake "$kcoro" --json policy

# The stand-in's CPUs are half busy, its tasks take a quarter of one.
expect "top" 0 "kcoro: policy fifo, *
tasks: 2: 0 running, 0 ready, 2 parked*
CPU STATE *
  0 busy    50.0      7 *
  1 idle    50.0      0 *
    ID NAME *
     2 shown-2          sleep      0   0  25.0  250ms   1000 *" \
	show 2 "$kcoro" top -n 1 -s time
show 3 "$kcoro" top -n 3 -d 0.2 -s id >"$dir/out"
awk '/^per s:/ && NR > 3 { seen++; bad += $3 < 900 || $3 > 1100 }
	$2 ~ /^shown/ && n++ >= 3 { bad += $6 < 24 || $6 > 26 ||
		$8 < 900 || $8 > 1100 || $1 != (n - 1) % 3 + 1 }
	END { exit bad || n != 9 || seen != 2 }' "$dir/out"
result $? "top: rates between refreshes" "$(cat "$dir/out")"
show 3 "$kcoro" top -n 1 | awk '$2 ~ /^shown/ { print $1 }' |
	tr '\n' ' ' >"$dir/out"
[ "$(cat "$dir/out")" = "1 2 3 " ]
result $? "top: ties stay in order of id" "$(cat "$dir/out")"
env FAKE_KCORO_SHOW=3 LD_PRELOAD="$O/fake_device.so" "$kcoro" top -d 100 \
	>"$dir/out" &
pid=$!
sleep 0.3
kill $pid
wait $pid
[ $? = 143 ] && [ "$(grep -c shown- "$dir/out")" = 3 ]
result $? "top: a signal while it waits" "$(cat "$dir/out")"

screen() # TERM SIZE STEP... -- COMMAND...: see screen.py
{
	env TERM="$1" FAKE_KCORO_SHOW=30 LD_PRELOAD="$O/fake_device.so" \
		timeout -k 5 60 tests/screen.py "${@:2}"
}
for term in xterm linux vt100; do
	expect "top on $term" 0 "|kcoro: policy fifo, every 100s, by id, *
|  0 busy    50.0 *
|  1 idle    50.0 *
|    ID NAME *
|     1 shown-1 *
|    16 shown-16 *
|task 1 to 16 of 30
status 0, *" screen $term 24x80 '!1 to 16' '?' q -- \
		"$kcoro" top -d 100 -s id
done
expect "top: keys" 0 "|kcoro top: tasks by *
|kcoro: *, by name, *
|task 1 to 16 of 30
|kcoro: *, by id reversed, *
|    16 shown-16 *
|     1 shown-1 *
|task 15 to 30 of 30
status 0, put back" screen xterm 24x80 '!1 to 16' h '!Any key' '?' x \
	'>' '!by name' '?' '<' r '\033OF' '!15 to 30' '?' q -- \
	"$kcoro" top -d 100 -s id
expect "top: cancel a task" 0 "|*
|cancel task 2[?] y/n
|*tasks: 30: *
|*tasks: 29: *
|     3 shown-3 *
|asked task 2 to end
status 0, put back" screen xterm 24x80 '!1 to 16' '\033OB' k '!y/n' '?' \
	n '!of 30' '?' k '!y/n' y '!asked' '?' q -- "$kcoro" top -d 100 -s id
expect "top: a small terminal" 0 "|kcoro: policy fifo, every 100s, by id, h
|tasks: 30: 0 running, 0 ready, 30 parked
|per s: *
|CPU STATE  BUSY% QUEUED WORKERS SPARES
|    and 2 more: kcoro cpus
|    ID NAME             STATE    CPU PRI
|     1 shown-1          sleep      0   0
|     2 shown-2          sleep      0   0
|     3 shown-3          sleep      0   0
|task 1 to 3 of 30
status 0, put back" screen xterm 24x80 '!1 to 16' @10x40 '!1 to 3 of' '?' q -- \
	"$kcoro" top -d 100 -s id
expect "top: it becomes larger, and tiny" 0 "|*
|task 1 to 30 of 30
status 0, put back" screen xterm 10x40 '!1 to 3' @2x5 @1x1 @50x100 \
	'!1 to 30 of' '?' q -- "$kcoro" top -d 100 -s id
expect "top: it refreshes" 0 "status 0, put back" \
	screen xterm 24x80 '!1 to 16' '!per s: (9..|10..) switches' -- "$kcoro" top -n 3 -d 0.3
expect "top: Ctrl-C" 0 "status 130, put back" \
	screen xterm 24x80 '!1 to 16' '\003' -- "$kcoro" top -d 100
for term in nope dumb; do
	expect "top on $term: text" 0 "|kcoro: *
|    29 shown-29 *status 0, put back" \
		screen $term 50x200 '?' -- "$kcoro" top -n 1
done
expect "top --batch on a terminal" 0 "|kcoro: *status 0, put back" \
	screen xterm 50x200 '?' -- "$kcoro" top -b -n 1

for refuse in "" 1; do
	export FAKE_KCORO_REFUSE_FILES=$refuse
	[ -n "$refuse" ] || unset FAKE_KCORO_REFUSE_FILES
	w=${refuse:+, files from user space}
	expect "run: count$w" 0 "12 59" fake "$kcoro" run \
		"file-source $dir/numbers | lines | match 199 | count"
	expect "run: empty lines$w" 0 "one

three" fake "$kcoro" run "file-source $dir/short | lines"
	expect "run: raw$w" 0 "$(cat "$dir/numbers")" \
		fake "$kcoro" run "file-source -b 7 $dir/numbers | echo"
	expect "run: file-sink$w" 0 "" fake "$kcoro" run \
		"file-source $dir/numbers | file-sink $dir/copy"
	cmp "$dir/numbers" "$dir/copy"
	result $? "run: file-sink has all$w"
	head -c 3000000 /dev/urandom >"$dir/big"
	# shellcheck disable=SC2002 # a pipe it shall be
	cat "$dir/big" | fake "$kcoro" run 'echo | echo' | cmp - "$dir/big"
	result $? "run: pipes on both sides$w"
	seq 1 100000 | fake "$kcoro" run lines | head -n 3 >"$dir/head"
	statuses=("${PIPESTATUS[@]}")
	[ "${statuses[1]}" = 141 ] && [ "$(wc -l <"$dir/head")" = 3 ]
	result $? "run: a reader that goes away$w" "${statuses[*]}"
	expect "run: a stage breaks$w" 1 \
		"*stage 3 (broken): broken on purpose: Input/output error" \
		fake "$kcoro" run \
		"file-source $dir/numbers | lines | broken | count"
	# A breaking stage must not wait for an input that does not come.
	LD_PRELOAD="$O/fake_device.so" "$kcoro" run -v 'lines | broken | count' \
		<&8 2>"$dir/err" &
	pid=$!
	printf 'a\nb\n' >&8
	sleep 0.3
	kill -0 $pid 2>/dev/null
	result $? "run: waits for input$w"
	printf 'c\n' >&8
	wait $pid
	[ $? = 1 ] && grep -q 'broken on purpose' "$dir/err"
	result $? "run: a stage breaks before the input ends$w" \
		"$(cat "$dir/err")"
	why=": stage 2 (broken) failed"
	[ -z "$refuse" ] || why=
	grep -q "standard input: .*canceled$why" "$dir/err"
	result $? "run: the others are told why$w" "$(cat "$dir/err")"
done
unset FAKE_KCORO_REFUSE_FILES

expect "run: FILE that is not there" 1 "*stage 1 (file-source): */none: No*" \
	fake "$kcoro" run "file-source $dir/none | count"
expect "run: FILE of procfs" 0 "1 *" \
	fake "$kcoro" run "file-source /proc/version | lines | count"
expect "run: FILE is a directory" 1 "*stage 1 (file-source)*Is a dir*" \
	env FAKE_KCORO_REFUSE_FILES=1 LD_PRELOAD="$O/fake_device.so" \
	"$kcoro" run "file-source $dir | count"
expect "run: /dev/null" 0 "0 0" \
	fake "$kcoro" run "file-source /dev/null | lines | count"
expect "run: /dev/full" 1 "*(file-sink)*: /dev/full: No space*" \
	fake "$kcoro" run "file-source $dir/numbers | file-sink /dev/full"
expect "run: no such body" 2 \
	"*stage 2: there is no body 'nope', nor a module*there are: broken count*tee" \
	fake "$kcoro" run "file-source $dir/numbers | nope"
expect "run: a body whose name is too long" 2 "*there is no body*" \
	fake "$kcoro" run a2345678901234567890123456789012345
expect "run: a body from a module" 0 "$(cat "$dir/numbers")" \
	fake "$kcoro" run "file-source $dir/numbers | unloaded"
expect "bodies: without those of modules" 1 "" \
	fake sh -c "$kcoro bodies | grep unloaded"
expect "run: too few descriptors" 2 "*tee wants at least 3*only 2*" \
	fake "$kcoro" run tee
expect "run: sieve" 0 "29" fake "$kcoro" run "sieve 10"
expect "run: sleep" 0 "" fake "$kcoro" run "sleep 1"
expect "run -t" 1 "kcoro: the deadline passed" \
	fake "$kcoro" run -t 50ms "sleep 60000"
expect "run -t -v" 1 "*canceled: the deadline passed*kcoro: the deadline passed" \
	fake "$kcoro" run -t 50ms -v "sleep 60000"
expect "run -v" 0 "*task*12 59*" fake "$kcoro" run -v \
	"file-source $dir/numbers | lines | match 199 | count"
expect "run: unbuffered" 0 "2000 *" fake "$kcoro" run -q 0 \
	"file-source $dir/numbers | lines | count"

# Signals.
for sig in INT:130 TERM:143 HUP:129; do
	for cmd in "run -v lines" "spawn -c 50 sleep 60000"; do
		# shellcheck disable=SC2086 # words
		env --default-signal=INT LD_PRELOAD="$O/fake_device.so" \
			"$kcoro" $cmd <&8 >"$dir/out" 2>&1 &
		pid=$!
		sleep 0.3
		kill -s "${sig%:*}" $pid
		wait $pid
		status=$?
		[ $status = "${sig#*:}" ]
		result $? "$cmd: SIG${sig%:*}" "$status $(cat "$dir/out")"
		[[ $cmd == run* ]] || continue
		grep -q 'canceled: interrupted' "$dir/out"
		result $? "$cmd: SIG${sig%:*} is the reason" "$(cat "$dir/out")"
	done
done
exec 8>&-

# --- JSON --------------------------------------------------------------------
printf 'plain\n"\\\t\001\n\377\300\200\355\240\200\n\303\251\n' >"$dir/odd"
for c in info bodies ps cpus policy "policy mlfq" "set 1 --cpu any" \
	"ps --summary" "kill --all" leaks "spawn sleep 1" \
	"spawn -c 40 sleep 1" "chan bench -n 100" "chan list $$" \
	"run echo"; do
	# shellcheck disable=SC2086 # words
	valid_json "--json $c" show 3 "$kcoro" --json $c
	# What comes after a body is the body's.
	# shellcheck disable=SC2086 # words
	[[ $c == run* || $c == spawn* ]] ||
		valid_json "$c --json" show 3 "$kcoro" $c --json
done
fake "$kcoro" --json run "file-source $dir/odd | lines" >"$dir/json"
python3 - "$dir" 2>"$dir/why" <<'END'
import json, sys
lines = open(sys.argv[1] + "/json").read().splitlines()
odd = open(sys.argv[1] + "/odd", "rb").readlines()
got = [json.loads(l) for l in lines]
assert got[-1]["ok"] and got[-1]["stages"][1]["exit"]["ok"], got[-1]
sent = [m["message"].encode("utf-8", "surrogateescape") for m in got[:-1]]
assert sent == odd, sent
END
result $? "JSON gives every byte back" "$(cat "$dir/why")"
expect "JSON of counts" 0 '*"messages": 12, "bytes": 59,*' \
	fake "$kcoro" --json run \
	"file-source $dir/numbers | lines | match 199 | count"
expect "JSON of a failure" 1 '*"ok": false,*broken on purpose*' \
	fake "$kcoro" --json run \
	"file-source $dir/numbers | lines | broken | count"

# --- the library as a developer meets it -------------------------------------
printf '#include <kcoro.h>\nint main() { return kcoro_open(0) >= 0; }\n' \
	>"$dir/a.cc"
expect "the header in C++" 0 "" c++ -std=c++11 -Wall -Wextra -pedantic \
	-Werror -Iinclude -I../include/uapi -fsyntax-only "$dir/a.cc"
expect "the header alone in C99" 0 "" "$CC" -std=c99 -Wall -Wextra -pedantic \
	-Werror -Iinclude -I../include/uapi -fsyntax-only -x c include/kcoro.h
nm -D --defined-only "$O/libkcoro.so.0" |
	sed -n 's/.* T \(kcoro_[a-z_]*\).*/\1/p' | sort >"$dir/exported"
sed -n 's/^\t\(kcoro_.*\);/\1/p' lib/libkcoro.map | sort >"$dir/mapped"
expect "every symbol of the map is there" 0 "" \
	diff "$dir/exported" "$dir/mapped"
sed -n 's/^[a-z].*[ *]\(kcoro_[a-z_]*\)(.*/\1/p' include/kcoro.h |
	grep -v -e kcoro_case -e kcoro_exit_ok | sort >"$dir/declared"
expect "every function of the header is in the map" 0 "" \
	diff "$dir/declared" "$dir/mapped"
missing=
while read -r f; do
	grep -q "$f" man/libkcoro.3 || missing="$missing $f"
done <"$dir/mapped"
[ -z "$missing" ]
result $? "every function is in libkcoro(3)" "$missing"
if command -v groff >/dev/null; then
	for p in man/*.[1-9]; do
		expect "$p" 0 "" groff -t -man -Tutf8 -ww -z "$p"
	done
fi

make -s O="$O" CC="$CC" CFLAGS="$CFLAGS" DESTDIR="$dir/root" PREFIX=/usr \
	install >"$dir/log" 2>&1
result $? "install" "$(cat "$dir/log")"
expect "a program against the installed library" 0 "" "$CC" -o "$dir/hello" \
	examples/hello.c -I"$dir/root/usr/include" -L"$dir/root/usr/lib" \
	-lkcoro
expect "and runs with it" 0 hello fake \
	env LD_LIBRARY_PATH="$dir/root/usr/lib" "$dir/hello"
make -s O="$O" CC="$CC" CFLAGS="$CFLAGS" DESTDIR="$dir/root" PREFIX=/usr \
	uninstall >"$dir/log" 2>&1
expect "uninstall leaves nothing" 0 "" find "$dir/root" ! -type d

echo "1..$count"
echo "# $((count - failures)) passed, $failures failed"
[ $failures = 0 ]
