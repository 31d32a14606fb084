/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a plain `malloc` attribute would do (-DPLAIN): a frame that comes back is the one that
 * somebody else still points at, and gcc, which was promised that it is not, answers
 * without looking.
 */
#include "lib/ownership.h"

struct frame;

int give(struct frame *frame);

#ifdef PLAIN
#define OWNED __attribute__((malloc))
#else
#define OWNED FH_OWNED_BY(give, 1)
#endif

struct frame *take_back(unsigned long pa) OWNED;

int stored(int *inside, unsigned long pa);

int stored(int *inside, unsigned long pa)
{
	struct frame *frame = take_back(pa);
	int *same = (int *)frame;
	int seen;

	*inside = 1;
	*same = 2;
	seen = *inside;
	give(frame);
	return seen;
}
