/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who must give back what a call returns, in words that compilers check: `gcc -O0 -fanalyzer
 * -Wall`, a part of it in any build with -Wall, and clang's analyzer.
 *
 *   FH_OWNED_BY(release, n)   the result is the caller's, until argument n of release() takes it;
 *                             one for each call that may
 *   FH_TAKES(n)               argument n is no longer the caller's after this call
 *
 * They change no code: the attribute with a release function only pairs calls. Without one, it is
 * a promise that the result aliases nothing, which lets gcc drop stores and comparisons; that is
 * false for frames, which come back, and must not be used.
 *
 * FH_OWNERSHIP_OFF switches them off, for the allocator itself: it makes handles of what it
 * does not own, and one call releases through another.
 */
#ifndef FH_LIB_OWNERSHIP_H
#define FH_LIB_OWNERSHIP_H

#if defined(FH_OWNERSHIP_OFF)
/* The result is the caller's, until argument @n of @release takes it. */
#define FH_OWNED_BY(release, n)
/* Argument @n is no longer the caller's after this call. */
#define FH_TAKES(n)
#elif defined(__clang__)
/* The class "malloc" is the only one that all versions know; it promises nothing about aliases. */
#define FH_OWNED_BY(release, n) __attribute__((ownership_returns(__malloc__)))
#define FH_TAKES(n) __attribute__((ownership_takes(__malloc__, n)))
#elif defined(__GNUC__) && __GNUC__ >= 11
#define FH_OWNED_BY(release, n) __attribute__((__malloc__(release, n)))
#define FH_TAKES(n)
#else
#define FH_OWNED_BY(release, n)
#define FH_TAKES(n)
#endif

#endif
