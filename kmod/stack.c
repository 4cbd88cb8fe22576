// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks of tasks.
 *
 * Model: a window is THREAD_SIZE bytes, aligned to THREAD_SIZE, as the kernel
 * expects of a stack. Its topmost 1..KCORO_STACK_PAGES_MAX pages are stack.
 * Every page below them maps one shared page, read-only, full of
 * STACK_END_MAGIC: end marker and guard in one. Overflowing into it faults
 * with a complete trace. Windows come in arenas of one size; unused ones are
 * kept in their pool, last in first out, so that a warm one is used next. The
 * topmost word of an unused stack, warm as well, links it to the next.
 *
 * Invariants: an arena is unmapped only with its pool, when no task uses one
 * of its windows: unmapping earlier would cost a flush of all TLBs, and could
 * race with somebody who walks a worker's stack. A page's mapping changes once,
 * from the magic page to a page of stack, before anybody knows its address.
 *
 * Locks: pool->lock, innermost. Arenas are made outside of it.
 *
 * Rejected: slab stacks (an overflow goes unnoticed); an unmapped hole as
 * guard (printing the trace reads it and faults again); vmalloc of the whole
 * window (four times the memory); filling windows on demand (a stale TLB entry
 * would show the magic page instead of the stack).
 */
#include <linux/kasan.h>
#include <linux/kmemleak.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>

#include "stack.h"

#define ARENA_WINDOWS	32
#define WINDOW_PAGES	(THREAD_SIZE / PAGE_SIZE)
/* vmap() aligns to pages only: room to align to windows. */
#define ARENA_SLACK	(WINDOW_PAGES - 1)

struct kcoro_arena {
	struct list_head node;
	void *map;
	void *base;
	unsigned int windows;
	unsigned int pages;	/* of stack in each window */
	struct page *page[];	/* windows * pages */
};

static struct page *magic_page;

static void *window_usable(void *stack, unsigned int pages)
{
	return stack + THREAD_SIZE - pages * PAGE_SIZE;
}

static void **window_link(void *stack)
{
	return stack + THREAD_SIZE - sizeof(void *);
}

/**
 * kcoro_stack_pool_init() - make an empty pool
 * @pool: the pool
 * @gfp: how to allocate, GFP_KERNEL or GFP_KERNEL_ACCOUNT
 *
 * Context: any.
 */
void kcoro_stack_pool_init(struct kcoro_stack_pool *pool, gfp_t gfp)
{
	memset(pool, 0, sizeof(*pool));
	raw_spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->arenas);
	pool->gfp = gfp;
}

static void arena_free(struct kcoro_arena *arena)
{
	unsigned int i;

	for (i = 0; i < arena->windows && arena->map; i++)
		kmemleak_free(window_usable(arena->base + i * THREAD_SIZE,
					    arena->pages));
	if (arena->map)
		vunmap(arena->map);
	for (i = 0; i < arena->windows * arena->pages; i++)
		if (arena->page[i])
			__free_page(arena->page[i]);
	kvfree(arena);
}

/**
 * kcoro_stack_pool_destroy() - free all stacks of a pool
 * @pool: the pool; none of its stacks is in use
 *
 * Context: may sleep.
 */
void kcoro_stack_pool_destroy(struct kcoro_stack_pool *pool)
{
	struct kcoro_arena *arena, *next;

	list_for_each_entry_safe(arena, next, &pool->arenas, node) {
		arena_free(arena);
		cond_resched();
	}
	INIT_LIST_HEAD(&pool->arenas);
}

/* Make the pages of the mapped window at @stack writable. */
static int window_open(void *stack, struct page **page, unsigned int pages)
{
	unsigned long addr = (unsigned long)window_usable(stack, pages);
	unsigned int i, level;
	pte_t *pte;

	for (i = 0; i < pages; i++, addr += PAGE_SIZE) {
		pte = lookup_address(addr, &level);
		if (WARN_ON_ONCE(!pte || level != PG_LEVEL_4K))
			return -EINVAL;
		set_pte(pte, mk_pte(page[i], PAGE_KERNEL));
	}
	return 0;
}

static struct kcoro_arena *arena_alloc(unsigned int pages, gfp_t gfp)
{
	unsigned int nr = ARENA_WINDOWS * WINDOW_PAGES + ARENA_SLACK;
	unsigned int i, j, first;
	struct kcoro_arena *arena;
	struct page **map;

	map = kvmalloc_array(nr, sizeof(*map), GFP_KERNEL);
	arena = kvzalloc(struct_size(arena, page, ARENA_WINDOWS * pages), gfp);
	if (!map || !arena)
		goto err_free;
	arena->pages = pages;
	arena->windows = ARENA_WINDOWS;

	for (i = 0; i < ARENA_WINDOWS * pages; i++) {
		arena->page[i] = alloc_page(gfp | __GFP_ZERO);
		if (!arena->page[i])
			goto err_free;
	}
	/*
	 * Where the windows lie in the area is known only once it is mapped,
	 * so map the magic page everywhere, and each stack page afterwards.
	 * Nobody has the address of a window before it is in the pool's list.
	 */
	for (i = 0; i < nr; i++)
		map[i] = magic_page;
	arena->map = vmap(map, nr, VM_MAP, PAGE_KERNEL_RO);
	if (!arena->map)
		goto err_free;
	first = (PTR_ALIGN(arena->map, THREAD_SIZE) - arena->map) / PAGE_SIZE;
	arena->base = arena->map + first * PAGE_SIZE;
	for (i = 0; i < ARENA_WINDOWS; i++) {
		void *stack = arena->base + i * THREAD_SIZE;

		j = window_open(stack, &arena->page[i * pages], pages);
		if (j)
			goto err_free;
		/* Frames of parked tasks hold references: have them scanned. */
		kmemleak_alloc(window_usable(stack, pages), pages * PAGE_SIZE,
			       0, gfp);
	}
	kvfree(map);
	return arena;

err_free:
	kvfree(map);
	if (arena)
		arena_free(arena);
	return NULL;
}

static void *pool_pop(struct kcoro_stack_pool *pool, unsigned int pages)
{
	void *stack = pool->free[pages - 1];

	lockdep_assert_held(&pool->lock);
	if (stack) {
		void **link = window_link(stack);

		pool->free[pages - 1] = *link;
		*link = NULL;
	}
	return stack;
}

static void pool_push(struct kcoro_stack_pool *pool, void *stack,
		      unsigned int pages)
{
	lockdep_assert_held(&pool->lock);
	*window_link(stack) = pool->free[pages - 1];
	pool->free[pages - 1] = stack;
}

/**
 * kcoro_stack_take() - take a stack that is there
 * @pool: where from
 * @pages: usable pages, 1..KCORO_STACK_PAGES_MAX
 *
 * Context: any but NMI.
 * Return: as kcoro_stack_alloc(), or NULL: none is.
 */
void *kcoro_stack_take(struct kcoro_stack_pool *pool, unsigned int pages)
{
	unsigned long flags;
	void *stack;

	raw_spin_lock_irqsave(&pool->lock, flags);
	stack = pool_pop(pool, pages);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return stack;
}

/**
 * kcoro_stack_alloc() - take a stack
 * @pool: where from
 * @pages: usable pages, 1..KCORO_STACK_PAGES_MAX
 *
 * Context: may sleep.
 * Return: the base of a window of THREAD_SIZE bytes, or NULL for want of
 * memory.
 */
void *kcoro_stack_alloc(struct kcoro_stack_pool *pool, unsigned int pages)
{
	struct kcoro_arena *arena;
	unsigned long flags;
	unsigned int i;
	void *stack = kcoro_stack_take(pool, pages);

	if (stack)
		return stack;

	arena = arena_alloc(pages, pool->gfp);
	if (!arena)
		return NULL;
	stack = arena->base;
	raw_spin_lock_irqsave(&pool->lock, flags);
	list_add(&arena->node, &pool->arenas);
	pool->nr_pages += arena->windows * pages;
	for (i = arena->windows - 1; i > 0; i--)
		pool_push(pool, stack + i * THREAD_SIZE, pages);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return stack;
}

/*
 * Functions that are left without a return, the last one on each stack and those
 * under kcoro_exit(), leave marks in the shadow, which the stack's next user would
 * stumble over. What the kernel has against that is not exported.
 */
static void stack_unpoison(void *stack, unsigned int pages)
{
#ifdef CONFIG_KASAN_GENERIC
	__memset(kasan_mem_to_shadow(window_usable(stack, pages)), 0,
		 (pages * PAGE_SIZE) >> KASAN_SHADOW_SCALE_SHIFT);
#endif
}

/**
 * kcoro_stack_free() - give a stack back
 * @pool: where it is from
 * @stack: its base; nobody runs on it
 * @pages: as it was taken
 *
 * Context: any but NMI.
 */
void kcoro_stack_free(struct kcoro_stack_pool *pool, void *stack,
		      unsigned int pages)
{
	unsigned long flags;

	stack_unpoison(stack, pages);
	raw_spin_lock_irqsave(&pool->lock, flags);
	pool_push(pool, stack, pages);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
}

/**
 * kcoro_stack_used() - how deep a stack has been used
 * @stack: its base; the task may be running on it
 * @pages: usable pages
 *
 * Stacks start zeroed and are not cleared between tasks: the deepest use of
 * any task that had it.
 *
 * Context: any; the stack must not be freed meanwhile.
 * Return: bytes, from the top down to the lowest word that is not zero.
 */
unsigned int __no_sanitize_address kcoro_stack_used(void *stack,
						    unsigned int pages)
{
	unsigned long *word = window_usable(stack, pages);
	unsigned long *top = stack + THREAD_SIZE;

	while (word < top && !READ_ONCE_NOCHECK(*word))
		word++;
	return (void *)top - (void *)word;
}

/**
 * kcoro_stack_init() - make the guard page
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int __init kcoro_stack_init(void)
{
	unsigned long *word;
	unsigned int i;

	magic_page = alloc_page(GFP_KERNEL);
	if (!magic_page)
		return -ENOMEM;
	word = page_address(magic_page);
	for (i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		word[i] = STACK_END_MAGIC;
	return 0;
}

/**
 * kcoro_stack_exit() - free the guard page
 *
 * Context: module exit; there are no pools.
 */
void kcoro_stack_exit(void)
{
	__free_page(magic_page);
}
