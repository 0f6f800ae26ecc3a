/* SPDX-License-Identifier: MIT */
/* Error numbers. Functions return them negated; guests see the same values. */
#ifndef XEN_ERRNO_H
#define XEN_ERRNO_H

#define ENOMEM 12
#define EFAULT 14
#define EINVAL 22
#define ENOSPC 28

#endif /* XEN_ERRNO_H */
