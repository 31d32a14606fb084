/* SPDX-License-Identifier: BSD-2-Clause */
/* A result failed, and both the suite and the status deny it. */
#include "broken.h"

_start:
	print_text
	finish	0

text:
	.ascii	"KTAP version 1\r\n"
	.ascii	"1..1\r\n"
	.ascii	"    KTAP version 1\r\n"
	.ascii	"    1..1\r\n"
	.ascii	"    not ok 1 broken.notok_nested.first\r\n"
	.ascii	"ok 1 broken.notok_nested\r\n"
	.byte	0
