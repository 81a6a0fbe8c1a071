// SPDX-License-Identifier: Apache-2.0
/*
 * TCP bytes of processes while no hook hears of their calls: from what their
 * sockets count anyway, which the probe `connections` reads. By wish, for the
 * budget, and where no hook attaches.
 */
#pragma once

#include "collect/collector.h"

/* Whether TCP bytes are known in this way now. */
bool sampled_is_on(const struct collector *c);

/* To be called when the source is open, before the first walk. */
void sampled_open(struct collector *c);

/* Chooses how TCP bytes are known by what is attached, and says so in the state of `sockets` and in
 * the window's inputs. The next walk over files is the base. */
void sampled_choose(struct collector *c);

/*
 * To be called before and after `sockets` or `connections` are attached or detached, at the
 * beginning of a window: they walk over the files, so that little is lost in between.
 */
void sampled_before_switch(struct collector *c);
void sampled_after_switch(struct collector *c);
