/* SPDX-License-Identifier: BSD-2-Clause */
/* fh-replay: judges a trace that a host test has kept (FH_REPLAY_SAVE=FILE). */
#include <stdio.h>
#include <string.h>

#include "tools/replay/replay.h"

static unsigned long violations;

static void on_violation(void *ctx, const struct replay_violation *violation)
{
	char text[512];

	(void)ctx;
	violations++;
	replay_print(text, sizeof(text), violation);
	puts(text);
}

static int judge(FILE *file, const char *path)
{
	struct replay *replay = replay_new(on_violation, NULL);
	struct replay_counts counts;
	struct host_event event;
	size_t bytes;

	while ((bytes = fread(&event, 1, sizeof(event), file)) == sizeof(event))
		replay_event(replay, &event);
	counts = replay_counts(replay);
	replay_delete(replay);
	if (bytes || ferror(file)) {
		fprintf(stderr, "fh: replay: %s: ends within an event (EIO)\n", path);
		return 2;
	}
	printf("fh: replay: %s: %llu events: %llu stores, %llu links, %llu stale copies, "
	       "%llu frames given back, %llu calls: %lu violations\n",
	       path, (unsigned long long)counts.events, (unsigned long long)counts.stores,
	       (unsigned long long)counts.links, (unsigned long long)counts.stale,
	       (unsigned long long)counts.given, (unsigned long long)counts.calls, violations);
	return violations ? 1 : 0;
}

int main(int argc, char **argv)
{
	FILE *file;
	int result;

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: fh-replay TRACE\n"
				"Status: 0 no rule was broken, 1 some, 2 bad use.\n");
		return 2;
	}
	file = fopen(argv[1], "rb");
	if (!file) {
		perror(argv[1]);
		return 2;
	}
	result = judge(file, argv[1]);
	fclose(file);
	return result;
}
