/* SPDX-License-Identifier: MIT */
/* expect: invalid operands */
/* Arithmetic on frame numbers goes through mfn_add(). */
#include <xen/mm-frame.h>

mfn_t next_frame(mfn_t mfn);

mfn_t next_frame(mfn_t mfn)
{
#ifdef CONTROL
    return mfn_add(mfn, 1);
#else
    return mfn + 1;
#endif
}
