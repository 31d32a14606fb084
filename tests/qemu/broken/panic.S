/* SPDX-License-Identifier: BSD-2-Clause */
/* Panics in the middle. */
#include "broken.inc"
	head	1
	say	"    1..2\n    ok 1 broken.one.a\nfh: panic: synchronous: data abort\n"
	end	3
