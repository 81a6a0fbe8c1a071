/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an application has read from and written to a TCP socket, out of the socket's counters. */
#pragma once

#include "kernel.h"

/*
 * received is without the FIN, waiting (rcv_nxt - copied_seq) with it: it waits, too,
 * and is then read as the end.
 */
static __always_inline u64 tcp_read_bytes(u64 received, s32 waiting, bool fin)
{
	if (waiting > 0)
		waiting -= fin;
	if (waiting <= 0)
		return received;
	return received > waiting ? received - waiting : 0;
}

static __always_inline bool tcp_has_sent_fin(int state)
{
	return state >= TCP_FIN_WAIT1 && state != TCP_CLOSE && state != TCP_CLOSE_WAIT;
}

/* What waits (write_seq - snd_una) to be sent or acknowledged was written. SYN and FIN take a
 * number each, too. */
static __always_inline u64 tcp_written_bytes(u64 acked, u32 waiting, bool opened, int state)
{
	u64 numbers = acked + waiting, signs = opened + tcp_has_sent_fin(state);

	if (state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		return 0;
	return numbers > signs ? numbers - signs : 0;
}
