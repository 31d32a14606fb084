/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main job: take over the bootloader's table, map into the windows that are ours, compare
 * software and CPU walks, give everything back, and show that no borrowed byte has changed.
 */
#ifndef FH_BOOT_JOB_H
#define FH_BOOT_JOB_H

#include "boot/start.h"
#include "iommu/pgtable.h"

#define JOB_MAPPINGS_MAX 8

/* One thing mapped for the device. */
struct job_mapping {
	const char *what;
	fh_dma_addr_t iova;
	fh_phys_addr_t pa;
	uint64_t size; /* 0: there was no place for it */
	struct fh_attr attr;
	struct fh_page *page; /* ours to free, or NULL */
};

struct job {
	struct machine *machine;
	struct devtree_handover handover; /* of an adopted table */
	bool adopted;
	fh_phys_addr_t stray; /* an inherited table that lies elsewhere, or FH_PHYS_INVALID */
	struct fh_pgtable table;
	struct fh_pgtable
	    firmware; /* as it was adopted, to look at; nothing of ours is done with it */
	struct job_mapping mapping[JOB_MAPPINGS_MAX];
	unsigned int mapping_count;
};

/* Return: one of enum exit_status; every failure has said its line. */
int job_run(struct machine *machine);

/* A line `fh: main: <subject>: <value>: <why> (<errno name>)`; gives @err back. */
int job_refuse(const char *subject, uint64_t value, const char *why, int err);

/* Compare software lookup and CPU walk over all mappings and all foreign leaves. 0 or -EIO after a
 * line. */
int job_compare(const struct job *job);

/* Print what a table translates, under a line that says when: "before", "with ours", "after". 0
 * or a negative errno after a line. */
int job_show(const struct fh_pgtable *table, const char *when);
/* The table is whole, by its descriptors, frames and the memory map; who may write and execute. 0
 * or a negative errno after a line. */
int job_check(const struct job *job);

/* Whose the memory is behind each mapping and behind the firmware's first leaf; at the end, whose
 * the root is, the first address of the first window, and what fh.whose gives. 0 or a negative
 * errno after a line. */
int job_whose(const struct job *job);
int job_whose_end(const struct job *job);

/* The borrowed table pages before and after. */
struct job_snapshot {
	struct fh_page *page[2];
	uint64_t base[2];
	uint64_t size[2];
};

int job_snapshot_take(struct job *job, struct job_snapshot *snapshot);
/* Return: 0 when every byte is equal, -EIO after a line that names the first that is not. */
int job_snapshot_compare(struct job *job, struct job_snapshot *snapshot);
void job_snapshot_drop(struct job *job, struct job_snapshot *snapshot);

/**
 * job_next() - Write the tree for the next stage into a block that is given away, and read it
 * again. Return: 0, or a negative errno after a line.
 */
int job_next(struct machine *machine);

#endif
