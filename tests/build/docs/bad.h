/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wrong on purpose. A comment behind a declaration says what is to be complained of;
 * tests/build/docs.t expects these complaints, in this order, and no other.
 */
#ifndef FH_TESTS_BUILD_DOCS_BAD_H
#define FH_TESTS_BUILD_DOCS_BAD_H

#include "mm/page.h"

/**
 * right_action() - Nothing is wrong with @pa.
 * @count: frames.
 *
 * Context: any.
 * Return: 0, -EINVAL.
 */
int right_action(const struct fh_frames *frames, fh_phys_addr_t pa, unsigned int count);

/**
 * right_predicate() - Is nothing wrong with @page?
 * Context: any.
 */
bool right_predicate(const struct fh_frames *frames, const struct fh_page *page);

/* A plain comment is for those who read the header alone. */
void bad_plain(void); /* bad_plain: no comment of its own */

/**
 * bad_copied() - Taken from another function.
 * Context: any.
 */
void bad_copy(void); /* bad_copy: its comment is about bad_copied() */

/**
 * bad_parameter() - Of two parameters one.
 * @given: any.
 *
 * Context: any.
 */
static inline void bad_parameter(unsigned int given, int (*missing)(void *ctx, int value))
{
	(void)given;
	(void)missing;
} /* bad_parameter: parameter missing: not described */

/**
 * bad_unnamed() - An address has its unit in its type, but must be named.
 * Context: any.
 */
void bad_unnamed(fh_dma_addr_t iova); /* bad_unnamed: parameter iova: not described */

/**
 * bad_renamed() - A parameter that had another name.
 * @before: any.
 * @now: any.
 *
 * Context: any.
 */
void bad_renamed(int now); /* bad_renamed: parameter before: there is none */

/**
 * bad_silent() - Give something, and do not say what.
 * Context: any.
 */
size_t bad_silent(void); /* bad_silent: Return: missing */

/**
 * bad_harmless() - An action without an error.
 * Context: any.
 * Return: 0, or something negative.
 */
int bad_harmless(void); /* bad_harmless: Return: names no error */

/**
 * bad_error() - An error that the library does not have.
 * Context: any.
 * Return: 0, -EWHATEVER.
 */
int bad_error(void); /* bad_error: Return: -EWHATEVER: not an error of lib/error.h */

/**
 * bad_page() - A handle that may be NULL.
 * Context: any.
 * Return: an owned page.
 */
struct fh_page *bad_page(void); /* bad_page: Return: does not say when it is NULL */

/**
 * bad_place() - Callable from where?
 */
void bad_place(void); /* bad_place: Context: missing, here and in the header's opening comment */

#endif
