/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose the addresses are that the main job has to do with. */
#include <stdlib.h>

#include "boot/bootargs.h"
#include "boot/console.h"
#include "boot/job.h"
#include "iommu/whose.h"

static int say_iova(const struct fh_pgtable *table, fh_dma_addr_t iova)
{
	struct fh_whose whose;
	int err = fh_whose_iova(table, iova, &whose);

	fh_whose_describe(&whose, &console_out);
	return err ? job_refuse("whose", iova.raw, "cannot be told", err) : 0;
}

/* @table NULL: there is none. */
static int say_phys(const struct job *job, const struct fh_pgtable *table, fh_phys_addr_t pa)
{
	struct fh_whose whose;
	int err = fh_whose_phys(&job->machine->frames, table, pa, &whose);

	fh_whose_describe(&whose, &console_out);
	return err ? job_refuse("whose", pa.raw, "cannot be told", err) : 0;
}

static int visit(void *ctx, const struct fh_walk_entry *entry)
{
	fh_dma_addr_t *first = ctx;

	*first = entry->iova;
	return entry->owner == FH_OWNER_FOREIGN &&
	       (entry->kind == FH_DESC_PAGE || entry->kind == FH_DESC_BLOCK);
}

int job_whose(const struct job *job)
{
	const struct fh_pgtable *table = &job->table;
	fh_dma_addr_t first;
	int err = 0;

	for (unsigned int i = 0; i < job->mapping_count && !err; i++)
		err = say_iova(table, job->mapping[i].iova);
	if (!err &&
	    fh_pgtable_walk(table, fh_dma(0), UINT64_C(1) << table->config.ias, visit, &first) == 1)
		err = say_iova(table, first);
	return err;
}

int job_whose_end(const struct job *job)
{
	const struct fh_pgtable *table = job->adopted ? &job->firmware : NULL;
	char text[24];
	int err = say_phys(job, table, job->table.root);

	if (!err && table)
		err = say_iova(table, job->handover.window[0].base);
	if (!err && bootargs_get(job->machine->args, "whose", text, sizeof(text)))
		err = say_phys(job, table, fh_phys(strtoull(text, NULL, 0)));
	return err;
}
