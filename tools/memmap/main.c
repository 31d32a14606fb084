/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fh-memmap: whose is which memory, as the kernel would read it from a device tree. The
 * reader is boot/'s own; this program gives it files for memory.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/hooks.h"
#include "lib/version.h"
#include "report.h"

enum { STATUS_ACCEPTED, STATUS_REFUSED, STATUS_NO_TREE };

static const char usage[] =
    "usage: fh-memmap [OPTION]... FILE.dtb...\n"
    "Says which memory is whose, as Freehold reads it from device trees.\n"
    "\n"
    "  --kernel BASE:SIZE  the kernel image lies there\n"
    "  --dtb BASE[:SIZE]   the tree lies there; SIZE is its own when not given\n"
    "  --memory BASE:SIZE  RAM, where a tree states size 0 or none; may be repeated\n"
    "  --page N            bytes of a frame: 4096 (default), 16384, 65536\n"
    "  --pa-bits N         RAM beyond N bits of address, 32 to 64, is not used\n"
    "  --no-dynamic        place no region that states only a size\n"
    "  --json              one object a line and file\n"
    "  --help, --version\n"
    "\n"
    "Numbers are decimal or 0x..., with an optional suffix K, M, G or T.\n"
    "Exit status: 0 accepted, 1 refused, 2 no tree at all or wrong usage; of several files the\n"
    "highest.\n";

struct options {
	struct devtree_given given;
	struct devtree_region *ram;
	bool has_tree_place;
	unsigned int frame_lg2;
	bool json;
};

_Noreturn void fh_hook_bug(const char *what, const char *file, int line)
{
	fprintf(stderr, "fh: memmap: broken invariant: %s: %s:%d\n", what, file, line);
	abort();
}

static _Noreturn void refuse_option(const char *option, const char *value, const char *why)
{
	fprintf(stderr, "fh: memmap: %s: %s: %s (EINVAL)\n", option, value, why);
	exit(STATUS_NO_TREE);
}

/* A number with a suffix, up to @end_char or the end. Return: behind it, NULL when there is none.
 */
static const char *read_number(const char *text, uint64_t *value)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	errno = 0;
	*value = strtoull(text, &end, 0);
	if (errno)
		return NULL;
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (suffix) {
		unsigned int shift = 10 * (unsigned int)(suffix - suffixes + 1);

		if (*value > UINT64_MAX >> shift)
			return NULL;
		*value <<= shift;
		end++;
	}
	return end;
}

static struct devtree_region read_region(const char *option, const char *text, bool needs_size)
{
	struct devtree_region region = { 0, 0 };
	const char *end = read_number(text, &region.base);

	if (end && *end == ':')
		end = read_number(end + 1, &region.size);
	else if (needs_size)
		end = NULL;
	if (!end || *end)
		refuse_option(option, text, needs_size ? "is not BASE:SIZE" : "is not BASE[:SIZE]");
	if ((needs_size || strchr(text, ':')) && !region.size)
		refuse_option(option, text, "size 0");
	if (region.size && !fh_range_fits(region.base, region.size, 64))
		refuse_option(option, text, "ends beyond 2^64");
	return region;
}

static uint64_t read_whole(const char *option, const char *text)
{
	uint64_t value = 0;
	const char *end = read_number(text, &value);

	if (!end || *end)
		refuse_option(option, text, "is no number");
	return value;
}

static void add_ram(struct options *options, const char *text)
{
	size_t count = options->given.ram_count++;

	options->ram = must_grow(options->ram, (count + 1) * sizeof(*options->ram));
	options->ram[count] = read_region("--memory", text, true);
	options->given.ram = options->ram;
}

static void set_page(struct options *options, const char *text)
{
	uint64_t bytes = read_whole("--page", text);

	if (bytes != 4096 && bytes != 16384 && bytes != 65536)
		refuse_option("--page", text, "is not 4096, 16384 or 65536");
	options->frame_lg2 = (unsigned int)__builtin_ctzll(bytes);
}

static void set_pa_bits(struct options *options, const char *text)
{
	uint64_t bits = read_whole("--pa-bits", text);

	if (bits < 32 || bits > 64)
		refuse_option("--pa-bits", text, "is not 32 to 64");
	options->given.pa_bits = (unsigned int)bits;
}

static void set_kernel(struct options *options, const char *text)
{
	struct devtree_region region = read_region("--kernel", text, true);

	options->given.images.kernel_base = region.base;
	options->given.images.kernel_size = region.size;
}

static void set_tree(struct options *options, const char *text)
{
	struct devtree_region region = read_region("--dtb", text, false);

	options->has_tree_place = true;
	options->given.images.tree_base = region.base;
	options->given.images.tree_size = region.size;
}

static void read_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "dtb", required_argument, NULL, 'd' },
		{ "memory", required_argument, NULL, 'm' },
		{ "page", required_argument, NULL, 'p' },
		{ "pa-bits", required_argument, NULL, 'a' },
		{ "no-dynamic", no_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'k':
			set_kernel(options, optarg);
			break;
		case 'd':
			set_tree(options, optarg);
			break;
		case 'm':
			add_ram(options, optarg);
			break;
		case 'p':
			set_page(options, optarg);
			break;
		case 'a':
			set_pa_bits(options, optarg);
			break;
		case 'n':
			options->given.no_dynamic = true;
			break;
		case 'j':
			options->json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(STATUS_ACCEPTED);
		case 'v':
			puts("fh-memmap " FH_VERSION);
			exit(STATUS_ACCEPTED);
		default:
			fputs(usage, stderr);
			exit(STATUS_NO_TREE);
		}
	}
}

/* What the reader says: warnings are kept, the error is the line that is none. */
static void hear(void *ctx, const char *text, size_t len)
{
	text_add(ctx, text, len);
}

static void hear_request(void *ctx, const struct devtree_dynamic *dynamic)
{
	struct report *report = ctx;
	size_t count = report->request_count++;

	report->request = must_grow(report->request, (count + 1) * sizeof(*report->request));
	report->request[count] = (struct request){
		.path = strcpy(must_alloc(strlen(dynamic->path) + 1), dynamic->path),
		.base = dynamic->base,
		.size = dynamic->size,
		.placed = dynamic->placed,
	};
}

static void set_error(struct report *report, const char *subject, const char *why, int err)
{
	struct text text = { 0 };

	text_add(&text, "fh: memmap: ", 12);
	text_add(&text, subject, strlen(subject));
	text_add(&text, ": ", 2);
	text_add(&text, why, strlen(why));
	text_add(&text, " (", 2);
	text_add(&text, fh_error_name(err), strlen(fh_error_name(err)));
	text_add(&text, ")", 1);
	report->error = text.at;
}

/* Whole or not at all. Return: an aligned block to be freed, NULL after report->error was set. */
static unsigned char *read_file(struct report *report, size_t *bytes)
{
	FILE *file = fopen(report->file, "rb");
	unsigned char *data = NULL;
	size_t room = 0;
	bool failed = !file;

	*bytes = 0;
	while (!failed) {
		room = 2 * room + 65536;
		data = must_grow(data, room);
		*bytes += fread(data + *bytes, 1, room - *bytes, file);
		/* A short read is the end, or an error. */
		if (*bytes < room)
			break;
	}
	failed = failed || ferror(file);
	if (failed) {
		set_error(report, report->file, strerror(errno), errno == ENOENT ? -ENOENT : -EIO);
		free(data);
		data = NULL;
	}
	if (file)
		fclose(file);
	return data;
}

/* The lines heard, divided into warnings and the error. */
static void sort_lines(struct report *report, const struct text *heard)
{
	static const char warning[] = "fh: devtree: warning: ";
	const char *at = heard->at;
	const char *end = at ? strchr(at, '\n') : NULL;

	for (; end; at = end + 1, end = strchr(at, '\n')) {
		size_t len = (size_t)(end - at);

		if (strncmp(at, warning, sizeof(warning) - 1) == 0) {
			text_add(&report->warnings, at, len + 1);
		} else if (!report->error) {
			report->error = must_alloc(len + 1);
			memcpy(report->error, at, len);
			report->error[len] = '\0';
		}
	}
}

/* Return: the map's storage, to be freed. */
static void *read_map(struct report *report, const struct options *options,
		      const struct devtree *tree)
{
	struct devtree_given given = options->given;
	size_t bytes;
	void *storage;

	if (options->has_tree_place && !given.images.tree_size)
		given.images.tree_size = tree->bytes;
	if (options->has_tree_place && given.images.tree_size < tree->bytes) {
		set_error(report, "--dtb", "SIZE is less than the tree's total size", -EINVAL);
		return NULL;
	}
	if (given.images.tree_size &&
	    !fh_range_fits(given.images.tree_base, given.images.tree_size, 64)) {
		set_error(report, "--dtb", "ends beyond 2^64", -EINVAL);
		return NULL;
	}
	given.ram_name = "--memory";
	given.dynamic = hear_request;
	given.ctx = report;
	bytes = devtree_memmap_bytes(tree, &given);
	if (bytes > SIZE_MAX / 2) {
		set_error(report, "map", "too many declarations", -ENOMEM);
		return NULL;
	}
	storage = must_alloc(bytes);
	if (fh_memmap_init(&report->map, storage, bytes, options->frame_lg2) ||
	    devtree_memmap(tree, &given, &report->map)) {
		free(storage);
		return NULL;
	}
	return storage;
}

static void report_free(struct report *report)
{
	for (size_t i = 0; i < report->request_count; i++)
		free(report->request[i].path);
	free(report->request);
	free(report->warnings.at);
	free(report->error);
}

static int read_tree(const struct options *options, const char *name)
{
	struct report report = { .file = name };
	struct text heard = { 0 };
	struct fh_out log = { hear, &heard };
	int status = STATUS_NO_TREE;
	static const unsigned char magic[] = { 0xd0, 0x0d, 0xfe, 0xed };
	size_t bytes;
	unsigned char *blob = read_file(&report, &bytes);
	struct devtree tree;
	void *storage = NULL;

	if (blob && (bytes < sizeof(magic) || memcmp(blob, magic, sizeof(magic)) != 0)) {
		set_error(&report, name, "no device tree: it does not begin with d00dfeed",
			  -EINVAL);
	} else if (blob) {
		status = STATUS_REFUSED;
		if (!devtree_open(&tree, blob, bytes, &log))
			storage = read_map(&report, options, &tree);
	}
	sort_lines(&report, &heard);
	if (storage)
		status = STATUS_ACCEPTED;
	if (options->json) {
		report_json(&report);
	} else {
		if (report.warnings.len)
			fputs(report.warnings.at, stderr);
		if (report.error)
			fprintf(stderr, "%s\n", report.error);
		report_table(&report);
	}
	report_free(&report);
	free(heard.at);
	free(storage);
	free(blob);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = { .frame_lg2 = 12 };
	int highest = STATUS_ACCEPTED;

	read_options(&options, argc, argv);
	if (optind == argc) {
		fputs(usage, stderr);
		return STATUS_NO_TREE;
	}
	for (int i = optind; i < argc; i++) {
		int status;

		if (!options.json && argc - optind > 1)
			printf("%s:\n", argv[i]);
		fflush(stdout);
		status = read_tree(&options, argv[i]);
		if (status > highest)
			highest = status;
	}
	free(options.ram);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "fh: memmap: output: cannot be written (EIO)\n");
		return STATUS_NO_TREE;
	}
	return highest;
}
