// SPDX-License-Identifier: GPL-2.0
/*
 * Files as descriptors of a task: which are taken, and what they may be used
 * for.
 */
#include <pty.h>

#include "kcoro_test.h"

CONTEXT_FIXTURE(files)

/* SPAWN of a file-source for @fd: its error, or 0. */
static int source(t_metadata, int ctx, int fd)
{
	struct pair out = chan_of(_metadata, ctx, 0, 1);
	int task = spawn(ctx, "file-source", NULL, FDS(fd, out.send));

	if (task >= 0)
		close(task);
	close(out.send);
	close(out.recv);
	return task < 0 ? task : 0;
}

static int sink(t_metadata, int ctx, int fd)
{
	struct pair in = chan_of(_metadata, ctx, 0, 1);
	int task = spawn(ctx, "file-sink", NULL, FDS(in.recv, fd));

	if (task >= 0)
		close(task);
	close(in.send);
	close(in.recv);
	return task < 0 ? task : 0;
}

#define SOURCE(fd) source(_metadata, self->ctx, fd)
#define SINK(fd) sink(_metadata, self->ctx, fd)

TEST_F(files, source_of_a_write_only_file)
{
	int fd = open("/tmp", O_TMPFILE | O_WRONLY, 0600);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, SOURCE(fd));
}

TEST_F(files, sink_of_a_read_only_file)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, SINK(fd));
}

TEST_F(files, source_of_a_regular_file)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, SOURCE(fd));
	EXPECT_EQ(0, SINK(fd));
}

TEST_F(files, pipe)
{
	int p[2];

	ASSERT_EQ(0, pipe(p));
	EXPECT_EQ(0, SOURCE(p[0]));
	EXPECT_EQ(0, SINK(p[1]));
	EXPECT_EQ(-EACCES, SOURCE(p[1]));
	EXPECT_EQ(-EACCES, SINK(p[0]));
}

TEST_F(files, socket)
{
	int s[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	EXPECT_EQ(0, SOURCE(s[0]));
	EXPECT_EQ(0, SINK(s[0]));
}

TEST_F(files, pty)
{
	int master, slave;

	ASSERT_EQ(0, openpty(&master, &slave, NULL, NULL, NULL));
	EXPECT_EQ(0, SOURCE(slave));
	EXPECT_EQ(0, SINK(slave));
}

/* Some cannot be read by the kernel at all, some could. */
TEST_F(files, without_data_of_their_own)
{
	static const char *const paths[] = {
		"/proc/self/status",
		"/proc/version",
		"/proc/sys/kernel/hostname",
		"/sys/module/kcoro/refcnt",
	};
	size_t i;
	int fd;

	for (i = 0; i < ROWS(paths); i++) {
		fd = open(paths[i], O_RDONLY);
		ASSERT_LE(0, fd);
		EXPECT_EQ(-EOPNOTSUPP, SOURCE(fd)) TH_LOG("%s", paths[i]);
		close(fd);
	}
	fd = open("/proc/sys/kernel/hostname", O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EOPNOTSUPP, SINK(fd));
}

TEST_F(files, directory)
{
	int fd = open("/tmp", O_RDONLY | O_DIRECTORY);

	ASSERT_LE(0, fd);
	EXPECT_GT(0, SOURCE(fd));
}

TEST_F(files, path_only)
{
	int fd = open("/proc/self/exe", O_PATH);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, SOURCE(fd));
}

TEST_F(files, channel_instead_of_a_file)
{
	struct pair p = chan_buf(1);

	EXPECT_EQ(-EBADF, SOURCE(p.recv));
	EXPECT_EQ(-EBADF, SINK(p.send));
}

TEST_F(files, context_and_task)
{
	int task = spawn(self->ctx, "sleep", WORDS("0"), NULL, 0);

	EXPECT_EQ(-ELOOP, SOURCE(self->ctx));
	EXPECT_EQ(-ELOOP, SOURCE(task));
}

/* A task holds its file: the reader of a pipe sees its end when it has ended. */
TEST_F(files, are_held_until_the_end)
{
	struct pair in = chan_buf(1);
	char buf[8];
	int p[2], task;

	ASSERT_EQ(0, pipe2(p, O_NONBLOCK));
	task = spawn(self->ctx, "file-sink", NULL, FDS(in.recv, p[1]));
	ASSERT_LE(0, task);
	close(p[1]);
	EXPECT_EQ(-EAGAIN, t_read(p[0], buf, sizeof(buf)));
	close(in.send);
	join_ok(_metadata, task);
	/* a worker lets go of files a moment later */
	ASSERT_EQ(0, fcntl(p[0], F_SETFL, 0));
	EXPECT_EQ(0, t_read(p[0], buf, sizeof(buf)));
}

TEST_HARNESS_MAIN
