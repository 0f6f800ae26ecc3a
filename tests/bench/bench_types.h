/* SPDX-License-Identifier: MIT */
/* The functions that callgrind counts, so they must not be inlined. */
#ifndef BENCH_TYPES_H
#define BENCH_TYPES_H

#define MEASURED __attribute__((noinline))

MEASURED void measured_nothing(void);
MEASURED void measured_l1_first(void);
MEASURED void measured_l1_validate(void);
MEASURED void measured_l1_devalidate(void);
MEASURED void measured_l4_pin(void);
MEASURED void measured_l4_unpin(void);
MEASURED void measured_mmu_update_batch(void);
MEASURED void measured_mmu_update_last(void);
MEASURED void measured_mmu_update_flags(void);

#endif /* BENCH_TYPES_H */
