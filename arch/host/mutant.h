/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bugs to order: FH_MUTANT names one place in iommu/ that calls the headers of this folder, and
 * what goes wrong there. `make mutants` names them all in turn, and some test must fail with each.
 *
 *   FH_MUTANT=iommu/pte.c:11:dsb_sy:drop     file, line, hook, what happens
 *   FH_MUTANT=field:...                      what is stored: whoever sets host_mutant_fields()
 *
 * It is read once, before main(). The headers turn each of their functions NAME into HOST_AT(NAME),
 * which says where the call stands; the function then looks at what is to happen there.
 */
#ifndef FH_ARCH_HOST_MUTANT_H
#define FH_ARCH_HOST_MUTANT_H

#include "lib/types.h"

struct host_event;

enum host_change {
	HOST_CHANGE_NONE,
	HOST_CHANGE_DROP,      /* nothing is done; a compare-and-swap says that it has done it */
	HOST_CHANGE_NEIGHBOUR, /* the other entry of a pair is stored to */
	HOST_CHANGE_BLIND,     /* a compare-and-swap does not compare */
	HOST_CHANGE_SHORT,     /* an entry, or a unit of a range, too few */
	HOST_CHANGE_ADDRESS,   /* one entry, or one page, beside it */
	HOST_CHANGE_WEAK,      /* the next weaker barrier */
	HOST_CHANGE_ASID,      /* another ASID */
	HOST_CHANGE_LAST,      /* leaves alone instead of all levels */
	HOST_CHANGE_REGIME,    /* of another exception level */
	HOST_CHANGE_GRANULE,   /* a range in units of another granule */
	HOST_CHANGE_STAGE,     /* stage 1 alone instead of both */
	HOST_CHANGE_FIELD,     /* what host_mutant_fields() was told */
};

/* Whether one is named. */
extern bool host_mutant_named;

/* What the call that is being made does wrong. */
extern _Thread_local enum host_change host_change;

/* The next hook is called from here: decides about host_change. */
void host_mutant_site(const char *file, int line, const char *hook);

#define HOST_AT(hook, ...)                                                                         \
	(host_mutant_named ? host_mutant_site(__FILE__, __LINE__, #hook) : (void)0,                \
	 arch_##hook(__VA_ARGS__))

/**
 * host_mutant_store() - Change a store.
 * @slot, @value: where and what; changed.
 *
 * Return: whether anything is stored.
 */
bool host_mutant_store(uint64_t **slot, uint64_t *value);

/* Change an event. Return: whether it happens. */
bool host_mutant_event(struct host_event *event);

/* @change makes what is stored instead of @value, of everything that iommu/ stores. */
void host_mutant_fields(uint64_t (*change)(uint64_t value));

#endif
