/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's side of lib/hooks.h, and the helpers of unit.h. */
#include "lib/hooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "tests/unit/unit.h"

static const unsigned char *abort_start;
static size_t abort_bytes;

_Noreturn void fh_hook_bug(const char *what, const char *file, int line)
{
	fprintf(stderr, "fh: bug: %s:%d: %s\n", file, line, what);
	abort();
}

void unit_abort_at(const void *start, size_t bytes)
{
	abort_start = start;
	abort_bytes = bytes;
}

static bool aborts(const unsigned char *at, size_t bytes)
{
	return abort_bytes && at < abort_start + abort_bytes && abort_start < at + bytes;
}

int fh_hook_read(void *dst, const void *src, size_t bytes)
{
	unsigned char *to = dst;
	const unsigned char *from = src;

	while (bytes) {
		size_t step = 1;

		if (bytes >= sizeof(uint64_t) && fh_is_aligned((uintptr_t)from, sizeof(uint64_t)))
			step = sizeof(uint64_t);
		if (aborts(from, step))
			return -EFAULT;
		if (step == 1) {
			*to = *from;
		} else {
			/* Single, because another CPU may store to a descriptor meanwhile. */
			uint64_t word =
			    __atomic_load_n((const uint64_t *)(const void *)from, __ATOMIC_RELAXED);

			memcpy(to, &word, sizeof(word));
		}
		to += step;
		from += step;
		bytes -= step;
	}
	return 0;
}

void unit_init(void)
{
	static char pattern[256];
	const char *wanted = getenv("FH_T");

	/* What a crash leaves behind says which case it was in. */
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	if (!wanted || !*wanted)
		return;
	snprintf(pattern, sizeof(pattern), "%s%s", wanted, strpbrk(wanted, "*?") ? "" : "*");
	cmocka_set_test_filter(pattern);
}

uint64_t unit_random(uint64_t *state)
{
	uint64_t z;

	/* A Weyl sequence, then a mixing that is a bijection: no state is bad. */
	*state += UINT64_C(0x9e3779b97f4a7c15);
	z = *state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void *unit_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}

void unit_memory_free(void *memory, size_t bytes)
{
	munmap(memory, bytes);
}

uint64_t unit_seed(const char *name)
{
	const char *given = getenv("FH_SEED");
	struct timespec time = { 0 };
	uint64_t seed;

	if (given && *given) {
		seed = strtoull(given, NULL, 0);
	} else {
		clock_gettime(CLOCK_REALTIME, &time);
		seed = (uint64_t)time.tv_sec * UINT64_C(1000000007) + (uint64_t)time.tv_nsec +
		       ((uint64_t)getpid() << 40);
		seed = unit_random(&seed);
	}
	printf("# %s: FH_SEED=0x%016llx\n", name, (unsigned long long)seed);
	fflush(stdout);
	return seed;
}

static void text_write(void *ctx, const char *text, size_t len)
{
	struct unit_text *to = ctx;

	assert_in_range(len, 0, sizeof(to->text) - 1 - to->len);
	memcpy(to->text + to->len, text, len);
	to->len += len;
	to->text[to->len] = '\0';
}

struct fh_out unit_out(struct unit_text *text)
{
	text->len = 0;
	text->text[0] = '\0';
	return (struct fh_out){ .write = text_write, .ctx = text };
}
