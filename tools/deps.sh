#!/bin/sh
# SPDX-License-Identifier: MIT
#
# See that what a group of targets needs is there, and install what is not.
#
# usage: deps.sh group...       groups: build iso run check bench fuzz format models
#
# Looks for what a package is there for, a program or a file or a module, not
# for the package. With NO_INSTALL set, or no way to become root, it prints the
# one line to type and ends with status 3.

python=/usr/bin/python3

program() { command -v "$1" >/dev/null 2>&1; }
module() { "$python" -c "import $1" >/dev/null 2>&1; }
any_file() { for file do [ -e "$file" ] && return; done; return 1; }
c_library() { echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1; }

xen_headers()
{
    echo '#include <xen/xen.h>' | gcc -include stdint.h -E - >/dev/null 2>&1
}

fuzzer_runtime()
{
    echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
        clang -fsanitize=fuzzer,address -x c -o /dev/null - >/dev/null 2>&1
}

# Debian names the runtime after the compiler's version.
clang_runtime_package()
{
    version=$(apt-cache depends clang 2>/dev/null |
        sed -n 's/^ *Depends: clang-\([0-9]*\)$/\1/p')
    echo "libclang-rt-${version:-14}-dev"
}

grub_platform()
{
    any_file "/usr/lib/grub/$1/multiboot2.mod" "/usr/share/grub2/$1/multiboot2.mod"
}

ovmf()
{
    any_file ${OVMF_CODE:-} /usr/share/OVMF/OVMF_CODE_4M.fd \
        /usr/share/OVMF/OVMF_CODE.fd /usr/share/edk2/x64/OVMF_CODE.4m.fd \
        /usr/share/edk2/ovmf/OVMF_CODE.fd
}

# need PACKAGE PROBE...: note the package if the probe fails.
need()
{
    package=$1
    shift
    "$@" || missing="$missing $package"
}

probe()
{
    missing=
    for group do
        case $group in
        build)
            need gcc program gcc
            need binutils program ld
            need python3 program "$python"
            need python3-kconfiglib module kconfiglib ;;
        iso)
            need grub-common program grub-mkimage
            need grub-pc-bin grub_platform i386-pc
            need grub-efi-amd64-bin grub_platform x86_64-efi
            need xorriso program xorriso
            need mtools program mcopy ;;
        run)
            need qemu-system-x86 program qemu-system-x86_64
            need ovmf ovmf ;;
        check)
            need libc6-dev c_library
            need clang program clang
            need libxen-dev xen_headers ;;
        fuzz)
            need clang program clang
            need libc6-dev c_library
            need "$(clang_runtime_package)" fuzzer_runtime ;;
        bench)
            need valgrind program valgrind ;;
        models)
            need gcc program gcc
            need libc6-dev c_library
            need spin program spin ;;
        format)
            need clang-format program clang-format ;;
        *)
            echo "deps.sh: no group '$group'" >&2
            exit 2 ;;
        esac
    done
    missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
    missing=${missing% }
}

# The command that makes one root, or a failure.
root_command()
{
    [ -z "${NO_INSTALL:-}" ] || return
    [ "$(id -u)" -ne 0 ] || { echo env; return; }
    program sudo || return
    if sudo -n true 2>/dev/null || [ -t 0 ]; then
        echo sudo
    else
        return 1
    fi
}

probe "$@"
[ -n "$missing" ] || exit 0

if ! program apt-get; then
    echo "Missing; Debian calls the packages: $missing" >&2
    exit 3
fi
if ! become=$(root_command); then
    echo "Missing. Please type:" >&2
    echo "    sudo apt-get install -y --no-install-recommends $missing" >&2
    exit 3
fi

echo "Installing what is missing: $missing" >&2
$become apt-get update -q >&2 || exit 3
probe "$@"
$become env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
    --no-install-recommends $missing >&2 </dev/null || exit 3
probe "$@"
if [ -n "$missing" ]; then
    echo "Installed, but still not usable: $missing" >&2
    exit 3
fi
