/* SPDX-License-Identifier: BSD-2-Clause */
/* Windows anywhere, with edges inside of tables; and such as none may be. */
#include "lib/bits.h"
#include "tests/bench/random.h"
#include "tests/hostile/hostile.h"

#define TRIES 100u

static uint64_t below(uint64_t bound)
{
	return random_below(&hostile.random, bound);
}

static bool fits(struct handover_window window)
{
	if (!fh_range_fits(window.base, window.size, hostile.input_bits))
		return false;
	for (unsigned int w = 0; w < hostile.windows; w++)
		if (fh_ranges_overlap(window.base, window.size, hostile.window[w].base,
				      hostile.window[w].size))
			return false;
	return true;
}

static struct handover_window choose(uint64_t near)
{
	static const unsigned int shifts[] = { 12, 12, 12, 21, 21, 30, 39 };
	uint64_t unit = UINT64_C(1) << shifts[below(FH_ARRAY_SIZE(shifts))];

	/* What is written back at once holds eight descriptors. */
	if (!hostile.coherent && below(8))
		unit *= 8;
	return (struct handover_window){ fh_align_down(near, unit) + below(4) * unit,
					 (1 + below(40)) * unit };
}

void hostile_choose_windows(const uint64_t *spot, unsigned int spots)
{
	unsigned int wanted = below(8) ? 1 + (unsigned int)below(3) : HOSTILE_WINDOWS - 1;

	/* Of every sixteenth seed all of the input is ours, but for what the firmware has there. */
	if (hostile.seed % 16 == 15)
		wanted = 0;
	for (unsigned int tries = 0; tries < TRIES && hostile.windows < wanted; tries++) {
		struct handover_window window = choose(spot[below(spots)]);

		if (fits(window))
			hostile.window[hostile.windows++] = window;
	}
	if (!hostile.windows)
		hostile.window[hostile.windows++] =
		    (struct handover_window){ 0, UINT64_C(1) << hostile.input_bits };
}

void hostile_spoil_windows(void)
{
	struct handover_window *window = &hostile.window[below(hostile.windows)];

	switch (below(6)) {
	case 0:
		window->base += 1 + below(4096);
		break;
	case 1:
		window->size = below(2) ? 0 : window->size - 8;
		break;
	case 2:
		window->base = fh_align_down(random_next(&hostile.random), 4096);
		break;
	case 3:
		window->size = fh_align_down(random_next(&hostile.random), 4096);
		break;
	case 4:
		while (hostile.windows < HOSTILE_WINDOWS)
			hostile.window[hostile.windows++] = *window;
		break;
	default:
		if (hostile.windows < HOSTILE_WINDOWS)
			hostile.window[hostile.windows++] = *window;
	}
}
