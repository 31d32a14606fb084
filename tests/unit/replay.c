/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between tests and engine: every call of the engine, and every table frame that it gives back,
 * becomes a note in the stream that tools/replay judges. The linker sends calls here (--wrap), also
 * those that one file of the library makes to another.
 */
#include "tests/unit/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iommu/adopt.h"
#include "iommu/descriptor.h"
#include "iommu/pgtable.h"
#include "iommu/tlb_cpu.h"
#include "lib/error.h"
#include "tests/unit/mutant.h"
#include "tests/unit/unit.h"

#define ATTACHED_MAX 16u
#define STEPS 64u

/* A table's backend, which is called through ours. */
struct attached {
	struct fh_pgtable *table;
	const struct fh_tlb_ops *tlb;
	void *tlb_ctx;
};

static struct attached attached[ATTACHED_MAX];
static struct replay *replay;
static FILE *saved;
static replay_filter *filter;
static bool expecting;
static unsigned int found[STEPS];
static enum replay_step first;
static char message[512];
static unsigned int depth; /* calls that have not returned */

static void on_violation(void *ctx, const struct replay_violation *violation)
{
	(void)ctx;
	found[violation->step]++;
	if (!first)
		first = violation->step;
	if (!message[0])
		replay_print(message, sizeof(message), violation);
}

void replay_pass(const struct host_event *event)
{
	replay_event(replay, event);
}

static void sink(void *ctx, const struct host_event *event)
{
	(void)ctx;
	if (saved)
		fwrite(event, sizeof(*event), 1, saved);
	if (filter)
		filter(event);
	else
		replay_pass(event);
}

static void end(void)
{
	host_trace_stream(NULL, NULL);
	if (saved)
		fclose(saved);
	replay_delete(replay);
	replay = NULL;
}

/* Return: whether anything is to be noted. */
static bool start(void)
{
	static bool asked, off;
	const char *wanted = asked ? NULL : getenv("FH_REPLAY");
	const char *path = asked ? NULL : getenv("FH_REPLAY_SAVE");

	off = off || (wanted && strcmp(wanted, "0") == 0);
	asked = true;
	if (replay || off)
		return !off;
	replay = replay_new(on_violation, NULL);
	if (path && *path)
		saved = fopen(path, "wb");
	host_trace_stream(sink, NULL);
	atexit(end);
	return true;
}

static void note(enum host_event_kind kind, struct host_event event)
{
	event.kind = kind;
	if (start())
		host_trace_add(&event);
}

static void forget(void)
{
	memset(found, 0, sizeof(found));
	first = REPLAY_OK;
	message[0] = '\0';
}

static void verdict(void)
{
	char text[sizeof(message)];

	if (expecting || !message[0])
		return;
	memcpy(text, message, sizeof(text));
	forget();
	fail_msg("%s", text);
}

void replay_expect(replay_filter *with)
{
	if (!start())
		skip();
	replay_pass(&(struct host_event){ .kind = HOST_NOTE_RESET });
	forget();
	filter = with;
	expecting = true;
}

void replay_expect_end(void)
{
	filter = NULL;
	expecting = false;
	forget();
}

unsigned int replay_found(enum replay_step step)
{
	return found[step];
}

enum replay_step replay_first(void)
{
	return first;
}

struct replay_counts replay_judged(void)
{
	return replay ? replay_counts(replay) : (struct replay_counts){ 0 };
}

/* ---- Backends */

static uint64_t id_of(const struct fh_pgtable *table)
{
	return (uintptr_t)table;
}

static void backend_invalidate(void *ctx, fh_dma_addr_t iova, uint64_t size, unsigned int leaf_lg2,
			       bool tables)
{
	struct attached *a = ctx;

	note(HOST_NOTE_INVALIDATE,
	     (struct host_event){ .table = id_of(a->table),
				  .value = iova.raw,
				  .size = size,
				  .old = leaf_lg2 | (tables ? HOST_INVALIDATE_TABLES : 0) });
	a->tlb->invalidate(a->tlb_ctx, iova, size, leaf_lg2, tables);
}

static int backend_sync(void *ctx)
{
	struct attached *a = ctx;
	int err = a->tlb->sync(a->tlb_ctx);

	note(HOST_NOTE_SYNC,
	     (struct host_event){ .table = id_of(a->table), .value = (uint64_t)err });
	return err;
}

static const struct fh_tlb_ops backend = { backend_invalidate, backend_sync };

static struct attached *attached_find(const struct fh_pgtable *table)
{
	struct attached *a = attached;

	while (a < attached + ATTACHED_MAX && a->table != table)
		a++;
	return a < attached + ATTACHED_MAX ? a : NULL;
}

static void attach(struct fh_pgtable *table)
{
	struct attached *a = attached_find(table);

	if (!a)
		a = attached_find(NULL);
	if (!a)
		fail_msg("replay: more than %u tables", ATTACHED_MAX);
	if (table->config.tlb == &backend) {
		const struct attached *other = table->config.tlb_ctx;

		*a = (struct attached){ table, other->tlb, other->tlb_ctx };
	} else {
		*a = (struct attached){ table, table->config.tlb, table->config.tlb_ctx };
	}
	if (table->config.tlb == &fh_tlb_cpu_ops)
		return;
	table->config.tlb = &backend;
	table->config.tlb_ctx = a;
}

static void detach(struct fh_pgtable *table)
{
	struct attached *a = attached_find(table);

	if (!a)
		return;
	table->config.tlb = a->tlb;
	table->config.tlb_ctx = a->tlb_ctx;
	a->table = NULL;
}

/* ---- Tables */

static uint64_t describe(const struct fh_pgtable *table)
{
	const struct fh_shape *shape = &table->shape;
	bool stage2 = shape->format == FH_FORMAT_S2;
	bool cpu = table->config.tlb == &fh_tlb_cpu_ops;
	struct host_table is = {
		.granule_lg2 = shape->granule_lg2,
		.start_level = shape->start_level,
		.root_lg2 = shape->root_lg2,
		.bbm_level = table->config.bbm_level,
		.el = stage2 ? 2 : shape->regime,
		.asid = table->config.asid,
	};
	uint64_t packed;

	is.flags =
	    (uint8_t)((table->config.coherent ? HOST_TABLE_COHERENT : 0) |
		      (cpu ? HOST_TABLE_CPU : 0) | (cpu && !stage2 ? HOST_TABLE_SELF : 0) |
		      (shape->high == FH_HIGH_64K ? HOST_TABLE_64K52 : 0) |
		      (shape->high == FH_HIGH_LPA2 ? HOST_TABLE_LPA2 : 0) |
		      (stage2 ? HOST_TABLE_STAGE2 : 0) | (table->adopted ? HOST_TABLE_FOREIGN : 0));
	memcpy(&packed, &is, sizeof(packed));
	return packed;
}

static uint64_t *direct(const struct fh_pgtable *table, uint64_t pa)
{
	return (uint64_t *)(uintptr_t)(pa + table->config.frames->config.direct_offset);
}

/* What the firmware has left. */
static void note_contents(const struct fh_pgtable *table, uint64_t pa, int level)
{
	const uint64_t *slot = direct(table, pa);

	for (unsigned int i = 0; i < fh_shape_entries(&table->shape, level); i++) {
		note(HOST_NOTE_CONTENTS,
		     (struct host_event){ .address = (uintptr_t)&slot[i], .value = slot[i] });
		if (fh_desc_is_link(slot[i], level))
			note_contents(table, fh_desc_address(&table->shape, slot[i]), level + 1);
	}
}

static void note_table(struct fh_pgtable *table)
{
	if (!start())
		return;
	if (table->adopted)
		note_contents(table, table->root.raw, table->shape.start_level);
	note(HOST_NOTE_TABLE,
	     (struct host_event){ .table = id_of(table),
				  .address = (uintptr_t)direct(table, table->root.raw),
				  .value = table->config.frames->config.direct_offset,
				  .old = describe(table) });
	attach(table);
	verdict();
}

static void call(enum host_event_kind kind, enum host_call what, const struct fh_pgtable *table,
		 const struct fh_gather *gather, int err)
{
	depth += kind == HOST_NOTE_CALL;
	depth -= kind == HOST_NOTE_RETURN && depth;
	mutant_table(depth ? table : NULL);
	note(kind, (struct host_event){ .table = id_of(table),
					.value = (uintptr_t)gather,
					.el = (unsigned int)what,
					.old = (uint64_t)err });
}

/* ---- What the linker sends here: __real_NAME is what NAME was */

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names */
#define WRAP(type, name, parameters)                                                               \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters

WRAP(int, fh_frames_init, (struct fh_frames * frames, const struct fh_frames_config *config))
{
	note(HOST_NOTE_RESET, (struct host_event){ 0 });
	memset(attached, 0, sizeof(attached));
	depth = 0;
	if (!expecting)
		forget();
	return __real_fh_frames_init(frames, config);
}

WRAP(struct fh_page *, fh_page_from_phys, (struct fh_frames * frames, fh_phys_addr_t pa))
{
	struct fh_page *page = __real_fh_page_from_phys(frames, pa);

	/* What a test itself takes away is the damage that it wants to see found. */
	if (page && depth)
		note(HOST_NOTE_GIVEN,
		     (struct host_event){ .address =
					      (uintptr_t)(pa.raw + frames->config.direct_offset),
					  .size = (UINT64_C(1) << frames->frame_lg2)
						  << fh_page_order(frames, page) });
	return page;
}

WRAP(int, fh_pgtable_init, (struct fh_pgtable * table, const struct fh_pgtable_config *config))
{
	int err = __real_fh_pgtable_init(table, config);

	if (!err)
		note_table(table);
	return err;
}

WRAP(int, fh_pgtable_adopt,
     (struct fh_pgtable * table, const struct fh_pgtable_config *config,
      const struct fh_handover *handover, struct fh_adopt_report *report))
{
	int err = __real_fh_pgtable_adopt(table, config, handover, report);

	if (!err)
		note_table(table);
	return err;
}

WRAP(int, fh_pgtable_map,
     (struct fh_pgtable * table, fh_dma_addr_t iova, fh_phys_addr_t pa, uint64_t size,
      struct fh_attr attr))
{
	int err;

	call(HOST_NOTE_CALL, HOST_CALL_MAP, table, NULL, 0);
	err = __real_fh_pgtable_map(table, iova, pa, size, attr);
	call(HOST_NOTE_RETURN, HOST_CALL_MAP, table, NULL, err);
	verdict();
	return err;
}

WRAP(int, fh_pgtable_map_list,
     (struct fh_pgtable * table, fh_dma_addr_t iova, const struct fh_segment *segments,
      size_t count, struct fh_attr attr))
{
	int err;

	call(HOST_NOTE_CALL, HOST_CALL_MAP, table, NULL, 0);
	err = __real_fh_pgtable_map_list(table, iova, segments, count, attr);
	call(HOST_NOTE_RETURN, HOST_CALL_MAP, table, NULL, err);
	verdict();
	return err;
}

WRAP(int, fh_pgtable_unmap,
     (struct fh_pgtable * table, fh_dma_addr_t iova, uint64_t size, struct fh_gather *gather))
{
	int err;

	call(HOST_NOTE_CALL, HOST_CALL_UNMAP, table, gather, 0);
	err = __real_fh_pgtable_unmap(table, iova, size, gather);
	call(HOST_NOTE_RETURN, HOST_CALL_UNMAP, table, gather, err);
	verdict();
	return err;
}

WRAP(int, fh_pgtable_protect,
     (struct fh_pgtable * table, fh_dma_addr_t iova, uint64_t size, struct fh_attr attr,
      struct fh_gather *gather))
{
	int err;

	call(HOST_NOTE_CALL, HOST_CALL_PROTECT, table, gather, 0);
	err = __real_fh_pgtable_protect(table, iova, size, attr, gather);
	call(HOST_NOTE_RETURN, HOST_CALL_PROTECT, table, gather, err);
	verdict();
	return err;
}

WRAP(int, fh_pgtable_trim,
     (struct fh_pgtable * table, fh_dma_addr_t iova, uint64_t size, struct fh_gather *gather))
{
	int err;

	call(HOST_NOTE_CALL, HOST_CALL_TRIM, table, gather, 0);
	err = __real_fh_pgtable_trim(table, iova, size, gather);
	call(HOST_NOTE_RETURN, HOST_CALL_TRIM, table, gather, err);
	verdict();
	return err;
}

WRAP(int, fh_gather_flush, (struct fh_gather * gather))
{
	const struct fh_pgtable *table = gather->table;
	int err;

	call(HOST_NOTE_CALL, HOST_CALL_FLUSH, table, gather, 0);
	err = __real_fh_gather_flush(gather);
	call(HOST_NOTE_RETURN, HOST_CALL_FLUSH, table, gather, err);
	verdict();
	return err;
}

WRAP(int, fh_pgtable_release, (struct fh_pgtable * table))
{
	int err;

	call(HOST_NOTE_CALL, HOST_CALL_RELEASE, table, NULL, 0);
	err = __real_fh_pgtable_release(table);
	call(HOST_NOTE_RETURN, HOST_CALL_RELEASE, table, NULL, err);
	if (err == 0 || err == -EIO) {
		note(HOST_NOTE_TABLE_END, (struct host_event){ .table = id_of(table) });
		detach(table);
	}
	verdict();
	return err;
}
/* NOLINTEND(bugprone-reserved-identifier) */
