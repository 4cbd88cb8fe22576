// SPDX-License-Identifier: MIT
/*
 * kcoro run: run a pipeline in the kernel.
 *
 *	text -> pipeline.c -> words -> chain.c -> stages -> runner.c -> exits
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <kcoro.h>

#include "command.h"
#include "complain.h"
#include "exits.h"
#include "interrupt.h"
#include "runner.h"
#include "sched_opts.h"
#include "text.h"

#define DEFAULT_CAPACITY 16

enum {
	OPT_CHECK = OPT_FIRST_FREE,
};

static const struct option options[] = {
	{ "capacity", required_argument, NULL, 'q' },
	{ "stack", required_argument, NULL, 's' },
	{ "deadline", required_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "check", no_argument, NULL, OPT_CHECK },
	SCHED_LONG_OPTIONS,
	COMMON_LONG_OPTIONS,
};

/* --check: what would be run. */
static void show_chain(const struct chain *c)
{
	char word[512], label[64];
	const struct stage *s;
	char **arg;

	for (s = c->stage; s < c->stage + c->count; s++) {
		printf("%s: %s", stage_label(s, label, sizeof(label)), s->body);
		for (arg = s->args; *arg; arg++) {
			text_escape(word, sizeof(word), *arg, strlen(*arg));
			printf(" '%s'", word);
		}
		if (s->shape.file && s->number) {
			text_escape(word, sizeof(word), s->path,
				    strlen(s->path));
			printf(" file '%s'", word);
		}
		putchar('\n');
	}
}

static void print_statistics(const struct runner *r)
{
	char label[64], how[512];
	const struct unit *u;

	fflush(stdout);
	for (u = r->unit; u < r->unit + r->count; u++) {
		fprintf(stderr, "kcoro: %s: ",
			stage_label(u->stage, label, sizeof(label)));
		if (u->pumped)
			fprintf(stderr, "in user space");
		else
			fprintf(stderr,
				"task %" PRIu64 ", %" PRIu64
				" switches, result %" PRId64,
				u->id, (uint64_t)u->exit.switches,
				(int64_t)u->exit.result);
		fprintf(stderr, ", %s\n",
			u->pumped && u->abandoned ?
				"canceled" :
				kcoro_explain_exit(&u->exit, how, sizeof(how)));
	}
}

static void write_result(struct json *j, const struct unit *last)
{
	uint64_t messages, bytes;

	if (last->stage->shape.gives == GIVES_RESULT)
		json_s64(j, "result", last->exit.result);
	if (last->stage->shape.gives == GIVES_COUNTS &&
	    exit_counts(&last->exit, &messages, &bytes)) {
		json_u64(j, "messages", messages);
		json_u64(j, "bytes", bytes);
	}
}

static void write_outcome(const struct runner *r, bool ok)
{
	struct json j = { .file = stdout };
	const struct unit *u;

	json_open(&j, NULL, '{');
	json_bool(&j, "ok", ok);
	if (ok)
		write_result(&j, &r->unit[r->count - 1]);
	json_open(&j, "stages", '[');
	for (u = r->unit; u < r->unit + r->count; u++) {
		json_open(&j, NULL, '{');
		json_u64(&j, "stage", u->stage->number);
		json_str(&j, "body", u->stage->body);
		json_bool(&j, "task", !u->pumped);
		json_bool(&j, "canceled", u->abandoned);
		exit_json(&j, "exit", &u->exit);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	json_end(&j);
}

/* Returns a status. */
static int print_result(const struct unit *last)
{
	uint64_t messages, bytes;

	switch (last->stage->shape.gives) {
	case GIVES_NOTHING:
		break;
	case GIVES_RESULT:
		printf("%" PRId64 "\n", (int64_t)last->exit.result);
		break;
	case GIVES_COUNTS:
		if (!exit_counts(&last->exit, &messages, &bytes))
			return failed("%s gave no counts", last->stage->body);
		printf("%" PRIu64 " %" PRIu64 "\n", messages, bytes);
		break;
	}
	return STATUS_OK;
}

static int complain_failure(const struct runner *r)
{
	char label[64], how[512], safe[4 * sizeof(how) + 1];

	stage_label(r->failure->stage, label, sizeof(label));
	kcoro_explain_exit(&r->failure->exit, how, sizeof(how));
	text_escape(safe, sizeof(safe), how, sizeof(how));
	return failed("%s: %s", label, safe);
}

/* Ends as a program does that writes to a pipe which nobody reads. */
static int die_of_sigpipe(bool ignored)
{
	if (ignored)
		return failed("%s: nobody reads it any more",
			      STDIO_LABEL_OUTPUT);
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
	return 128 + SIGPIPE;
}

static int run_chain(struct runner *r, bool verbose)
{
	bool sigpipe_ignored = signal(SIGPIPE, SIG_IGN) == SIG_IGN;
	int status, sig;

	interrupt_catch();
	status = runner_start(r);
	/* What was started before it failed ends with the context. */
	if (r->broken_pipe)
		return die_of_sigpipe(sigpipe_ignored);
	if (status)
		return status;
	status = runner_wait(r);
	sig = interrupt_signal();
	if (verbose)
		print_statistics(r);
	if (!sig && r->broken_pipe)
		return die_of_sigpipe(sigpipe_ignored);
	if (!sig && !status && r->timed_out)
		status = failed("the deadline passed");
	else if (!sig && !status && r->failure)
		status = complain_failure(r);
	if (json_output)
		write_outcome(r, !status && !sig);
	else if (!status && !sig)
		status = print_result(&r->unit[r->count - 1]);
	return sig ? 128 + sig : status;
}

static int run_text(struct runner *r, const char *text, bool verbose)
{
	struct chain chain;
	int status;

	r->ctx = open_context();
	if (r->ctx < 0)
		return STATUS_FAILED;
	status = chain_make(&chain, text, r->ctx);
	if (!status)
		status = chain_open(&chain);
	if (!status) {
		r->chain = &chain;
		status = run_chain(r, verbose);
		runner_free(r);
	}
	chain_free(&chain);
	return status;
}

static int check_text(const char *text)
{
	struct chain chain;
	int status;

	status = chain_make(&chain, text, -1);
	if (!status)
		show_chain(&chain);
	chain_free(&chain);
	return status;
}

static int run_run(const struct command *cmd, int argc, char **argv)
{
	struct runner r = { .capacity = DEFAULT_CAPACITY };
	bool verbose = false, check = false;
	uint64_t value;
	int c, status;
	int64_t ns;

	while ((c = getopt_long(argc, argv, "+q:s:t:vh", options, NULL)) !=
	       -1) {
		switch (c) {
		case 'q':
			if (!parse_u64(optarg, 0, UINT32_MAX, &value))
				return usage_error(
					cmd, "-q: '%s' is no capacity", optarg);
			r.capacity = value;
			break;
		case 's':
			if (!parse_size(optarg, 1, UINT32_MAX, &value))
				return usage_error(cmd,
						   "-s: '%s' is no stack size",
						   optarg);
			r.stack_size = value;
			break;
		case 't':
			if (!parse_time(optarg, &ns))
				return usage_error(
					cmd,
					"-t: '%s' is no time: 10, 1.5s, 200ms",
					optarg);
			r.deadline_ns = kcoro_deadline_in(ns);
			break;
		case 'v':
			verbose = true;
			break;
		case OPT_CHECK:
			check = true;
			break;
		default:
			status = sched_option(cmd, &r.sched, c);
			if (status >= 0)
				return status;
		}
	}
	if (argc - optind != 1)
		return usage_error(cmd, "run wants one PIPELINE: quote it");
	r.json = json_output;
	return check ? check_text(argv[optind]) :
		       run_text(&r, argv[optind], verbose);
}

const struct command cmd_run = {
	.name = "run",
	.brief = "run a pipeline in the kernel",
	.help = "usage: kcoro run [OPTION...] 'BODY [ARGUMENT...] | ...'\n"
		"\n"
		"Runs a pipeline: a task for each stage, a channel between.\n"
		"Words are quoted as in a shell. A first stage that wants\n"
		"input reads standard input, the output of a last stage goes\n"
		"to standard output.\n"
		"\n"
		"  file-source [-b BYTES] FILE   a file; - is standard input\n"
		"  lines [-m MAXBYTES]           one message a line, with its newline\n"
		"  match [-i] [-v] STRING        messages with STRING in them\n"
		"  count                         prints: messages bytes\n"
		"  file-sink FILE                a file; - is standard output\n"
		"  sieve N                       prints the N-th prime\n"
		"\n"
		"kcoro bodies lists more; others come with modules.\n"
		"\n"
		"  -q, --capacity N     messages a channel holds (16)\n"
		"  -s, --stack SIZE     of each task\n"
		"  -t, --deadline TIME  cancel it after TIME: 10, 1.5s, 200ms\n"
		"      --priority N     -4 (first) to 3; under 0: CAP_SYS_NICE\n"
		"      --cpu N          only on that CPU\n"
		"      --own-thread     on a kernel thread of its own\n"
		"  -v, --verbose        statistics at the end\n"
		"      --check          only show how it was understood\n"
		"      --json           each message, then the outcome, as an\n"
		"                       object on a line\n"
		"\n"
		"Exit status: 0 all stages ended well, 1 one did not: the first\n"
		"one is named, and the others are canceled.\n"
		"\n"
		"Example: kcoro run 'file-source IN | lines | match x | count'\n",
	.run = run_run,
};
