// SPDX-License-Identifier: GPL-2.0
/* The registry of bodies, and the words of an environment. */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "body.h"
#include "env.h"

static int no_run(struct kcoro_env *env)
{
	return 0;
}

static struct kcoro_body test_body(const char *name)
{
	return (struct kcoro_body){
		.name = name,
		.help = "a test's",
		.owner = THIS_MODULE,
		.run = no_run,
	};
}

static void body_names(struct kunit *test)
{
	static const char *const good[] = {
		"a", "9", "-", "_", "file-source", "x_1",
		"abcdefghijklmnopqrstuvwxyz01234",	/* 31 bytes */
	};
	static const char *const bad[] = {
		"", "A", "a b", "a/b", "a.b", "..", "caf\xc3\xa9", "a\n", "a\x7f",
		"%s", "abcdefghijklmnopqrstuvwxyz012345", /* 32 bytes */
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		KUNIT_EXPECT_TRUE_MSG(test, kcoro_body_name_ok(good[i]), "%s",
				      good[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_FALSE_MSG(test, kcoro_body_name_ok(bad[i]), "%s",
				       bad[i]);
}

static void body_register_invalid(struct kunit *test)
{
	struct kcoro_body body = test_body("Kunit");

	KUNIT_EXPECT_EQ(test, kcoro_body_register(&body), -EINVAL);
	body = test_body(NULL);
	KUNIT_EXPECT_EQ(test, kcoro_body_register(&body), -EINVAL);
	body = test_body("kunit-a");
	body.run = NULL;
	KUNIT_EXPECT_EQ(test, kcoro_body_register(&body), -EINVAL);
	body = test_body("kunit-a");
	body.help = NULL;
	KUNIT_EXPECT_EQ(test, kcoro_body_register(&body), -EINVAL);
	body = test_body("kunit-a");
	body.slots_min = 2;
	body.slots_max = 1;
	KUNIT_EXPECT_EQ(test, kcoro_body_register(&body), -EINVAL);
	body = test_body("kunit-a");
	body.stack_min = THREAD_SIZE;
	KUNIT_EXPECT_EQ(test, kcoro_body_register(&body), -EINVAL);
	body.stack_min = U32_MAX;
	KUNIT_EXPECT_EQ(test, kcoro_body_register(&body), -EINVAL);
}

static void body_register_twice(struct kunit *test)
{
	struct kcoro_body body = test_body("kunit-a");
	struct kcoro_body same = test_body("kunit-a");

	KUNIT_ASSERT_EQ(test, kcoro_body_register(&body), 0);
	KUNIT_EXPECT_EQ(test, kcoro_body_register(&same), -EEXIST);
	kcoro_body_unregister(&body);
	KUNIT_EXPECT_EQ(test, kcoro_body_register(&same), 0);
	kcoro_body_unregister(&same);
}

static void body_get_registered(struct kunit *test)
{
	struct kcoro_body body = test_body("kunit-a");
	struct kcoro_body *got;

	KUNIT_ASSERT_EQ(test, kcoro_body_register(&body), 0);
	got = kcoro_body_get("kunit-a");
	KUNIT_EXPECT_PTR_EQ(test, got, &body);
	kcoro_body_unregister(&body);
	/* Held, so it may still be used; but nobody finds it. */
	if (!IS_ERR(got))
		kcoro_body_put(got);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(kcoro_body_get("Kunit/a")),
			-ENOENT);
	got = kcoro_body_get("kunit-a");
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(got), -ENOENT);
}

static void body_list_sorted(struct kunit *test)
{
	struct kcoro_body late = test_body("zz-kunit");
	struct kcoro_body early = test_body("00-kunit");
	struct kcoro_body_info *infos;
	u32 total, room, i;

	KUNIT_ASSERT_EQ(test, kcoro_body_register(&late), 0);
	if (kcoro_body_register(&early)) {
		kcoro_body_unregister(&late);
		KUNIT_FAIL(test, "cannot register");
		return;
	}
	KUNIT_EXPECT_EQ(test, kcoro_body_list(NULL, 0, &room), 0);
	KUNIT_EXPECT_GE(test, room, 2U);
	infos = kunit_kcalloc(test, room, sizeof(*infos), GFP_KERNEL);
	if (infos) {
		KUNIT_EXPECT_EQ(test, kcoro_body_list(infos, room, &total),
				(int)room);
		KUNIT_EXPECT_EQ(test, total, room);
		KUNIT_EXPECT_STREQ(test, infos[0].name, "00-kunit");
		KUNIT_EXPECT_STREQ(test, infos[room - 1].name, "zz-kunit");
		KUNIT_EXPECT_STREQ(test, infos[0].help, "a test's");
		KUNIT_EXPECT_GT(test, infos[0].stack_min, 0U);
		for (i = 1; i < room; i++)
			KUNIT_EXPECT_LT(test, strcmp(infos[i - 1].name,
						     infos[i].name), 0);
		/* Too little room: the first ones, and how many there are. */
		KUNIT_EXPECT_EQ(test, kcoro_body_list(infos, 1, &total), 1);
		KUNIT_EXPECT_EQ(test, total, room);
	}
	kcoro_body_unregister(&early);
	kcoro_body_unregister(&late);
}

/* The words of @arg, each followed by '|', are @expected. */
static void expect_words(struct kunit *test, const char *arg, u32 len,
			 const char *expected)
{
	struct kcoro_env *env = kcoro_env_alloc(len, 0, GFP_KERNEL);
	const char *word = NULL;
	char got[64] = "";

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, env);
	memcpy(kcoro_env_argbuf(env), arg, len);
	while ((word = kcoro_env_word(env, word))) {
		strlcat(got, word, sizeof(got));
		strlcat(got, "|", sizeof(got));
	}
	KUNIT_EXPECT_STREQ(test, got, expected);
	kcoro_env_free(env);
}

static void env_words(struct kunit *test)
{
	expect_words(test, "", 0, "");
	expect_words(test, "one", 4, "one|");
	expect_words(test, "one", 3, "one|");
	expect_words(test, "one\0two", 8, "one|two|");
	expect_words(test, "one\0two", 7, "one|two|");
	expect_words(test, "", 1, "|");
	expect_words(test, "\0\0a\0", 5, "||a||");
}

static void env_slots(struct kunit *test)
{
	struct kcoro_env *env = kcoro_env_alloc(0, 2, GFP_KERNEL);
	struct kcoro_chan *chan = kcoro_chan_create(8, 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, env);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	env->slots[1].chan = chan;
	env->slots[1].ends = KCORO_RECV;
	KUNIT_EXPECT_PTR_EQ(test, kcoro_env_chan(env, 1, KCORO_RECV), chan);
	KUNIT_EXPECT_NULL(test, kcoro_env_chan(env, 1, KCORO_SEND));
	KUNIT_EXPECT_NULL(test, kcoro_env_chan(env, 0, KCORO_RECV));
	KUNIT_EXPECT_NULL(test, kcoro_env_chan(env, 2, KCORO_RECV));
	KUNIT_EXPECT_NULL(test, kcoro_env_file(env, 1));
	KUNIT_EXPECT_NULL(test, kcoro_env_file(env, 2));
	KUNIT_EXPECT_EQ(test, kcoro_env_check_file(env, 1, FMODE_READ), -EBADF);

	kcoro_env_drop(env, 1);
	KUNIT_EXPECT_NULL(test, kcoro_env_chan(env, 1, KCORO_RECV));
	kcoro_env_drop(env, 1);
	kcoro_env_drop(env, 2);
	kcoro_chan_drop(chan, KCORO_SEND);
	kcoro_env_free(env);
}

static void env_fail(struct kunit *test)
{
	struct kcoro_env *env = kcoro_env_alloc(0, 0, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, env);
	KUNIT_EXPECT_EQ(test, kcoro_env_fail(env, -EIO, "line %d", 7), -EIO);
	KUNIT_EXPECT_STREQ(test, env->message, "line 7");
	kcoro_env_fail(env, -EIO, "%0*d", 2 * KCORO_MESSAGE_MAX, 0);
	KUNIT_EXPECT_EQ(test, strlen(env->message),
			(size_t)KCORO_MESSAGE_MAX - 1);
	kcoro_env_free(env);
}

static struct kunit_case body_cases[] = {
	KUNIT_CASE(body_names),
	KUNIT_CASE(body_register_invalid),
	KUNIT_CASE(body_register_twice),
	KUNIT_CASE(body_get_registered),
	KUNIT_CASE(body_list_sorted),
	KUNIT_CASE(env_words),
	KUNIT_CASE(env_slots),
	KUNIT_CASE(env_fail),
	{}
};

static struct kunit_suite body_suite = {
	.name = "kcoro_body",
	.test_cases = body_cases,
};

kunit_test_suites(&body_suite);
