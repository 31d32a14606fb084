/* SPDX-License-Identifier: BSD-2-Clause */
/* The table in words, and what checks say about it. */
#include <stdio.h>

#include "boot/console.h"
#include "boot/job.h"
#include "iommu/pgtable_check.h"
#include "iommu/pgtable_dump.h"
#include "lib/error.h"

int job_show(const struct fh_pgtable *table, const char *when)
{
	int err;

	printf("fh: main: table %s:\n", when);
	err = fh_pgtable_dump(table, fh_dma(0), UINT64_C(1) << table->config.ias, &console_out);
	return err ? job_refuse("table", table->root.raw, "cannot be shown", err) : 0;
}

struct findings {
	const struct job *job;
	uint64_t theirs;
};

/* What the contiguous hint says in leaves of the firmware's is its own affair. */
static void print_finding(void *ctx, const struct fh_check_finding *finding)
{
	struct findings *findings = ctx;
	const struct fh_pgtable *table = &findings->job->table;

	fh_check_finding_describe(finding, &console_out);
	if (finding->code == FH_CHECK_RUN && table->adopted && !(finding->desc & table->ours))
		findings->theirs++;
}

int job_check(const struct job *job)
{
	struct findings findings = { .job = job };
	struct fh_check_report report = { .finding = print_finding, .ctx = &findings };
	int err = fh_pgtable_check(&job->table, &report);
	int64_t count;

	if (err && (err != -EIO || report.findings != findings.theirs))
		return job_refuse("check", report.findings, "not as it should be", err);
	count = fh_pgtable_audit(&job->table, &console_out);
	if (count < 0)
		return job_refuse("audit", job->table.root.raw, "cannot be read", (int)count);
	printf(
	    "fh: main: check: %llu tables and %llu entries of ours: nothing found; %lld writable "
	    "and executable\n",
	    (unsigned long long)report.tables, (unsigned long long)report.leaves, (long long)count);
	return 0;
}
