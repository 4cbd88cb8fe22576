// SPDX-License-Identifier: GPL-2.0
/*
 * file-source, lines, match and count in chains, over files, against the same
 * done in C. KCORO_SEED=N repeats a run.
 */
#include "kcoro_test.h"

CONTEXT_FIXTURE(lines)

struct text {
	char *data;
	size_t len;
};

/* Text of lines: short, empty, long; of few letters, so that words repeat. */
static struct text draw_text(uint64_t *seed, size_t about)
{
	struct text t = { malloc(about + 70000), 0 };
	uint32_t len, i;

	while (t.len < about) {
		switch (draw_below(seed, 20)) {
		case 0:
			len = draw_below(seed, 5000);
			break;
		case 1 ... 3:
			len = 0;
			break;
		default:
			len = draw_below(seed, 80);
		}
		for (i = 0; i < len; i++)
			t.data[t.len++] = "abAB \t\200z"[draw_below(seed, 8)];
		t.data[t.len++] = '\n';
	}
	/* now and then without a newline at the end */
	if (draw_below(seed, 2))
		t.len--;
	return t;
}

static int file_of(t_metadata, const struct text *t)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	ASSERT_LE(0, fd);
	ASSERT_EQ(t->len, write(fd, t->data, t->len));
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	return fd;
}

/* The end of the line that begins at @p, after its newline. */
static const char *line_end(const char *p, const char *end)
{
	const char *newline = memchr(p, '\n', end - p);

	return newline ? newline + 1 : end;
}

static int fold(int c, int ignore_case)
{
	return ignore_case && c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Naive search, in a line without its newline. */
static int contains(const char *p, const char *end, const char *word,
		    int ignore_case)
{
	size_t n = strlen(word), i;

	if (end > p && end[-1] == '\n')
		end--;
	for (; p + n <= end; p++) {
		for (i = 0; i < n && fold(p[i], ignore_case) ==
					     fold(word[i], ignore_case);
		     i++)
			;
		if (i == n)
			return 1;
	}
	return 0;
}

struct counts {
	uint64_t messages, bytes;
};

static struct counts count_lines(const struct text *t, const char *word,
				 int ignore_case, int invert)
{
	const char *p = t->data, *end = t->data + t->len, *next;
	struct counts c = { 0, 0 };

	for (; p < end; p = next) {
		next = line_end(p, end);
		if (word && contains(p, next, word, ignore_case) == invert)
			continue;
		c.messages++;
		c.bytes += next - p;
	}
	return c;
}

static void expect_counts(t_metadata, int task, struct counts want)
{
	struct kcoro_exit e = join_ok(_metadata, task);
	struct counts got;

	ASSERT_EQ(sizeof(got), e.data_len);
	memcpy(&got, e.data, sizeof(got));
	EXPECT_EQ(want.messages, e.result);
	EXPECT_EQ(want.messages, got.messages);
	EXPECT_EQ(want.bytes, got.bytes);
}

/* file-source | lines | match | count */
static void chain(t_metadata, int ctx, const struct text *t, const char *block,
		  uint32_t capacity, const char *const *match,
		  struct counts want)
{
	struct pair a = chan_of(_metadata, ctx, 0, capacity);
	struct pair b = chan_of(_metadata, ctx, 0, capacity);
	struct pair c = chan_of(_metadata, ctx, 0, capacity);
	int file = file_of(_metadata, t), task[4], i;

	task[0] = spawn(ctx, "file-source", WORDS("-b", block),
			FDS(file, a.send));
	task[1] = spawn(ctx, "lines", NULL, FDS(a.recv, b.send));
	task[2] = spawn(ctx, "match", match, FDS(b.recv, c.send));
	task[3] = spawn(ctx, "count", NULL, FDS(c.recv));
	close(file);
	close(a.send);
	close(a.recv);
	close(b.send);
	close(b.recv);
	close(c.send);
	close(c.recv);
	for (i = 0; i < 4; i++)
		ASSERT_LE(0, task[i]);
	expect_counts(_metadata, task[3], want);
	for (i = 0; i < 4; i++) {
		join_ok(_metadata, task[i]);
		close(task[i]);
	}
}

TEST_F(lines, random_chains)
{
	static const char *const blocks[] = { "512", "1000", "4096", "65536" };
	uint64_t seed = test_seed(_metadata);
	int round;

	for (round = 0; round < 20; round++) {
		struct text t = draw_text(&seed, draw_below(&seed, 30000));
		const char *block = blocks[draw_below(&seed, 4)];
		uint32_t capacity = draw_below(&seed, 3) * 8;
		int i = draw_below(&seed, 2), v = draw_below(&seed, 2), n = 0;
		const char *words[4], *word;

		word = draw_below(&seed, 2) ? "ab" : "bAb";
		if (i)
			words[n++] = "-i";
		if (v)
			words[n++] = "-v";
		words[n++] = word;
		words[n] = NULL;
		TH_LOG("round %d: %zu bytes, -b %s, capacity %u, %s%s%s", round,
		       t.len, block, capacity, i ? "-i " : "", v ? "-v " : "",
		       word);
		chain(_metadata, self->ctx, &t, block, capacity, words,
		      count_lines(&t, word, i, v));
		free(t.data);
	}
}

/* What lines gives is each line with its newline, whatever the pieces. */
TEST_F(lines, each_line_is_a_message)
{
	uint64_t seed = test_seed(_metadata);
	struct pair in = chan_buf(4), out = chan_buf(4);
	struct text t = draw_text(&seed, 20000);
	const char *p = t.data, *end = t.data + t.len, *next;
	char *got = malloc(70000);
	pid_t pid;

	ASSERT_LE(0, spawn(self->ctx, "lines", NULL, FDS(in.recv, out.send)));
	close(out.send);
	pid = fork();
	if (!pid) {
		for (; p < end; p += next - p) {
			next = p + 1 + draw_below(&seed, 40);
			next = next < end ? next : end;
			if (t_write(in.send, p, next - p) != next - p)
				_exit(1);
		}
		_exit(0);
	}
	close(in.send);
	close(in.recv);
	for (; p < end; p = next) {
		next = line_end(p, end);
		ASSERT_EQ(next - p, t_read(out.recv, got, 70000));
		ASSERT_EQ(0, memcmp(p, got, next - p));
	}
	EXPECT_EQ(0, t_read(out.recv, got, 70000));
	EXPECT_EQ(0, wait_child(pid));
}

TEST_F(lines, of_nothing)
{
	struct pair in = chan_buf(4), out = chan_buf(4);
	int task = spawn(self->ctx, "lines", NULL, FDS(in.recv, out.send));
	char got[8];

	ASSERT_LE(0, task);
	close(out.send);
	close(in.send);
	EXPECT_EQ(0, t_read(out.recv, got, sizeof(got)));
	join_ok(_metadata, task);
}

/* One message with many lines, and lines over many messages. */
TEST_F(lines, across_messages)
{
	struct pair in = chan_buf(8), out = chan_buf(8);
	char got[16] = "";

	ASSERT_LE(0, spawn(self->ctx, "lines", NULL, FDS(in.recv, out.send)));
	put_str(in.send, "a\n\nb");
	put_str(in.send, "c");
	put_str(in.send, "d\ne");
	close(in.send);
	EXPECT_EQ(2, t_read(out.recv, got, sizeof(got)));
	EXPECT_EQ(1, t_read(out.recv, got, sizeof(got)));
	EXPECT_EQ('\n', got[0]);
	EXPECT_EQ(4, t_read(out.recv, got, sizeof(got)));
	EXPECT_EQ(0, memcmp(got, "bcd\n", 4));
	EXPECT_EQ(1, t_read(out.recv, got, sizeof(got)));
	EXPECT_EQ('e', got[0]);
}

TEST_F(lines, as_long_as_may_be)
{
	struct pair in = chan_buf(8), out = chan_buf(8);
	int task = spawn(self->ctx, "lines", WORDS("-m", "10"),
			 FDS(in.recv, out.send));
	char got[16];

	ASSERT_LE(0, task);
	put_str(in.send, "123456789\n");
	EXPECT_EQ(10, t_read(out.recv, got, sizeof(got)));
	close(in.send);
	join_ok(_metadata, task);
}

TEST_F(lines, too_long_fails_and_says_so)
{
	struct pair in = chan_buf(8), out = chan_buf(8);
	int task = spawn(self->ctx, "lines", WORDS("-m", "10"),
			 FDS(in.recv, out.send));
	struct kcoro_exit e;
	char got[16];

	ASSERT_LE(0, task);
	put_str(in.send, "ok\n");
	put_str(in.send, "1234567");
	put_str(in.send, "890\n");
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_RETURNED, e.reason);
	EXPECT_EQ(-EMSGSIZE, e.error);
	EXPECT_NE(NULL, strstr(e.message, "2")) TH_LOG("%s", e.message);
	EXPECT_NE(NULL, strstr(e.message, "10")) TH_LOG("%s", e.message);
	EXPECT_EQ(3, t_read(out.recv, got, sizeof(got)));
}

TEST_F(lines, bad_arguments)
{
	struct pair a = chan_buf(1), b = chan_buf(1), u = chan_u64(1);

#define BAD(body, ...)                                                \
	EXPECT_EQ(-EINVAL, spawn(self->ctx, body, WORDS(__VA_ARGS__), \
				 FDS(a.recv, b.send)))
	BAD("lines", "-m");
	BAD("lines", "-m", "0");
	BAD("lines", "-m", "x");
	BAD("lines", "word");
	BAD("match", "");
	BAD("match", "-x", "word");
	BAD("match", "-i");
	BAD("match", "one", "two");
	BAD("echo", "word");
#undef BAD
	EXPECT_EQ(-EINVAL,
		  spawn(self->ctx, "match", NULL, FDS(a.recv, b.send)));
	/* streams are of buffers, and echo's channels of one kind */
	EXPECT_EQ(-EINVAL,
		  spawn(self->ctx, "lines", NULL, FDS(u.recv, b.send)));
	EXPECT_EQ(-EINVAL, spawn(self->ctx, "echo", NULL, FDS(u.recv, b.send)));
}

/* An argument without its last zero is taken as if it had one. */
TEST_F(lines, match_of_words_that_look_like_options)
{
	struct pair in = chan_buf(4), out = chan_buf(4);
	char got[8];

	ASSERT_LE(0, spawn(self->ctx, "match", WORDS("--", "-v"),
			   FDS(in.recv, out.send)));
	put_str(in.send, "no");
	put_str(in.send, "a-v");
	EXPECT_EQ(3, t_read(out.recv, got, sizeof(got)));
}

TEST_HARNESS_MAIN
