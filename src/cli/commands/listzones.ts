import { listZones, type ZoneListing } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import * as field from '../output/fields.js'
import { type Listing, type ListingFlags, listingOptions, openFor, printListing } from '../output/listing.js'

export const listing: Listing<ZoneListing> = {
  name: ({ name }) => name,
  fields: {
    name: field.text('name of the zone', ({ name }) => name, { column: 'ZONE' }),
    id: field.text('the same in all accounts', ({ id }) => id, { column: 'ID' }),
    region: field.text('region it is in', ({ region }) => region, { column: 'REGION' }),
    state: field.text('available, impaired, ...', ({ state }) => state, { column: 'STATE' }),
  },
}

export const define: DefineCommand = (command, cli) => {
  command
    .description('list the availability zones of a region by name')
    .option('-r, --region <name>', 'of this region (default: the one you are on)')
  listingOptions(command, { long: false }).action(async (flags: ListingFlags & { region?: string }) => {
    const sc = await openFor(cli, flags)
    const aws = flags.region === undefined ? sc.aws : sc.awsIn(flags.region)
    printListing(cli, flags, await listZones({ aws }, { signal: cli.signal }), listing, 'No zones.')
  })
  examples(command, [
    ['starcluster listzones', 'zones of the region you are on'],
    ['starcluster -r us-east-1 listzones --region eu-west-1', 'of another region'],
  ])
}
