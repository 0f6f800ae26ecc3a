/* SPDX-License-Identifier: MIT */
/* expect: incompatible type */
/* A guest's frame number is not a machine's. */
#include <xen/mm-frame.h>

unsigned long frame(mfn_t mfn, gfn_t gfn);

unsigned long frame(mfn_t mfn, gfn_t gfn)
{
#ifdef CONTROL
    (void)gfn;
#else
    mfn = gfn;
#endif
    return mfn_x(mfn);
}
