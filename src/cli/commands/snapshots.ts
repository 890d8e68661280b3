import type { ClusterSnapshot } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import * as field from '../output/fields.js'
import { type Listing, type ListingFlags, listingOptions, openFor, printListing } from '../output/listing.js'

interface Flags extends ListingFlags {
  readonly remove?: string
}

export const listing: Listing<ClusterSnapshot> = {
  name: ({ name }) => name,
  fields: {
    created: field.time('when it was made', ({ created }) => created, { column: 'MADE' }),
    name: field.text('its name', ({ name }) => name, { column: 'SNAPSHOT', wraps: true }),
  },
}

export const define: DefineCommand = (command, cli) => {
  command
    .description('list the named states of a cluster, oldest first (local cloud)')
    .argument('<tag>', 'name of the cluster')
    .option('--remove <name>', 'forget this one; the disks stay as they are')
  listingOptions(command, { long: false }).action(async (tag: string, flags: Flags) => {
    const { cm } = await openFor(cli, flags)
    const options = { signal: cli.signal }
    if (flags.remove !== undefined) await cm.forgetSnapshot(tag, flags.remove, options)
    printListing(cli, flags, await cm.listSnapshots(tag, options), listing, `No snapshots of ${tag}.`)
  })
  examples(command, [
    ['starcluster snapshots testcluster', 'when each was made, and its name'],
    [
      'starcluster snapshots testcluster --remove before-myplugin',
      'the next runplugin --fresh begins with the state of then',
    ],
  ])
}
