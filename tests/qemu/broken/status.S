/* SPDX-License-Identifier: BSD-2-Clause */
/* All results are good, the exit status is not. */
#include "broken.h"

_start:
	print_text
	finish	3

text:
	.ascii	"KTAP version 1\r\n"
	.ascii	"1..1\r\n"
	.ascii	"ok 1 broken.status.first\r\n"
	.byte	0
