// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: the policy lifo, from another module. The newest goes first, so
 * that the others starve as long as new ones come.
 */
#include <linux/kcoro_policy.h>

static void lifo_init(void *rq)
{
	INIT_LIST_HEAD((struct list_head *)rq);
}

static bool lifo_enqueue(void *rq, struct kcoro_entity *entity,
			 enum kcoro_enqueue why, u64 now)
{
	list_add(&entity->list, rq);
	return false;
}

static struct kcoro_entity *lifo_pick(void *rq, u64 now)
{
	struct kcoro_entity *entity;

	entity = list_first_entry_or_null((struct list_head *)rq,
					  struct kcoro_entity, list);
	if (entity)
		list_del(&entity->list);
	return entity;
}

static struct kcoro_policy lifo_policy = {
	.name = "lifo",
	.help = "the newest goes first, and others starve",
	.owner = THIS_MODULE,
	.rq_size = sizeof(struct list_head),
	.init = lifo_init,
	.enqueue = lifo_enqueue,
	.pick = lifo_pick,
};

static int __init lifo_module_init(void)
{
	return kcoro_policy_register(&lifo_policy);
}

static void __exit lifo_module_exit(void)
{
	kcoro_policy_unregister(&lifo_policy);
}

module_init(lifo_module_init);
module_exit(lifo_module_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("For kcoro's tests: the policy lifo");
MODULE_ALIAS("kcoro-policy-lifo");
