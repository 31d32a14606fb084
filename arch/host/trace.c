/* SPDX-License-Identifier: BSD-2-Clause */
/* The recorder. One buffer, filled through an atomic index, and one stream. */
#include "arch/host/trace.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cpu.h>

size_t host_cache_line = 64;
size_t host_cache_writeback_granule = 64;
bool host_tlbi_range;

static void (*interfere_now)(void *ctx, uint64_t *slot, uint64_t desired);
static void *interfere_ctx;
static _Thread_local bool interfering;

static struct host_event *_Atomic trace_buffer;
static size_t trace_capacity;
static _Atomic size_t trace_count;

typedef void trace_sink(void *ctx, const struct host_event *event);
static trace_sink *_Atomic stream;
static void *stream_ctx;

void host_trace_start(struct host_event *buffer, size_t capacity)
{
	trace_capacity = capacity;
	atomic_store(&trace_count, 0);
	atomic_store(&trace_buffer, buffer);
}

size_t host_trace_stop(void)
{
	atomic_store(&trace_buffer, NULL);
	return atomic_load(&trace_count);
}

void host_trace_stream(void (*sink)(void *ctx, const struct host_event *event), void *ctx)
{
	stream_ctx = ctx;
	atomic_store(&stream, sink);
}

static void keep(struct host_event *buffer, const struct host_event *event)
{
	size_t at = atomic_fetch_add(&trace_count, 1);

	if (at >= trace_capacity) {
		fprintf(stderr, "host trace: more than %zu events\n", trace_capacity);
		abort();
	}
	buffer[at] = *event;
}

void host_trace_add(const struct host_event *event)
{
	struct host_event *buffer = atomic_load_explicit(&trace_buffer, memory_order_relaxed);
	trace_sink *sink = atomic_load_explicit(&stream, memory_order_relaxed);
	struct host_event full;

	if (!buffer && !sink)
		return;
	full = *event;
	full.cpu = host_cpu;
	if (sink)
		sink(stream_ctx, &full);
	if (buffer && event->kind < HOST_NOTE)
		keep(buffer, &full);
}

void host_interfere_set(void (*interfere)(void *ctx, uint64_t *slot, uint64_t desired), void *ctx)
{
	interfere_now = interfere;
	interfere_ctx = ctx;
}

void host_interfere(uint64_t *slot, uint64_t desired)
{
	if (!interfere_now || interfering)
		return;
	interfering = true;
	interfere_now(interfere_ctx, slot, desired);
	interfering = false;
}
