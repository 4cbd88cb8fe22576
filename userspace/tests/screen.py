#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Runs a command on a terminal of its own, types, and prints what it shows.
#
#	screen.py ROWSxCOLS STEP... -- COMMAND...
#
# A step is "?": print the screen, each line behind a "|"; "@ROWSxCOLS": change
# the size; "!REGEX": wait until that is on the screen, 10 s at most; else what
# to type, with \033 and the like. At the end it waits for the command's end, 10
# s at most, and prints the status and whether the terminal's own screen was put
# back.
#
# It is as much of an xterm as curses uses; a sequence that it does not know is
# an error, so that none can be missed.
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

LIMIT = 10
# Once so long nothing came, all that a key does was drawn.
QUIET = 0.3
SEQUENCE = re.compile(r"\033(?:\[([?>]?)([\d;]*)([@-~])|[()][0AB]|[=>78M])")
# Modes, colours, margins: nothing that moves text about.
IGNORED = "mhlrt"


class Screen:
    def __init__(self, rows, cols):
        self.resize(rows, cols)
        self.alternate = False
        self.rest = ""

    def resize(self, rows, cols):
        self.rows, self.cols = rows, cols
        self.cells = [[" "] * cols for _ in range(rows)]
        self.y = self.x = 0
        self.last = " "

    def put(self, c):
        if self.x >= self.cols:
            self.x = 0
            self.y = min(self.y + 1, self.rows - 1)
        self.cells[self.y][self.x] = self.last = c
        self.x += 1

    def clear(self, y, start, end):
        for x in range(max(start, 0), min(end, self.cols)):
            self.cells[y][x] = " "

    def sequence(self, private, args, final):
        n = [int(a) if a else 0 for a in args.split(";")]
        one = max(n[0], 1)
        if private:
            if "1049" in args.split(";"):
                self.alternate = final == "h"
            return
        if final == "H":
            self.y = one - 1
            self.x = max(n[1], 1) - 1 if len(n) > 1 else 0
        elif final == "d":
            self.y = one - 1
        elif final == "G":
            self.x = one - 1
        elif final in "ABCD":
            self.y += {"A": -one, "B": one}.get(final, 0)
            self.x += {"C": one, "D": -one}.get(final, 0)
        elif final == "K":
            self.clear(self.y, self.x if n[0] == 0 else 0,
                       self.x + 1 if n[0] == 1 else self.cols)
        elif final == "J":
            first = 0 if n[0] else self.y + 1
            if not n[0]:
                self.clear(self.y, self.x, self.cols)
            for y in range(first, self.rows):
                self.clear(y, 0, self.cols)
        elif final == "X":
            self.clear(self.y, self.x, self.x + one)
        elif final == "P":
            line = self.cells[self.y]
            del line[self.x:self.x + one]
            line += [" "] * (self.cols - len(line))
        elif final == "@":
            line = self.cells[self.y]
            line[self.x:self.x] = [" "] * one
            del line[self.cols:]
        elif final in "LM":
            for _ in range(one):
                if final == "L":
                    self.cells.insert(self.y, [" "] * self.cols)
                    self.cells.pop()
                else:
                    del self.cells[self.y]
                    self.cells.append([" "] * self.cols)
        elif final == "b":
            for _ in range(one):
                self.put(self.last)
        elif final not in IGNORED:
            raise SystemExit(f"screen.py: CSI {args} {final} is not known")
        self.y = min(max(self.y, 0), self.rows - 1)
        self.x = min(max(self.x, 0), self.cols - 1)

    def feed(self, text):
        text, self.rest = self.rest + text, ""
        i = 0
        while i < len(text):
            c = text[i]
            if c == "\033":
                found = SEQUENCE.match(text, i)
                if not found:
                    if len(text) - i > 30:
                        raise SystemExit(f"screen.py: {text[i:i + 9]!r}")
                    self.rest = text[i:]
                    return
                if found[3]:
                    self.sequence(found[1], found[2], found[3])
                i = found.end()
                continue
            if c == "\r":
                self.x = 0
            elif c == "\n":
                self.y = min(self.y + 1, self.rows - 1)
            elif c == "\b":
                self.x = max(self.x - 1, 0)
            elif c >= " ":
                self.put(c)
            i += 1

    def lines(self):
        return ["".join(line).rstrip() for line in self.cells]


def parse_size(text):
    rows, cols = text.split("x")
    return int(rows), int(cols)


def set_size(fd, rows, cols):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def take(fd, screen, quiet):
    """Reads until nothing came for so long. Returns whether it goes on."""
    while select.select([fd], [], [], quiet)[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            return False
        if not data:
            return False
        screen.feed(data.decode("utf-8", "replace"))
    return True


def step(fd, screen, what):
    if what == "?":
        print("\n".join("|" + line for line in screen.lines()))
        return
    if what.startswith("!"):
        end = time.monotonic() + LIMIT
        while not re.search(what[1:], "\n".join(screen.lines())):
            if time.monotonic() > end:
                print(f"never there: {what[1:]}")
                return
            take(fd, screen, 0.02)
        return
    if what.startswith("@"):
        size = parse_size(what[1:])
        screen.resize(*size)
        set_size(fd, *size)
    else:
        os.write(fd, what.encode().decode("unicode_escape").encode("latin-1"))
    take(fd, screen, QUIET)


def main():
    split = sys.argv.index("--")
    size = parse_size(sys.argv[1])
    screen = Screen(*size)
    pid, fd = pty.fork()
    if not pid:
        set_size(0, *size)
        os.execvp(sys.argv[split + 1], sys.argv[split + 1:])
    signal.alarm(60)
    take(fd, screen, QUIET)
    for what in sys.argv[2:split]:
        step(fd, screen, what)
    end = time.monotonic() + LIMIT
    while take(fd, screen, 0.1):
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            print("it did not end")
            break
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(f"status {status}, {'not ' if screen.alternate else ''}put back")


main()
