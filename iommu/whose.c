/* SPDX-License-Identifier: BSD-2-Clause */
/* What memory map, frames, tables and translations say of one address. */
#include "iommu/whose.h"

#include "iommu/pgtable_priv.h"
#include "lib/error.h"

/* A search for @whose->pa: a table that holds it, and the first leaf that leads to it. */
struct search {
	struct fh_whose *whose;
	uint64_t table_bytes;
	bool mapped; /* enough of leaves */
};

static bool holds(uint64_t base, uint64_t bytes, uint64_t pa)
{
	return pa >= base && pa - base < bytes;
}

static int visit(void *ctx, const struct fh_walk_entry *entry)
{
	struct search *search = ctx;
	struct fh_whose *whose = search->whose;
	uint64_t pa = whose->pa.raw;
	uint64_t span = UINT64_C(1) << entry->span_lg2;

	if (entry->kind == FH_DESC_TABLE) {
		if (whose->table == FH_OWNER_NOBODY &&
		    holds(entry->pa.raw, search->table_bytes, pa)) {
			whose->table = entry->owner;
			whose->table_level = (int8_t)(entry->level + 1);
		}
	} else if (!search->mapped && fh_phys_is_valid(entry->pa) &&
		   holds(entry->pa.raw, span, pa)) {
		search->mapped = true;
		whose->iova = fh_dma(entry->iova.raw + (pa - entry->pa.raw));
		whose->leaf = entry->owner;
		whose->leaf_level = entry->level;
	}
	/* Something other than an errno, which ends the walk. */
	return search->mapped && whose->table != FH_OWNER_NOBODY;
}

static int look_up_frame(const struct fh_frames *frames, const struct fh_pgtable *table,
			 struct fh_whose *whose, bool mapped)
{
	struct search search = { .whose = whose, .mapped = mapped };
	uint64_t root_bytes;
	int err;

	whose->memory = fh_memmap_classify(frames->config.map, whose->pa);
	whose->frame = fh_frame_state(frames, whose->pa);
	if (!table)
		return 0;
	/* Tables lie in frames that are HELD, or the firmware's. */
	if (mapped && whose->frame != FH_FRAME_HELD && whose->frame != FH_FRAME_RESERVED)
		return 0;
	search.table_bytes = UINT64_C(1) << table->shape.granule_lg2;
	root_bytes = UINT64_C(1) << table->shape.root_lg2;
	if (holds(table->root.raw, root_bytes, whose->pa.raw)) {
		whose->table = table->adopted ? FH_OWNER_FOREIGN : FH_OWNER_OURS;
		whose->table_level = (int8_t)table->shape.start_level;
	}
	err = fh_pgtable_walk(table, fh_dma(0), UINT64_C(1) << table->shape.ias, visit, &search);
	return err < 0 ? err : 0;
}

static bool is_ours_to_map(const struct fh_pgtable *table, uint64_t iova)
{
	for (unsigned int w = 0; w < table->window_count; w++)
		if (holds(table->window[w].base.raw, table->window[w].size, iova))
			return true;
	return !table->adopted;
}

int fh_whose_phys(const struct fh_frames *frames, const struct fh_pgtable *table, fh_phys_addr_t pa,
		  struct fh_whose *whose)
{
	int err;

	*whose = (struct fh_whose){ .pa = pa };
	err = look_up_frame(frames, table, whose, false);
	whose->ours_to_map =
	    whose->leaf != FH_OWNER_NOBODY && is_ours_to_map(table, whose->iova.raw);
	return err;
}

int fh_whose_iova(const struct fh_pgtable *table, fh_dma_addr_t iova, struct fh_whose *whose)
{
	struct fh_translation answer;
	int err = fh_pgtable_lookup(table, iova, &answer);

	*whose = (struct fh_whose){ .pa = FH_PHYS_INVALID, .asked = true, .iova = iova };
	if (err == -ERANGE)
		return err;
	whose->leaf = answer.owner;
	whose->leaf_level = answer.level;
	whose->ours_to_map = is_ours_to_map(table, iova.raw);
	if (err)
		return err == -ENOENT ? 0 : err;
	whose->pa = answer.pa;
	return look_up_frame(table->config.frames, table, whose, true);
}

static const char *owner_name(enum fh_owner owner)
{
	static const char *const name[] = {
		[FH_OWNER_NOBODY] = "nobody's",
		[FH_OWNER_OURS] = "ours",
		[FH_OWNER_FOREIGN] = "foreign",
	};

	return name[owner];
}

static void put_place(const struct fh_out *out, int level, enum fh_owner owner)
{
	fh_out_str(out, "level ");
	fh_put_level(out, level);
	fh_out_str(out, ", ");
	fh_out_str(out, owner_name(owner));
}

static void put_memory(const struct fh_whose *whose, const struct fh_out *out)
{
	fh_out_hex(out, whose->pa.raw, 0);
	fh_out_str(out, ": ");
	if (whose->memory.kind == FH_MEM_NONE) {
		fh_out_str(out, "no RAM, declared by nobody");
	} else {
		fh_out_str(out, fh_mem_kind_name(whose->memory.kind));
		fh_out_str(out, ", declared by ");
		fh_out_str(out, whose->memory.by);
	}
	fh_out_str(out, whose->frame == FH_FRAME_NONE ? "; " : "; frame ");
	fh_out_str(out, fh_frame_state_name(whose->frame));
	if (whose->table == FH_OWNER_NOBODY) {
		fh_out_str(out, "; no table");
	} else {
		fh_out_str(out, "; table of ");
		put_place(out, whose->table_level, whose->table);
	}
}

void fh_whose_describe(const struct fh_whose *whose, const struct fh_out *out)
{
	fh_out_str(out, "fh: whose: ");
	if (whose->asked) {
		fh_out_str(out, "iova ");
		fh_out_hex(out, whose->iova.raw, 0);
		fh_out_str(out, ": ");
		put_place(out, whose->leaf_level, whose->leaf);
		fh_out_str(out, whose->ours_to_map ? ", ours to map" : ", not ours to map");
		fh_out_str(out, fh_phys_is_valid(whose->pa) ? " -> " : ", no translation");
	}
	if (fh_phys_is_valid(whose->pa))
		put_memory(whose, out);
	if (!whose->asked && whose->leaf != FH_OWNER_NOBODY) {
		fh_out_str(out, "; mapped at iova ");
		fh_out_hex(out, whose->iova.raw, 0);
		fh_out_str(out, ": ");
		put_place(out, whose->leaf_level, whose->leaf);
	} else if (!whose->asked) {
		fh_out_str(out, "; not mapped");
	}
	fh_out_str(out, "\n");
}
