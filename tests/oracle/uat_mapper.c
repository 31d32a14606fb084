/* SPDX-License-Identifier: BSD-2-Clause */
/* A CPU that maps what a coprocessor uses: see uat_mapper.h. */
#include "tests/oracle/uat_mapper.h"

#include <cpu.h>

#include "lib/error.h"

#define LOWER_BASE UINT64_C(0x40000000)
/* The firmware's table of pages: its own entries first, our window from the middle on. */
#define SHARED_FIRST 1024u
#define WINDOW_FIRST 8u /* entries of level 2 in our second window */
#define WINDOW_COUNT 64u
#define LINK 3u
#define ORDER 2u /* 16 KiB of frames */

static const struct fh_attr attr = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_NONE };

static uint64_t random_below(struct uat_mapper *m, uint64_t bound)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random % bound;
}

static void fill(struct fh_frames *frames, struct fh_page *page, uint64_t first)
{
	uint64_t *word = fh_page_address(frames, page);

	word[0] = first;
	for (unsigned int i = 1; i < UAT_PAGE / 8; i++)
		word[i] = UAT_POISON;
}

static fh_dma_addr_t iova_of(const struct uat_part *part, unsigned int i)
{
	return fh_dma(part->page[i].address & ~FH_UAT_UPPER_BASE);
}

int uat_mapper_map(struct uat_mapper *m, struct uat_part *part, unsigned int i)
{
	struct fh_page *page = fh_page_alloc(m->frames, ORDER, 0);
	int err;

	if (!page)
		return -ENOMEM;
	fill(m->frames, page, part->page[i].tag);
	part->page[i].epoch++;
	err = fh_pgtable_map(part->table, iova_of(part, i), fh_page_to_phys(m->frames, page),
			     UAT_PAGE, attr);
	part->owned[i] = page;
	m->maps++;
	return err;
}

int uat_mapper_unmap(struct uat_mapper *m, struct uat_part *part, unsigned int i,
		     struct fh_gather *gather)
{
	int err;

	fh_gather_init(gather, part->table);
	err = fh_pgtable_unmap(part->table, iova_of(part, i), UAT_PAGE, gather);
	m->unmaps++;
	return err ? err : fh_gather_flush(gather);
}

int uat_mapper_gone(struct uat_mapper *m, struct uat_part *part, unsigned int i)
{
	struct fh_page *page = part->owned[i];

	part->page[i].epoch++;
	part->owned[i] = NULL;
	fill(m->frames, page, UAT_POISON);
	return fh_page_free(m->frames, page);
}

static int one(struct uat_mapper *m, struct uat_part *part, unsigned int i)
{
	struct fh_gather gather;
	int err;

	if (!part->owned[i])
		return uat_mapper_map(m, part, i);
	err = uat_mapper_unmap(m, part, i, &gather);
	return err ? err : uat_mapper_gone(m, part, i);
}

/* Whole tables of ours go with what they hold. */
static int sweep(struct uat_mapper *m, struct uat_part *part)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, part->table);
	err = fh_pgtable_unmap(part->table, fh_dma(part->sweep), part->sweep_bytes, &gather);
	if (err == -ENOENT)
		return 0;
	if (!err)
		err = fh_gather_flush(&gather);
	for (unsigned int i = UAT_MAPPER_FIRST; !err && i < UAT_MAPPER_PAGES; i++)
		if (part->owned[i])
			err = uat_mapper_gone(m, part, i);
	return err;
}

static int bind(struct uat_mapper *m)
{
	return fh_uat_bind(&m->half, m->context, m->lower.root, m->upper_root);
}

static int bind_anew(struct uat_mapper *m)
{
	int err = fh_uat_unbind(&m->half);

	if (err == -EBUSY)
		return 0;
	m->binds++;
	return err ? err : bind(m);
}

bool uat_mapper_step(struct uat_mapper *m)
{
	struct uat_part *part = &m->part[random_below(m, 2)];
	uint64_t what = random_below(m, 32);
	int err;

	if (what == 0)
		err = sweep(m, part);
	else if (what == 1)
		err = bind_anew(m);
	else
		err = one(m, part, (unsigned int)random_below(m, UAT_MAPPER_PAGES));
	if (err && !m->wrong)
		m->wrong = fh_error_name(err);
	return !err;
}

/* ---- The scene */

static void part_pages(struct uat_part *part, uint32_t context)
{
	for (unsigned int i = 0; i < UAT_MAPPER_PAGES; i++) {
		bool first = i < UAT_MAPPER_FIRST;
		uint64_t iova = first ? part->base[0] + i * UAT_PAGE
				      : part->base[1] + (i - UAT_MAPPER_FIRST) * UAT_PAGE;

		part->page[i].context = context;
		part->page[i].address = context == FH_UAT_UPPER ? iova | FH_UAT_UPPER_BASE : iova;
		part->page[i].tag = iova << 8 | context;
	}
}

static int mapper_init(struct uat_scene *s, unsigned int number,
		       const struct fh_pgtable_config *config)
{
	struct uat_mapper *m = &s->mapper[number];
	struct fh_pgtable_config own = *config;
	struct uat_part *lower = &m->part[0], *upper = &m->part[1];
	int err;

	m->frames = config->frames;
	m->context = number + 1;
	m->random = number + 1;
	m->upper_root = s->upper.root;
	m->half.uat = &s->uat;
	m->half.number = FH_UAT_NONE;
	own.tlb_ctx = &m->half;
	lower->table = &m->lower;
	lower->page = &s->page[2 * number * UAT_MAPPER_PAGES];
	lower->base[0] = LOWER_BASE + UAT_LEAF_SPAN - UAT_MAPPER_FIRST * UAT_PAGE;
	lower->base[1] = lower->sweep = LOWER_BASE + UAT_LEAF_SPAN;
	upper->table = &s->upper;
	upper->page = lower->page + UAT_MAPPER_PAGES;
	upper->base[0] = (SHARED_FIRST + number * UAT_MAPPER_FIRST) * UAT_PAGE;
	upper->base[1] = upper->sweep = (WINDOW_FIRST + number) * UAT_LEAF_SPAN;
	lower->sweep_bytes = upper->sweep_bytes = UAT_LEAF_SPAN;
	part_pages(lower, m->context);
	part_pages(upper, FH_UAT_UPPER);
	err = fh_pgtable_init(&m->lower, &own);
	return err ? err : bind(m);
}

static void plant(uint64_t *tree, uint64_t pa)
{
	uint64_t words = UAT_PAGE / 8;

	for (unsigned int i = 0; i < UAT_TREE_WORDS; i++)
		tree[i] = 0;
	tree[0] = (pa + UAT_PAGE) | LINK;
	tree[words] = (pa + 2 * UAT_PAGE) | LINK;
}

static void model_init(struct uat_scene *s, uint64_t tree_pa, uint64_t ram, uint64_t ram_bytes)
{
	s->model.handoff = &s->handoff;
	s->model.contexts = s->contexts;
	s->model.upper = s->upper.root.raw;
	s->model.direct_offset = (uintptr_t)s->tree - tree_pa;
	s->model.ram = ram;
	s->model.ram_bytes = ram_bytes;
	s->model.page = s->page;
	s->model.pages = FH_ARRAY_SIZE(s->page);
	s->model.own = s->tree + 2 * UAT_PAGE / 8;
	s->model.random = 1;
}

int uat_scene_init(struct uat_scene *s, struct fh_frames *frames, uint64_t *tree, uint64_t tree_pa,
		   uint64_t ram, uint64_t ram_bytes)
{
	struct fh_window windows[] = {
		{ fh_dma(SHARED_FIRST * UAT_PAGE), UAT_LEAF_SPAN - SHARED_FIRST * UAT_PAGE },
		{ fh_dma(WINDOW_FIRST * UAT_LEAF_SPAN), WINDOW_COUNT * UAT_LEAF_SPAN },
	};
	struct fh_handover handover = { fh_phys(tree_pa), windows, FH_ARRAY_SIZE(windows) };
	struct fh_pgtable_config config = {
		.format = FH_FORMAT_UAT,
		.regime = FH_REGIME_EL1,
		.granule_lg2 = 14,
		.ias = 39,
		.oas = 42,
		.coherent = true,
		.frames = frames,
		.tlb = &fh_uat_tlb_ops,
		.tlb_ctx = &s->upper_half,
	};
	struct fh_adopt_report report = { 0 };
	int err;

	s->tree = tree;
	plant(tree, tree_pa);
	s->uat.handoff = &s->handoff;
	s->uat.contexts = s->contexts;
	s->uat.coherent = true;
	s->upper_half.uat = &s->uat;
	s->upper_half.number = FH_UAT_UPPER;
	fh_uat_handoff_init(&s->handoff, FH_UAT_AP);
	err = fh_pgtable_adopt(&s->upper, &config, &handover, &report);
	for (unsigned int i = 0; i < UAT_MAPPERS && !err; i++)
		err = mapper_init(s, i, &config);
	model_init(s, tree_pa, ram, ram_bytes);
	return err;
}

/* The firmware may be in the context for some time. */
static int unbind(struct uat_mapper *m)
{
	int err = -EBUSY;

	for (unsigned int i = 0; err == -EBUSY && i < m->half.uat->looks; i++) {
		err = fh_uat_unbind(&m->half);
		arch_cpu_relax();
	}
	return err;
}

static const char *mapper_end(struct uat_mapper *m)
{
	for (unsigned int k = 0; k < 2; k++)
		for (unsigned int i = 0; i < UAT_MAPPER_PAGES; i++)
			if (m->part[k].owned[i] && one(m, &m->part[k], i))
				return "a page could not be unmapped";
	if (unbind(m))
		return "a lower half could not be unbound";
	if (fh_pgtable_release(&m->lower))
		return "a lower half could not be released";
	return m->wrong;
}

const char *uat_scene_end(struct uat_scene *s)
{
	s->model.pin = UAT_MODEL_LAST;
	for (unsigned int i = 0; i < UAT_MAPPERS; i++) {
		const char *wrong = mapper_end(&s->mapper[i]);

		if (wrong)
			return wrong;
	}
	return fh_pgtable_release(&s->upper) ? "the upper half could not be released" : NULL;
}

const char *uat_scene_check(const struct uat_scene *s)
{
	const uint64_t table = UAT_PAGE / 8;

	if (!uat_model_own_intact(&s->model))
		return "an entry of the firmware's was changed";
	for (uint64_t i = 0; i < UAT_TREE_WORDS; i++)
		if (s->tree[i] && i != 0 && i != table && i - 2 * table >= UAT_MODEL_OWN)
			return "something was left in the firmware's tables";
	return s->model.wrong;
}
