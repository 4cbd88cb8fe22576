// SPDX-License-Identifier: GPL-2.0
/*
 * Bodies from modules: SPAWN and kcoro run have them loaded, for those who may,
 * and nothing but a proper name gets as far as modprobe.
 *
 * For the time of a test the kernel's modprobe is a script, which notes what it
 * is asked for and goes on as the true one.
 */
#include "kcoro_test.h"

#define MODPROBE "/proc/sys/kernel/modprobe"
#define AUTOLOAD "/sys/module/kcoro/parameters/autoload"
#define NOBODY 65534

FIXTURE(autoload)
{
	int ctx;
	struct pair in, out;
	char dir[64]; /* of these files */
	char script[80], log[80], text[80];
	char modprobe[256], autoload[8]; /* as they were */
};

/* A task that has just ended may still hold the module. */
static void unload(void)
{
	while (syscall(SYS_delete_module, "kcoro_body_rot13", O_NONBLOCK) &&
	       (errno == EAGAIN || errno == EBUSY))
		nap();
}

static int make_file(const char *path, int mode, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	ssize_t n = t_write(fd, text, strlen(text));

	close(fd);
	return n < 0 ? n : 0;
}

FIXTURE_SETUP(autoload) {
	char script[512];

	if (geteuid())
		SKIP(_exit(255), "not root");
	if (system("modprobe kcoro-body-rot13 2>/dev/null"))
		SKIP(_exit(255), "modprobe does not find kcoro_body_rot13");
	unload();
	read_text(AUTOLOAD, self->autoload, sizeof(self->autoload));
	read_text(MODPROBE, self->modprobe, sizeof(self->modprobe));
	self->modprobe[strcspn(self->modprobe, "\n")] = '\0';

	strcpy(self->dir, "/tmp/kcoro-autoload-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	sprintf(self->script, "%s/modprobe", self->dir);
	sprintf(self->log, "%s/log", self->dir);
	sprintf(self->text, "%s/text", self->dir);
	snprintf(script, sizeof(script),
		 "#!/bin/sh\necho \"$*\" >>%s\nexec %s \"$@\"\n", self->log,
		 self->modprobe);
	ASSERT_EQ(0, make_file(self->script, 0700, script));
	ASSERT_EQ(0, make_file(self->log, 0600, ""));
	ASSERT_EQ(0, make_file(self->text, 0600, "Hello, world\n"));
	ASSERT_EQ(0, write_text(MODPROBE, self->script));

	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->in = chan_buf(1);
	self->out = chan_buf(1);
}

FIXTURE_TEARDOWN(autoload) {
	close(self->ctx);
	write_text(AUTOLOAD, self->autoload);
	write_text(MODPROBE, self->modprobe);
	unlink(self->script);
	unlink(self->log);
	unlink(self->text);
	rmdir(self->dir);
	unload();
}

/* Expects what modprobe was asked for since the last time. */
#define EXPECT_ASKED(text)                                  \
	do {                                                \
		char asked[512];                            \
		read_text(self->log, asked, sizeof(asked)); \
		EXPECT_STREQ(text, asked);                  \
		truncate(self->log, 0);                     \
	} while (0)

#define ASKED(body) "-q -- kcoro-body-" body "\n"

/* Without a descriptor: that would hold the module. */
static int spawn_rot13(const FIXTURE_DATA(autoload) * self)
{
	return spawn_id(self->ctx, "rot13", NULL,
			FDS(self->in.recv, self->out.send), NULL);
}

/* What SPAWN by somebody without any right gives. */
static int spawn_rot13_as_nobody(const FIXTURE_DATA(autoload) * self)
{
	pid_t pid = fork();

	if (!pid) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(255);
		_exit(-spawn_rot13(self));
	}
	return -wait_child(pid);
}

static int is_listed(int ctx, const char *name)
{
	struct kcoro_body_info *bodies;
	ssize_t n = kcoro_bodies(ctx, &bodies), i;
	int found = 0;

	for (i = 0; i < n; i++)
		found |= !strcmp(bodies[i].name, name);
	free(bodies);
	return found;
}

/* Runs the command; what it prints on both outputs is in @out. */
static int run(char *out, size_t size, const char *fmt, const char *file)
{
	char line[256];
	FILE *f;
	size_t n;

	snprintf(line, sizeof(line), fmt, file);
	f = popen(line, "r");
	if (!f)
		return -errno;
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	return WEXITSTATUS(pclose(f));
}

#define RUN(fmt) run(out, sizeof(out), "kcoro run " fmt " 2>&1", self->text)

TEST_F(autoload, spawn_loads_the_module_once)
{
	char text[8] = "";

	EXPECT_EQ(0, is_listed(self->ctx, "rot13"));
	ASSERT_EQ(0, spawn_rot13(self));
	EXPECT_ASKED(ASKED("rot13"));
	EXPECT_EQ(1, is_listed(self->ctx, "rot13"));
	ASSERT_EQ(5, put_str(self->in.send, "hello"));
	EXPECT_EQ(5, t_read(self->out.recv, text, sizeof(text)));
	EXPECT_STREQ("uryyb", text);
	EXPECT_EQ(0, spawn_rot13(self));
	EXPECT_ASKED("");
}

TEST_F(autoload, run_loads_the_module)
{
	char out[256];

	EXPECT_EQ(0, RUN("'file-source %s | rot13 | file-sink /dev/stdout'"));
	EXPECT_STREQ("Uryyb, jbeyq\n", out);
	EXPECT_ASKED(ASKED("rot13"));
}

/* At the end of a chain it matters how many descriptors the body wants. */
TEST_F(autoload, run_of_nothing_but_the_body)
{
	char out[256];

	EXPECT_EQ(0, RUN("rot13 <%s"));
	EXPECT_STREQ("Uryyb, jbeyq\n", out);
	EXPECT_ASKED(ASKED("rot13"));
}

TEST_F(autoload, run_says_what_is_not_there)
{
	char out[1024], *said;

	EXPECT_EQ(2, RUN("'file-source %s | nope'"));
	said = strstr(out, "stage 2: there is no body 'nope'");
	EXPECT_NE(NULL, said) TH_LOG("it said: %s", out);
	EXPECT_ASKED(ASKED("nope"));
}

TEST_F(autoload, unknown_body_is_enoent)
{
	EXPECT_EQ(-ENOENT, spawn(self->ctx, "nope", NULL, NULL, 0));
	EXPECT_ASKED(ASKED("nope"));
}

TEST_F(autoload, without_the_right_is_enoent)
{
	ASSERT_EQ(0, write_text(AUTOLOAD, "0"));
	EXPECT_EQ(-ENOENT, spawn_rot13_as_nobody(self));
	EXPECT_ASKED("");
	EXPECT_EQ(0, is_listed(self->ctx, "rot13"));
	/* It is the right that was missing. */
	EXPECT_EQ(0, spawn_rot13(self));
	/* What is loaded is for everybody. */
	EXPECT_EQ(0, spawn_rot13_as_nobody(self));
}

TEST_F(autoload, parameter_is_a_right_for_all)
{
	ASSERT_EQ(0, write_text(AUTOLOAD, "1"));
	EXPECT_EQ(0, spawn_rot13_as_nobody(self));
	EXPECT_ASKED(ASKED("rot13"));
}

TEST_F(autoload, improper_name_never_reaches_modprobe)
{
	static const char *const names[] = {
		"Rot13",  "rot13 ", " rot13",	  "rot.13",  "../rot13",
		"rot/13", "rot;13", "$(rot)",	  "rot%s",   "rot\n13",
		"rot=13", "rot*",   "r\xc3\xb6t", "rot\x7f", "a,b",
	};
	size_t i;

	ASSERT_EQ(0, write_text(AUTOLOAD, "1"));
	for (i = 0; i < ROWS(names); i++) {
		EXPECT_EQ(-ENOENT, spawn(self->ctx, names[i], NULL, NULL, 0));
		EXPECT_ASKED("");
	}
	EXPECT_EQ(-EINVAL, spawn(self->ctx, "", NULL, NULL, 0));
	EXPECT_ASKED("");
}

TEST_F(autoload, proper_names_of_all_kinds_reach_modprobe)
{
	EXPECT_EQ(-ENOENT, spawn(self->ctx, "-_09az", NULL, NULL, 0));
	EXPECT_ASKED(ASKED("-_09az"));
	EXPECT_EQ(-ENOENT, spawn(self->ctx, "a234567890123456789012345678901",
				 NULL, NULL, 0));
	EXPECT_ASKED(ASKED("a234567890123456789012345678901"));
}

TEST_HARNESS_MAIN
