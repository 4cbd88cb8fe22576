// SPDX-License-Identifier: MIT
/*
 * kcoro policy: show and switch the policy that orders the run queues.
 *
 * It is a module parameter, read as "[fifo] mlfq": the one in brackets is in
 * use. Writing a name switches.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <kcoro.h>

#include "command.h"
#include "complain.h"
#include "json.h"

#define PARAMETER "/sys/module/kcoro/parameters/policy"

/* Complains. Returns a status. */
static int failed_file(int err, const char *what)
{
	switch (err) {
	case ENOENT:
		return failed(
			"%s: there is no " PARAMETER
			": the module is not loaded (load it: modprobe kcoro), or older than this program",
			what);
	case EACCES:
	case EPERM:
	case EROFS:
		return failed("%s: no permission for " PARAMETER
			      ": run as root",
			      what);
	default:
		return failed("%s: %s", what, strerror(err));
	}
}

/* Reads the list into @buf, without the newline. Returns a status. */
static int read_list(char *buf, size_t size)
{
	ssize_t n;
	int fd;

	fd = open(PARAMETER, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed_file(errno, "policy");
	n = read(fd, buf, size - 1);
	if (n < 0)
		return failed_file(errno, "policy");
	close(fd);
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return STATUS_OK;
}

static void print_list(char *list)
{
	struct json j = { .file = stdout };
	char *word, *used = NULL;
	size_t len;

	if (!json_output) {
		puts(list);
		return;
	}
	json_open(&j, NULL, '{');
	json_open(&j, "policies", '[');
	for (word = strtok(list, " "); word; word = strtok(NULL, " ")) {
		len = strlen(word);
		if (len > 2 && word[0] == '[' && word[len - 1] == ']') {
			word[len - 1] = '\0';
			used = ++word;
		}
		json_str(&j, NULL, word);
	}
	json_close(&j, ']');
	json_str(&j, "policy", used ? used : "");
	json_close(&j, '}');
	json_end(&j);
}

/* Returns a status. */
static int switch_to(const char *name)
{
	char list[1024];
	int fd, err;

	fd = open(PARAMETER, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return failed_file(errno, name);
	err = write(fd, name, strlen(name)) < 0 ? errno : 0;
	close(fd);
	if (!err)
		return STATUS_OK;
	if (err == EINVAL) {
		if (read_list(list, sizeof(list)))
			return STATUS_FAILED;
		return failed("there is no policy '%s'; there are: %s", name,
			      list);
	}
	return failed("%s: the switch did not complete: %s", name,
		      strerror(err));
}

static int run_policy(const struct command *cmd, int argc, char **argv)
{
	char list[1024];
	int status;

	status = common_options(cmd, argc, argv);
	if (status >= 0)
		return status;
	if (argc - optind > 1)
		return usage_error(cmd, "policy takes one NAME");
	/* An empty write changes nothing, and would tell so to nobody. */
	if (optind < argc && !*argv[optind])
		return usage_error(cmd, "a policy's NAME is not empty");
	status = optind < argc ? switch_to(argv[optind]) : STATUS_OK;
	if (!status)
		status = read_list(list, sizeof(list));
	if (!status)
		print_list(list);
	return status;
}

const struct command cmd_policy = {
	.name = "policy",
	.brief = "show or switch the scheduling policy",
	.help = "usage: kcoro policy [--json] [NAME]\n"
		"\n"
		"Lists the policies that can order the tasks which wait for a\n"
		"CPU, that in use in brackets. With NAME switches to it first,\n"
		"on the live system (as root).\n",
	.run = run_policy,
};
