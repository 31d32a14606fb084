/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's recording: what is recorded, in which order, and that nothing is
 * without a trace. */
#include "arch/host/trace.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic.h>
#include <barrier.h>
#include <cache.h>
#include <cpu.h>
#include <mmio.h>
#include <sysreg.h>

#include "tests/unit/unit.h"

#define EVENTS 64u

static struct host_event trace[EVENTS];

static void descriptors(void **state)
{
	uint64_t slot = 1, expected = 2;

	(void)state;
	arch_desc_store(&slot, 1);
	host_trace_start(trace, EVENTS);
	arch_desc_store(&slot, 5);
	assert_false(arch_desc_cas(&slot, &expected, 6));
	assert_int_equal(expected, 5);
	assert_true(arch_desc_cas(&slot, &expected, 6));
	assert_int_equal(arch_desc_load(&slot), 6);
	/* A load and a failed compare-and-swap change nothing that a walker could
	 * see. */
	assert_int_equal(host_trace_stop(), 2);
	assert_int_equal(trace[0].kind, HOST_STORE);
	assert_int_equal(trace[0].old, 1);
	assert_int_equal(trace[0].value, 5);
	assert_int_equal(trace[1].kind, HOST_CAS);
	assert_int_equal(trace[1].old, 5);
	assert_int_equal(trace[1].value, 6);
	for (int i = 0; i < 2; i++) {
		assert_ptr_equal((void *)trace[i].address, &slot);
		assert_int_equal(trace[i].size, 8);
	}
	arch_desc_store(&slot, 7);
	host_trace_start(trace, EVENTS);
	assert_int_equal(host_trace_stop(), 0);
}

static void operations(void **state)
{
	/* clang-format off */
	static const enum host_event_kind kinds[] = {
		HOST_DSB_ISHST, HOST_DSB_ISH, HOST_DSB_ST, HOST_DSB_SY, HOST_DMB_ISHST,
		HOST_ISB, HOST_CLEAN, HOST_CLEAN_INVALIDATE, HOST_INVALIDATE, HOST_TLBI_VA,
		HOST_TLBI_VA_LAST, HOST_TLBI_ASID, HOST_TLBI_ALL, HOST_TLBI_VA,
		HOST_TLBI_VA_LAST, HOST_TLBI_ALL, HOST_TLBI_VA, HOST_TLBI_VA_LAST,
		HOST_TLBI_ALL,
	};
	/* clang-format on */
	static const unsigned int els[] = { 1, 1, 1, 1, 2, 2, 2, 3, 3, 3 };
	char line[64];
	size_t count;

	(void)state;
	host_trace_start(trace, EVENTS);
	arch_dsb_ishst();
	arch_dsb_ish();
	arch_dsb_st();
	arch_dsb_sy();
	arch_dmb_ishst();
	arch_isb();
	arch_cache_clean(line, 8);
	arch_cache_clean_invalidate(line, 16);
	arch_cache_invalidate(line, 32);
	arch_tlbi_vae1is(1);
	arch_tlbi_vale1is(2);
	arch_tlbi_aside1is(3);
	arch_tlbi_vmalle1is();
	arch_tlbi_vae2is(5);
	arch_tlbi_vale2is(6);
	arch_tlbi_alle2is();
	arch_tlbi_vae3is(8);
	arch_tlbi_vale3is(9);
	arch_tlbi_alle3is();
	count = host_trace_stop();
	assert_int_equal(count, sizeof(kinds) / sizeof(kinds[0]));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(trace[i].kind, kinds[i]);
	for (size_t i = 6; i < 9; i++) {
		assert_ptr_equal((void *)trace[i].address, line);
		assert_int_equal(trace[i].size, 8u << (i - 6));
	}
	for (size_t i = 9; i < count; i++) {
		assert_int_equal(trace[i].el, els[i - 9]);
		if (trace[i].kind != HOST_TLBI_ALL)
			assert_int_equal(trace[i].value, i - 8);
	}
}

static void *store_many(void *slot)
{
	for (unsigned int i = 0; i < 16; i++)
		arch_desc_store(slot, i + 1);
	return NULL;
}

/* No event is lost or torn when two threads make them. */
static void threads(void **state)
{
	uint64_t slot[2] = { 0, 0 };
	uint64_t last[2] = { 0, 0 };
	pthread_t other;

	(void)state;
	host_trace_start(trace, EVENTS);
	assert_int_equal(pthread_create(&other, NULL, store_many, &slot[1]), 0);
	store_many(&slot[0]);
	pthread_join(other, NULL);
	assert_int_equal(host_trace_stop(), 32);
	for (unsigned int i = 0; i < 32; i++) {
		size_t which = trace[i].address == (uintptr_t)&slot[1];

		assert_int_equal(trace[i].old, last[which]);
		assert_int_equal(trace[i].value, ++last[which]);
	}
}

struct streamed {
	unsigned int count;
	struct host_event last;
};

static void keep_last(void *ctx, const struct host_event *event)
{
	struct streamed *streamed = ctx;

	streamed->count++;
	streamed->last = *event;
}

/* A stream also has notes, a buffer has not; both know who it was. */
static void stream(void **state)
{
	struct streamed streamed = { 0 };
	_Alignas(64) unsigned char bytes[64];

	(void)state;
	host_trace_stream(keep_last, &streamed);
	host_trace_start(trace, EVENTS);
	host_cpu = 3;
	arch_isb();
	assert_int_equal(streamed.last.kind, HOST_ISB);
	assert_int_equal(streamed.last.cpu, 3);
	arch_zero(bytes, sizeof(bytes));
	host_cpu = 0;
	assert_int_equal(streamed.count, 2);
	assert_int_equal(streamed.last.kind, HOST_NOTE_ZEROED);
	assert_ptr_equal((void *)streamed.last.address, bytes);
	assert_int_equal(streamed.last.size, sizeof(bytes));
	host_trace_stream(NULL, NULL);
	arch_isb();
	assert_int_equal(streamed.count, 2);
	assert_int_equal(host_trace_stop(), 2);
	assert_int_equal(trace[0].cpu, 3);
	assert_int_equal(trace[1].kind, HOST_ISB);
}

static void overflow(void **state)
{
	pid_t child;
	int status;

	(void)state;
	child = fork();
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		close(2);
		host_trace_start(trace, 1);
		arch_isb();
		arch_isb();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void machine(void **state)
{
	_Alignas(64) unsigned char bytes[192];
	volatile uint32_t device[4] = { 1, 2, 3, 4 };

	(void)state;
	assert_int_equal(arch_cache_line_bytes(), 64);
	assert_int_equal(arch_cache_writeback_granule(), 64);
	assert_int_equal(cpu_id(), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = 0xff;
	arch_zero(bytes + 64, 64);
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], i / 64 == 1 ? 0 : 0xff);
	arch_mmio_write32((uintptr_t)&device[1], 0x1234);
	assert_int_equal(arch_mmio_read32((uintptr_t)&device[1]), 0x1234);
	assert_int_equal(arch_mmio_read8((uintptr_t)&device[1]), 0x34);
	assert_int_equal(device[0], 1);
	assert_int_equal(device[2], 3);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("arch.trace.descriptors", descriptors),
	UNIT_TEST("arch.trace.operations", operations),
	UNIT_TEST("arch.trace.threads", threads),
	UNIT_TEST("arch.trace.stream", stream),
	UNIT_TEST("arch.trace.overflow", overflow),
	UNIT_TEST("arch.trace.machine", machine),
};

UNIT_MAIN("arch.trace", tests)
