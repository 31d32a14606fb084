/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An instance from its memory map. Start-up lays out the metadata and writes a few words for each
 * span; the codes of a region are written when somebody first needs memory from it.
 */
#include <string.h>

#include <cache.h>

#include "lib/error.h"
#include "mm/page_harden.h"
#include "mm/page_priv.h"

#define LINE_BYTES 64u
/* Spans end here as well, so that memory for devices of 32 and 36 bits is taken last. */
static const unsigned int span_limit_lg2[] = { 32, 36 };

static bool is_ram(const struct fh_memmap_range *range, bool usable_only)
{
	return range->kind == FH_MEM_USABLE || (range->kind == FH_MEM_RESERVED && !usable_only);
}

bool fh_frames_next_run(const struct fh_memmap *map, size_t *at, bool usable_only,
			struct fh_frames_run *run)
{
	bool found = false;

	for (; *at < map->range_count; ++*at) {
		const struct fh_memmap_range *range = &map->range[*at];
		uint64_t first = range->base.raw >> map->frame_lg2;
		bool ram = is_ram(range, usable_only);

		if (found && (!ram || first != run->end || range->numa != run->numa))
			break;
		if (!ram)
			continue;
		if (!found) {
			run->first = first;
			run->numa = range->numa;
		}
		run->end = first + (range->size >> map->frame_lg2);
		found = true;
	}
	return found;
}

size_t fh_frames_range_at(const struct fh_memmap *map, uint64_t pfn)
{
	size_t low = 0;
	size_t high = map->range_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct fh_memmap_range *range = &map->range[middle];

		/* The last frame, because the end may be 2^64. */
		if ((range->base.raw + (range->size - 1)) >> map->frame_lg2 < pfn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * The next runs of RAM that share a span: of one NUMA node, and so close to each other that the
 * metadata of what lies between cost less than a span.
 */
static bool next_span(const struct fh_memmap *map, size_t *at, struct fh_frames_run *span)
{
	struct fh_frames_run run;
	size_t next = *at;

	if (!fh_frames_next_run(map, &next, false, span))
		return false;
	do {
		*at = next;
		if (!fh_frames_next_run(map, &next, false, &run) || run.numa != span->numa ||
		    run.first - span->end >= REGION_FRAMES)
			break;
		span->end = run.end;
	} while (true);
	return true;
}

/* Where the parts of the metadata lie, as they are counted and then handed out. */
struct layout {
	unsigned char *at; /* NULL while counting */
	size_t bytes;
};

static void *layout_take(struct layout *layout, size_t bytes)
{
	void *part;

	if (HARDEN_GUARD_BYTES && layout->at)
		fh_harden_guard_init(layout->at + layout->bytes);
	layout->bytes += HARDEN_GUARD_BYTES;
	part = layout->at ? layout->at + layout->bytes : NULL;
	layout->bytes += (size_t)fh_align_up(bytes, LINE_BYTES);
	return part;
}

static void span_lay(struct layout *layout, struct fh_frames_span *span,
		     const struct fh_frames_run *run)
{
	uint64_t chunks;

	*span = (struct fh_frames_span){
		.first = run->first,
		.end = run->end,
		.base = fh_align_down(run->first, CHUNK_FRAMES),
		.region_first = run->first >> REGION_ORDER,
		.numa = run->numa,
	};
	span->region_count = ((run->end - 1) >> REGION_ORDER) + 1 - span->region_first;
	chunks = ((run->end - 1 - span->base) >> CHUNK_ORDER) + 1;
	span->frame_word =
	    layout_take(layout, (size_t)chunks * CHUNK_WORDS * sizeof(*span->frame_word));
	span->region = layout_take(layout, (size_t)span->region_count * sizeof(*span->region));
	span->chunk_word =
	    layout_take(layout, (size_t)span->region_count * sizeof(*span->chunk_word));
	span->group_count = (span->region_count + GROUP_REGIONS - 1) / GROUP_REGIONS;
	span->group = layout_take(layout, (size_t)span->group_count * (FH_CPU_MAX + 1) *
					      sizeof(*span->group));
#ifdef FH_HARDEN
	span->record = layout_take(layout, (size_t)(run->end - run->first) * sizeof(*span->record));
#endif
}

/* A run cut at the address limits: the part that starts it. False when nothing is left. */
static bool run_cut(const struct fh_memmap *map, struct fh_frames_run *rest,
		    struct fh_frames_run *part)
{
	if (rest->first >= rest->end)
		return false;
	*part = *rest;
	for (size_t i = 0; i < FH_ARRAY_SIZE(span_limit_lg2); i++) {
		uint64_t limit = UINT64_C(1) << (span_limit_lg2[i] - map->frame_lg2);

		if (part->first < limit && part->end > limit)
			part->end = limit;
	}
	rest->first = part->end;
	return true;
}

/*
 * The marks of reserved frames: a byte each, at an offset that is kept for every range of the
 * map.
 */
static void marks_lay(struct layout *layout, const struct fh_memmap *map, struct fh_frames *frames)
{
	uint64_t *offset = layout_take(layout, map->range_count * sizeof(*offset));
	uint64_t total = 0;
	void *mark;

	for (size_t i = 0; i < map->range_count; i++) {
		if (offset)
			offset[i] = total;
		if (map->range[i].kind == FH_MEM_RESERVED)
			total += map->range[i].size >> map->frame_lg2;
	}
	mark = layout_take(layout, (size_t)total);
	if (!frames)
		return;
	frames->mark_offset = offset;
	frames->mark = mark;
	frames->reserved_count = total;
}

/* All of it; with @frames for good, without to count. Return: bytes. */
static size_t lay_out(const struct fh_memmap *map, struct fh_frames *frames, void *metadata)
{
	struct layout layout = { .at = metadata };
	struct fh_frames_cpu *cpu = layout_take(&layout, FH_CPU_MAX * sizeof(*cpu));
	struct fh_frames_span *spans;
	struct fh_frames_span counted;
	struct fh_frames_run run;
	struct fh_frames_run part;
	void *last;
	size_t span_count = 0;
	size_t at = 0;

	while (next_span(map, &at, &run))
		while (run_cut(map, &run, &part))
			span_count++;
	/* One more, empty, for CPUs that have not found any yet. */
	spans = layout_take(&layout, (span_count + 1) * sizeof(*spans));
	at = 0;
	for (size_t i = 0; next_span(map, &at, &run);)
		while (run_cut(map, &run, &part))
			span_lay(&layout, frames ? &spans[i++] : &counted, &part);
	marks_lay(&layout, map, frames);
	last = layout_take(&layout, 0);
	if (!frames)
		return layout.bytes;
	memset(&spans[span_count], 0, sizeof(*spans));
#ifdef FH_HARDEN
	/* The last guard stands before it. */
	spans[span_count].record = last;
#else
	(void)last;
#endif
	frames->cpu = cpu;
	frames->span = spans;
	frames->span_count = span_count;
	for (unsigned int i = 0; i < FH_CPU_MAX; i++) {
		cpu[i] = (struct fh_frames_cpu){
			.word = &spans[span_count].ready,
			.word_span = &spans[span_count],
			.span = &spans[span_count],
			.chunk_span = &spans[span_count],
			.chunk = PFN_NONE,
		};
	}
	return layout.bytes;
}

/* With what it may take to begin on a cache line. */
size_t fh_frames_metadata_used(const struct fh_memmap *map)
{
	return lay_out(map, NULL, NULL) + LINE_BYTES - _Alignof(uint64_t);
}

size_t fh_frames_metadata_bytes(const struct fh_memmap *map)
{
	size_t bytes = fh_frames_metadata_used(map);

	/* Reserved, they cut a range in up to three and have marks: a byte a frame, also of these.
	 */
	bytes += bytes >> map->frame_lg2;
	return bytes + (bytes >> (2 * map->frame_lg2)) + 4 * LINE_BYTES;
}

static bool metadata_usable(const struct fh_frames_config *config)
{
	uint64_t pa = (uintptr_t)config->metadata - config->direct_offset;

	for (size_t i = 0; i < config->map->range_count; i++) {
		const struct fh_memmap_range *range = &config->map->range[i];

		/* Differences, because either may end at 2^64 or, on a host, beyond. */
		if (range->kind == FH_MEM_USABLE && (pa - range->base.raw < range->size ||
						     range->base.raw - pa < config->metadata_bytes))
			return true;
	}
	return false;
}

static void frames_count(struct fh_frames *frames)
{
	struct fh_frames_run run;
	size_t at = 0;

	while (fh_frames_next_run(frames->config.map, &at, true, &run))
		frames->usable_count += run.end - run.first;
}

int fh_frames_init(struct fh_frames *frames, const struct fh_frames_config *config)
{
	uintptr_t line;

	if (!config->map || !config->map->resolved ||
	    config->instance >= 1u << HANDLE_INSTANCE_WIDTH)
		return -EINVAL;
	if (!config->metadata || !fh_is_aligned((uintptr_t)config->metadata, _Alignof(uint64_t)))
		return -EINVAL;
	if (config->metadata_bytes < fh_frames_metadata_used(config->map))
		return -ENOMEM;
	if (metadata_usable(config))
		return -EBUSY;
	memset(frames, 0, sizeof(*frames));
	frames->config = *config;
	frames->frame_lg2 = config->map->frame_lg2;
	frames->handle_bits = HANDLE_VALID | FH_FIELD(HANDLE_INSTANCE, config->instance);
	line = (uintptr_t)fh_align_up((uintptr_t)config->metadata, LINE_BYTES);
	lay_out(config->map, frames,
		(unsigned char *)config->metadata + (line - (uintptr_t)config->metadata));
	frames_count(frames);
	return 0;
}

/* [@first, @end) of a chunk is usable; the rest is not, or will be said to be by another call. */
static void chunk_part_init(struct fh_frames_span *span, uint64_t first, uint64_t end,
			    uint64_t *codes)
{
	unsigned int shift = chunk_in_region(first) * CHUNK_BITS;
	_Atomic(uint64_t) *word = frame_word_of(span, fh_align_down(first, CHUNK_FRAMES));

	if (code_at(*codes, chunk_in_region(first), CHUNK_BITS) != CODE_MIXED) {
		*codes ^= (uint64_t)(CODE_OTHER ^ CODE_MIXED) << shift;
		/* HELD in every unit. */
		for (unsigned int i = 0; i < CHUNK_WORDS; i++)
			word_store(&word[i], UINT64_MAX);
	}
	for (; first < end; first++) {
		unsigned int unit = (unsigned int)(first % 32);

		word = frame_word_of(span, first);
		word_store(word, word_load(word) ^ (uint64_t)(CODE_HELD ^ CODE_FREE)
						       << (unit * FRAME_BITS));
	}
}

/* [@first, @end) of a region is usable. */
static void usable_init(struct fh_frames_span *span, uint64_t first, uint64_t end, uint64_t *codes)
{
	while (first < end) {
		uint64_t chunk_end = fh_align_down(first, CHUNK_FRAMES) + CHUNK_FRAMES;

		if (chunk_end > end)
			chunk_end = end;
		if (chunk_end - first == CHUNK_FRAMES)
			*codes ^= (uint64_t)(CODE_OTHER ^ CODE_FREE)
				  << (chunk_in_region(first) * CHUNK_BITS);
		else
			chunk_part_init(span, first, chunk_end, codes);
		first = chunk_end;
	}
}

/* Nobody looks at the region before span->ready covers it. */
static void region_init(struct fh_frames *frames, struct fh_frames_span *span, uint64_t first,
			uint64_t end)
{
	const struct fh_memmap *map = frames->config.map;
	uint64_t region = region_index(span, first);
	size_t at = fh_frames_range_at(map, first);
	uint64_t codes = code_ones(CHUNK_BITS) * CODE_OTHER;
	uint64_t chunks = ((end - 1) >> CHUNK_ORDER) + 1 - (first >> CHUNK_ORDER);
	struct fh_frames_run run;

	/* A chunk's codes are a multiple of what arch_zero() wants, and start on a line. */
	arch_zero((void *)frame_word_of(span, first),
		  (size_t)chunks * CHUNK_WORDS * sizeof(uint64_t));
	memset(&span->region[region], 0, sizeof(span->region[region]));
	for (unsigned int cpu = 0; region % GROUP_REGIONS == 0 && cpu <= FH_CPU_MAX; cpu++)
		memset(&span->group[cpu * span->group_count + region / GROUP_REGIONS], 0,
		       sizeof(*span->group));
	fh_harden_init(span, first < span->first ? span->first : first, end);
	/* The chunk may begin in another span. */
	if (first < span->first)
		first = span->first;
	while (fh_frames_next_run(map, &at, true, &run) && run.first < end)
		usable_init(span, run.first > first ? run.first : first,
			    run.end < end ? run.end : end, &codes);
	word_store(&span->chunk_word[region], codes);
	for (unsigned int chunk = 0; chunk < REGION_CHUNKS; chunk++)
		if (code_at(codes, chunk, CHUNK_BITS) == CODE_MIXED)
			fh_hints_renew(span,
				       ((span->region_first + region) << REGION_ORDER) +
					   ((uint64_t)chunk << CHUNK_ORDER),
				       0xffff);
}

static void extend_lock(struct fh_frames *frames)
{
	while (atomic_exchange_explicit(&frames->lock, 1, memory_order_acquire))
		while (atomic_load_explicit(&frames->lock, memory_order_relaxed))
			arch_cpu_relax();
}

bool fh_frames_extend(struct fh_frames *frames, struct fh_frames_span *span)
{
	uint64_t first;
	uint64_t end;
	bool more;

	extend_lock(frames);
	first = span->base + count_get(&span->ready);
	more = first < span->end;
	if (more) {
		end = fh_align_down(first, REGION_FRAMES) + REGION_FRAMES;
		if (end > span->end)
			end = span->end;
		region_init(frames, span, first, end);
		atomic_store_explicit(&span->ready, end - span->base, memory_order_release);
	}
	atomic_store_explicit(&frames->lock, 0, memory_order_release);
	return more;
}
