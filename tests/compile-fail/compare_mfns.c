/* SPDX-License-Identifier: MIT */
/* expect: invalid operands */
/* Frame numbers are compared by mfn_eq(), which takes two of a kind. */
#include <xen/mm-frame.h>

int same(mfn_t one, mfn_t other);

int same(mfn_t one, mfn_t other)
{
#ifdef CONTROL
    return mfn_eq(one, other);
#else
    return one == other;
#endif
}
