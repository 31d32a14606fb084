/* SPDX-License-Identifier: BSD-2-Clause */
/* Panics half way through its results. */
#include "broken.h"

_start:
	print_text
	finish	1

text:
	.ascii	"KTAP version 1\r\n"
	.ascii	"1..2\r\n"
	.ascii	"ok 1 broken.panic.first\r\n"
	.ascii	"fh: panic: synchronous: data abort\r\n"
	.byte	0
