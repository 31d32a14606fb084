/* SPDX-License-Identifier: BSD-2-Clause */
/* More results than planned. */
#include "broken.inc"
	head	1
	say	"    1..1\n    ok 1 broken.one.a\n    ok 2 broken.one.b\nok 1 broken.one\n"
	end	0
