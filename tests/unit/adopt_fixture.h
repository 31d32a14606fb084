/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A foreign tree for the tests of adoption, in table pages 0, 1 and 2 of the firmware's memory:
 *
 */
#ifndef FH_TESTS_UNIT_ADOPT_FIXTURE_H
#define FH_TESTS_UNIT_ADOPT_FIXTURE_H

#include "tests/unit/iommu_fixture.h"

#define LEAF                                                                                       \
	UINT64_C(0x0060000000000701) /* AF, SH inner, UXN, PXN; a block                            \
				      */
#define PAGE_DESC (LEAF | 2)
#define TABLE_DESC UINT64_C(3)
#define INVALID_DESC UINT64_C(0xdead0000)

#define EVENTS 16384u

struct finding_log {
	unsigned int count[128];
	struct fh_adopt_finding last[128];
	struct fh_adopt_table table[4]; /* the last of each level */
	unsigned int tables;
	unsigned int used;
};

struct stage {
	struct world *w;
	struct fh_window window[FH_WINDOW_MAX + 1];
	struct fh_handover handover;
	struct fh_adopt_report report;
	struct finding_log log;
	unsigned char tables[FW_COUNT * 4096];
	struct host_event event[EVENTS];
};

static inline void on_table(void *ctx, const struct fh_adopt_table *table)
{
	struct stage *s = ctx;

	s->log.tables++;
	s->log.used += table->used;
	s->log.table[table->level & 3] = *table;
	assert_string_equal(table->by, "/reserved-memory/fw");
}

static inline void on_finding(void *ctx, const struct fh_adopt_finding *finding)
{
	struct stage *s = ctx;

	assert_in_range(finding->code, 1, 127);
	s->log.count[finding->code]++;
	s->log.last[finding->code] = *finding;
	if (fh_phys_is_valid(finding->table) && finding->code != FH_ADOPT_UNREADABLE)
		assert_int_equal(at_pa(s->w, finding->table.raw)[finding->index], finding->desc);
}

static inline int stage_setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct world *w = world_new();
	uint64_t *root = fw_table(w, 0), *l2 = fw_table(w, 1), *l3 = fw_table(w, 2);

	assert_non_null(s);
	root[0] = fw_pa(1) | TABLE_DESC;
	root[1] = FH_GIB | LEAF;
	root[3] = INVALID_DESC;
	l2[0] = fw_pa(2) | TABLE_DESC;
	l2[1] = TWO_MIB | LEAF;
	for (unsigned int i = 0; i < 8; i++)
		l3[i] = (0x90000000 + i * FRAME) | PAGE_DESC;
	/* Ours: the second half of the L3 and what follows in L2, and a stretch of
	 * the root. */
	s->window[0] = (struct fh_window){ fh_dma(256 * FRAME), TWO_MIB - 256 * FRAME };
	s->window[1] = (struct fh_window){ fh_dma(8 * TWO_MIB), 64 * TWO_MIB };
	s->window[2] = (struct fh_window){ fh_dma(8 * FH_GIB), 8 * FH_GIB };
	s->w = w;
	s->handover = (struct fh_handover){ fh_phys(fw_pa(0)), s->window, 3 };
	s->report = (struct fh_adopt_report){ .table = on_table, .finding = on_finding, .ctx = s };
	*state = s;
	return 0;
}

static inline int stage_teardown(void **state)
{
	struct stage *s = *state;

	host_cache_writeback_granule = 64;
	unit_abort_at(NULL, 0);
	world_delete(s->w);
	free(s);
	return 0;
}

static inline int adopt(struct stage *s)
{
	memset(&s->log, 0, sizeof(s->log));
	memcpy(s->tables, fw_table(s->w, 0), sizeof(s->tables));
	return fh_pgtable_adopt(&s->w->table, &s->w->config, &s->handover, &s->report);
}

static inline void tables_equal(struct stage *s)
{
	assert_memory_equal(s->tables, fw_table(s->w, 0), sizeof(s->tables));
}

#define STAGE_TEST(name, function)                                                                 \
	{                                                                                          \
		(name), (function), stage_setup, stage_teardown, NULL                              \
	}

#endif
