/* SPDX-License-Identifier: MIT */
/* What the machine asks the simulation, while there is one. */
#ifndef SIMULATED_H
#define SIMULATED_H

#include <stdbool.h>

bool simulated(void);

void simulated_relax(void);
void simulated_interrupt(unsigned int cpu);
bool simulated_disable(void);
void simulated_restore(bool enabled);

#endif /* SIMULATED_H */
