/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of a walk: neighbours are collected, and written when something differs. */
#include "iommu/pgtable_dump.h"

#include "iommu/pgtable_priv.h"

#define WRITABLE (FH_WRITE | FH_USER_WRITE)
#define EXECUTABLE (FH_EXEC | FH_USER_EXEC)

/* @line.span_lg2 is 0 while there is none. */
struct dump {
	const struct fh_pgtable *table;
	const struct fh_out *out;
	struct fh_walk_entry line;
	uint64_t size;
	bool audit;
	int64_t count;
};

static void put_size(const struct fh_out *out, unsigned int lg2)
{
	static const char unit[] = "BKMGT";
	unsigned int of = lg2 / 10;
	char text[] = { unit[of], 0 };

	fh_out_dec(out, UINT64_C(1) << (lg2 - 10 * of), 5);
	fh_out_str(out, text);
}

static void put_access(const struct fh_out *out, bool r, bool w, bool x)
{
	char text[] = { r ? 'R' : '-', w ? 'W' : '-', x ? 'X' : '-', 0 };

	fh_out_str(out, text);
}

static void put_rights(const struct dump *dump)
{
	unsigned int access = dump->line.attr.access;
	enum fh_regime regime = dump->table->shape.regime;
	bool exec = access & FH_EXEC, user_exec = access & FH_USER_EXEC;

	put_access(dump->out, access & FH_READ, access & FH_WRITE, exec);
	/* Stage 2 tells privileges apart for execution alone. */
	if (regime == FH_REGIME_STAGE2 && exec != user_exec) {
		fh_out_str(dump->out, "/");
		put_access(dump->out, access & FH_READ, access & FH_WRITE, user_exec);
	} else if (regime == FH_REGIME_EL1) {
		fh_out_str(dump->out, "/");
		put_access(dump->out, access & FH_USER_READ, access & FH_USER_WRITE, user_exec);
	}
}

static const char *memtype_name(unsigned int memtype)
{
	static const char *const name[] = {
		[FH_MEMTYPE_WB] = "normal",	[FH_MEMTYPE_NC] = "non-cacheable",
		[FH_MEMTYPE_DEVICE] = "device", [FH_MEMTYPE_STRICT] = "device-strict",
		[FH_MEMTYPE_OTHER] = "other",
	};

	return name[memtype];
}

static void put_rest(const struct dump *dump)
{
	const struct fh_walk_entry *line = &dump->line;

	if (line->attr.memtype <= FH_MEMTYPE_NC && line->attr.share == FH_SHARE_INNER)
		fh_out_str(dump->out, ", inner shareable");
	if (line->attr.memtype <= FH_MEMTYPE_NC && line->attr.share == FH_SHARE_OUTER)
		fh_out_str(dump->out, ", outer shareable");
	if (line->attr.access & FH_NOT_GLOBAL)
		fh_out_str(dump->out, ", not global");
	if (line->attr.access & FH_UNACCESSED)
		fh_out_str(dump->out, ", unaccessed");
	if (line->desc & FH_DESC_CONTIGUOUS)
		fh_out_str(dump->out, ", contiguous");
}

static void put_line(struct dump *dump)
{
	const struct fh_walk_entry *line = &dump->line;
	const struct fh_out *out = dump->out;

	if (!line->span_lg2 || !out)
		return;
	fh_out_str(out, "fh: pgtable: ");
	fh_out_hex(out, line->iova.raw, 16);
	fh_out_str(out, " - ");
	fh_out_hex(out, line->iova.raw + (dump->size - 1), 16);
	put_size(out, line->span_lg2);
	fh_out_str(out, "  ");
	put_rights(dump);
	fh_out_str(out, "  ");
	fh_out_str(out, memtype_name(line->attr.memtype));
	fh_out_str(out, line->owner == FH_OWNER_OURS ? "  ours  -> " : "  foreign  -> ");
	fh_out_hex(out, line->pa.raw, 0);
	put_rest(dump);
	fh_out_str(out, "\n");
}

/* Does @next go on where the line ends, and say the same? */
static bool goes_on(const struct dump *dump, const struct fh_walk_entry *next)
{
	const struct fh_walk_entry *line = &dump->line;
	uint64_t same = line->desc ^ next->desc;

	return line->span_lg2 == next->span_lg2 && line->owner == next->owner &&
	       line->iova.raw + dump->size == next->iova.raw &&
	       line->pa.raw + dump->size == next->pa.raw &&
	       line->attr.access == next->attr.access && line->attr.memtype == next->attr.memtype &&
	       line->attr.share == next->attr.share && !(same & FH_DESC_CONTIGUOUS);
}

static int visit(void *ctx, const struct fh_walk_entry *entry)
{
	struct dump *dump = ctx;

	if (entry->kind != FH_DESC_BLOCK && entry->kind != FH_DESC_PAGE)
		return 0;
	if (dump->audit && !(entry->attr.access & WRITABLE && entry->attr.access & EXECUTABLE))
		return 0;
	dump->count++;
	if (!goes_on(dump, entry)) {
		put_line(dump);
		dump->line = *entry;
		dump->size = 0;
	}
	dump->size += UINT64_C(1) << entry->span_lg2;
	return 0;
}

int fh_pgtable_dump(const struct fh_pgtable *table, fh_dma_addr_t iova, uint64_t size,
		    const struct fh_out *out)
{
	struct dump dump = { .table = table, .out = out };
	int err = fh_pgtable_walk(table, iova, size, visit, &dump);

	put_line(&dump);
	return err;
}

int64_t fh_pgtable_audit(const struct fh_pgtable *table, const struct fh_out *out)
{
	struct dump dump = { .table = table, .out = out, .audit = true };
	int err = fh_pgtable_walk(table, fh_dma(0), UINT64_C(1) << table->shape.ias, visit, &dump);

	put_line(&dump);
	return err ? err : dump.count;
}
