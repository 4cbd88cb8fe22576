// SPDX-License-Identifier: GPL-2.0
/*
 * init.c - PID 1 of the test VM
 *
 * Mounts what a test may want, loads the module, runs one command, looks for
 * leaks, and tells the host how it went.
 *
 * Model: four serial ports, one purpose each.
 *
 *	ttyS0	console: the kernel's log and nothing else
 *	ttyS1	verdict: "up", what init has to say, "verdict: N"
 *	ttyS2	the command's standard output, byte for byte
 *	ttyS3	the command's standard error
 *
 * Invariant: "verdict: N" is written once, last, after everything before it
 * has left the ports; N is the command's exit status as a shell gives it.
 * A VM that dies without one has failed, whatever it printed.
 *
 * The command is /kcoro/cmd: its arguments, each ended by a NUL (a kernel
 * command line is too short and eats quotes).
 *
 * Rejected: the command's output on the console (kernel messages cut into its
 * lines, and a test could print a verdict by accident); virtio ports (modules
 * in a stock kernel); isa-debug-exit (one byte, and no stock driver).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "klog.h"

/* statuses the host knows: see selftests/vm/run */
#define STATUS_NO_COMMAND 127
#define STATUS_NO_MODULE 119

#define KMEMLEAK "/sys/kernel/debug/kmemleak"
/* kmemleak reports nothing younger than this */
#define KMEMLEAK_AGE_SECONDS 5

static int verdict_fd = -1;

static void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vdprintf(verdict_fd, fmt, args);
	va_end(args);
}

/* A port that passes bytes on as they are. */
static int open_port(const char *path)
{
	struct termios tio;
	int fd = open(path, O_RDWR | O_NOCTTY);

	if (fd < 0)
		return -1;
	if (!tcgetattr(fd, &tio)) {
		cfmakeraw(&tio);
		cfsetspeed(&tio, B115200);
		tio.c_cflag |= CLOCAL;
		tcsetattr(fd, TCSANOW, &tio);
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = write(fd, text, strlen(text));
		close(fd);
	}
	return n < 0 ? -errno : 0;
}

/*
 * Wait until a port has sent what was written to it, 10 s at most. An oops
 * prints to the console without its lock, which can leave the transmitter's
 * interrupt off: what is stuck then moves on when the port is started again,
 * and tcdrain() alone would wait for ever.
 */
static void drain(int fd)
{
	int left, before = -1, tries = 100;

	while (!ioctl(fd, TIOCOUTQ, &left)) {
		if (!left) {
			tcdrain(fd);
			return;
		}
		if (!tries--)
			return;
		if (left == before) {
			tcflow(fd, TCOOFF);
			tcflow(fd, TCOON);
		}
		before = left;
		usleep(100 * 1000);
	}
}

static __attribute__((noreturn)) void finish(int status)
{
	int round, i;

	/* the log's thread may itself be stuck at the console */
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 4; i++) {
			char path[16];
			int fd;

			snprintf(path, sizeof(path), "/dev/ttyS%d", i);
			fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK);
			if (fd >= 0)
				drain(fd);
			close(fd);
		}
		if (!round)
			klog_flush();
	}
	say("verdict: %d\n", status);
	drain(verdict_fd);
	sync();
	/* QEMU runs with -no-reboot: this ends it, on any machine type */
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void mount_all(void)
{
	static const struct {
		const char *type, *where;
	} mounts[] = {
		{ "proc", "/proc" },
		{ "sysfs", "/sys" },
		{ "devtmpfs", "/dev" },
		{ "devpts", "/dev/pts" },
		{ "tmpfs", "/dev/shm" },
		{ "mqueue", "/dev/mqueue" },
		{ "tmpfs", "/tmp" },
		{ "tmpfs", "/run" },
		{ "debugfs", "/sys/kernel/debug" },
		{ "tracefs", "/sys/kernel/tracing" },
		{ "cgroup2", "/sys/fs/cgroup" },
	};
	size_t i;

	/* those a kernel does not have are absent, and tests skip on that */
	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].where, 0755);
		mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, NULL);
	}
	chmod("/tmp", 01777);
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (!ioctl(fd, SIOCGIFFLAGS, &ifr)) {
		ifr.ifr_flags |= IFF_UP;
		ioctl(fd, SIOCSIFFLAGS, &ifr);
	}
	close(fd);
}

static void settings(void)
{
	static const char *const injectors[] = {
		"failslab",
		"fail_page_alloc",
		"fail_usercopy",
	};
	struct rlimit core = { 0, 0 };
	char path[80];
	size_t i;

	sethostname("kcoro", 5);
	setrlimit(RLIMIT_CORE, &core);
	/* an injected failure is no complaint: without its stack trace */
	for (i = 0; i < sizeof(injectors) / sizeof(injectors[0]); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/verbose",
			 injectors[i]);
		write_file(path, "0");
	}
	/* user programs that crash are the test's own business */
	write_file("/proc/sys/debug/exception-trace", "0");
}

/* Runs argv to its end, reaping what else ends meanwhile; a shell's status. */
static int run(char *const *argv, int in, int out, int err)
{
	pid_t pid = fork(), got;
	int st;

	if (!pid) {
		setsid();
		dup2(in, 0);
		dup2(out, 1);
		dup2(err, 2);
		signal(SIGPIPE, SIG_DFL);
		execvp(argv[0], argv);
		dprintf(2, "init: %s: %s\n", argv[0], strerror(errno));
		_exit(STATUS_NO_COMMAND);
	}
	if (pid < 0)
		return STATUS_NO_COMMAND;
	do {
		got = waitpid(-1, &st, 0);
		if (got < 0 && errno != EINTR)
			return STATUS_NO_COMMAND;
	} while (got != pid);
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

static void kill_rest(void)
{
	int tries = 100;

	kill(-1, SIGKILL);
	/* a process that cannot die is the hung task detector's to report */
	while (tries-- && waitpid(-1, NULL, WNOHANG) >= 0)
		usleep(10000);
}

static int read_whole(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (used < size - 1 &&
	       (n = read(fd, buf + used, size - 1 - used)) > 0)
		used += n;
	buf[used] = '\0';
	close(fd);
	return used;
}

/* What leaked before the test is not the test's. */
static void leaks_before(void)
{
	write_file(KMEMLEAK, "clear");
}

static void leaks_after(void)
{
	static char report[256 * 1024];

	if (access(KMEMLEAK, W_OK))
		return;
	/* the first scan lets go of what only stale stacks still point at */
	write_file(KMEMLEAK, "scan");
	sleep(KMEMLEAK_AGE_SECONDS + 1);
	write_file(KMEMLEAK, "scan");
	if (read_whole(KMEMLEAK, report, sizeof(report)) > 0)
		say("kmemleak:\n%s\n", report);
}

/* Whether the kernel's command line has this word. */
static int asked(const char *word)
{
	static char line[8192];
	char *p, *save = NULL;

	if (read_whole("/proc/cmdline", line, sizeof(line)) <= 0)
		return 0;
	for (p = strtok_r(line, "\n ", &save); p;
	     p = strtok_r(NULL, "\n ", &save))
		if (!strcmp(p, word))
			return 1;
	return 0;
}

static char **command(void)
{
	static char text[64 * 1024];
	static char *argv[1024];
	int len = read_whole("/kcoro/cmd", text, sizeof(text));
	char *p = text;
	int n = 0;

	while (len > 0 && p < text + len && n < 1023) {
		argv[n++] = p;
		p += strlen(p) + 1;
	}
	return argv;
}

int main(void)
{
	char *const modprobe[] = { "/sbin/modprobe", "kcoro", NULL };
	int in, out, err, status;
	char **argv;

	umask(022);
	mount_all();
	verdict_fd = open_port("/dev/ttyS1");
	out = open_port("/dev/ttyS2");
	err = open_port("/dev/ttyS3");
	in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	say("up\n");
	loopback_up();
	settings();
	klog_start();
	clearenv();
	setenv("PATH", "/root:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 1);
	setenv("TERM", "dumb", 1);
	setenv("TMPDIR", "/tmp", 1);
	setenv("LC_ALL", "C", 1);
	chdir("/root");
	signal(SIGPIPE, SIG_IGN);

	leaks_before();
	if (!asked("kcoro_test.nomodule")) {
		status = run(modprobe, in, err, err);
		if (status) {
			say("modprobe kcoro: exit status %d\n", status);
			finish(STATUS_NO_MODULE);
		}
	}
	say("running\n");
	argv = command();
	if (asked("kcoro_test.shell")) {
		int console = open("/dev/ttyS0", O_RDWR | O_CLOEXEC);

		if (!argv[0])
			argv = (char *[]){ "sh", "-l", NULL };
		status = run(argv, console, console, console);
	} else {
		status = argv[0] ? run(argv, in, out, err) : STATUS_NO_COMMAND;
	}
	kill_rest();
	if (!asked("kcoro_test.noleaks"))
		leaks_after();
	finish(status);
}
