// SPDX-License-Identifier: MIT
/*
 * Exit records in words and in JSON.
 */
#include <inttypes.h>
#include <string.h>

#include "exits.h"
#include "text.h"

void exit_print(const struct kcoro_exit *exit)
{
	char name[4 * KCORO_NAME_MAX + 1], how[512], safe[4 * sizeof(how) + 1];

	text_escape(name, sizeof(name), exit->name, sizeof(exit->name));
	kcoro_explain_exit(exit, how, sizeof(how));
	text_escape(safe, sizeof(safe), how, sizeof(how));
	printf("%" PRIu64 " %s %s, result %" PRId64 ", %" PRIu64 " switch%s\n",
	       (uint64_t)exit->id, name, safe, (int64_t)exit->result,
	       (uint64_t)exit->switches, exit->switches == 1 ? "" : "es");
}

void exit_json(struct json *j, const char *key, const struct kcoro_exit *exit)
{
	char how[512];
	uint32_t len = exit->data_len;

	if (len > sizeof(exit->data))
		len = sizeof(exit->data);
	json_open(j, key, '{');
	json_u64(j, "id", exit->id);
	json_bytes(j, "name", exit->name,
		   strnlen(exit->name, sizeof(exit->name)));
	json_bool(j, "ok", kcoro_exit_ok(exit));
	json_str(j, "reason", kcoro_reason_name(exit->reason));
	json_s64(j, "result", exit->result);
	json_s64(j, "error", exit->error);
	json_str(j, "message", kcoro_explain_exit(exit, how, sizeof(how)));
	json_u64(j, "switches", exit->switches);
	json_hex(j, "data", exit->data, len);
	json_close(j, '}');
}

bool exit_counts(const struct kcoro_exit *exit, uint64_t *messages,
		 uint64_t *bytes)
{
	if (exit->data_len != 2 * sizeof(uint64_t))
		return false;
	memcpy(messages, exit->data, sizeof(*messages));
	memcpy(bytes, exit->data + sizeof(*messages), sizeof(*bytes));
	return true;
}
