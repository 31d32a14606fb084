/* SPDX-License-Identifier: BSD-2-Clause */
/* Nothing is wrong with this one. */
#include "broken.inc"
	head	1
	say	"    1..2\n    ok 1 broken.one.a\n    ok 2 broken.one.b # SKIP reason\nok 1 broken.one\n"
	end	0
