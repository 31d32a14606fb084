/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firmware for tests: a tree of its own, of which some is lent, and its leaf entries, which it
 * changes whenever it likes. It knows nothing of iommu/, and remembers what it last wrote.
 *
 *   root     0 -> mid      1..3, 8..10 theirs          4..7 lent
 *   mid      0, 1 -> leaf  2..11, 28..39 theirs        12..27 lent, but 16
 *   leaf[2]                92..99, 140..151 theirs     100..139 lent, but 101, 109, ... 133
 *
 * Theirs are valid leaves and notes, outside of what is lent also zero. Edges of what is lent lie
 * in the middle of a cache line, and no line of its pages is without an entry of theirs. There are
 * few of them, so that each changes often while its neighbours do.
 */
#ifndef FH_TESTS_ORACLE_FIRMWARE_H
#define FH_TESTS_ORACLE_FIRMWARE_H

#include "lib/types.h"

#define FIRMWARE_PAGE UINT64_C(4096)
#define FIRMWARE_PAGES 4u
#define FIRMWARE_ENTRIES 512u
#define FIRMWARE_LENT_ROOT 4u /* and how many */
#define FIRMWARE_LENT_ROOTS 4u
#define FIRMWARE_LENT_MID 12u
#define FIRMWARE_LENT_MIDS 16u
#define FIRMWARE_LENT_PAGE 100u
#define FIRMWARE_LENT_PAGES 40u
#define FIRMWARE_OWN_MID 16u
#define FIRMWARE_OWN_MAX 128u
/* Where its leaves lead. */
#define FIRMWARE_OUTPUT UINT64_C(0x400000000)
#define FIRMWARE_OUTPUT_END UINT64_C(0x800000000)

struct firmware_entry {
	uint64_t *slot;
	uint64_t written; /* by the firmware, last */
	uint8_t level;
	bool lent; /* inside of what is lent: never zero */
};

struct firmware {
	uint64_t *root, *mid, *leaf[2];
	uint64_t pa; /* of the root; the others follow */
	unsigned int count;
	struct firmware_entry entry[FIRMWARE_OWN_MAX];
};

/* Is page @page of a leaf table the firmware's, among those that are lent? */
static inline bool firmware_owns(unsigned int page)
{
	return page % 8 == 5;
}

/* Build the tree in FIRMWARE_PAGES pages at @memory, physically at @pa. */
void firmware_build(struct firmware *fw, void *memory, uint64_t pa);

/*
 * One change, of one of the entries whose number is @part modulo @parts. Context: one CPU a part.
 * Return: whether the entry was still as it was written.
 */
bool firmware_change(struct firmware *fw, unsigned int part, unsigned int parts, uint64_t *seed);

/* Is every entry of the part as it was written? */
bool firmware_is_whole(const struct firmware *fw, unsigned int part, unsigned int parts);

/* Are the links as they were, and is all that is not the firmware's zero? Context: any. */
bool firmware_is_alone(const struct firmware *fw);

/* A descriptor as it stands there now, and the firmware's store of one. */
static inline uint64_t firmware_load(const uint64_t *slot)
{
	return __atomic_load_n(slot, __ATOMIC_RELAXED);
}

static inline void firmware_store(uint64_t *slot, uint64_t desc)
{
	__atomic_store_n(slot, desc, __ATOMIC_RELAXED);
}

#endif
