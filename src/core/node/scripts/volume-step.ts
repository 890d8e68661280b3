import { ShellCommand, sh } from '../../ssh/quote.js'
import type { ScriptStep } from './run-script.js'

/** A volume that is attached to the node, and where the node shall have it. */
export interface AttachedVolume {
  readonly volumeId: string
  /** As EC2 was told: `/dev/sdz`. */
  readonly device: string
  readonly mountPath: string
  readonly partition?: number
  /** File system made when the volume is blank. */
  readonly format?: string
}

/**
 * Shell functions that find a volume's disk, choose the partition and mount it, now and at every boot.
 * The disk by volume id: on Nitro the device name that EC2 was told means nothing. Source: EC2 user guide, "Map Amazon EBS
 * volumes to NVMe device names"; on Xen `/dev/sdf` is `/dev/xvdf`.
 */
export const volumeFunctions = String.raw`
sc_disk() {
  sc_serial=$(printf '%s' "$1" | tr -d -)
  for sc_at in "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$sc_serial" "/dev/xvd$(printf '%s' "$2" | sed 's,^/dev/[a-z]*d,,')" "$2"; do
    [ ! -e "$sc_at" ] || { readlink -f "$sc_at"; return 0; }
  done
  for sc_at in /sys/block/nvme*; do
    if [ "$(tr -d ' ' < "$sc_at/device/serial" 2>/dev/null)" = "$sc_serial" ]; then echo "/dev/$(basename "$sc_at")"; return 0; fi
  done
  return 1
}

sc_wait_disk() {
  sc_try=0
  until sc_disk "$1" "$2"; do
    sc_try=$((sc_try + 1))
    [ "$sc_try" -lt 60 ] || sc_fail "volume $1 is attached, but no disk of it appears"
    sleep 0.5
  done
}

# sc_partition DISK VOLUME NUMBER - the partition of that number; 0: the disk itself; without a number that or its only partition
sc_partition() {
  [ "$3" != 0 ] || { echo "$1"; return 0; }
  if [ -n "$3" ]; then
    for sc_at in "$1p$3" "$1$3"; do [ ! -e "$sc_at" ] || { echo "$sc_at"; return 0; }; done
    sc_fail "volume $2 has no partition $3"
  fi
  sc_parts=$(lsblk -nrpo NAME,TYPE "$1" 2>/dev/null | awk '$2 == "part" { print $1 }')
  case $(printf '%s' "$sc_parts" | grep -c .) in
    0) echo "$1" ;;
    1) echo "$sc_parts" ;;
    *) sc_fail "volume $2 has several partitions: say which one with partition = N in its [volume] section" ;;
  esac
}

# sc_file_system DEVICE VOLUME FORMAT - makes one where there is nothing at all and a FORMAT is asked for
sc_file_system() {
  sc_kind=$(blkid -p -o value -s TYPE "$1" 2>/dev/null || true)
  [ -z "$sc_kind" ] || return 0
  if [ -n "$(blkid -p -o value -s PTTYPE "$1" 2>/dev/null || true)" ] || [ "$(head -c 1048576 "$1" | tr -d '\0' | wc -c)" != 0 ]; then
    sc_fail "volume $2 has no file system that can be mounted, and is not blank: look at $1"
  fi
  [ -n "$3" ] || sc_fail "volume $2 is blank: set format = ext4 in its [volume] section to have it formatted"
  sc_formatter "$3" || sc_fail "volume $2 cannot be formatted as $3: its package could not be installed"
  sc_said=$("mkfs.$3" -q "$1" 2>&1) || sc_fail "formatting volume $2 as $3: $sc_said"
  sc_changed "file system of $2"
}

# sc_formatter KIND - the program that makes such a file system; stock images lack that of xfs
sc_formatter() {
  ! command -v "mkfs.$1" > /dev/null || return 0
  case $1 in xfs) sc_package=xfsprogs ;; *) sc_package=e2fsprogs ;; esac
  if command -v apt-get > /dev/null; then
    sc_apt install -- "$sc_package" || { sc_apt update && sc_apt install -- "$sc_package"; }
  else
    "$(command -v dnf || command -v yum)" -q -y install -- "$sc_package"
  fi
}

# sc_same_device DEVICE OTHER - by name, through links, or by number
sc_same_device() {
  [ "$(readlink -f "$1")" = "$2" ] || [ "$(stat -Lc '%t:%T' "$1" 2>/dev/null)" = "$(stat -Lc '%t:%T' "$2")" ]
}

# sc_volume VOLUME DEVICE PATH PARTITION FORMAT
sc_volume() {
  sc_whole=$(sc_wait_disk "$1" "$2")
  sc_part=$(sc_partition "$sc_whole" "$1" "$4")
  sc_file_system "$sc_part" "$1" "$5"
  sc_uuid=$(blkid -p -o value -s UUID "$sc_part")
  for sc_at in $(blkid -o device -t UUID="$sc_uuid" 2>/dev/null || true); do
    sc_same_device "$sc_at" "$sc_part" ||
      sc_fail "$sc_at has the same file system as volume $1, by its UUID: one is a copy; give it another with tune2fs -U random (xfs_admin -U generate)"
  done
  sc_new /etc/fstab
  { [ ! -e /etc/fstab ] || cat /etc/fstab; } | awk -v source="UUID=$sc_uuid" -v path="$3" '
    $1 !~ /^#/ && ($2 == path || $1 == source) { next }
    { print }
    END { print source, path, "auto", "defaults,nofail", 0, 2 }
  ' > "$sc_tmp"
  sc_install "$sc_tmp" /etc/fstab 644 root:root
  [ -d "$3" ] || mkdir -p "$3"
  if mountpoint -q "$3"; then
    sc_there=$(awk -v path="$3" '$2 == path { device = $1 } END { print device }' /proc/self/mounts)
    sc_same_device "$sc_there" "$sc_part" ||
      sc_fail "$3 is taken by $sc_there, so volume $1 cannot be mounted there"
    return 0
  fi
  sc_said=$(mount "$3" 2>&1) || sc_fail "mounting volume $1 at $3: $sc_said"
  sc_changed "$3"
}
`

/** Mounts volumes where they belong; formats one only when it is blank and a format is asked for. */
export function volumesStep(volumes: readonly AttachedVolume[]): ScriptStep {
  const calls = volumes.map(
    ({ volumeId, device, mountPath, partition, format }) =>
      sh`sc_volume ${volumeId} ${device} ${mountPath} ${partition === undefined ? '' : String(partition)} ${format ?? ''}`
        .text,
  )
  return { name: 'volumes', command: new ShellCommand(`${volumeFunctions}${calls.join('\n')}`) }
}
