// SPDX-License-Identifier: MIT
/*
 * kcoro chan: look at the kcoro descriptors of processes, and measure what a
 * channel costs on this machine.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <kcoro.h>

#include "bench.h"
#include "command.h"
#include "complain.h"
#include "json.h"
#include "text.h"

/* What every descriptor's fdinfo has; of no interest here. */
static bool is_common_line(const char *line)
{
	static const char *const common[] = { "pos:", "flags:", "mnt_id:",
					      "ino:" };
	size_t i;

	for (i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		if (!strncmp(line, common[i], strlen(common[i])))
			return true;
	}
	return false;
}

static void show_line(struct json *j, char *line)
{
	char safe[512], *value;

	line[strcspn(line, "\n")] = '\0';
	value = strchr(line, ':');
	if (!value || is_common_line(line))
		return;
	*value++ = '\0';
	value += strspn(value, " \t");
	if (json_output) {
		json_str(j, line, value);
	} else {
		text_escape(safe, sizeof(safe), value, strlen(value));
		printf("  %s: %s\n", line, safe);
	}
}

/*
 * Shows what fdinfo says of the descriptor @fd of @pid (a number or "self").
 * Returns whether it could be read.
 */
static bool show_fd(struct json *j, const char *pid, const char *fd,
		    const char *what)
{
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, fd);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (json_output) {
		json_open(j, NULL, '{');
		json_str(j, "pid", pid);
		json_str(j, "fd", fd);
		json_str(j, "what", what);
	} else {
		printf("pid %s, descriptor %s: %s\n", pid, fd, what);
	}
	while (getline(&line, &size, f) > 0)
		show_line(j, line);
	if (json_output)
		json_close(j, '}');
	free(line);
	fclose(f);
	return true;
}

/* What a descriptor is, as the kernel names it. Returns 0 or an errno value. */
static int read_what(const char *pid, const char *fd, char *what, size_t size)
{
	char path[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, fd);
	n = readlink(path, what, size - 1);
	if (n < 0)
		return errno;
	what[n] = '\0';
	return 0;
}

/* The device itself, and what it makes. */
static bool is_kcoro(const char *what)
{
	static const char anon[] = "anon_inode:";

	return !strcmp(what, KCORO_DEVICE) ||
	       (!strncmp(what, anon, strlen(anon)) && strstr(what, "kcoro"));
}

/* Shows the kcoro descriptors of one process. Returns 0 or an errno value. */
static int show_process(struct json *j, const char *pid)
{
	char path[PATH_MAX], what[PATH_MAX];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return errno;
	while ((e = readdir(dir))) {
		/* One that was closed meanwhile is simply not there. */
		if (e->d_name[0] != '.' &&
		    !read_what(pid, e->d_name, what, sizeof(what)) &&
		    is_kcoro(what))
			show_fd(j, pid, e->d_name, what);
	}
	closedir(dir);
	return 0;
}

static bool is_number(const char *s)
{
	uint64_t value;

	return parse_u64(s, 0, INT32_MAX, &value);
}

/* All processes that may be looked into. */
static int show_everything(struct json *j)
{
	struct dirent *e;
	DIR *dir;

	dir = opendir("/proc");
	if (!dir)
		return errno;
	while ((e = readdir(dir))) {
		if (is_number(e->d_name))
			show_process(j, e->d_name);
	}
	closedir(dir);
	return 0;
}

static int run_list(const struct command *cmd, int argc, char **argv)
{
	struct json j = { .file = stdout };
	int err = 0, i, status = STATUS_OK;

	for (i = 0; i < argc; i++) {
		if (!is_number(argv[i]))
			return usage_error(cmd, "'%s' is no process id",
					   argv[i]);
	}
	if (json_output)
		json_open(&j, NULL, '[');
	if (!argc) {
		err = show_everything(&j);
		if (err)
			status = failed("/proc: %s", strerror(err));
	}
	for (i = 0; i < argc; i++) {
		err = show_process(&j, argv[i]);
		if (err)
			status = failed("process %s: %s", argv[i],
					err == ENOENT ? "there is none" :
							strerror(err));
	}
	if (json_output) {
		json_close(&j, ']');
		json_end(&j);
	}
	return status;
}

/*
 * Splits "/proc/PID/fd/N" (or fdinfo), or "N" of this process.
 * Returns whether it is one of these.
 */
static bool split_fd(char *arg, const char **pid, const char **fd)
{
	char *dir, *slash;

	*pid = "self";
	*fd = arg;
	if (strncmp(arg, "/proc/", 6))
		return is_number(arg);
	*pid = arg + 6;
	dir = strchr(*pid, '/');
	slash = strrchr(arg, '/');
	if (!dir || dir == slash)
		return false;
	*dir = '\0';
	*slash = '\0';
	*fd = slash + 1;
	return (!strcmp(dir + 1, "fd") || !strcmp(dir + 1, "fdinfo")) &&
	       (is_number(*pid) || !strcmp(*pid, "self")) && is_number(*fd);
}

static int run_chan_info(const struct command *cmd, int argc, char **argv)
{
	struct json j = { .file = stdout };
	const char *pid, *fd;
	char what[PATH_MAX];
	int err;

	if (argc != 1)
		return usage_error(cmd, "chan info wants one descriptor");
	if (!split_fd(argv[0], &pid, &fd))
		return usage_error(
			cmd, "chan info wants a number or /proc/PID/fd/N");
	err = read_what(pid, fd, what, sizeof(what));
	if (err)
		return failed("descriptor %s of process %s: %s", fd, pid,
			      err == ENOENT ? "it is not open" : strerror(err));
	if (!is_kcoro(what))
		return failed("descriptor %s of process %s is not kcoro's: %s",
			      fd, pid, what);
	if (!show_fd(&j, pid, fd, what))
		return failed("descriptor %s of process %s: %s", fd, pid,
			      strerror(errno));
	if (json_output)
		json_end(&j);
	return STATUS_OK;
}

static int run_chan(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = { COMMON_LONG_OPTIONS };
	int c, status;

	/* "+": what follows belongs to list, info or bench. */
	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		status = common_option(cmd, c);
		if (status >= 0)
			return status;
	}
	argc -= optind;
	argv += optind;
	if (!argc)
		return usage_error(cmd, "chan wants one of list, info, bench");
	if (!strcmp(argv[0], "bench"))
		return bench_run(cmd, argc, argv);
	/* The others have no options of their own. */
	optind = 0;
	status = common_options(cmd, argc, argv);
	if (status >= 0)
		return status;
	if (!strcmp(argv[0], "list"))
		return run_list(cmd, argc - optind, argv + optind);
	if (!strcmp(argv[0], "info"))
		return run_chan_info(cmd, argc - optind, argv + optind);
	return usage_error(cmd, "there is no command 'chan %s'", argv[0]);
}

const struct command cmd_chan = {
	.name = "chan",
	.brief = "look at channels, measure them",
	.help = "usage: kcoro chan list [PID...]\n"
		"       kcoro chan info FD|/proc/PID/fd/N\n"
		"       kcoro chan bench [-n ROUNDS] [-s BYTES] [-q CAPACITY]\n"
		"\n"
		"list   shows the contexts, channel ends and tasks that\n"
		"       processes hold open: all that you may look into, or\n"
		"       those given\n"
		"info   shows one descriptor: of this process (the shell can\n"
		"       give it one) or of any\n"
		"bench  measures messages to a task that echoes them and back:\n"
		"       one at a time, and many with each system call\n"
		"\n"
		"  -n ROUNDS    messages each way (10000)\n"
		"  -s BYTES     of a message (64)\n"
		"  -q CAPACITY  of the channels (64)\n"
		"      --json   output for programs\n"
		"\n"
		"A channel by hand: kcoro run echo copies standard input to\n"
		"standard output through one task and two channels.\n",
	.run = run_chan,
};
