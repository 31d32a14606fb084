/* SPDX-License-Identifier: BSD-2-Clause */
/* A copy of the borrowed table regions, to compare with at the end. */
#include <stdio.h>
#include <string.h>

#include "boot/job.h"
#include "lib/error.h"

static int take(struct job *job, struct job_snapshot *snapshot, unsigned int i, uint64_t base,
		uint64_t size)
{
	unsigned int order = 0;

	snapshot->base[i] = base;
	snapshot->size[i] = size;
	while ((UINT64_C(4096) << order) < size && order < FH_ORDER_MAX)
		order++;
	snapshot->page[i] = fh_page_alloc(&job->machine->frames, order, 0);
	if (!snapshot->page[i])
		return job_refuse("snapshot", size, "no memory for a copy of the tables", -ENOMEM);
	memcpy(fh_page_address(&job->machine->frames, snapshot->page[i]),
	       (const void *)(uintptr_t)base, size);
	return 0;
}

int job_snapshot_take(struct job *job, struct job_snapshot *snapshot)
{
	const struct devtree_handover *handover = &job->handover;
	int err;

	memset(snapshot, 0, sizeof(*snapshot));
	if (!job->adopted)
		return 0;
	err = take(job, snapshot, 0, handover->root_region.base, handover->root_region.size);
	if (!err)
		err = take(job, snapshot, 1, handover->tables.base, handover->tables.size);
	if (err)
		job_snapshot_drop(job, snapshot);
	return err;
}

static int compare(struct job *job, struct job_snapshot *snapshot, unsigned int i)
{
	const uint64_t *before, *after = (const uint64_t *)(uintptr_t)snapshot->base[i];

	before = fh_page_address(&job->machine->frames, snapshot->page[i]);
	for (size_t word = 0; word < snapshot->size[i] / sizeof(*after); word++)
		if (before[word] != after[word])
			return job_refuse("borrowed bytes", (uintptr_t)&after[word],
					  "differ from what was handed over", -EIO);
	return 0;
}

int job_snapshot_compare(struct job *job, struct job_snapshot *snapshot)
{
	int err;

	if (!job->adopted)
		return 0;
	err = compare(job, snapshot, 0);
	if (!err)
		err = compare(job, snapshot, 1);
	if (!err)
		printf("fh: main: borrowed bytes: %llu compared with the hand-over: equal\n",
		       (unsigned long long)(snapshot->size[0] + snapshot->size[1]));
	return err;
}

void job_snapshot_drop(struct job *job, struct job_snapshot *snapshot)
{
	for (unsigned int i = 0; i < 2; i++)
		if (snapshot->page[i])
			(void)fh_page_free(&job->machine->frames, snapshot->page[i]);
	memset(snapshot, 0, sizeof(*snapshot));
}
