/* SPDX-License-Identifier: MIT */
/* expect: incompatible type */
/* A function that takes a machine frame number takes no other. */
#include <xen/mm-frame.h>

unsigned long frame(mfn_t mfn, gfn_t gfn);

unsigned long frame(mfn_t mfn, gfn_t gfn)
{
#ifdef CONTROL
    return mfn_x(mfn) + gfn_x(gfn);
#else
    return mfn_x(mfn) + mfn_x(gfn);
#endif
}
