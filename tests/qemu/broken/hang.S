/* SPDX-License-Identifier: BSD-2-Clause */
/* Stops for ever. */
#include "broken.inc"
	head	1
	say	"    1..2\n    ok 1 broken.one.a\n"
5:	b	5b
