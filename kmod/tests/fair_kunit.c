// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of select.c: which of several ready cases it takes.
 */
#include <kunit/test.h>
#include <linux/bitops.h>
#include <linux/kcoro.h>

#define BOTH	(KCORO_SEND | KCORO_RECV)
#define CASES	8

/*
 * By Hoeffding's inequality a count of DRAWS fair draws is off by TOLERANCE
 * with a probability under 2 * exp(-2 * 240^2 / 4000) < 1e-12; there are some
 * 30 counts.
 */
#define DRAWS		4000
#define TOLERANCE	240

/* A select that sends; case i is ready while channel i is empty. */
struct sel {
	struct kcoro_chan *chan[CASES];
	struct kcoro_select_case c[CASES];
	u64 value;
};

static struct sel *make(struct kunit *test)
{
	struct sel *sel = kunit_kzalloc(test, sizeof(*sel), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sel);
	for (i = 0; i < CASES; i++) {
		sel->chan[i] = kcoro_chan_create(sizeof(u64), 1);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sel->chan[i]);
		sel->c[i].op = KCORO_OP_SEND;
		sel->c[i].chan = sel->chan[i];
		sel->c[i].msg = &sel->value;
	}
	return sel;
}

static void drop(struct sel *sel)
{
	u32 i;

	for (i = 0; i < CASES; i++)
		kcoro_chan_drop(sel->chan[i], BOTH);
}

/* Let the cases in @ready be so, of the first @nr. */
static void prepare(struct sel *sel, u32 nr, u32 ready)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (!(ready & BIT(i)))
			kcoro_try_send(sel->chan[i], &sel->value);
}

/* Do one; its case is ready again afterwards. */
static int draw(struct sel *sel, u32 nr, u32 flags)
{
	int index = kcoro_select(sel->c, nr, flags | KCORO_SELECT_NOWAIT, 0);

	if (index >= 0)
		kcoro_try_recv(sel->chan[index], &sel->value);
	return index;
}

static void check_uniform(struct kunit *test, u32 nr, u32 ready)
{
	u32 i, count[CASES] = {}, share = DRAWS / hweight32(ready);
	struct sel *sel = make(test);

	prepare(sel, nr, ready);
	for (i = 0; i < DRAWS; i++) {
		int index = draw(sel, nr, 0);

		KUNIT_ASSERT_GE(test, index, 0);
		count[index]++;
	}
	for (i = 0; i < nr; i++) {
		if (!(ready & BIT(i))) {
			KUNIT_EXPECT_EQ(test, count[i], 0);
			continue;
		}
		KUNIT_EXPECT_GT(test, count[i], share - TOLERANCE);
		KUNIT_EXPECT_LT(test, count[i], share + TOLERANCE);
	}
	drop(sel);
}

static void draw_of_two_is_uniform(struct kunit *test)
{
	check_uniform(test, 2, 0x3);
}

static void draw_of_three_is_uniform(struct kunit *test)
{
	check_uniform(test, 3, 0x7);
}

static void draw_of_eight_is_uniform(struct kunit *test)
{
	check_uniform(test, 8, 0xff);
}

static void draw_of_the_ready_is_uniform(struct kunit *test)
{
	check_uniform(test, 8, 0x61);
}

static void priority_takes_the_first_that_is_ready(struct kunit *test)
{
	struct sel *sel = make(test);
	u32 i, wrong = 0;

	prepare(sel, 5, 0x1c);
	for (i = 0; i < 200; i++)
		wrong += draw(sel, 5, KCORO_SELECT_PRIORITY) != 2;
	KUNIT_EXPECT_EQ(test, wrong, 0);
	drop(sel);
}

static struct kunit_case fair_cases[] = {
	KUNIT_CASE(draw_of_two_is_uniform),
	KUNIT_CASE(draw_of_three_is_uniform),
	KUNIT_CASE(draw_of_eight_is_uniform),
	KUNIT_CASE(draw_of_the_ready_is_uniform),
	KUNIT_CASE(priority_takes_the_first_that_is_ready),
	{}
};

static struct kunit_suite fair_suite = {
	.name = "kcoro_fair",
	.test_cases = fair_cases,
};

kunit_test_suites(&fair_suite);
