/* SPDX-License-Identifier: GPL-2.0 */
/* Stacks of tasks: see stack.c. */
#ifndef KCORO_STACK_H
#define KCORO_STACK_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/thread_info.h>
#include <linux/types.h>

/* A window holds 1 to KCORO_STACK_PAGES_MAX pages of stack; the rest guards. */
#define KCORO_STACK_PAGES_MAX	(THREAD_SIZE / PAGE_SIZE - 1)
/* KASAN doubles THREAD_SIZE, and frames about as much. */
#define KCORO_STACK_PAGES_DEFAULT	(THREAD_SIZE / PAGE_SIZE / 2)

/**
 * struct kcoro_stack_pool - stacks with one owner, who pays for their pages
 * @lock: guards the lists; raw, irqs off: stacks are freed by workers
 * @free: unused stacks, by pages less one, last in first out. [L: lock]
 * @arenas: all arenas, for the end of the pool. [L]
 * @nr_pages: pages of stack in @arenas. [L]
 * @gfp: how to allocate: with __GFP_ACCOUNT for a user's pool
 */
struct kcoro_stack_pool {
	raw_spinlock_t lock;
	void *free[KCORO_STACK_PAGES_MAX];
	struct list_head arenas;
	unsigned long nr_pages;
	gfp_t gfp;
};

void kcoro_stack_pool_init(struct kcoro_stack_pool *pool, gfp_t gfp);
void kcoro_stack_pool_destroy(struct kcoro_stack_pool *pool);
void *kcoro_stack_take(struct kcoro_stack_pool *pool, unsigned int pages);
void *kcoro_stack_alloc(struct kcoro_stack_pool *pool, unsigned int pages);
void kcoro_stack_free(struct kcoro_stack_pool *pool, void *stack,
		      unsigned int pages);
unsigned int kcoro_stack_used(void *stack, unsigned int pages);

int kcoro_stack_init(void);
void kcoro_stack_exit(void);

#endif /* KCORO_STACK_H */
