import { realpath } from '../ssh/files.js'
import type { RemoteNode } from './remote-node.js'

/** A part of a disk. Sectors have 512 bytes. */
export interface Partition {
  /** First sector. */
  readonly start: number
  /** Last sector. */
  readonly end: number
  /** Size in KiB. */
  readonly blocks: number
  /** Type in the partition table: `0x83`, or a GUID; empty when the node cannot tell. */
  readonly id: string
}

interface BlockDevices {
  /** Sizes in KiB, by device: `/dev/xvda`. */
  readonly disks: ReadonlyMap<string, number>
  /** By device, with the disk it is on. */
  readonly partitions: ReadonlyMap<string, Partition & { readonly disk: string }>
}

/** Disks of the node with their sizes in KiB, by device. */
export async function getDeviceMap(node: RemoteNode): Promise<Map<string, number>> {
  return new Map((await readBlockDevices(node)).disks)
}

/** Partitions of the node by device; of one disk when it is named (a symbolic link such as `/dev/sdf` too). */
export async function getPartitionMap(node: RemoteNode, device?: string): Promise<Map<string, Partition>> {
  const disk = device === undefined ? undefined : await realpath(node.ssh, device)
  const { partitions } = await readBlockDevices(node)
  const wanted = [...partitions].filter(([, { disk: on }]) => disk === undefined || on === disk)
  return new Map(wanted.map(([name, { start, end, blocks, id }]) => [name, { start, end, blocks, id }]))
}

/** What the kernel tells of disks and partitions below `root`. Memory disks and loops are left out. */
export function blockDeviceScript(root = ''): string {
  return `while read -r major minor blocks name; do
  at=${root}/sys/class/block/$name
  case $name in '' | name | ram* | loop* | zram* | sr* | fd*) continue ;; esac
  if [ -e "$at/partition" ]; then
    disk=$(basename "$(dirname "$(readlink -f "$at")")")
    echo "partition $name $disk $blocks $(cat "$at/start") $(blkid -p -s PART_ENTRY_TYPE -o value "/dev/$name" 2> /dev/null)"
  else
    echo "disk $name $blocks"
  fi
done < ${root}/proc/partitions`
}

export function parseBlockDevices(text: string): BlockDevices {
  const disks = new Map<string, number>()
  const partitions = new Map<string, Partition & { disk: string }>()
  for (const [kind, name, ...rest] of text.split('\n').map((line) => line.trim().split(/\s+/))) {
    if (kind === 'disk') disks.set(`/dev/${name}`, Number(rest[0]))
    if (kind !== 'partition') continue
    const [disk, size, first, id = ''] = rest
    const [blocks, start] = [Number(size), Number(first)]
    partitions.set(`/dev/${name}`, { disk: `/dev/${disk}`, start, end: start + blocks * 2 - 1, blocks, id })
  }
  return { disks, partitions }
}

async function readBlockDevices(node: RemoteNode): Promise<BlockDevices> {
  const { stdout } = await node.ssh.execute('/bin/sh -s', {
    stdin: blockDeviceScript(),
    sourceProfile: false,
    label: 'disks and partitions',
  })
  return parseBlockDevices(stdout)
}
