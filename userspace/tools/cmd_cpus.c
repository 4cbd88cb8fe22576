// SPDX-License-Identifier: MIT
/*
 * kcoro cpus: what each CPU is doing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <kcoro.h>

#include "command.h"
#include "complain.h"
#include "cpu_state.h"
#include "json.h"
#include "text.h"

static void print_cpus(const struct kcoro_cpu_info *c, size_t n)
{
	char run[TEXT_SIZE], idle[TEXT_SIZE];
	size_t i;

	printf("%3s %-7s %6s %7s %6s %4s %9s %7s %7s %7s %9s %8s %6s %7s %6s %6s\n",
	       "CPU", "STATE", "QUEUED", "WORKERS", "SPARES", "MAX", "SWITCHES",
	       "TIME", "IDLE", "STEALS", "HANDOVERS", "NO-SPARE", "HOGS",
	       "CREATED", "REAPED", "FAILED");
	for (i = 0; i < n; i++, c++)
		printf("%3u %-7s %6u %7u %6u %4u %9" PRIu64 " %7s %7s %7" PRIu64
		       " %9" PRIu64 " %8" PRIu64 " %6" PRIu64 " %7" PRIu64
		       " %6" PRIu64 " %6" PRIu64 "\n",
		       c->cpu, cpu_state(c), c->queued, c->workers, c->spares,
		       c->workers_max, (uint64_t)c->switches,
		       text_time(run, c->run_ns), text_time(idle, c->idle_ns),
		       (uint64_t)c->steals, (uint64_t)c->handovers,
		       (uint64_t)c->no_spare, (uint64_t)c->hogs,
		       (uint64_t)c->created, (uint64_t)c->reaped,
		       (uint64_t)c->failed);
}

static void write_cpus(const struct kcoro_cpu_info *c, size_t n)
{
	struct json j = { .file = stdout };
	size_t i;

	json_open(&j, NULL, '[');
	for (i = 0; i < n; i++, c++) {
		json_open(&j, NULL, '{');
		json_u64(&j, "cpu", c->cpu);
		json_bool(&j, "active", c->flags & KCORO_CPU_ACTIVE);
		json_bool(&j, "idle", c->flags & KCORO_CPU_IDLE);
		json_bool(&j, "hogged", c->flags & KCORO_CPU_HOGGED);
		json_u64(&j, "queued", c->queued);
		json_u64(&j, "workers", c->workers);
		json_u64(&j, "spares", c->spares);
		json_u64(&j, "workers_max", c->workers_max);
		json_u64(&j, "switches", c->switches);
		json_u64(&j, "time", c->run_ns);
		json_u64(&j, "idle_time", c->idle_ns);
		json_u64(&j, "steals", c->steals);
		json_u64(&j, "handovers", c->handovers);
		json_u64(&j, "no_spare", c->no_spare);
		json_u64(&j, "hogs", c->hogs);
		json_u64(&j, "created", c->created);
		json_u64(&j, "reaped", c->reaped);
		json_u64(&j, "failed", c->failed);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_end(&j);
}

static int run_cpus(const struct command *cmd, int argc, char **argv)
{
	struct kcoro_cpu_info *cpus;
	int ctx, status;
	ssize_t n;

	status = common_options(cmd, argc, argv);
	if (status >= 0)
		return status;
	if (optind != argc)
		return usage_error(cmd, "cpus takes no arguments");
	ctx = open_context();
	if (ctx < 0)
		return STATUS_FAILED;
	n = kcoro_cpus(ctx, &cpus);
	if (n < 0)
		return failed_call(ctx, KCORO_CALL_OTHER, n, "cpus");
	if (json_output)
		write_cpus(cpus, n);
	else
		print_cpus(cpus, n);
	free(cpus);
	return STATUS_OK;
}

const struct command cmd_cpus = {
	.name = "cpus",
	.brief = "show what each CPU is doing",
	.help = "usage: kcoro cpus [--json]\n"
		"\n"
		"Shows for each CPU the tasks that wait for it, its worker\n"
		"threads (those of them that are spare, and the most there\n"
		"ever were), and counters since the module was loaded.\n"
		"\n"
		"  STATE  busy; idle; hogged: a task that lost the queue runs\n"
		"         on; off: it runs no tasks\n",
	.run = run_cpus,
};
