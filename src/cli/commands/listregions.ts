import { listRegions, type RegionListing } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import * as field from '../output/fields.js'
import { type Listing, type ListingFlags, listingOptions, openFor, printListing } from '../output/listing.js'

export const listing: Listing<RegionListing> = {
  name: ({ name }) => name,
  fields: {
    name: field.text('name of the region', ({ name }) => name, { column: 'REGION' }),
    endpoint: field.text('host name of EC2 there', ({ endpoint }) => endpoint, { column: 'ENDPOINT' }),
  },
}

export const define: DefineCommand = (command, cli) => {
  command.description('list the regions of the cloud you are on: of AWS, or the local one')
  listingOptions(command, { long: false }).action(async (flags: ListingFlags) => {
    const sc = await openFor(cli, flags)
    printListing(cli, flags, await listRegions(sc, { signal: cli.signal }), listing, 'No regions.')
  })
  examples(command, [
    ['starcluster listregions', 'names and endpoints'],
    ['starcluster -r us-east-1 listregions --quiet', 'the names of all regions of AWS'],
  ])
}
