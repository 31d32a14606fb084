/* SPDX-License-Identifier: BSD-2-Clause */
/* What FH_MUTANT says, and what its changes are. */
#include "arch/host/mutant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/trace.h"

#define FIELD "field:"
#define ASID_LOWEST (UINT64_C(1) << 48)
#define RANGE_GRANULE_LOWEST (UINT64_C(1) << 46)
#define RANGE_NUM_LOWEST (UINT64_C(1) << 39)
#define RANGE_NUM (UINT64_C(31) << 39)

bool host_mutant_named;
_Thread_local enum host_change host_change;

/* FILE:LINE:HOOK: , and what is to happen there. */
static const char *named;
static size_t place_length;
static enum host_change named_change;
static uint64_t (*field_change)(uint64_t value);

static const char *const change_names[] = {
	[HOST_CHANGE_DROP] = "drop",	   [HOST_CHANGE_NEIGHBOUR] = "neighbour",
	[HOST_CHANGE_BLIND] = "blind",	   [HOST_CHANGE_SHORT] = "short",
	[HOST_CHANGE_ADDRESS] = "address", [HOST_CHANGE_WEAK] = "weak",
	[HOST_CHANGE_ASID] = "asid",	   [HOST_CHANGE_LAST] = "last",
	[HOST_CHANGE_REGIME] = "regime",   [HOST_CHANGE_GRANULE] = "granule",
	[HOST_CHANGE_STAGE] = "stage",
};

static void named_parse(void)
{
	const char *change = strrchr(named, ':');

	if (strncmp(named, FIELD, strlen(FIELD)) == 0)
		return;
	for (unsigned int i = 0; change && i < sizeof(change_names) / sizeof(*change_names); i++)
		if (change_names[i] && strcmp(change_names[i], change + 1) == 0)
			named_change = i;
	if (named_change == HOST_CHANGE_NONE) {
		fprintf(stderr, "fh: mutant: FH_MUTANT: %s: not FILE:LINE:HOOK:CHANGE (EINVAL)\n",
			named);
		exit(2);
	}
	place_length = (size_t)(change - named);
}

__attribute__((constructor)) static void read_environment(void)
{
	named = getenv("FH_MUTANT");
	if (!named || !*named)
		return;
	host_mutant_named = true;
	named_parse();
}

void host_mutant_fields(uint64_t (*change)(uint64_t value))
{
	field_change = change;
}

void host_mutant_site(const char *file, int line, const char *hook)
{
	char place[128];

	/* As a compiler names it whose include path is the current folder. */
	if (strncmp(file, "./", 2) == 0)
		file += 2;
	host_change = HOST_CHANGE_NONE;
	if (named_change == HOST_CHANGE_NONE) {
		if (field_change && strncmp(file, "iommu/", 6) == 0)
			host_change = HOST_CHANGE_FIELD;
		return;
	}
	snprintf(place, sizeof(place), "%s:%d:%s", file, line, hook);
	if (strlen(place) == place_length && strncmp(place, named, place_length) == 0)
		host_change = named_change;
}

static enum host_change change_take(void)
{
	enum host_change change = host_change;

	host_change = HOST_CHANGE_NONE;
	return change;
}

bool host_mutant_store(uint64_t **slot, uint64_t *value)
{
	switch (change_take()) {
	case HOST_CHANGE_DROP:
		return false;
	case HOST_CHANGE_NEIGHBOUR:
		*slot = (uint64_t *)((uintptr_t)*slot ^ sizeof(**slot));
		return true;
	case HOST_CHANGE_FIELD:
		*value = field_change(*value);
		return true;
	default:
		return true;
	}
}

static bool is_range(enum host_event_kind kind)
{
	return kind >= HOST_TLBI_RANGE && kind <= HOST_TLBI_IPA_RANGE_LAST;
}

/* Of a clean an entry; of a range operation what NUM counts by, which may be all of it. */
static bool shorten(struct host_event *event)
{
	if (is_range(event->kind)) {
		bool any = event->value & RANGE_NUM;

		event->value -= any ? RANGE_NUM_LOWEST : 0;
		return any;
	}
	event->size -= sizeof(uint64_t);
	return event->size != 0;
}

bool host_mutant_event(struct host_event *event)
{
	switch (change_take()) {
	case HOST_CHANGE_DROP:
		return false;
	case HOST_CHANGE_SHORT:
		return shorten(event);
	case HOST_CHANGE_ADDRESS:
		if (event->kind == HOST_CLEAN)
			event->address += sizeof(uint64_t);
		else
			event->value++;
		break;
	case HOST_CHANGE_WEAK:
		event->kind = event->kind == HOST_DSB_ISHST ? HOST_DMB_ISHST : HOST_DSB_ISHST;
		break;
	case HOST_CHANGE_ASID:
		event->value ^= ASID_LOWEST;
		break;
	case HOST_CHANGE_LAST:
		event->kind++;
		break;
	case HOST_CHANGE_REGIME:
		event->el = event->el % 3 + 1;
		break;
	case HOST_CHANGE_GRANULE:
		event->value ^= RANGE_GRANULE_LOWEST;
		break;
	case HOST_CHANGE_STAGE:
		event->el = 1;
		event->value = 0;
		break;
	default:
		break;
	}
	return true;
}
