/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's side: see firmware.h. */
#include "tests/oracle/firmware.h"

#include <string.h>

#include "tests/bench/random.h"

#define VALID UINT64_C(1)
#define TABLE UINT64_C(3)
#define PAGE UINT64_C(3)
/* UXN, PXN, AF, inner shareable. */
#define LEAF UINT64_C(0x0060000000000700)

static uint64_t page_pa(const struct firmware *fw, unsigned int number)
{
	return fw->pa + number * FIRMWARE_PAGE;
}

static uint64_t note(uint64_t *seed)
{
	uint64_t word = random_next(seed) & ~VALID;

	return word ? word : UINT64_C(0xdead0000);
}

static uint64_t leaf(uint64_t *seed, unsigned int level)
{
	unsigned int shift = 12 + 9 * (3 - level);
	uint64_t pages = (FIRMWARE_OUTPUT_END - FIRMWARE_OUTPUT) >> shift;
	uint64_t pa = FIRMWARE_OUTPUT + (random_below(seed, pages) << shift);

	return LEAF | pa | (random_below(seed, 4) << 6) | (level == 3 ? PAGE : VALID);
}

static uint64_t any_desc(uint64_t *seed, const struct firmware_entry *entry)
{
	uint64_t what = random_below(seed, 8);

	if (what == 0 && !entry->lent)
		return 0;
	return what < 4 ? note(seed) : leaf(seed, entry->level);
}

/* Entries [@first, @end) of @table are the firmware's. */
static void own(struct firmware *fw, uint64_t *table, unsigned int level, unsigned int first,
		unsigned int end, bool lent)
{
	uint64_t seed = first;

	for (unsigned int i = first; i < end; i++) {
		struct firmware_entry *entry = &fw->entry[fw->count++];

		*entry = (struct firmware_entry){ .slot = &table[i],
						  .level = (uint8_t)level,
						  .lent = lent };
		entry->written = any_desc(&seed, entry);
		firmware_store(entry->slot, entry->written);
	}
}

void firmware_build(struct firmware *fw, void *memory, uint64_t pa)
{
	const unsigned int lent_end = FIRMWARE_LENT_PAGE + FIRMWARE_LENT_PAGES;
	uint64_t *table = memory;

	*fw = (struct firmware){ .root = table,
				 .mid = table + FIRMWARE_ENTRIES,
				 .leaf = { table + 2 * FIRMWARE_ENTRIES,
					   table + 3 * FIRMWARE_ENTRIES },
				 .pa = pa };
	memset(memory, 0, FIRMWARE_PAGES * FIRMWARE_PAGE);
	fw->root[0] = page_pa(fw, 1) | TABLE;
	own(fw, fw->root, 1, 1, FIRMWARE_LENT_ROOT, false);
	own(fw, fw->root, 1, FIRMWARE_LENT_ROOT + FIRMWARE_LENT_ROOTS, 11, false);
	fw->mid[0] = page_pa(fw, 2) | TABLE;
	fw->mid[1] = page_pa(fw, 3) | TABLE;
	own(fw, fw->mid, 2, 2, FIRMWARE_LENT_MID, false);
	own(fw, fw->mid, 2, FIRMWARE_OWN_MID, FIRMWARE_OWN_MID + 1, true);
	own(fw, fw->mid, 2, FIRMWARE_LENT_MID + FIRMWARE_LENT_MIDS, 40, false);
	for (unsigned int t = 0; t < 2; t++) {
		own(fw, fw->leaf[t], 3, FIRMWARE_LENT_PAGE - 8, FIRMWARE_LENT_PAGE, false);
		for (unsigned int i = FIRMWARE_LENT_PAGE; i < lent_end; i++)
			if (firmware_owns(i))
				own(fw, fw->leaf[t], 3, i, i + 1, true);
		own(fw, fw->leaf[t], 3, lent_end, lent_end + 12, false);
	}
}

/* Mostly of those amid what is lent, whose neighbours change most. */
static struct firmware_entry *some_entry(struct firmware *fw, unsigned int part, unsigned int parts,
					 uint64_t *seed)
{
	unsigned int count = (fw->count - part + parts - 1) / parts;
	struct firmware_entry *entry;

	do
		entry = &fw->entry[random_below(seed, count) * parts + part];
	while (!entry->lent && random_below(seed, 8));
	return entry;
}

bool firmware_change(struct firmware *fw, unsigned int part, unsigned int parts, uint64_t *seed)
{
	struct firmware_entry *entry = some_entry(fw, part, parts, seed);

	if (firmware_load(entry->slot) != entry->written)
		return false;
	entry->written = any_desc(seed, entry);
	firmware_store(entry->slot, entry->written);
	return true;
}

bool firmware_is_whole(const struct firmware *fw, unsigned int part, unsigned int parts)
{
	for (unsigned int i = part; i < fw->count; i += parts)
		if (firmware_load(fw->entry[i].slot) != fw->entry[i].written)
			return false;
	return true;
}

/* Entries of the firmware's in @table come in order of their numbers; *@next is the first. */
static bool rest_is_zero(const struct firmware *fw, const uint64_t *table, unsigned int first,
			 unsigned int *next)
{
	for (unsigned int i = first; i < FIRMWARE_ENTRIES; i++) {
		if (*next < fw->count && fw->entry[*next].slot == &table[i])
			(*next)++;
		else if (firmware_load(&table[i]))
			return false;
	}
	return true;
}

bool firmware_is_alone(const struct firmware *fw)
{
	unsigned int next = 0;

	return firmware_load(&fw->root[0]) == (page_pa(fw, 1) | TABLE) &&
	       firmware_load(&fw->mid[0]) == (page_pa(fw, 2) | TABLE) &&
	       firmware_load(&fw->mid[1]) == (page_pa(fw, 3) | TABLE) &&
	       rest_is_zero(fw, fw->root, 1, &next) && rest_is_zero(fw, fw->mid, 2, &next) &&
	       rest_is_zero(fw, fw->leaf[0], 0, &next) && rest_is_zero(fw, fw->leaf[1], 0, &next) &&
	       next == fw->count;
}
