/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints good results and never ends. */
#include "broken.h"

_start:
	print_text
1:	wfi
	b	1b

text:
	.ascii	"KTAP version 1\r\n"
	.ascii	"1..1\r\n"
	.ascii	"ok 1 broken.hang.first\r\n"
	.byte	0
