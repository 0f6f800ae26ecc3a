#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Make a disk image that boots from CD or USB stick, by BIOS and by UEFI.
#
# usage: iso.sh IMAGE ISO [COMMAND_LINE]
#
# GRUB_EXTRA: lines for grub.cfg before the image is loaded ('cutmem ...').
# MODULES:    files that GRUB loads beside the image.
#
# The same input gives the same bytes: every date, number and order is fixed.
set -eu
image=$1
iso=$2

export SOURCE_DATE_EPOCH=946684800      # the first second of 2000
export TZ=UTC LC_ALL=C MTOOLS_SKIP_CHECK=1
volume=TESSERA

for grub in /usr/lib/grub /usr/share/grub2; do
    [ ! -d "$grub/i386-pc" ] || break
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree

# To GRUB's own language a '$' is a variable; not between quotes. Around a word
# with a space in it GRUB puts double quotes of its own, and would escape ours.
command_line=$(printf '%s' "${3:-}" |
    sed -E "s/([^ \"]|\"[^\"]*\")+/'&'/g; s/\"//g")
mkdir -p "$tree/boot/grub"

cp "$image" "$tree/boot/tessera"
{
    echo 'if [ "$grub_platform" = pc ]; then'
    echo '    serial --unit=0 --speed=115200'
    echo '    terminal_output console serial'
    echo 'fi'
    echo "${GRUB_EXTRA:-}"
    echo "multiboot2 /boot/tessera $command_line"
    for module in ${MODULES:-}; do
        cp "$module" "$tree/boot/"
        echo "module2 /boot/${module##*/} ${module##*/}"
    done
    echo boot
} >"$tree/boot/grub/grub.cfg"

# The disk is the one that carries our configuration, whatever its name.
{
    echo 'search --no-floppy --set=root --file /boot/tessera'
    echo 'set prefix=($root)/boot/grub'
} >"$work/early.cfg"

everywhere="normal configfile iso9660 part_gpt part_msdos search test multiboot2"
everywhere="$everywhere mmap"
grub-mkimage -O i386-pc-eltorito -d "$grub/i386-pc" -p /boot/grub \
    -c "$work/early.cfg" -o "$tree/boot/grub/bios.img" \
    $everywhere biosdisk serial terminal acpi
grub-mkimage -O x86_64-efi -d "$grub/x86_64-efi" -p /boot/grub \
    -c "$work/early.cfg" -o "$work/BOOTX64.EFI" $everywhere fat
find "$work" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +

# UEFI firmware starts a file in a FAT file system: 1 MiB more than the file.
kib=$(($(wc -c <"$work/BOOTX64.EFI") / 1024 + 1024))
truncate -s "${kib}K" "$work/efi.img"
mformat -i "$work/efi.img" -v "$volume" -N 20000101 -T $((kib * 2)) -h 16 -s 32 ::
mmd -i "$work/efi.img" ::/EFI ::/EFI/BOOT
mcopy -m -i "$work/efi.img" "$work/BOOTX64.EFI" ::/EFI/BOOT/BOOTX64.EFI

xorriso -as mkisofs -quiet \
    -o "$iso" -volid "$volume" -R -J \
    --grub2-mbr "$grub/i386-pc/boot_hybrid.img" \
    -b boot/grub/bios.img -no-emul-boot -boot-load-size 4 -boot-info-table \
    --grub2-boot-info \
    -append_partition 2 0xef "$work/efi.img" \
    -eltorito-alt-boot -e --interval:appended_partition_2:all:: -no-emul-boot \
    "$tree" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
