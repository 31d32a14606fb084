/* SPDX-License-Identifier: BSD-2-Clause */
/* Random trees, and the engine's lookup beside the strict walker. */
#include "tests/oracle/readers.h"

#include <string.h>

#include "lib/error.h"
#include "tests/bench/random.h"

#define ATTR_TRIES 4096u
#define SEGMENTS_MAX 5u

/* Their bits are the same ones, so that sets of them can be compared as they are. */
_Static_assert((int)FH_READ == (int)ORACLE_READ && (int)FH_WRITE == (int)ORACLE_WRITE &&
		   (int)FH_EXEC == (int)ORACLE_EXECUTE &&
		   (int)FH_USER_READ == (int)ORACLE_EL0_READ &&
		   (int)FH_USER_WRITE == (int)ORACLE_EL0_WRITE &&
		   (int)FH_USER_EXEC == (int)ORACLE_EL0_EXECUTE,
	       "bits of access");
#define ACCESS_BITS 0x3fu

static const struct readers_wrong agreed = { 0 };

static struct readers_wrong wrong(const char *what, uint64_t at)
{
	return (struct readers_wrong){ what, at };
}

/* ---- The strict walker's memory: tables are HELD frames, and nothing else is a table. */

static bool read_table(void *ctx, uint64_t pa, uint64_t *desc)
{
	const struct readers *r = ctx;
	const struct fh_frames *frames = r->table->config.frames;

	if (fh_frame_state(frames, fh_phys(pa)) != FH_FRAME_HELD)
		return false;
	*desc = *(volatile const uint64_t *)(uintptr_t)(pa + frames->config.direct_offset);
	return true;
}

void readers_init(struct readers *r, struct fh_pgtable *table, uint64_t seed, bool xnx)
{
	const struct fh_shape *shape = &table->shape;
	uint64_t inputs = UINT64_C(1) << shape->ias;
	uint64_t unit = fh_shape_span(shape, 2);

	memset(r, 0, sizeof(*r));
	r->table = table;
	r->random = seed;
	r->strict = readers_strict(&table->config, shape->start_level);
	r->strict.xnx = xnx;
	r->strict.root = table->root.raw;
	r->strict.read = read_table;
	r->strict.ctx = r;
	/* The first addresses, two places anywhere, and one that reaches up to the last. */
	for (unsigned int i = 1; i < READERS_PLACES; i++)
		r->place[i] = fh_align_down(random_next(&r->random) & (inputs - 1), unit);
	if (inputs > 4 * unit)
		r->place[READERS_PLACES - 1] = inputs - 2 * unit;
}

/* ---- Addresses. */

static void add_point(struct readers *r, uint64_t at)
{
	r->point[r->points++ % READERS_POINTS] = at;
}

static uint64_t some_point(struct readers *r)
{
	unsigned int count = r->points < READERS_POINTS ? r->points : READERS_POINTS;

	return count ? r->point[random_below(&r->random, count)] : 0;
}

/* The span of a level that has leaves. */
static uint64_t some_level_span(struct readers *r)
{
	const struct fh_shape *shape = &r->table->shape;
	int level = (int)random_below(&r->random, 4);

	while (level < shape->start_level || !fh_shape_has_leaf(shape, level))
		level++;
	return fh_shape_span(shape, level);
}

static uint64_t near_place(struct readers *r)
{
	return r->place[random_below(&r->random, READERS_PLACES)] +
	       random_below(&r->random, 64) * some_level_span(r);
}

uint64_t readers_address(struct readers *r)
{
	uint64_t mask = (UINT64_C(1) << r->table->shape.ias) - 1;
	uint64_t granule = UINT64_C(1) << r->table->shape.granule_lg2;

	switch (random_below(&r->random, 4)) {
	case 0:
		return random_next(&r->random) & mask;
	case 1:
		return (near_place(r) + random_below(&r->random, granule)) & mask;
	case 2:
		return (some_point(r) + random_below(&r->random, 3) - 1) & mask;
	default:
		return (some_point(r) + (random_below(&r->random, 129) - 64) * granule +
			random_below(&r->random, granule)) &
		       mask;
	}
}

/* ---- Two readers. */

static unsigned int memtype_of(uint8_t byte)
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
	default:
		return FH_MEMTYPE_OTHER;
	}
}

static unsigned int access_of(const struct oracle_verdict *verdict)
{
	return verdict->access | (verdict->not_global ? FH_NOT_GLOBAL : 0u) |
	       (verdict->accessed ? 0u : FH_UNACCESSED);
}

static const char *compare_translation(const struct fh_translation *answer,
				       const struct oracle_verdict *verdict)
{
	bool device = verdict->memory < 0x10;

	if (answer->pa.raw != verdict->pa)
		return "lookup and strict walker: address";
	if (answer->desc != verdict->desc || answer->span_lg2 != verdict->span_lg2)
		return "lookup and strict walker: descriptor";
	if (answer->attr.access != access_of(verdict))
		return "lookup and strict walker: access";
	if (answer->attr.memtype != memtype_of(verdict->memory))
		return "lookup and strict walker: memory type";
	if (answer->attr.share != (device ? (uint8_t)FH_SHARE_OUTER : verdict->share))
		return "lookup and strict walker: shareability";
	return NULL;
}

/* The short way to the same address. */
static fh_phys_addr_t translate(const struct readers *r, uint64_t va)
{
	struct fh_reader reader;
	fh_phys_addr_t pa;

	fh_reader_begin(&reader, r->table);
	pa = fh_reader_translate(&reader, fh_dma(va));
	fh_reader_end(&reader);
	return pa;
}

struct readers_wrong readers_compare(struct readers *r, uint64_t va, struct oracle_verdict *verdict)
{
	struct fh_translation answer;
	int err = fh_pgtable_lookup(r->table, fh_dma(va), &answer);
	const char *what = NULL;

	*verdict = oracle_translate(&r->strict, va);
	if (verdict->kind == ORACLE_REFUSED)
		return wrong(oracle_error_name(verdict->why), va);
	if (err != (verdict->kind == ORACLE_TRANSLATION ? 0 : -ENOENT))
		return wrong("lookup and strict walker: whether there is a translation", va);
	if (answer.level != verdict->level)
		return wrong("lookup and strict walker: level", va);
	if (translate(r, va).raw != (err ? FH_PHYS_INVALID.raw : verdict->pa))
		return wrong("translation and strict walker: address", va);
	if (err) {
		r->faults++;
		return agreed;
	}
	r->translations++;
	what = compare_translation(&answer, verdict);
	return what ? wrong(what, va) : agreed;
}

struct readers_wrong readers_check(const struct readers *r)
{
	struct oracle_verdict verdict = oracle_check(&r->strict);

	return verdict.kind == ORACLE_REFUSED ? wrong(oracle_error_name(verdict.why), verdict.at)
					      : agreed;
}

/* ---- Operations. */

/* Attributes that the format can say. */
static struct fh_attr some_attr(struct readers *r)
{
	static const uint8_t shares[] = { FH_SHARE_NONE, FH_SHARE_OUTER, FH_SHARE_INNER };
	const struct fh_pgtable_config *config = &r->table->config;
	unsigned int all = r->no_access_flag ? 0x7f : 0xff;

	for (unsigned int i = 0; i < ATTR_TRIES; i++) {
		struct fh_attr attr = {
			.access = (uint16_t)(random_next(&r->random) & all),
			.memtype = (uint8_t)random_below(&r->random, FH_MEMTYPE_OTHER),
			.share = config->lpa2 ? config->share : shares[random_below(&r->random, 3)],
		};
		uint64_t desc;

		/* Without FEAT_XNX one bit is for both. */
		if (r->strict.stage == ORACLE_STAGE_2 && !r->strict.xnx &&
		    !(attr.access & FH_EXEC) != !(attr.access & FH_USER_EXEC))
			continue;
		if (fh_format_encode(&r->table->shape, attr, &desc) == 0)
			return attr;
	}
	return (struct fh_attr){ FH_READ, FH_MEMTYPE_WB, config->share };
}

/* Up to some tables full of pages or of blocks of a middle level, or a few of the largest. */
static uint64_t some_size(struct readers *r)
{
	const struct fh_shape *shape = &r->table->shape;
	uint64_t granule = UINT64_C(1) << shape->granule_lg2;

	switch (random_below(&r->random, 8)) {
	case 0:
		return (1 + random_below(&r->random, 40)) * fh_shape_span(shape, 2);
	case 1:
		return (1 + random_below(&r->random, 3)) * some_level_span(r);
	case 2:
		return 128 * granule;
	case 3:
		return fh_shape_span(shape, 2);
	case 4:
		return (1 + random_below(&r->random, 1200)) * granule;
	default:
		return (1 + random_below(&r->random, 40)) * granule;
	}
}

static void clip(const struct readers *r, uint64_t *iova, uint64_t *size)
{
	const struct fh_shape *shape = &r->table->shape;
	uint64_t inputs = UINT64_C(1) << shape->ias;

	*iova = fh_align_down(*iova & (inputs - 1), UINT64_C(1) << shape->granule_lg2);
	if (*size > inputs - *iova)
		*size = inputs - *iova;
}

static void some_range(struct readers *r, uint64_t *iova, uint64_t *size)
{
	*iova = random_below(&r->random, 2) ? some_point(r) : near_place(r);
	if (random_below(&r->random, 2))
		*iova += random_below(&r->random, 64) << r->table->shape.granule_lg2;
	*size = some_size(r);
	clip(r, iova, size);
}

/* Whole leaves of one level, near where others are. */
static void some_leaves(struct readers *r, uint64_t *iova, uint64_t *size)
{
	uint64_t span = some_level_span(r);

	*iova = fh_align_down(random_below(&r->random, 2) ? some_point(r) : near_place(r), span);
	*size = (1 + random_below(&r->random, 40)) * span;
	if (*size / 40 >= fh_shape_span(&r->table->shape, 1))
		*size = span;
	clip(r, iova, size);
}

/* What may be mapped: [*@base, *@base + 2^return). */
static unsigned int outputs(const struct readers *r, uint64_t *base)
{
	*base = r->ram_lg2 ? r->ram : 0;
	return r->ram_lg2 ? r->ram_lg2 : r->table->shape.oas;
}

/* Frames belong to somebody, and table pages are among them. */
static bool meets_ram(const struct readers *r, uint64_t pa, uint64_t size)
{
	const struct fh_memmap *map = r->table->config.frames->config.map;

	for (size_t i = 0; i < map->range_count; i++)
		if (pa < map->range[i].base.raw + map->range[i].size &&
		    map->range[i].base.raw < pa + size)
			return true;
	return false;
}

static bool in_reach(const struct readers *r, uint64_t pa, uint64_t size)
{
	uint64_t base;
	unsigned int lg2 = outputs(r, &base);

	return pa >= base && size <= UINT64_C(1) << lg2 &&
	       pa - base <= (UINT64_C(1) << lg2) - size && (r->ram_lg2 || !meets_ram(r, pa, size));
}

/*
 * So that blocks and runs of some level can stand, and at times none. What does not fit is the
 * caller's to leave.
 */
static uint64_t some_output(struct readers *r, uint64_t iova, uint64_t size)
{
	const struct fh_shape *shape = &r->table->shape;
	uint64_t unit = some_level_span(r);
	uint64_t base, bytes, pa;

	bytes = UINT64_C(1) << outputs(r, &base);
	if (random_below(&r->random, 2))
		unit <<= fh_shape_run_lg2(shape, FH_LEVEL_PAGE);
	if (unit > bytes)
		unit = UINT64_C(1) << shape->granule_lg2;
	pa = (random_next(&r->random) & (bytes - 1) & ~(unit - 1)) | (iova & (unit - 1));
	if (size <= bytes && pa + size > bytes)
		pa = fh_align_down(bytes - size, unit) + (iova & (unit - 1));
	return base + pa;
}

/* A map of pages that could be blocks takes a table each, so only what is congruent may be long. */
static uint64_t cut(const struct fh_shape *shape, uint64_t iova, uint64_t pa, uint64_t size)
{
	uint64_t unit = fh_shape_span(shape, 2);
	uint64_t most = 1200 * fh_shape_span(shape, FH_LEVEL_PAGE);

	return (iova ^ pa) & (unit - 1) && size > most ? most : size;
}

/* What was asked for at @iova + @offset is what the readers find. */
static struct readers_wrong asked(struct readers *r, uint64_t iova, uint64_t pa,
				  struct fh_attr attr)
{
	struct oracle_verdict verdict;
	struct readers_wrong bad = readers_compare(r, iova, &verdict);

	if (bad.what)
		return bad;
	if (verdict.kind != ORACLE_TRANSLATION || verdict.pa != pa)
		return wrong("not mapped to where it was asked to be", iova);
	if (access_of(&verdict) != attr.access || memtype_of(verdict.memory) != attr.memtype)
		return wrong("not mapped as it was asked to be", iova);
	return agreed;
}

static struct readers_wrong gone(struct readers *r, uint64_t iova)
{
	struct oracle_verdict verdict;
	struct readers_wrong bad = readers_compare(r, iova, &verdict);

	if (!bad.what && verdict.kind == ORACLE_TRANSLATION)
		return wrong("unmapped, and still there", iova);
	return bad;
}

static uint64_t inside(struct readers *r, uint64_t size)
{
	switch (random_below(&r->random, 3)) {
	case 0:
		return 0;
	case 1:
		return size - 1;
	default:
		return random_next(&r->random) % size;
	}
}

/* Errors that a random operation may meet. */
static bool expected(int err)
{
	return err == -EEXIST || err == -ENOENT || err == -ENOMEM || err == -EBUSY;
}

static struct readers_wrong step_map(struct readers *r)
{
	struct fh_attr attr = some_attr(r);
	uint64_t iova, size, pa;
	int err;

	if (random_below(&r->random, 3))
		some_range(r, &iova, &size);
	else
		some_leaves(r, &iova, &size);
	pa = some_output(r, iova, size);
	size = cut(&r->table->shape, iova, pa, size);
	if (!in_reach(r, pa, size))
		return agreed;
	err = fh_pgtable_map(r->table, fh_dma(iova), fh_phys(pa), size, attr);
	if (err)
		return expected(err) ? agreed : wrong("map: another error than can be", iova);
	add_point(r, iova);
	add_point(r, iova + size);
	r->done++;
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t offset = inside(r, size);
		struct readers_wrong bad = asked(r, iova + offset, pa + offset, attr);

		if (bad.what)
			return bad;
	}
	return agreed;
}

static struct readers_wrong step_map_list(struct readers *r)
{
	struct fh_segment segment[SEGMENTS_MAX];
	size_t count = 1 + random_below(&r->random, SEGMENTS_MAX);
	uint64_t granule = UINT64_C(1) << r->table->shape.granule_lg2;
	struct fh_attr attr = some_attr(r);
	uint64_t iova, size, at;
	int err;

	some_range(r, &iova, &size);
	at = iova;
	for (size_t i = 0; i < count; i++) {
		segment[i].size = (1 + random_below(&r->random, 48)) * granule;
		segment[i].pa = fh_phys(some_output(r, at, segment[i].size));
		if (!in_reach(r, segment[i].pa.raw, segment[i].size))
			return agreed;
		at += segment[i].size;
	}
	if (at > UINT64_C(1) << r->table->shape.ias)
		return agreed;
	err = fh_pgtable_map_list(r->table, fh_dma(iova), segment, count, attr);
	if (err)
		return expected(err) ? agreed : wrong("map_list: another error than can be", iova);
	r->done++;
	for (size_t i = 0; i < count; i++) {
		uint64_t offset = inside(r, segment[i].size);
		struct readers_wrong bad =
		    asked(r, iova + offset, segment[i].pa.raw + offset, attr);

		if (bad.what)
			return bad;
		add_point(r, iova);
		iova += segment[i].size;
	}
	add_point(r, iova);
	return agreed;
}

static struct readers_wrong step_unmap(struct readers *r)
{
	struct fh_gather gather;
	uint64_t iova, size;
	int err, flush;

	some_range(r, &iova, &size);
	fh_gather_init(&gather, r->table);
	if (random_below(&r->random, 4) == 0)
		fh_gather_quiescent(&gather);
	err = fh_pgtable_unmap(r->table, fh_dma(iova), size, &gather);
	flush = fh_gather_flush(&gather);
	if (flush || (err && !expected(err)))
		return wrong("unmap: another error than can be", iova);
	if (err)
		return agreed;
	r->done++;
	add_point(r, iova);
	add_point(r, iova + size);
	for (unsigned int i = 0; i < 3; i++) {
		struct readers_wrong bad = gone(r, iova + inside(r, size));

		if (bad.what)
			return bad;
	}
	return agreed;
}

/* Other permissions for what is there; at times, with nobody looking, another memory type. */
static struct readers_wrong step_protect(struct readers *r)
{
	struct fh_attr attr = some_attr(r);
	bool quiescent = random_below(&r->random, 4) == 0;
	struct fh_translation there;
	struct fh_gather gather;
	uint64_t iova, size;
	int err, flush;

	some_range(r, &iova, &size);
	if (random_below(&r->random, 2) && size > UINT64_C(16) << r->table->shape.granule_lg2)
		size = UINT64_C(16) << r->table->shape.granule_lg2;
	if (fh_pgtable_lookup(r->table, fh_dma(iova), &there))
		return agreed;
	if (!quiescent) {
		attr.memtype = there.attr.memtype;
		attr.share = there.attr.share;
		attr.access = (uint16_t)((attr.access & ~FH_NOT_GLOBAL) |
					 (there.attr.access & FH_NOT_GLOBAL));
	}
	fh_gather_init(&gather, r->table);
	if (quiescent)
		fh_gather_quiescent(&gather);
	err = fh_pgtable_protect(r->table, fh_dma(iova), size, attr, &gather);
	flush = fh_gather_flush(&gather);
	if (flush || (err && !expected(err)))
		return wrong("protect: another error than can be", iova);
	if (err)
		return agreed;
	r->done++;
	add_point(r, iova);
	add_point(r, iova + size);
	return asked(r, iova, there.pa.raw, attr);
}

static struct readers_wrong step_trim(struct readers *r)
{
	struct fh_gather gather;
	uint64_t iova, size;
	int err, flush;

	some_range(r, &iova, &size);
	fh_gather_init(&gather, r->table);
	err = fh_pgtable_trim(r->table, fh_dma(iova), size, &gather);
	flush = fh_gather_flush(&gather);
	return err || flush ? wrong("trim: an error", iova) : agreed;
}

static struct readers_wrong step(struct readers *r)
{
	uint64_t what = random_below(&r->random, 16);

	if (what < 6)
		return step_map(r);
	if (what < 8)
		return step_map_list(r);
	if (what < 12)
		return step_unmap(r);
	return what < 15 ? step_protect(r) : step_trim(r);
}

struct readers_wrong readers_grow(struct readers *r, unsigned int operations)
{
	struct readers_wrong bad = agreed;

	for (unsigned int i = 0; i < operations && !bad.what; i++)
		bad = step(r);
	return bad;
}
