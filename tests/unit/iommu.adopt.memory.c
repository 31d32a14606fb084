/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work in an adopted table in every format, with each of its allocations failed once, and with what
 * else can be refused: then every byte of the firmware's, every frame's state and every table of
 * ours is as it was. And after release, however it ended, the firmware's memory is what it had
 * handed over.
 */
#include "tests/unit/inherited_tree.h"

#define FRAMES_ALL (RAM_BYTES / 0x1000)

static unsigned char planted[FW_BYTES];

struct saved {
	unsigned char fw[FW_BYTES];
	unsigned char state[FRAMES_ALL];
	struct fh_frames_stats stats;
	struct fh_pgtable table;
	uint64_t held; /* over what HELD frames hold */
};

static uint64_t sum_of_frame(const struct shape_world *w, uint64_t pa)
{
	const uint64_t *word = ram_at(w, pa);
	uint64_t sum = pa;

	for (unsigned int i = 0; i < 512; i++)
		sum = (sum ^ word[i]) * UINT64_C(0x100000001b3) + i;
	return sum;
}

static void save(struct saved *s, const struct shape_world *w)
{
	memcpy(s->fw, ram_at(w, FW_PA), FW_BYTES);
	memcpy(&s->table, &w->table, sizeof(s->table));
	s->table.cpus = 0;
	memset(s->table.cpu, 0, sizeof(s->table.cpu));
	fh_frames_stats(&w->frames, &s->stats);
	s->held = 0;
	for (uint64_t frame = 0; frame < FRAMES_ALL; frame++) {
		uint64_t pa = RAM_BASE + frame * 0x1000;

		s->state[frame] = (unsigned char)fh_frame_state(&w->frames, fh_phys(pa));
		if (s->state[frame] == FH_FRAME_HELD)
			s->held += sum_of_frame(w, pa);
	}
}

static void is_saved(const struct saved *s, const struct shape_world *w)
{
	static struct saved now;

	save(&now, w);
	assert_memory_equal(s->fw, now.fw, FW_BYTES);
	assert_memory_equal(s->state, now.state, sizeof(now.state));
	assert_memory_equal(&s->stats, &now.stats, sizeof(now.stats));
	assert_memory_equal(&s->table, &now.table, sizeof(now.table));
	assert_int_equal(s->held, now.held);
	assert_null(fh_frames_check(&w->frames));
}

/* Nothing of the firmware's has changed: what differs was zero, and is ours. */
static void foreign_is_whole(const struct tree *t)
{
	const uint64_t *fw = ram_at(t->w, FW_PA);

	for (size_t i = 0; i < FW_BYTES / sizeof(*fw); i++) {
		uint64_t before;

		memcpy(&before, planted + i * sizeof(before), sizeof(before));
		if (fw[i] != before && (before || !(fw[i] & t->w->table.ours)))
			fail_msg("0x%llx was 0x%llx", (unsigned long long)fw[i],
				 (unsigned long long)before);
	}
}

/* ---- One operation, which may fail */

struct op {
	int (*run)(struct tree *t, const struct op *op);
	uint64_t iova;
	uint64_t pa;
	uint64_t size;
};

static int do_map(struct tree *t, const struct op *op)
{
	return shape_map(t->w, op->iova, op->pa, op->size);
}

/* The same in pieces of a granule. */
static int do_map_list(struct tree *t, const struct op *op)
{
	struct fh_segment segment[8];
	uint64_t granule = granule_of(t->w);
	size_t count = op->size / granule;

	assert_in_range(count, 1, FH_ARRAY_SIZE(segment));
	for (size_t i = 0; i < count; i++)
		segment[i] = (struct fh_segment){ fh_phys(op->pa + 2 * i * granule), granule };
	return fh_pgtable_map_list(&t->w->table, fh_dma(op->iova), segment, count, shape_rw(t->w));
}

static int do_unmap(struct tree *t, const struct op *op)
{
	return shape_unmap(t->w, op->iova, op->size);
}

static int do_protect(struct tree *t, const struct op *op)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &t->w->table);
	err = fh_pgtable_protect(&t->w->table, fh_dma(op->iova), op->size, shape_ro(t->w), &gather);
	MUST(fh_gather_flush(&gather));
	return err;
}

static int do_reserve(struct tree *t, const struct op *op)
{
	return fh_pgtable_preallocate(&t->w->table, op->size);
}

/* Each allocation of it fails once, and then none. Return: how many there are. */
static uint64_t each_failure(struct tree *t, const struct op *op)
{
	static struct saved before;
	struct shape_world *w = t->w;

	save(&before, w);
	for (uint64_t count = 0;; count++) {
		int err;

		fh_frames_fail_after(&w->frames, count);
		err = op->run(t, op);
		fh_frames_fail_after(&w->frames, UINT64_MAX);
		foreign_is_whole(t);
		if (!err)
			return count;
		assert_int_equal(err, -ENOMEM);
		is_saved(&before, w);
	}
}

static void refused(struct tree *t, const struct op *op, int err)
{
	static struct saved before;

	save(&before, t->w);
	assert_int_equal(op->run(t, op), err);
	is_saved(&before, t->w);
}

/* ---- In all shapes */

/* Adoption takes no memory either. */
static void adopt(struct tree *t)
{
	struct fh_adopt_report report = { .finding = NULL };

	memcpy(planted, ram_at(t->w, FW_PA), FW_BYTES);
	fh_frames_fail_after(&t->w->frames, 0);
	MUST(fh_pgtable_adopt(&t->w->table, &t->w->config, &t->handover, &report));
	fh_frames_fail_after(&t->w->frames, UINT64_MAX);
	assert_memory_equal(planted, ram_at(t->w, FW_PA), FW_BYTES);
}

static void release(struct tree *t, int err)
{
	fh_frames_fail_after(&t->w->frames, 0);
	assert_int_equal(fh_pgtable_release(&t->w->table), err);
	fh_frames_fail_after(&t->w->frames, UINT64_MAX);
	assert_memory_equal(planted, ram_at(t->w, FW_PA), FW_BYTES);
	if (!err)
		assert_int_equal(count_of(t->w, FH_FRAME_HELD), 0);
}

/* Two pages around the middle of a window whose entries are of @level: a table of each level below
 * on both sides. */
static struct op around_edge(const struct tree *t, const struct fh_window *window)
{
	uint64_t granule = granule_of(t->w);

	return (struct op){ do_map, window->base.raw + window->size / 2 - granule, 4 * granule,
			    2 * granule };
}

static void maps(struct tree *t)
{
	for (unsigned int w = 0; w < t->handover.window_count; w++) {
		struct op op = around_edge(t, &t->window[w]);

		/* Windows are of levels 3, 2 and 1. */
		assert_int_equal(each_failure(t, &op), 2 * w);
		op.run = do_unmap;
		assert_int_equal(each_failure(t, &op), 0);
		/* The edges stay; a list finds other ones. */
		op.run = do_map_list;
		op.iova -= t->window[w].size / 4;
		assert_int_equal(each_failure(t, &op), 2 * w);
	}
}

/* A build that counts mappings looks at each frame of a block. */
static bool small_enough(uint64_t bytes)
{
	return !FH_FRAMES_COUNT_MAPPINGS || bytes <= 2 * FH_GIB;
}

/* A block of ours in the firmware's table is split: by unmapping, by protecting. */
static void splits(struct tree *t)
{
	for (unsigned int w = 1; w < t->handover.window_count; w++) {
		int level = 3 - (int)w;
		uint64_t span = tree_span(t, level);
		struct op op = { do_map, t->window[w].base.raw, 0, span };

		if (!tree_has_block(t, level) || !small_enough(span))
			continue;
		assert_int_equal(each_failure(t, &op), 0);
		op.iova += span;
		assert_int_equal(each_failure(t, &op), 0);
		op = (struct op){ do_unmap, op.iova + 5 * granule_of(t->w), 0, granule_of(t->w) };
		assert_int_equal(each_failure(t, &op), w);
		op.run = do_protect;
		op.iova -= span;
		assert_int_equal(each_failure(t, &op), w);
	}
}

static void reserves(struct tree *t)
{
	struct op op = { .run = do_reserve, .size = 3 };

	assert_int_equal(each_failure(t, &op), 3);
	op.size = 5;
	assert_int_equal(each_failure(t, &op), 2);
	op.size = 0;
	assert_int_equal(each_failure(t, &op), 0);
}

/* What is refused for another reason than memory. */
static void refusals(struct tree *t)
{
	uint64_t granule = granule_of(t->w), first = t->window[0].base.raw;
	uint64_t last = first + t->window[0].size - granule;
	struct op op = { do_map, first - granule, 0, 2 * granule };

	refused(t, &op, -EPERM);
	op.iova = last;
	if (t->handover.window_count > 1 || t->start < 3)
		refused(t, &op, -EPERM);
	op = (struct op){ do_map, first, 0, granule };
	MUST(op.run(t, &op));
	op.size = 4 * granule;
	refused(t, &op, -EEXIST);
	/* The firmware's page, the third of the window. */
	*tree_slot(t, 3, tree_entries(t, 3) / 2 + 2) = tree_page(t, TREE_OUTPUT);
	memcpy(planted, ram_at(t->w, FW_PA), FW_BYTES);
	memset(planted + ((unsigned char *)tree_slot(t, 3, tree_entries(t, 3) / 2) -
			  (unsigned char *)ram_at(t->w, FW_PA)),
	       0, 8);
	op.iova = first + granule;
	refused(t, &op, -EPERM);
	op.run = do_unmap;
	refused(t, &op, -EPERM);
	op.iova = first;
	op.run = do_protect;
	refused(t, &op, -EPERM);
	foreign_is_whole(t);
}

static void each_tree(void (*body)(struct tree *t), int err)
{
	for (size_t s = 0; s < TREE_SHAPES; s++) {
		struct tree t;

		print_message("  %s\n", tree_shape(s)->name);
		tree_new(&t, tree_shape(s));
		t.w->config.contiguous = true;
		adopt(&t);
		body(&t);
		t.w->sync_err = err;
		release(&t, err);
		tree_delete(&t);
	}
}

static void each_map(void **state)
{
	(void)state;
	each_tree(maps, 0);
}

static void each_split(void **state)
{
	(void)state;
	each_tree(splits, 0);
}

static void each_reserve(void **state)
{
	(void)state;
	each_tree(reserves, 0);
}

static void each_refusal(void **state)
{
	(void)state;
	each_tree(refusals, 0);
}

/* Invalidation does not complete: the tables of ours stay HELD, the firmware's are clean. */
static void each_timeout(void **state)
{
	(void)state;
	each_tree(maps, -ETIMEDOUT);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("iommu.adopt.memory.map", each_map),
	UNIT_TEST("iommu.adopt.memory.split", each_split),
	UNIT_TEST("iommu.adopt.memory.reserve", each_reserve),
	UNIT_TEST("iommu.adopt.memory.refused", each_refusal),
	UNIT_TEST("iommu.adopt.memory.timeout", each_timeout),
};

UNIT_MAIN("iommu.adopt.memory", tests)
