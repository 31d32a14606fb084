/* SPDX-License-Identifier: BSD-2-Clause */
/* The number of the CPU that a host thread plays. */
#include <cpu.h>

_Thread_local unsigned int host_cpu;
