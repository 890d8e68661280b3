import { ShellCommand, sh } from '../../ssh/quote.js'
import type { ScriptStep } from './run-script.js'
import { volumeFunctions } from './volume-step.js'

/**
 * Grows a volume's only partition and its file system to all the room there is, while they are in use. What is as large as
 * it can be stays as it is. Source: EBS User Guide, "Extend the file system after resizing an Amazon EBS volume".
 */
const functions = String.raw`
sc_warn() { printf 'warning: %s\n' "$*"; }

# sc_grow_partition DISK PARTITION
sc_grow_partition() {
  sc_number=$(printf '%s' "$2" | sed 's/.*[^0-9]//')
  sc_before=$(blockdev --getsz "$2")
  if command -v growpart > /dev/null; then
    # 1: it is as large as it can be
    sc_said=$(growpart "$1" "$sc_number" 2>&1) || [ $? = 1 ] || sc_fail "growing partition $2: $sc_said"
  else
    sc_said=$(printf ', +\n' | sfdisk --no-reread -q -N "$sc_number" "$1" 2>&1) || sc_fail "growing partition $2: $sc_said"
    partx -u "$1" || sc_fail "the kernel does not take the new size of $2 while it is in use: reboot the node, then try again"
  fi
  [ "$(blockdev --getsz "$2")" = "$sc_before" ] || sc_changed "partition $2"
}

# sc_size_of MOUNT_POINT - of the file system there, in bytes
sc_size_of() { stat -f -c '%b %S' "$1" | awk '{ printf "%.0f", $1 * $2 }'; }

# sc_grow_unmounted DEVICE VOLUME - ext can be grown then, after a check; xfs cannot
sc_grow_unmounted() {
  if [ "$sc_kind" = xfs ]; then
    sc_warn "the xfs file system of volume $2 is not mounted: mount $1, then run this again"
    return 0
  fi
  # 1: errors were corrected
  sc_said=$(e2fsck -fp "$1" 2>&1) || [ $? = 1 ] || sc_fail "checking the file system of volume $2: $sc_said"
  sc_said=$(resize2fs "$1" 2>&1) || sc_fail "growing the $sc_kind file system of volume $2: $sc_said"
  case $sc_said in *'Nothing to do'*) ;; *) sc_changed "file system of volume $2 ($sc_kind, not mounted)" ;; esac
}

# sc_grow_file_system DEVICE VOLUME
sc_grow_file_system() {
  sc_kind=$(blkid -p -o value -s TYPE "$1" 2>/dev/null || true)
  sc_at=$(findmnt -nro TARGET -S "$1" 2>/dev/null | head -n 1 || true)
  case $sc_kind in
    '') sc_warn "volume $2 is blank: there is no file system to grow"; return 0 ;;
    ext2 | ext3 | ext4 | xfs) ;;
    *) sc_fail "what is on volume $2 ($sc_kind) must be grown by hand" ;;
  esac
  [ -n "$sc_at" ] || { sc_grow_unmounted "$1" "$2"; return 0; }
  sc_before=$(sc_size_of "$sc_at")
  case $sc_kind in
    xfs) sc_said=$(xfs_growfs "$sc_at" 2>&1) ;;
    *) sc_said=$(resize2fs "$1" 2>&1) ;;
  esac || sc_fail "growing the $sc_kind file system of volume $2: $sc_said"
  sc_after=$(sc_size_of "$sc_at")
  [ "$sc_after" = "$sc_before" ] || sc_changed "$(awk -v path="$sc_at" -v kind="$sc_kind" -v size="$sc_after" 'BEGIN { printf "%s (%s, %.1f GiB)", path, kind, size / 1073741824 }')"
}

# sc_grow VOLUME DEVICE
sc_grow() {
  sc_whole=$(sc_wait_disk "$1" "$2")
  sc_parts=$(lsblk -nrpo NAME,TYPE "$sc_whole" 2>/dev/null | awk '$2 == "part" { print $1 }')
  case $(printf '%s' "$sc_parts" | grep -c .) in
    0) sc_grow_file_system "$sc_whole" "$1" ;;
    1)
      sc_grow_partition "$sc_whole" "$sc_parts"
      sc_grow_file_system "$sc_parts" "$1"
      ;;
    *) sc_fail "volume $1 has several partitions: grow the one you want by hand" ;;
  esac
}
`

/** @param device as EC2 was told when the volume was attached */
export function growStep(volumeId: string, device: string): ScriptStep {
  const call = sh`sc_grow ${volumeId} ${device}`.text
  return { name: 'grow', command: new ShellCommand(`${volumeFunctions}${functions}${call}`) }
}
