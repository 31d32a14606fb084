/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose is this address? What the memory map, the frames and a table say of it, in one line:
 *
 *   fh: whose: <address>: <kind>, declared by <node>; frame <state>; <table>; <mapping>
 *
 * "table of level 1, foreign" when it lies in one of the firmware's tables, and "mapped at iova
 * 0x18000: level 3, ours" when ours leads there. A device address comes with what it translates to.
 *
 * Source: Devicetree Specification v0.4, 3.4 and 3.5 (what declares memory); Arm ARM DDI 0487, D8.2
 *         and D8.3 (what a table leads to).
 */
#ifndef FH_IOMMU_WHOSE_H
#define FH_IOMMU_WHOSE_H

#include "iommu/pgtable.h"
#include "lib/out.h"

/**
 * struct fh_whose - What is known of an address.
 * @pa: the physical address; FH_PHYS_INVALID when a device address has no translation.
 * @memory: the range of the memory map that @pa lies in: its kind, and what declared it.
 * @frame: state of the frame that holds @pa; FH_FRAME_NONE where there is none.
 * @table: whose the table is that @pa lies in; FH_OWNER_NOBODY when it lies in none.
 * @table_level: of that table, architectural.
 * @asked: it was asked for @iova.
 * @iova: the device address asked for; else the first that translates to @pa.
 * @leaf: whose the descriptor is that @iova leads to; FH_OWNER_NOBODY for a zero one, and when
 *        nothing translates to @pa.
 * @leaf_level: of the table where the walk to @iova ends, architectural.
 * @ours_to_map: @iova lies in a window of ours, or the whole table is ours.
 */
struct fh_whose {
	fh_phys_addr_t pa;
	struct fh_memmap_range memory;
	enum fh_frame_state frame;
	enum fh_owner table;
	int8_t table_level;
	bool asked;
	fh_dma_addr_t iova;
	enum fh_owner leaf;
	int8_t leaf_level;
	bool ours_to_map;
};

/**
 * fh_whose_phys() - Whose is a physical address?
 * @frames: with the memory map to ask.
 * @table: where to look for tables and mappings of it; NULL: nowhere.
 * @pa: any physical address at all.
 * @whose: gets the answer, also on error as far as it goes.
 *
 * Reads every descriptor of @table until the answer is there: for people, not for fast paths.
 * Context: as fh_pgtable_walk(). Nothing is written, no frame changes its state.
 * Return: 0, or -EIO as fh_pgtable_walk().
 */
FH_MUST_CHECK int fh_whose_phys(const struct fh_frames *frames, const struct fh_pgtable *table,
				fh_phys_addr_t pa, struct fh_whose *whose);

/**
 * fh_whose_iova() - Whose is a device address, and what does it lead to?
 * @table: that translates it.
 * @iova: any device address at all.
 * @whose: gets the answer, also on error as far as it goes.
 *
 * Context: as fh_whose_phys(); as many reads.
 * Return: 0, also when there is no translation; -ERANGE (beyond ias), -EIO (a link leads out of
 *         borrowable RAM).
 */
FH_MUST_CHECK int fh_whose_iova(const struct fh_pgtable *table, fh_dma_addr_t iova,
				struct fh_whose *whose);

/**
 * fh_whose_describe() - The answer in one line.
 * @whose: as one of the functions above has filled it, whatever it returned.
 *
 * Context: any; it touches nothing but its sink.
 */
void fh_whose_describe(const struct fh_whose *whose, const struct fh_out *out);

#endif
