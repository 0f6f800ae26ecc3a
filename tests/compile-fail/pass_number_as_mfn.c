/* SPDX-License-Identifier: MIT */
/* expect: incompatible type */
/* A plain number becomes a frame number only by _mfn(). */
#include <xen/mm-frame.h>

unsigned long frame(unsigned long number);

unsigned long frame(unsigned long number)
{
#ifdef CONTROL
    return mfn_x(_mfn(number));
#else
    return mfn_x(number);
#endif
}
