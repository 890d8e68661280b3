import { Option } from 'commander'
import { listVolumes, type VolumeFilters, type VolumeListing } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples, positiveInteger } from '../examples.js'
import * as field from '../output/fields.js'
import { type Listing, type ListingFlags, listingOptions, openFor, printListing } from '../output/listing.js'
import { tagPairs } from '../tag-pairs.js'

export const listing: Listing<VolumeListing> = {
  name: ({ id }) => id,
  fields: {
    id: field.text('id of the volume', ({ id }) => id, { column: 'VOLUME' }),
    name: field.text('its tag Name', ({ name }) => name, { column: 'NAME', wraps: true }),
    size: field.gib('GiB', ({ size }) => size, { column: 'SIZE' }),
    status: field.text('creating, available, in-use, deleting, deleted or error', ({ status }) => status, {
      column: 'STATUS',
    }),
    attachmentStatus: field.text('attaching, attached, detaching or detached', (v) => v.attachStatus),
    instanceId: field.text('instance that has it', ({ instanceId }) => instanceId, { column: 'INSTANCE' }),
    device: field.text('device name it was attached as', ({ device }) => device),
    zone: field.text('availability zone', ({ zone }) => zone, { column: 'ZONE' }),
    type: field.text('gp3, gp2, io2, st1, ...', ({ type }) => type),
    encrypted: field.flag('whether it is encrypted', ({ encrypted }) => encrypted),
    snapshotId: field.text('snapshot it was made from', ({ snapshotId }) => snapshotId),
    snapshotIds: field.texts('snapshots taken of it', ({ snapshotIds }) => snapshotIds),
    createTime: field.time('when it was made', ({ createTime }) => createTime, { column: 'MADE', extra: true }),
    tags: field.tags('tags by key', ({ tags }) => tags),
  },
}

interface Flags extends ListingFlags {
  name?: string
  volumeId?: string
  size?: number
  status?: string
  attachStatus?: string
  zone?: string
  snapshotId?: string
  tag?: Record<string, string>
  showDeleted?: boolean
}

const states = ['creating', 'available', 'in-use', 'deleting', 'deleted', 'error']
const attachStates = ['attaching', 'attached', 'detaching', 'detached']

export const define: DefineCommand = (command, cli) => {
  command
    .description('list the EBS volumes of the region, oldest first; several filters must all hold')
    .option('-n, --name <name>', 'of this tag Name')
    .option('-v, --volume-id <id>', 'of this id')
    .option('-s, --size <gib>', 'of this size in GiB', positiveInteger)
    .addOption(new Option('-S, --status <status>', 'in this state').choices(states))
    .addOption(new Option('-a, --attach-status <status>', 'attached like this').choices(attachStates))
    .option('-z, --zone <zone>', 'in this availability zone')
    .option('-i, --snapshot-id <id>', 'made from this snapshot')
    .option('-t, --tag <key=value>', 'with this tag; key= for any value', tagPairs)
    .option('-d, --show-deleted', 'those too that are being deleted')
  listingOptions(command).action(async (flags: Flags) => {
    const sc = await openFor(cli, flags)
    const found = await listVolumes(sc, { ...filtersOf(flags), signal: cli.signal })
    const none = `No such volumes in region ${sc.region.name}. "starcluster createvolume SIZE ZONE" makes one.`
    printListing(cli, flags, found, listing, none)
  })
  examples(command, [
    ['starcluster listvolumes', 'all volumes'],
    ['starcluster listvolumes --status available --quiet', 'ids of those that nobody uses'],
  ])
}

function filtersOf({ name, volumeId: id, size, status, attachStatus, zone, snapshotId, tag, showDeleted }: Flags) {
  const given = { name, id, size, status, attachStatus, zone, snapshotId, tags: tag, deleted: showDeleted }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as VolumeFilters
}
