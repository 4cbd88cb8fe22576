// SPDX-License-Identifier: MIT
/*
 * kcoro info: what the kernel offers, its limits and its counters.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <kcoro.h>

#include "command.h"
#include "complain.h"
#include "json.h"
#include "text.h"

/* Where a number is in struct kcoro_info, and what to call it. */
struct number {
	const char *name;
	size_t offset;
	size_t size;
	const char *unit;
};

#define NUMBER(member, unit)                                           \
	{                                                              \
#member, offsetof(struct kcoro_info, member),          \
			sizeof(((struct kcoro_info *)0)->member), unit \
	}

static const struct number limits[] = {
	NUMBER(cpus_possible, "CPUs there can be"),
	NUMBER(slice_us, "microseconds of a turn while others wait"),
	NUMBER(stack_min, "bytes"),
	NUMBER(stack_max, "bytes"),
	NUMBER(stack_default, "bytes"),
	NUMBER(arg_max, "bytes"),
	NUMBER(spawn_fds_max, "descriptors of one task"),
	NUMBER(spawn_max, "tasks of one SPAWN"),
	NUMBER(elem_max, "bytes"),
	NUMBER(buf_max, "bytes"),
	NUMBER(capacity_max, "messages in a channel"),
	NUMBER(batch_max, "messages of one SEND or RECV"),
	NUMBER(select_max, "cases"),
	NUMBER(tasks_max, "tasks of all users"),
	NUMBER(tasks_user_max, "tasks of one user"),
	NUMBER(tasks_ctx_max, "tasks and unread exits of one context"),
	NUMBER(chans_ctx_max, "channels of one context"),
	NUMBER(groups_ctx_max, "groups of one context"),
	NUMBER(syncs_ctx_max, "events, semaphores, queues of one context"),
};

static const struct number counters[] = {
	NUMBER(cpus, "CPUs that run tasks"),
	NUMBER(tasks, "tasks now"),
	NUMBER(workers, "worker threads now"),
	NUMBER(spares, "of them wait for a CPU to be handed over"),
	NUMBER(nr_global, "tasks in the queue of all CPUs now"),
	NUMBER(spawned, "tasks started since the module was loaded"),
	NUMBER(switches, "times a task was given a CPU"),
	NUMBER(handovers, "times a CPU passed on as its task blocked"),
	NUMBER(no_spare, "times it could not, for want of a worker"),
	NUMBER(steals, "tasks that another CPU took over"),
	NUMBER(hogs, "times a task lost its CPU's queue as it went on"),
	NUMBER(policy_falls, "times the watchdog went back to fifo"),
};

static const struct {
	uint64_t bit;
	const char *name;
} features[] = {
	{ KCORO_FEATURE_HANDOVER, "handover" },
	{ KCORO_FEATURE_HOGS, "hogs" },
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static uint64_t value_of(const struct kcoro_info *info, const struct number *n)
{
	const char *p = (const char *)info + n->offset;
	uint64_t wide;
	uint32_t narrow;

	if (n->size == sizeof(wide)) {
		memcpy(&wide, p, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, p, sizeof(narrow));
	return narrow;
}

static void print_numbers(const struct kcoro_info *info,
			  const struct number *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		printf("  %-15s %10" PRIu64 "  %s\n", list[i].name,
		       value_of(info, &list[i]), list[i].unit);
}

static void print_info(const struct kcoro_info *info)
{
	uint64_t newer = info->features;
	char policy[4 * KCORO_POLICY_MAX + 1];
	size_t i;

	printf("interface version %u%s, kernel preemption: %s\n", info->version,
	       info->version == KCORO_UAPI_VERSION ?
		       "" :
		       " (this program knows another one)",
	       kcoro_preempt_name(info->preempt));
	printf("features:");
	for (i = 0; i < COUNT(features); i++) {
		if (info->features & features[i].bit)
			printf(" %s", features[i].name);
		newer &= ~features[i].bit;
	}
	puts(newer ? " and newer ones" : "");
	text_escape(policy, sizeof(policy), info->policy, sizeof(info->policy));
	printf("policy: %s\n", *policy ? policy : "not known");
	puts("now");
	print_numbers(info, counters, COUNT(counters));
	puts("limits");
	print_numbers(info, limits, COUNT(limits));
}

static void write_numbers(struct json *j, const char *key,
			  const struct kcoro_info *info,
			  const struct number *list, size_t n)
{
	size_t i;

	json_open(j, key, '{');
	for (i = 0; i < n; i++)
		json_u64(j, list[i].name, value_of(info, &list[i]));
	json_close(j, '}');
}

static void write_info(const struct kcoro_info *info)
{
	struct json j = { .file = stdout };
	size_t i;

	json_open(&j, NULL, '{');
	json_u64(&j, "version", info->version);
	json_str(&j, "preempt", kcoro_preempt_name(info->preempt));
	json_open(&j, "features", '[');
	for (i = 0; i < COUNT(features); i++) {
		if (info->features & features[i].bit)
			json_str(&j, NULL, features[i].name);
	}
	json_close(&j, ']');
	json_bytes(&j, "policy", info->policy,
		   strnlen(info->policy, sizeof(info->policy)));
	write_numbers(&j, "now", info, counters, COUNT(counters));
	write_numbers(&j, "limits", info, limits, COUNT(limits));
	json_close(&j, '}');
	json_end(&j);
}

static int run_info(const struct command *cmd, int argc, char **argv)
{
	struct kcoro_info info;
	int status, ctx, err;

	status = common_options(cmd, argc, argv);
	if (status >= 0)
		return status;
	if (optind != argc)
		return usage_error(cmd, "info takes no arguments");
	ctx = open_context();
	if (ctx < 0)
		return STATUS_FAILED;
	err = kcoro_info(ctx, &info);
	if (err)
		return failed_call(ctx, KCORO_CALL_OTHER, err, "info");
	if (json_output)
		write_info(&info);
	else
		print_info(&info);
	return STATUS_OK;
}

const struct command cmd_info = {
	.name = "info",
	.brief = "show what the kernel offers, limits and counters",
	.help = "usage: kcoro info [--json]\n"
		"\n"
		"Shows what this kernel's kcoro offers, its limits, and what\n"
		"it is doing now.\n",
	.run = run_info,
};
