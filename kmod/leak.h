/* SPDX-License-Identifier: GPL-2.0 */
/* Tasks that nobody can wake: see leak.c; who is told: leak_report.c. */
#ifndef KCORO_LEAK_H
#define KCORO_LEAK_H

#include <linux/list.h>
#include <linux/rhashtable.h>
#include <linux/types.h>

#include "list.h"

struct file;
struct kcoro_call;
struct kcoro_chan;
struct kcoro_ctx;
struct kcoro_task;

/**
 * struct kcoro_leak_source - what may end a wait, and who can make it do so
 * @hash: in the search's table
 * @node: in the search's list
 * @key: what it is: see leak.c
 * @file: of an event, a semaphore or a queue, held; or NULL
 * @id: number of the channel, task, event and so on
 * @held: how many of its holders are suspects
 * @known: @key's object is held by the search, so that it can be looked at
 * @alive: some holder is none
 * @needs: suspects that wait for it
 */
struct kcoro_leak_source {
	struct rhash_head hash;
	struct list_head node;
	unsigned long key;
	struct file *file;
	u64 id;
	u32 held;
	bool known;
	bool alive;
	struct kcoro_leak_need *needs;
};

/**
 * struct kcoro_leak_suspect - a task that may be one
 * @node: in the search's list
 * @task: held
 * @ctx: its context, held
 * @switches: of the task, as it was looked at: as long as that stays, it waits
 * @reason: KCORO_WAIT_*
 * @alive: somebody can wake it
 * @ended: its wait was ended for that
 * @nr_needs: sources that it waits for
 * @first: one of them, until the search has its answer; then:
 * @on: its number
 * @on_kind: "channel" and so on
 * @holds: what it holds, until then
 * @next_alive: whom to look at next
 */
struct kcoro_leak_suspect {
	struct list_head node;
	struct kcoro_task *task;
	struct kcoro_ctx *ctx;
	u64 switches;
	u8 reason;
	bool alive;
	bool ended;
	u32 nr_needs;
	struct kcoro_leak_source *first;
	u64 on;
	const char *on_kind;
	struct kcoro_leak_hold *holds;
	struct kcoro_leak_suspect *next_alive;
};

/**
 * struct kcoro_leak_search - a search for tasks that nobody can wake
 * @walk: over whom
 * @sources: by key, until it has its answer
 * @all_sources: the same
 * @suspects: then, those that it found
 * @nr: how many it found
 * @look: buffers for one task
 * @spare: the next suspect, or NULL
 */
struct kcoro_leak_search {
	struct kcoro_walk walk;
	struct rhashtable sources;
	struct list_head all_sources;
	struct list_head suspects;
	u32 nr;
	struct kcoro_leak_look *look;
	struct kcoro_leak_suspect *spare;
};

int kcoro_leak_search(struct kcoro_leak_search *search);
void kcoro_leak_search_end(struct kcoro_leak_search *search);

/* leak_report.c */
void kcoro_leak_watch(struct kcoro_ctx *ctx);
void kcoro_leak_unwatch(struct kcoro_ctx *ctx);
void kcoro_leak_ctx_init(struct kcoro_ctx *ctx);
int kcoro_ioc_leaks(struct file *file, struct kcoro_call *call);

#endif /* KCORO_LEAK_H */
