/* SPDX-License-Identifier: MIT */
/* What the two files of this hypervisor know of each other. */
#ifndef EMBED_H
#define EMBED_H

/* Leave QEMU; its exit status is twice @status and one. */
_Noreturn void leave(int status);

#endif /* EMBED_H */
