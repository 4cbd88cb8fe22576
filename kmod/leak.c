// SPDX-License-Identifier: GPL-2.0
/*
 * Leaks: tasks that wait, and that nobody who is alive can wake.
 *
 * Model: as a garbage collector finds memory, from those who are alive, by marks.
 * A SUSPECT is a task that is parked with no deadline, for something of which we
 * know who can make it come: its SOURCES. Each source has holders. It is alive if
 * one of them is, and then all who wait for it are, and so all that they hold:
 *
 *	waits				for the source		whose holders are
 *	to receive			the sending end		who holds it
 *	to send				the receiving end	who holds it
 *	for an event, a semaphore	the object		its descriptor's
 *	or a queue						references
 *	to join a task			the task's end		the task
 *	for any of several: select	each of them
 *	also, in a group that ends	the group's failure	its tasks
 *	its tasks as one fails
 *	also, if it has children	the children		they
 *
 * Sources count their holders, and we count those that are suspects: what a task
 * holds is in the slots of its environment. Is there one more, then that is somebody
 * of whom we know nothing, a program with a descriptor, kernel code, a task of
 * another context or one that runs, a message on its way that carries the end
 * (carry.c): the source is alive. (As the kernel's sockets
 * compare a file's references with those that are in flight: net/unix/garbage.c,
 * and as Go's runtime finds leaked goroutines.) All other waits, those with a
 * deadline, and tasks that will be killed at one, in a scope or in a bubble, are
 * taken for alive. What a select without any case waits for is to be cancelled:
 * alive too. A cancel request could wake any task, and counts for none.
 *
 * Why what is found is true although tasks run meanwhile: (1) all suspects are seen
 * parked, (2) after that the holders are counted, (3) after that all are seen parked
 * still, and not to have run since. So they were parked at the time between (1) and
 * (3) at which a source was counted, and its holders were parked suspects only. As
 * nobody but a holder makes another one, that stays so.
 *
 * It rests on a rule: who uses a channel's end, or a descriptor's object, holds it,
 * or is a child of the task that does.
 *
 * Invariants: a search holds each suspect and its context, and, until it has its
 * answer, each source that was found in a slot. What a wait points to is only compared with those, or followed
 * with the task's lock held (kcoro_wait_unpin()).
 *
 * Locks: search_lock while there are sources, as two searches would count each other's
 * references on files; nobody's memory is touched meanwhile. Under it: of one task, its environment, one channel at a time.
 *
 * Rejected: to note who waits for what, and who holds what, as it happens (a price
 * for every wait); to stop the world; to follow mutexes (their owner is a number,
 * and their memory the caller's: deadlock.c looks at those).
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kcoro.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "chan.h"
#include "context.h"
#include "group.h"
#include "leak.h"
#include "limits.h"
#include "select_source.h"
#include "sync.h"
#include "task.h"

/* What a source's key is, in its low bits. The others: its address or number. */
enum source_kind {
	SENDERS,	/* of a channel */
	RECEIVERS,
	SYNC,		/* a struct kcoro_sync_fd */
	GROUP,		/* that fails fast */
	CHILDREN,	/* of the task with that number */
	TASK,		/* its end */
	KIND_MASK = 7,
};

static DEFINE_MUTEX(search_lock);

struct kcoro_leak_need {
	struct kcoro_leak_need *next;
	struct kcoro_leak_suspect *suspect;
};

struct kcoro_leak_hold {
	struct kcoro_leak_hold *next;
	struct kcoro_leak_source *source;
};

/* What one task waits for and holds, noted under locks. */
struct kcoro_leak_look {
	u32 nr_needs;
	u32 nr_chans;
	u32 nr_files;
	unsigned long needs[KCORO_SELECT_MAX];
	struct {
		struct kcoro_chan *chan;
		u32 ends;
	} chans[KCORO_SPAWN_FDS_MAX];
	struct file *files[KCORO_SPAWN_FDS_MAX];
};

static const struct rhashtable_params table_params = {
	.key_len = sizeof(unsigned long),
	.key_offset = offsetof(struct kcoro_leak_source, key),
	.head_offset = offsetof(struct kcoro_leak_source, hash),
	.automatic_shrinking = false,
};

static unsigned long key_of(const void *object, enum source_kind kind)
{
	return (unsigned long)object | kind;
}

static unsigned long key_of_id(u64 id, enum source_kind kind)
{
	return (unsigned long)id << 3 | kind;
}

static void *object_of(const struct kcoro_leak_source *source)
{
	return (void *)(source->key & ~(unsigned long)KIND_MASK);
}

/* What a source is, for people; its number is @source->id. */
static const char *source_name(const struct kcoro_leak_source *source)
{
	switch (source->key & KIND_MASK) {
	case SENDERS:
	case RECEIVERS:
		return "channel";
	case SYNC:
		return ((struct kcoro_sync_fd *)object_of(source))->kind->name;
	default:
		return "task";
	}
}

/* --- The graph ---------------------------------------------------------------- */

static struct kcoro_leak_source *source_find(struct kcoro_leak_search *search,
					     unsigned long key)
{
	return rhashtable_lookup_fast(&search->sources, &key, table_params);
}

/* The source with a key; it is made if need be. NULL: no memory. */
static struct kcoro_leak_source *source_get(struct kcoro_leak_search *search,
					    unsigned long key)
{
	struct kcoro_leak_source *source = source_find(search, key);

	if (source)
		return source;
	source = kzalloc(sizeof(*source), GFP_KERNEL_ACCOUNT);
	if (!source)
		return NULL;
	source->key = key;
	source->id = key >> 3;
	if (rhashtable_insert_fast(&search->sources, &source->hash,
				   table_params)) {
		kfree(source);
		return NULL;
	}
	list_add(&source->node, &search->all_sources);
	return source;
}

/* Give back what the search holds of it. */
static void source_free(struct kcoro_leak_source *source)
{
	struct kcoro_leak_need *need;

	while ((need = source->needs)) {
		source->needs = need->next;
		kfree(need);
	}
	switch (source->known ? source->key & KIND_MASK : TASK) {
	case SENDERS:
	case RECEIVERS:
		kcoro_chan_unref(object_of(source));
		break;
	case SYNC:
		fput(source->file);
		break;
	case GROUP:
		kcoro_group_put(object_of(source));
		break;
	}
	kfree(source);
}

static int add_need(struct kcoro_leak_search *search,
		    struct kcoro_leak_suspect *suspect, unsigned long key)
{
	struct kcoro_leak_source *source = source_get(search, key);
	struct kcoro_leak_need *need;

	if (!source)
		return -ENOMEM;
	need = kmalloc(sizeof(*need), GFP_KERNEL_ACCOUNT);
	if (!need)
		return -ENOMEM;
	need->suspect = suspect;
	need->next = source->needs;
	source->needs = need;
	return 0;
}

static struct kcoro_leak_source *add_hold(struct kcoro_leak_search *search,
					  struct kcoro_leak_suspect *suspect,
					  unsigned long key)
{
	struct kcoro_leak_source *source = source_get(search, key);
	struct kcoro_leak_hold *hold;

	if (!source)
		return NULL;
	hold = kmalloc(sizeof(*hold), GFP_KERNEL_ACCOUNT);
	if (!hold)
		return NULL;
	hold->source = source;
	hold->next = suspect->holds;
	suspect->holds = hold;
	source->held++;
	return source;
}

/* --- One task ------------------------------------------------------------------- */

static void look_at_select(const struct kcoro_select_case *cases, u32 nr,
			   struct kcoro_leak_look *look)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		const struct kcoro_select_case *c = &cases[i];
		unsigned long key = 0;

		switch (c->op) {
		case KCORO_OP_SEND:
			if (!c->chan)
				continue;
			key = key_of(c->chan, RECEIVERS);
			break;
		case KCORO_OP_RECV:
			if (!c->chan)
				continue;
			key = key_of(c->chan, SENDERS);
			break;
		case KCORO_OP_JOIN:
			if (!c->task)
				continue;
			key = key_of_id(c->task->id, TASK);
			break;
		case KCORO_OP_EVENT:
			if (!c->event)
				continue;
			if (c->event->fd)
				key = key_of(c->event->fd, SYNC);
			break;
		}
		if (!key) {	/* of that we do not know who does it */
			look->nr_needs = 0;
			return;
		}
		look->needs[look->nr_needs++] = key;
	}
}

/*
 * What a parked task waits for: nothing, if it cannot be told. Its lock is held:
 * a select that we see it in does not end.
 */
static u8 look_at_wait(const struct kcoro_task *task, u64 switches,
		       struct kcoro_leak_look *look)
{
	u8 reason = READ_ONCE(task->wait.reason);
	unsigned long on = READ_ONCE(task->wait.on), key = 0;
	const struct kcoro_select_case *cases;
	u32 nr;

	smp_rmb();	/* the reads above, then: were they of one wait? */
	if (!on || !kcoro_task_waits_since(task, switches))
		return reason;
	switch (reason) {
	case KCORO_WAIT_SEND:
		key = key_of((void *)on, RECEIVERS);
		break;
	case KCORO_WAIT_RECV:
		key = key_of((void *)on, SENDERS);
		break;
	case KCORO_WAIT_JOIN:
		key = key_of_id(on, TASK);
		break;
	case KCORO_WAIT_EVENT:
	case KCORO_WAIT_SEM:
	case KCORO_WAIT_PUT:
	case KCORO_WAIT_GET:
	case KCORO_WAIT_DRAIN:
		key = key_of((void *)on, SYNC);
		break;
	case KCORO_WAIT_SELECT:
		nr = kcoro_select_cases(on, &cases);
		look_at_select(cases, nr, look);
		break;
	}
	if (key)
		look->needs[look->nr_needs++] = key;
	return reason;
}

/* What is in its slots, with references. */
static void look_at_slots(struct kcoro_env *env, struct kcoro_leak_look *look)
{
	u32 i;

	spin_lock(&env->lock);
	for (i = 0; i < env->nr_slots; i++) {
		const struct kcoro_slot *slot = &env->slots[i];

		if (slot->chan) {
			refcount_inc(&slot->chan->refs);
			look->chans[look->nr_chans].chan = slot->chan;
			look->chans[look->nr_chans++].ends = slot->ends;
		} else if (slot->file && kcoro_sync_fd_of_file(slot->file)) {
			look->files[look->nr_files++] = get_file(slot->file);
		}
	}
	spin_unlock(&env->lock);
}

/* Is it a suspect? Then @look tells what it waits for and holds. */
static bool look_at(struct kcoro_task *task, struct kcoro_leak_suspect *suspect,
		    struct kcoro_leak_look *look)
{
	look->nr_needs = 0;
	look->nr_chans = 0;
	look->nr_files = 0;
	if (task->deadline != KCORO_FOREVER || task->bubble)
		return false;
	raw_spin_lock_irq(&task->lock);
	suspect->switches = READ_ONCE(task->switches);
	smp_rmb();	/* before the look at how it waits */
	if (!task->done && kcoro_task_waits_since(task, suspect->switches) &&
	    !READ_ONCE(task->scope))
		suspect->reason = look_at_wait(task, suspect->switches, look);
	raw_spin_unlock_irq(&task->lock);
	if (!look->nr_needs)
		return false;
	if (task->env)
		look_at_slots(task->env, look);
	return true;
}

/* Put what @look holds into the graph. On failure the rest is given back. */
static int add_slots(struct kcoro_leak_search *search,
		     struct kcoro_leak_suspect *suspect,
		     struct kcoro_leak_look *look)
{
	struct kcoro_leak_source *source;
	int err = 0;
	u32 i, end;

	for (i = 0; i < look->nr_chans; i++) {
		struct kcoro_chan *chan = look->chans[i].chan;

		for (end = KCORO_SEND; end <= KCORO_RECV; end <<= 1) {
			if (err || !(look->chans[i].ends & end))
				continue;
			source = add_hold(search, suspect,
					  key_of(chan, end == KCORO_SEND ?
						       SENDERS : RECEIVERS));
			if (!source) {
				err = -ENOMEM;
			} else if (!source->known) {
				refcount_inc(&chan->refs);
				source->known = true;
				source->id = chan->id;
			}
		}
		kcoro_chan_unref(chan);
	}
	for (i = 0; i < look->nr_files; i++) {
		struct kcoro_sync_fd *fd = look->files[i]->private_data;

		source = err ? NULL : add_hold(search, suspect,
					       key_of(fd, SYNC));
		if (!source)
			err = -ENOMEM;
		if (source && !source->known) {
			source->known = true;
			source->file = look->files[i];
			source->id = fd->id;
		} else {
			fput(look->files[i]);
		}
	}
	return err;
}

/* A group's first failure cancels its tasks: who of them lives may fail. */
static int add_groups(struct kcoro_leak_search *search,
		      struct kcoro_leak_suspect *suspect)
{
	struct kcoro_task *task = suspect->task;
	struct kcoro_leak_source *source;
	struct kcoro_group *group = NULL, *parent;
	int err = 0;

	raw_spin_lock_irq(&task->lock);
	if (!task->done && task->group)
		group = kcoro_group_get(task->group);
	raw_spin_unlock_irq(&task->lock);
	while (group) {
		bool ours = false;

		if (!err && group->flags & KCORO_GROUP_FAIL_FAST) {
			source = add_hold(search, suspect, key_of(group, GROUP));
			if (!source) {
				err = -ENOMEM;
			} else {
				ours = !source->known;
				source->known = true;
				err = add_need(search, suspect, source->key);
			}
		}
		parent = group->parent ? kcoro_group_get(group->parent) : NULL;
		if (!ours)
			kcoro_group_put(group);
		group = parent;
	}
	return err;
}

/* Somebody is alive: so may be whoever has spawned it. */
static int child_alive(struct kcoro_leak_search *search,
		       const struct kcoro_task *task)
{
	struct kcoro_leak_source *source;

	if (!task->parent)
		return 0;
	source = source_get(search, key_of_id(task->parent, CHILDREN));
	if (!source)
		return -ENOMEM;
	source->alive = true;
	return 0;
}

static int add_suspect(struct kcoro_leak_search *search,
		       struct kcoro_leak_suspect *suspect,
		       struct kcoro_leak_look *look)
{
	u64 id = suspect->task->id, parent = suspect->task->parent;
	int err = add_slots(search, suspect, look);
	u32 i;

	for (i = 0; i < look->nr_needs && !err; i++)
		err = add_need(search, suspect, look->needs[i]);
	if (err)
		return err;
	suspect->nr_needs = look->nr_needs;
	suspect->first = source_find(search, look->needs[0]);
	if (!add_hold(search, suspect, key_of_id(id, TASK)) ||
	    (parent && !add_hold(search, suspect, key_of_id(parent, CHILDREN))))
		return -ENOMEM;
	return add_groups(search, suspect);
}

static int collect_one(struct kcoro_leak_search *search, struct kcoro_task *task,
		       struct kcoro_ctx *ctx)
{
	struct kcoro_leak_suspect *suspect = search->spare;

	if (!suspect)
		suspect = kzalloc(sizeof(*suspect), GFP_KERNEL_ACCOUNT);
	if (!suspect)
		return -ENOMEM;
	search->spare = suspect;
	if (!look_at(task, suspect, search->look))
		return kcoro_task_done(task) ? 0 : child_alive(search, task);
	search->spare = NULL;
	suspect->task = kcoro_task_get(task);
	suspect->ctx = ctx;
	kcoro_ctx_get(ctx);
	list_add_tail(&suspect->node, &search->suspects);
	return add_suspect(search, suspect, search->look);
}

static int interrupted(void)
{
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/* Who may be one, what they wait for, and what they hold. */
static int collect(struct kcoro_leak_search *search)
{
	struct kcoro_walk *walk = &search->walk;
	struct kcoro_leak_suspect *suspect;
	int err = 0;
	u32 i;

	while (!err && kcoro_walk_next(walk, KCORO_WALK_BATCH)) {
		for (i = 0; i < walk->nr && !err; i++)
			err = collect_one(search, walk->task[i], walk->ctx[i]);
		kcoro_walk_put(walk);
		err = err ?: interrupted();
	}
	if (err)
		return err;
	list_for_each_entry(suspect, &search->suspects, node) {
		unsigned long key = key_of_id(suspect->task->id, CHILDREN);

		if (source_find(search, key))
			err = add_need(search, suspect, key);
		err = err ?: interrupted();
		if (err)
			return err;
	}
	return 0;
}

/* --- Marks -------------------------------------------------------------------- */

/* Does somebody hold it who is no suspect? */
static bool has_others(const struct kcoro_leak_source *source)
{
	struct kcoro_chan *chan = object_of(source);
	u32 holders;

	switch (source->key & KIND_MASK) {
	case SENDERS:
	case RECEIVERS:
		if (!source->known)
			return true;
		raw_spin_lock_irq(&chan->lock);
		holders = (source->key & KIND_MASK) == SENDERS ?
				  chan->senders : chan->receivers;
		raw_spin_unlock_irq(&chan->lock);
		return holders != source->held;
	case SYNC:	/* one reference is the search's */
		return !source->known ||
		       file_count(source->file) != source->held + 1;
	case GROUP:
		return kcoro_group_live(object_of(source)) != source->held;
	case TASK:
		return !source->held;
	default:	/* whoever has a child that is alive was told */
		return false;
	}
}

/* Add those who wait for it to those who are alive. */
static struct kcoro_leak_suspect *
mark_source(struct kcoro_leak_source *source, struct kcoro_leak_suspect *alive)
{
	struct kcoro_leak_need *need;

	source->alive = true;
	for (need = source->needs; need; need = need->next) {
		struct kcoro_leak_suspect *suspect = need->suspect;

		if (suspect->alive)
			continue;
		suspect->alive = true;
		suspect->next_alive = alive;
		alive = suspect;
	}
	return alive;
}

/* All that those who are alive hold is alive, and so on. */
static void spread(struct kcoro_leak_suspect *alive)
{
	while (alive) {
		struct kcoro_leak_suspect *suspect = alive;
		struct kcoro_leak_hold *hold;

		alive = suspect->next_alive;
		for (hold = suspect->holds; hold; hold = hold->next)
			if (!hold->source->alive)
				alive = mark_source(hold->source, alive);
		cond_resched();
	}
}

static int mark(struct kcoro_leak_search *search)
{
	struct kcoro_leak_source *source;
	int err;

	list_for_each_entry(source, &search->all_sources, node) {
		if (source->alive || has_others(source))
			spread(mark_source(source, NULL));
		err = interrupted();
		if (err)
			return err;
	}
	return 0;
}

static void suspect_free(struct kcoro_leak_suspect *suspect)
{
	struct kcoro_leak_hold *hold;

	while ((hold = suspect->holds)) {
		suspect->holds = hold->next;
		kfree(hold);
	}
	kcoro_task_put(suspect->task);
	kcoro_ctx_put(suspect->ctx);
	kfree(suspect);
}

/* Who has run meanwhile is alive. Then those who are left have not. */
static void verify(struct kcoro_leak_search *search)
{
	struct kcoro_leak_suspect *suspect, *next;

	list_for_each_entry(suspect, &search->suspects, node) {
		if (suspect->alive ||
		    kcoro_task_waits_since(suspect->task, suspect->switches))
			continue;
		suspect->alive = true;
		suspect->next_alive = NULL;
		spread(suspect);
	}
	list_for_each_entry_safe(suspect, next, &search->suspects, node) {
		if (suspect->alive) {
			list_del(&suspect->node);
			suspect_free(suspect);
			continue;
		}
		suspect->on = suspect->first->id;
		suspect->on_kind = source_name(suspect->first);
		search->nr++;
	}
}

static void free_sources(struct kcoro_leak_search *search)
{
	struct kcoro_leak_source *source, *next;

	list_for_each_entry_safe(source, next, &search->all_sources, node) {
		source_free(source);
		cond_resched();
	}
	rhashtable_destroy(&search->sources);
}

/**
 * kcoro_leak_search() - find the tasks that nobody can wake
 * @search: from kzalloc(), with @search->walk set up; to be given to
 *	kcoro_leak_search_end(), whatever this returns
 *
 * Context: may sleep.
 * Return: 0: they are in @search->suspects. -ENOMEM. -EINTR: the caller is being
 * killed.
 */
int kcoro_leak_search(struct kcoro_leak_search *search)
{
	int err;

	INIT_LIST_HEAD(&search->all_sources);
	INIT_LIST_HEAD(&search->suspects);
	search->look = kvmalloc(sizeof(*search->look), GFP_KERNEL_ACCOUNT);
	if (!search->look)
		return -ENOMEM;
	if (mutex_lock_killable(&search_lock))
		return -EINTR;
	err = rhashtable_init(&search->sources, &table_params);
	if (err)
		goto err_lock;
	err = collect(search) ?: mark(search);
	if (!err)
		verify(search);
	free_sources(search);
err_lock:
	mutex_unlock(&search_lock);
	return err;
}

/**
 * kcoro_leak_search_end() - give back what a search has found
 * @search: the search
 *
 * Context: may sleep.
 */
void kcoro_leak_search_end(struct kcoro_leak_search *search)
{
	struct kcoro_leak_suspect *suspect, *next;

	list_for_each_entry_safe(suspect, next, &search->suspects, node) {
		suspect_free(suspect);
		cond_resched();
	}
	kvfree(search->look);
	kfree(search->spare);
	kfree(search);
}
