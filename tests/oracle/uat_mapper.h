/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other side of uat_model.h: a CPU that maps pages which the coprocessor uses, takes them away
 * again, and gives what was behind to somebody else the moment that the flush allows it.
 */
#ifndef FH_TESTS_ORACLE_UAT_MAPPER_H
#define FH_TESTS_ORACLE_UAT_MAPPER_H

#include "iommu/adopt.h"
#include "tests/oracle/uat_model.h"

#define UAT_PAGE UINT64_C(0x4000)
#define UAT_LEAF_SPAN (UAT_PAGE << 11) /* of a table of pages */
#define UAT_MAPPER_PAGES 16u
#define UAT_MAPPERS 2u

/* Pages of a part that lie in a row; the others are in the next table, or in another window. */
#define UAT_MAPPER_FIRST 6u

/**
 * struct uat_part - Pages of one table.
 * @page: UAT_MAPPER_PAGES, some at @base[0], the others at @base[1].
 * @base: of the device addresses.
 * @sweep, @sweep_bytes: a range with all of @base[1], and whole tables of ours.
 * @owned: what is behind a page that is mapped.
 */
struct uat_part {
	struct fh_pgtable *table;
	struct uat_model_page *page;
	uint64_t base[2];
	uint64_t sweep;
	uint64_t sweep_bytes;
	struct fh_page *owned[UAT_MAPPER_PAGES];
};

/**
 * struct uat_mapper - One CPU's share: a lower half, and pages of the upper one.
 * @looks: as struct fh_uat has it, for binding anew.
 * @wrong: the first thing that was, or NULL.
 * @maps, @unmaps, @binds: how often.
 */
struct uat_mapper {
	struct fh_frames *frames;
	struct uat_part part[2]; /* lower, upper */
	struct fh_uat_half half;
	struct fh_pgtable lower;
	fh_phys_addr_t upper_root;
	uint32_t context;
	uint64_t random;
	const char *wrong;
	unsigned int maps;
	unsigned int unmaps;
	unsigned int binds;
};

/**
 * struct uat_scene - Both sides, with the tables between them.
 * @tree: three tables of 16 KiB that the firmware's upper half is made of, in reserved memory.
 */
struct uat_scene {
	struct fh_uat uat;
	struct fh_uat_handoff handoff;
	struct fh_uat_roots contexts[FH_UAT_CONTEXTS];
	struct fh_uat_half upper_half;
	struct fh_pgtable upper;
	struct uat_mapper mapper[UAT_MAPPERS];
	struct uat_model_page page[2 * UAT_MAPPERS * UAT_MAPPER_PAGES];
	struct uat_model model;
	uint64_t *tree;
};

#define UAT_TREE_WORDS (3 * UAT_PAGE / 8)

/**
 * uat_scene_init() - Make the firmware's tree, adopt it, and bind two lower halves.
 * @scene: zero, but for @uat.looks.
 * @frames: in whose direct map everything lies.
 * @tree: UAT_TREE_WORDS at @tree_pa, for the firmware; aligned to 16 KiB there.
 *
 * Return: 0, or the error of what was refused.
 */
int uat_scene_init(struct uat_scene *scene, struct fh_frames *frames, uint64_t *tree,
		   uint64_t tree_pa, uint64_t ram, uint64_t ram_bytes);

/* Lets go of everything, while the model runs. Return: NULL, or what was wrong. */
const char *uat_scene_end(struct uat_scene *scene);

/* The model has stopped. Return: what it has found, or somebody did to the firmware's tree; NULL.
 */
const char *uat_scene_check(const struct uat_scene *scene);

/* Map, unmap, sweep or bind anew, at random. Return: whether all is well. */
bool uat_mapper_step(struct uat_mapper *mapper);

/* Page @i of @part: map it, where it is not; unmap and flush it. Return: the call's. */
int uat_mapper_map(struct uat_mapper *mapper, struct uat_part *part, unsigned int i);
int uat_mapper_unmap(struct uat_mapper *mapper, struct uat_part *part, unsigned int i,
		     struct fh_gather *gather);
int uat_mapper_gone(struct uat_mapper *mapper, struct uat_part *part, unsigned int i);

#endif
