#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Turn what a VM printed into results, one a line.

usage: results.py kunit LOG [GLOB]
       results.py programs OUTPUT PROGRAM...

Prints "pass|fail|skip TAB test TAB reason"; lines that begin with a TAB are
the end of a failed test's output.

A KUnit case counts once, however often the module was loaded, and again each
time that it fails. What is not there has failed: a plan that was not met, a
program without a plan, one that never ran or never ended.
"""
import fnmatch
import re
import sys

RESULT = re.compile(r"^( *)(not ok|ok) (\d+)(?: -)? ?(.*)$")
PLAN = re.compile(r"^( *)1\.\.(\d+)(.*)$")
STAMP = re.compile(r"^(<\d+>)?\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?")
TAIL = 40
TIMEOUTS = {124, 137, 143}


def emit(what, name, reason="", tail=()):
    print(what, name, reason, sep="\t")
    if what == "fail":
        for line in list(tail)[-TAIL:]:
            print("\t" + line)


def outcome(word, text):
    """(pass|fail|skip, name, reason) of a result line."""
    name, _, directive = text.partition(" # ")
    if not directive and text.startswith("# "):
        name, directive = "", text[2:]
    if re.match(r"skip\b", directive, re.I):
        return "skip", name, directive[4:].strip(" :")
    return ("pass" if word == "ok" else "fail"), name, ""


def kunit(path, glob):
    """KUnit's results in a kernel log: suites, and cases indented by four."""
    suite, plan, cases, failed, tail = None, None, [], False, []
    with open(path, errors="replace") as log:
        lines = [STAMP.sub("", x.rstrip("\r\n")) for x in log]
    seen = set()

    def close(word, name):
        nonlocal suite, plan, cases, failed, tail
        if cases or plan:
            if word == "not ok" and not failed:
                emit("fail", f"kunit:{name}", "the suite failed, none of its cases did", tail)
            for i in range(len(cases), plan or 0):
                emit("fail", f"kunit:{name}", f"case {i + 1} of {plan} did not run", tail)
        suite, plan, cases, failed, tail = None, None, [], False, []

    for line in lines:
        m = re.match(r"^    # Subtest: (\S+)", line)
        if m:
            if suite is not None and (plan or cases):
                close("ok", suite)
            suite, plan, cases, failed, tail = m[1], None, [], False, []
            continue
        if suite is None:
            continue
        wanted = fnmatch.fnmatch(suite, glob)
        m = PLAN.match(line)
        if m and len(m[1]) == 4 and plan is None:
            plan = int(m[2])
            continue
        m = RESULT.match(line)
        if m and len(m[1]) == 4:
            what, name, reason = outcome(m[2], m[4])
            cases.append(name)
            failed |= what == "fail"
            if wanted and (what == "fail" or (suite, name) not in seen):
                emit(what, f"kunit:{suite}.{name}", reason, tail)
                seen.add((suite, name))
            tail = []
        elif m and not m[1] and outcome(m[2], m[4])[1] == suite:
            if wanted:
                close(m[2], suite)
            suite = None
            plan, cases, failed, tail = None, [], False, []
        else:
            tail.append(line)
    if suite is not None and fnmatch.fnmatch(suite, glob):
        close("ok", suite)
        emit("fail", f"kunit:{suite or 'suite'}", "the log ends within a suite", lines)
    if not seen and glob == "*":
        emit("fail", "kunit", "no KUnit result in the kernel's log", lines)


def program(name, lines, status):
    """Results of one program: TAP, not indented."""
    plan, seen, failed = None, 0, 0
    tail = []
    for line in lines:
        m = PLAN.match(line)
        if m and not m[1] and plan is None:
            plan = int(m[2])
            if not plan and re.search(r"skip", m[3], re.I):
                emit("skip", name, m[3].strip(" #"))
                return
            continue
        m = RESULT.match(line)
        if m and not m[1]:
            what, test, reason = outcome(m[2], m[4])
            seen += 1
            failed += what == "fail"
            emit(what, f"{name}:{test or m[3]}", reason, tail)
            tail = []
        else:
            tail.append(line)
    if status is None:
        emit("fail", name, "did not end: the VM died in it", lines)
    elif status in TIMEOUTS:
        emit("fail", name, f"timeout, or killed (exit status {status})", lines)
    elif status == 4 and not seen:
        emit("skip", name, next((x.strip("# ") for x in reversed(lines) if x), ""))
    elif plan is None:
        emit("fail", name, f"no plan (exit status {status})", lines)
    elif seen < plan or not plan:
        emit("fail", name, f"{plan} planned, {seen} seen (exit status {status})", lines)
    elif status not in (0, 4) and not failed:
        emit("fail", name, f"exit status {status}, and no test failed", lines)


def programs(path, names):
    """Results of each program between its begin and end marks."""
    open_name, lines, done = None, [], set()
    try:
        with open(path, errors="replace") as out:
            text = out.read().split("\n")
    except FileNotFoundError:
        text = []
    for line in text:
        m = re.match(r"^### begin (\S+)$", line)
        if m:
            open_name, lines = m[1], []
            continue
        m = re.match(r"^### end (\S+) (\d+)$", line)
        if m and m[1] == open_name:
            program(open_name, lines, int(m[2]))
            done.add(open_name)
            open_name = None
        elif open_name is not None:
            lines.append(line)
    if open_name is not None:
        program(open_name, lines, None)
        done.add(open_name)
    for name in names:
        if name not in done:
            emit("fail", name, "did not run: the VM ended before it")


def main():
    if len(sys.argv) >= 3 and sys.argv[1] == "kunit":
        kunit(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "*")
    elif len(sys.argv) >= 3 and sys.argv[1] == "programs":
        programs(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
