/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the device-tree reader share: trees written as DTS in the test, compiled by
 * dtc, and read; the map as text, and refusals by their line.
 */
#ifndef FH_TESTS_UNIT_DEVTREE_FIXTURE_H
#define FH_TESTS_UNIT_DEVTREE_FIXTURE_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/devtree.h"
#include "lib/error.h"
#include "tests/unit/unit.h"

#define BLOB_MAX 65536

static _Alignas(8) unsigned char blob[BLOB_MAX];
static size_t blob_bytes;
static _Alignas(16) unsigned char map_storage[1 << 20];
static struct unit_text log_text;
static struct fh_out log_out;
static struct devtree tree;
static struct fh_memmap map;

/* Compile "/dts-v1/;" and @dts into blob. */
static inline void compile(const char *dts)
{
	char source[] = "/tmp/fh-devtree-XXXXXX";
	char command[128];
	int file = mkstemp(source);
	FILE *pipe;

	assert_true(file >= 0);
	assert_int_equal(dprintf(file, "/dts-v1/;\n%s", dts), (int)strlen(dts) + 10);
	close(file);
	snprintf(command, sizeof(command), "dtc -q -I dts -O dtb %s", source);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	memset(blob, 0, sizeof(blob));
	blob_bytes = fread(blob, 1, sizeof(blob), pipe);
	assert_int_equal(pclose(pipe), 0);
	unlink(source);
}

static inline int open_dts(const char *dts)
{
	compile(dts);
	log_out = unit_out(&log_text);
	return devtree_open(&tree, blob, blob_bytes, &log_out);
}

static inline int read_map(const struct devtree_images *images)
{
	struct devtree_given given = { .images = *images };

	assert_int_equal(fh_memmap_init(&map, map_storage, sizeof(map_storage), 12), 0);
	return devtree_memmap(&tree, &given, &map);
}

static const struct devtree_images no_images;

/* The map as text: "base+size kind by" a line. */
static inline void expect_map(const char *dts, const struct devtree_images *images,
			      const char *expected)
{
	char text[4096] = "";
	size_t at = 0;

	assert_int_equal(open_dts(dts), 0);
	if (read_map(images))
		fail_msg("refused: %s", log_text.text);
	for (size_t i = 0; i < map.range_count; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%" PRIx64 "+%" PRIx64 " %s %s\n", map.range[i].base.raw,
				       map.range[i].size, fh_mem_kind_name(map.range[i].kind),
				       map.range[i].by);
	assert_string_equal(text, expected);
}

static inline void expect_refusal(const char *dts, const struct devtree_images *images, int err,
				  const char *line)
{
	int opened = open_dts(dts);

	assert_int_equal(opened ? opened : read_map(images), err);
	if (!strstr(log_text.text, line))
		fail_msg("log: %sexpected: %s", log_text.text, line);
}

#define CELLS(a, s) "#address-cells = <" #a ">; #size-cells = <" #s ">; "
#define ROOT(a, s, body) "/ { " CELLS(a, s) body " };"
#define MEMORY "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x1000000>; }; "
#define RESERVED(body) "reserved-memory { " CELLS(2, 2) "ranges; " body " }; "

#endif
