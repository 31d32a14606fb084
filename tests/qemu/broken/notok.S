/* SPDX-License-Identifier: BSD-2-Clause */
/* A failed result, and status 0 all the same. */
#include "broken.inc"
	head	1
	say	"    1..1\n    not ok 1 broken.one.a\nok 1 broken.one\n"
	end	0
