# SPDX-License-Identifier: GPL-2.0
#
# complaints.awk: print what a kernel complained about in its log.
#
# Model: a complaint has a head, a line that says what is wrong, and a block of
# up to 60 lines after it (registers, a stack), which is printed with the first
# head in it.  Exit status 1 if there was one.
#
# EXPECT in the environment has regular expressions, one a line: complaints that
# must come, in that order. The block of one ends with its "end trace", so that
# what comes right behind it is another complaint. One that did not come is one.
#
# kcoro's own reports of tasks that are lost are complaints, too, but for those that
# tests cause: what is lost there is named "meant".
#
# A stack without a head is a complaint too, except below the notes that print
# one on purpose: an injected failure, an allocation that failed, sysrq.
function is_head(s)
{
	# advice about the host's CPU, not a complaint
	if (s ~ /^Spectre V2 : WARNING: /)
		return 0
	if (s ~ /^kcoro: (leak|deadlock): (context|task|thread) /)
		return s !~ /[ (]meant[),]/
	return s ~ /WARNING: |(^|[^A-Z_])BUG: |kernel BUG at|Oops: |Oops#|general protection fault|unable to handle|Unable to handle/ ||
	       s ~ /KASAN:|KCSAN:|KFENCE:|UBSAN:|kmemleak: [0-9]+ new suspected|unreferenced object/ ||
	       s ~ /possible circular locking|inconsistent lock state|possible recursive locking|suspicious RCU usage|bad unlock balance|held lock freed|lock held when returning|locks? still held|irq lock inversion|possible irq lock|SOFTIRQ-|HARDIRQ-.*order|Invalid wait context|INFO: trying to register non-static|possible deadlock|BUG: MAX_LOCK/ ||
	       s ~ /sleeping function called|scheduling while atomic|using smp_processor_id\(\) in preemptible|DEBUG_LOCKS_WARN_ON|preempt_count [0-9a-f]+, exited with/ ||
	       s ~ /blocked for more than|soft lockup|hard LOCKUP|rcu: INFO: |detected stalls|self-detected stall|workqueue lockup|Watchdog detected/ ||
	       s ~ /refcount_t: |list_(add|del) corruption|ODEBUG: |slab-use-after-free|Slab (object|page) corrupt|Object (corrupt|padding)|Redzone|Poison overwritten|corrupted stack end|stack-protector|stack guard page|stack overflow|double fault|unexpected #PF|Bad page|Bad rss-counter|bad_page|invalid opcode: 0000|divide error: 0000|Freeing active|non-zero pgtables|Objects remaining in/ ||
	       s ~ /Kernel panic|kernel tried to execute|usercopy: Kernel memory|detected buffer overflow|memcpy: detected field-spanning|unregister_netdevice: waiting|scheduler: .* corrupt|Fixing recursive fault/
}

function is_note(s)
{
	return s ~ /FAULT_INJECTION: forcing a failure|page allocation failure: order|vmalloc error:|sysrq: |Memory cgroup out of memory|invoked oom-killer/
}

# Further lines of an oops that look like a head.
function is_more(s)
{
	return s ~ /^(Oops: |invalid opcode: 0000|KASAN: null-ptr-deref)/
}

BEGIN {
	nr_expected = split(ENVIRON["EXPECT"], expected, "\n")
	next_expected = 1
}

{
	gsub(/\r/, "")
	line = $0
	# text after the "[   12.345] " of the log, the "[ T12]" too
	text = line
	sub(/^<[0-9]+>/, "", text)
	sub(/^\[ *[0-9]+\.[0-9]+\](\[ *[TC][0-9]+\])? ?/, "", text)

	if (is_note(text) && !is_head(text)) {
		state = "note"
		left = 60
	} else if (is_head(text)) {
		if (state == "expected" && left > 0 && is_more(text)) {
			# of what was expected
		} else if (next_expected <= nr_expected && !(state == "bad" && left > 0) &&
			   text ~ expected[next_expected]) {
			state = "expected"
			left = 100
			next_expected++
		} else if (!(state == "bad" && left > 0)) {
			state = "bad"
			left = 60
			count++
		}
	} else if (text ~ /^Call Trace:/ && left <= 0) {
		state = "bad"
		left = 60
		count++
	}
	if (left > 0) {
		if (state == "bad" && printed < 400) {
			print line
			printed++
		}
		left--
		if (text ~ /^---\[ end trace|^=====+$/ && seen_any)
			left = 0
		seen_any = (text !~ /^=====+$/)
		# the note's stack ends with its "</TASK>"
		if (text ~ /<\/TASK>/ && state == "note")
			left = 0
	}
}

END {
	for (; next_expected <= nr_expected; next_expected++) {
		print "expected, but it did not come: " expected[next_expected]
		count++
	}
	exit count > 0
}
