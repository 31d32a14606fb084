/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walker written from the Arm ARM alone (DDI 0487): levels, addresses, permissions, memory types
 * and contiguous runs of every format. It shares no code with iommu/, so that the two agree only
 * when both are right. Who includes this defines struct world and at_pa(), which is its memory.
 */
#ifndef FH_TESTS_UNIT_ARM_WALKER_H
#define FH_TESTS_UNIT_ARM_WALKER_H

#include "iommu/pgtable.h"

struct world;
static inline uint64_t *at_pa(const struct world *w, uint64_t pa);

/* What a walker knows of a table from its registers (D8.2). */
struct arm {
	unsigned int granule, stride, ias;
	int start;
	bool stage2, uat, lpa2, wide; /* wide: 64K granule, 52 bits of output */
	enum fh_regime regime;
	uint64_t mair;
};

static inline struct arm arm_of(const struct fh_pgtable_config *config)
{
	struct arm arm = {
		.granule = config->granule_lg2,
		.stride = config->granule_lg2 - 3u,
		.ias = config->ias,
		.stage2 = config->format == FH_FORMAT_S2,
		.uat = config->format == FH_FORMAT_UAT,
		.lpa2 = config->lpa2,
		.wide = config->granule_lg2 == 16 && config->oas == 52,
		.regime = config->regime,
		.mair = config->mair,
	};

	/* As many levels as it takes, of which tables in a row resolve more bits. */
	arm.start =
	    4 - (int)((arm.ias - config->concat_lg2 - arm.granule + arm.stride - 1) / arm.stride);
	return arm;
}

/* Lowest input bit of an index of @level. */
static inline unsigned int arm_low(const struct arm *arm, int level)
{
	return arm->granule + arm->stride * (unsigned int)(3 - level);
}

static inline unsigned int arm_entries(const struct arm *arm, int level)
{
	return 1u << (level == arm->start ? arm->ias - arm_low(arm, level) : arm->stride);
}

/* D8.3: where 52-bit addresses are, [51:48] or [51:50] stand in low bits of the descriptor. */
static inline uint64_t arm_address(const struct arm *arm, uint64_t desc)
{
	uint64_t top = arm->lpa2 ? 50 : 48;
	uint64_t pa = desc & ((UINT64_C(1) << top) - (UINT64_C(1) << arm->granule));

	if (arm->lpa2)
		pa |= (desc >> 8 & 3) << 50;
	if (arm->wide)
		pa |= (desc >> 12 & 15) << 48;
	return pa;
}

static inline unsigned int arm_root_entries(unsigned int ias)
{
	struct arm arm =
	    arm_of(&(struct fh_pgtable_config){ .granule_lg2 = 12, .ias = (uint8_t)ias });

	return arm_entries(&arm, arm.start);
}

/* D8.6.1: how many entries of @level the contiguous bit joins, 0 where it joins none. */
static inline unsigned int arm_run(const struct arm *arm, int level)
{
	unsigned int run = 0;

	if (arm->granule == 12 && level >= 1)
		run = 16;
	if (arm->granule == 14 && level >= 2)
		run = level == 3 ? 128 : 32;
	if (arm->granule == 16 && level >= 2)
		run = 32;
	return arm->uat || run > arm_entries(arm, level) ? 0 : run;
}

/* What a walker of the architecture makes of an address. */
struct seen {
	bool mapped;
	uint64_t pa;
	uint64_t desc;
	int level;
	unsigned int span_lg2;
	unsigned int access;
	unsigned int memtype;
	unsigned int share;
};

/*
 * D8.4, EL1&0: AP[2] takes writing from both, AP[1] gives data access to EL0,
 * APTable[1] and APTable[0] take the same away for all below, UXN and PXN (and
 * theirs of tables) execution; what EL0 may write EL1 may not execute.
 */
static inline unsigned int arm_access(enum fh_regime regime, uint64_t leaf, uint64_t tables)
{
	bool read_only = (leaf >> 7 & 1) || (tables >> 62 & 1);
	bool xn = (leaf >> 54 & 1) || (tables >> 60 & 1);
	bool pxn = (leaf >> 53 & 1) || (tables >> 59 & 1);
	bool el0 = (leaf >> 6 & 1) && !(tables >> 61 & 1);
	unsigned int access = FH_READ;

	if (!read_only)
		access |= FH_WRITE;
	if (regime != FH_REGIME_EL1)
		return xn ? access : access | FH_EXEC;
	if (el0)
		access |= FH_USER_READ;
	if (el0 && !read_only)
		access |= FH_USER_WRITE;
	if (!xn)
		access |= FH_USER_EXEC;
	if (!pxn && !(el0 && !read_only))
		access |= FH_EXEC;
	if (leaf >> 11 & 1)
		access |= FH_NOT_GLOBAL;
	return access;
}

/* D8.4.2: S2AP[0] reads, S2AP[1] writes; XN[1:0] as FEAT_XNX has it. */
static inline unsigned int arm_access_s2(uint64_t leaf)
{
	static const unsigned int exec[] = { FH_EXEC | FH_USER_EXEC, FH_USER_EXEC, 0, FH_EXEC };

	return exec[leaf >> 53 & 3] | (leaf >> 6 & 1 ? FH_READ : 0) |
	       (leaf >> 7 & 1 ? FH_WRITE : 0);
}

/* The table at the head of iommu/format_uat.c, entry by entry. */
static inline unsigned int uat_access(uint64_t leaf)
{
	/* firmware: r w x, GPU: R W X; [owner ours, AP][UXN PXN] */
	static const char *const says[2][4][4] = {
		{ { "rwX", "rwX", "rw", "rw" },
		  { "rwRW", "rwRW", "rwRW", "rwRW" },
		  { "rxX", "rX", "rx", "r" },
		  { "rxRX", "rRX", "rxR", "rR" } },
		{ { "", "rR", "wW", "rwRW" },
		  { "r", "", "rw", "rwR" },
		  { "R", "W", "RW", "" },
		  { "", "", "", "" } },
	};
	const char *c = says[leaf >> 55 & 1][leaf >> 6 & 3][leaf >> 53 & 3];
	unsigned int access = leaf >> 11 & 1 ? FH_NOT_GLOBAL : 0;

	for (; *c; c++)
		access |= *c == 'r'   ? FH_READ
			  : *c == 'w' ? FH_WRITE
			  : *c == 'x' ? FH_EXEC
			  : *c == 'R' ? FH_USER_READ
			  : *c == 'W' ? FH_USER_WRITE
				      : FH_USER_EXEC;
	return access;
}

static inline unsigned int arm_memtype(unsigned int byte)
{
	switch (byte) {
	case 0xff:
		return FH_MEMTYPE_WB;
	case 0x44:
		return FH_MEMTYPE_NC;
	case 0x04:
		return FH_MEMTYPE_DEVICE;
	case 0x00:
		return FH_MEMTYPE_STRICT;
	}
	return FH_MEMTYPE_OTHER;
}

/* D8.5.5, MemAttr[3:0] without FWB. */
static inline unsigned int arm_memtype_s2(unsigned int memattr)
{
	switch (memattr) {
	case 15:
		return FH_MEMTYPE_WB;
	case 5:
		return FH_MEMTYPE_NC;
	case 1:
		return FH_MEMTYPE_DEVICE;
	case 0:
		return FH_MEMTYPE_STRICT;
	}
	return FH_MEMTYPE_OTHER;
}

static inline void arm_leaf(const struct arm *arm, uint64_t desc, uint64_t tables,
			    struct seen *seen)
{
	static const unsigned int uat_types[] = {
		FH_MEMTYPE_WB, FH_MEMTYPE_DEVICE, FH_MEMTYPE_NC, 4, 4, 4, 4, 4
	};

	if (arm->stage2) {
		seen->access = arm_access_s2(desc);
		seen->memtype = arm_memtype_s2(desc >> 2 & 15);
	} else if (arm->uat) {
		seen->access = uat_access(desc);
		seen->memtype = uat_types[desc >> 2 & 7];
	} else {
		seen->access = arm_access(arm->regime, desc, tables);
		seen->memtype = arm_memtype(arm->mair >> (8 * (desc >> 2 & 7)) & 0xff);
	}
	if (!(desc >> 10 & 1))
		seen->access |= FH_UNACCESSED;
	seen->share = desc >> 8 & 3;
}

/* Does a block of @level exist? D8.3; one level more with 52 bits of output. */
static inline bool arm_has_block(const struct arm *arm, int level)
{
	if (arm->uat)
		return false;
	switch (arm->granule) {
	case 12:
		return level == 1 || level == 2 || (arm->lpa2 && level == 0);
	case 14:
		return level == 2 || (arm->lpa2 && level == 1);
	default:
		return level == 2 || (arm->wide && level == 1);
	}
}

static inline struct seen arm_walk(const struct world *w, const struct fh_pgtable *t, uint64_t va)
{
	struct seen seen = { .mapped = false };
	struct arm arm = arm_of(&t->config);
	uint64_t table = t->root.raw;
	uint64_t tables = 0;
	int level = arm.start;

	for (;; level++) {
		unsigned int low = arm_low(&arm, level);
		uint64_t index = va >> low & (arm_entries(&arm, level) - 1);
		uint64_t desc = at_pa(w, table)[index];

		seen.level = level;
		seen.span_lg2 = low;
		seen.desc = desc;
		if (!(desc & 1))
			return seen;
		if (level == 3 ? (desc & 2) != 0 : (desc & 2) == 0) {
			uint64_t mask = (UINT64_C(1) << low) - 1;

			if (level != 3 && !arm_has_block(&arm, level))
				return seen;
			seen.pa = (arm_address(&arm, desc) & ~mask) | (va & mask);
			seen.mapped = true;
			arm_leaf(&arm, desc, tables, &seen);
			if (arm.lpa2)
				seen.share = t->config.share;
			return seen;
		}
		if (level == 3)
			return seen;
		tables |= desc;
		table = arm_address(&arm, desc);
	}
}

#endif
