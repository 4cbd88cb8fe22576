/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests of scheduling: CPUs, parameters, and the body "act". */
#ifndef KCORO_SELFTESTS_SCHED_H
#define KCORO_SELFTESTS_SCHED_H

#include <sched.h>

#include "kcoro_test.h"

/* --- CPUs ----------------------------------------------------------------- */

#define CPUS_MAX 64

static inline int nr_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

/* Where this thread, and so what it spawns, is to be; -1: anywhere. */
static inline void run_on(t_metadata, int cpu)
{
	cpu_set_t set;

	memset(&set, cpu < 0 ? 0xff : 0, sizeof(set));
	if (cpu >= 0)
		CPU_SET(cpu, &set);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
}

static inline int cpu_set_online(int cpu, int online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online",
		 cpu);
	return write_text(path, online ? "1" : "0");
}

static inline int cpu_can_go(int cpu)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online",
		 cpu);
	return !access(path, W_OK);
}

/* Fills @cpus, of CPUS_MAX: their number. */
static inline int cpus_of(t_metadata, int fd, struct kcoro_cpu_info *cpus)
{
	struct kcoro_cpus req = { .cpus = t_addr(cpus), .count = CPUS_MAX };

	ASSERT_EQ(0, t_ioctl(fd, KCORO_IOC_CPUS, &req));
	ASSERT_EQ(req.total, req.count);
	return req.count;
}

/* What INFO counts of all CPUs, and CPUS of each. */
struct counts {
	uint64_t switches, steals, handovers, no_spare, hogs;
};

static inline struct counts counts_of_info(t_metadata, int fd)
{
	struct kcoro_info info;

	ASSERT_EQ(0, kcoro_info(fd, &info));
	return (struct counts){ info.switches, info.steals, info.handovers,
				info.no_spare, info.hogs };
}

static inline struct counts counts_of_cpus(t_metadata, int fd)
{
	struct kcoro_cpu_info cpus[CPUS_MAX];
	int n = cpus_of(_metadata, fd, cpus), i;
	struct counts sum = { 0 };

	for (i = 0; i < n; i++) {
		sum.switches += cpus[i].switches;
		sum.steals += cpus[i].steals;
		sum.handovers += cpus[i].handovers;
		sum.no_spare += cpus[i].no_spare;
		sum.hogs += cpus[i].hogs;
	}
	return sum;
}

static inline struct kcoro_cpu_info cpu_of(t_metadata, int fd, int cpu)
{
	struct kcoro_cpu_info cpus[CPUS_MAX];
	int n = cpus_of(_metadata, fd, cpus), i;

	for (i = 0; i < n && cpus[i].cpu != cpu; i++)
		;
	ASSERT_GT(n, i) TH_LOG("no CPU %d", cpu);
	return cpus[i];
}

/* --- parameters of the module ----------------------------------------------- */

static inline const char *param_path(const char *name)
{
	static __thread char path[96];

	snprintf(path, sizeof(path), "/sys/module/kcoro/parameters/%s", name);
	return path;
}

static inline int param_set(const char *name, const char *value)
{
	return write_text(param_path(name), value);
}

static inline long param_get(const char *name)
{
	return read_long(param_path(name));
}

/* Policies: their names, and which is in use. */
struct policies {
	char names[16][KCORO_POLICY_MAX];
	int count;
	int used; /* or -1 */
};

static inline struct policies policies_of(t_metadata)
{
	struct policies p = { .used = -1 };
	char text[512], *word, *save = NULL;

	ASSERT_LT(0, read_text(param_path("policy"), text, sizeof(text)));
	for (word = strtok_r(text, "\n ", &save); word;
	     word = strtok_r(NULL, "\n ", &save)) {
		ASSERT_GT(16, p.count);
		if (*word == '[') {
			ASSERT_EQ(-1, p.used);
			p.used = p.count;
			word++;
			word[strcspn(word, "]")] = '\0';
		}
		ASSERT_GT(KCORO_POLICY_MAX, strlen(word));
		strcpy(p.names[p.count++], word);
	}
	ASSERT_LE(0, p.used);
	return p;
}

/* --- fixture: a context, and nobody else's tasks ------------------------------ */

#define SCHED_FIXTURE(name)                                            \
	FIXTURE(name)                                                  \
	{                                                              \
		int ctx;                                               \
		int cpus; /* online: 0 and up */                       \
		int full; /* preemption */                             \
		char slice_us[16];                                     \
	};                                                             \
	FIXTURE_SETUP(name) {                                          \
		struct kcoro_info info;                                \
                                                                       \
		await_no_tasks();                                      \
		self->ctx = kcoro_open(0);                             \
		ASSERT_LE(0, self->ctx);                               \
		ASSERT_EQ(0, kcoro_info(self->ctx, &info));            \
		self->full = info.preempt == KCORO_PREEMPT_FULL;       \
		self->cpus = nr_cpus();                                \
		snprintf(self->slice_us, sizeof(self->slice_us), "%u", \
			 info.slice_us);                               \
	}                                                              \
	FIXTURE_TEARDOWN(name) {                                       \
		close(self->ctx);                                      \
		param_set("slice_us", self->slice_us);                 \
		param_set("active_cpus", "0");                         \
		await_no_tasks();                                      \
	}

/* --- the body "act": kcoro_body_act.c ------------------------------------------ */

/* Its result data. */
struct act_data {
	uint64_t cpus;
	uint32_t moves;
	uint32_t cpu;
};

/*
 * Starts one: a descriptor, or a negative errno. @how: its priority, cpu and
 * flags are used; or NULL.
 */
static inline int act_how(int ctx, const struct kcoro_spawn *how,
			  const char *const *words, const int *fds,
			  unsigned int nr_fds)
{
	struct kcoro_spawn req = { .body = "act" };
	char arg[512];
	int err, fd = -1;

	if (how)
		req = *how;
	strcpy(req.body, "act");
	for (; *words; words++) {
		if (req.arg_len + strlen(*words) + 1 > sizeof(arg))
			return -E2BIG;
		strcpy(arg + req.arg_len, *words);
		req.arg_len += strlen(*words) + 1;
	}
	req.arg = t_addr(arg);
	req.fds = t_addr(fds);
	req.nr_fds = nr_fds;
	req.count = 1;
	req.flags |= KCORO_SPAWN_FD;
	req.task_fds = t_addr(&fd);
	err = t_ioctl(ctx, KCORO_IOC_SPAWN, &req);
	return err ? err : fd;
}

static inline int act(int ctx, const char *const *words, const int *fds,
		      unsigned int nr_fds)
{
	return act_how(ctx, NULL, words, fds, nr_fds);
}

static inline int act_pinned(int ctx, int cpu, const char *const *words,
			     const int *fds, unsigned int nr_fds)
{
	struct kcoro_spawn how = { .flags = KCORO_SPAWN_PIN, .cpu = cpu };

	return act_how(ctx, &how, words, fds, nr_fds);
}

static inline int act_urgent(int ctx, int cpu, int priority,
			     const char *const *words, const int *fds,
			     unsigned int nr_fds)
{
	struct kcoro_spawn how = {
		.flags = KCORO_SPAWN_PIN,
		.cpu = cpu,
		.priority = priority,
	};

	return act_how(ctx, &how, words, fds, nr_fds);
}

static inline struct kcoro_task_info info_of(t_metadata, int task)
{
	struct kcoro_task_info info;

	ASSERT_EQ(0, kcoro_task_info(task, &info));
	return info;
}

/* Joins it: it has done @want actions. */
static inline struct act_data act_join(t_metadata, int task, int64_t want)
{
	struct kcoro_exit e = join_ok(_metadata, task);
	struct act_data data = { 0 };

	EXPECT_EQ(want, e.result);
	EXPECT_EQ(sizeof(data), e.data_len);
	memcpy(&data, e.data, sizeof(data));
	return data;
}

/* And forgets it. */
static inline struct act_data act_end(t_metadata, int task, int64_t want)
{
	struct act_data data = act_join(_metadata, task, want);

	close(task);
	return data;
}

#define ACT_END(task, want) act_end(_metadata, task, want)

/* --- SET -------------------------------------------------------------------------- */

static inline int set_priority(int task, int priority)
{
	struct kcoro_set req = {
		.which = KCORO_SET_PRIORITY,
		.priority = priority,
	};

	return t_ioctl(task, KCORO_IOC_SET, &req);
}

/* @cpu: or -1. */
static inline int set_cpu(int task, int cpu)
{
	struct kcoro_set req = { .which = KCORO_SET_CPU, .cpu = cpu };

	return t_ioctl(task, KCORO_IOC_SET, &req);
}

#endif /* KCORO_SELFTESTS_SCHED_H */
