/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for others in a table: see range.h. */
#include "iommu/range.h"

#include "lib/error.h"

#if FH_CPU_MAX > 1

static uint64_t announced(const struct fh_pgtable *table, unsigned int cpu)
{
	return atomic_load_explicit(&table->cpu[cpu].range, memory_order_seq_cst);
}

/*
 * Two that see each other: the lower number stays, the higher steps back and announces itself
 * again when the other has ended. One that is not seen does not look again, it is in already:
 * waiting for it, announced or not, cannot deadlock.
 */
static bool others_have_ended(struct fh_pgtable *table, unsigned int self, uint64_t word)
{
	for (unsigned int cpu = 0; cpu < FH_CPU_MAX; cpu++) {
		if (cpu == self || !range_words_overlap(announced(table, cpu), word))
			continue;
		if (cpu < self)
			atomic_store_explicit(&table->cpu[self].range, 0, memory_order_release);
		while (range_words_overlap(announced(table, cpu), word))
			arch_cpu_relax();
		if (cpu < self)
			return false;
	}
	return true;
}

void fh_range_settle(struct fh_pgtable *table, unsigned int self, uint64_t word)
{
	uint64_t bit = UINT64_C(1) << self % 64;

	/* Who does not know that this CPU is there has not looked at what it announced. */
	if (!(atomic_load_explicit(&table->cpus, memory_order_relaxed) & bit)) {
		atomic_fetch_or_explicit(&table->cpus, bit, memory_order_seq_cst);
		atomic_store_explicit(&table->cpu[self].range, word, memory_order_seq_cst);
	}
	while (!others_have_ended(table, self, word))
		atomic_store_explicit(&table->cpu[self].range, word, memory_order_seq_cst);
}

#endif

int fh_read_wait(struct fh_pgtable *table)
{
	unsigned int self = cpu_id();

	/*
	 * Adds nothing, and orders: what was unlinked before is seen by whoever announces after the
	 * loads below that they are reading.
	 */
	if (atomic_fetch_add_explicit(&table->cpu[self].reading, 0, memory_order_seq_cst) & 1)
		return -EBUSY;
	for (unsigned int cpu = 0; FH_CPU_MAX > 1 && cpu < FH_CPU_MAX; cpu++) {
		uint64_t then =
		    atomic_load_explicit(&table->cpu[cpu].reading, memory_order_seq_cst);

		while (then & 1 &&
		       atomic_load_explicit(&table->cpu[cpu].reading, memory_order_acquire) == then)
			arch_cpu_relax();
	}
	return 0;
}
