/* SPDX-License-Identifier: MIT */
/* Error numbers. Functions return them negated; guests see the same values. */
#ifndef XEN_ERRNO_H
#define XEN_ERRNO_H

#define EPERM     1
#define ENOENT    2
#define E2BIG     7
#define ENOMEM    12
#define EFAULT    14
#define EBUSY     16
#define EEXIST    17
#define EINVAL    22
#define ENOSPC    28
#define ERANGE    34
#define EOVERFLOW 75

#endif /* XEN_ERRNO_H */
