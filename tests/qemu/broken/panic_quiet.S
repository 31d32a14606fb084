/* SPDX-License-Identifier: BSD-2-Clause */
/* Panics after good results and hides it behind status 0. */
#include "broken.h"

_start:
	print_text
	finish	0

text:
	.ascii	"KTAP version 1\r\n"
	.ascii	"1..1\r\n"
	.ascii	"ok 1 broken.panic_quiet.first\r\n"
	.ascii	"fh: panic: synchronous: data abort\r\n"
	.byte	0
