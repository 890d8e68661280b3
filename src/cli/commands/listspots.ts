import { listSpotRequests, type SpotRequestListing } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import * as field from '../output/fields.js'
import { type Listing, type ListingFlags, listingOptions, openFor, printListing } from '../output/listing.js'

export const listing: Listing<SpotRequestListing> = {
  name: ({ id }) => id,
  fields: {
    id: field.text('id of the request', ({ id }) => id, { column: 'REQUEST' }),
    state: field.text('open, active, closed, cancelled, failed or disabled', ({ state }) => state, {
      column: 'STATE',
    }),
    status: field.text("EC2's status code", ({ status }) => status, { column: 'STATUS', wraps: true }),
    message: field.text('what the code means', ({ message }) => message),
    kind: field.text('one-time or persistent', ({ kind }) => kind),
    maxPrice: field.dollarsAnHour('most that is paid, USD an hour; none: the price on demand', (s) => s.maxPrice, {
      column: 'MAX USD/H',
    }),
    instanceId: field.text('id of the instance it gave', ({ instanceId }) => instanceId, { column: 'INSTANCE' }),
    type: field.text('instance type', ({ type }) => type, { column: 'TYPE' }),
    imageId: field.text('id of the image', ({ imageId }) => imageId),
    zone: field.text('availability zone', ({ zone }) => zone, { column: 'ZONE', extra: true }),
    createTime: field.time('when it was made', ({ createTime }) => createTime, { column: 'MADE', extra: true }),
    tags: field.tags('tags by key', (s) => s.tags),
  },
}

export const define: DefineCommand = (command, cli) => {
  command
    .description('list the spot requests of the region, oldest first')
    .option('-c, --show-closed', 'closed and cancelled ones too')
  listingOptions(command).action(async (flags: ListingFlags & { showClosed?: boolean }) => {
    const sc = await openFor(cli, flags)
    const found = await listSpotRequests(sc, { closed: flags.showClosed === true, signal: cli.signal })
    printListing(cli, flags, found, listing, `No spot requests in region ${sc.region.name}.`)
  })
  examples(command, [
    ['starcluster listspots', 'open and active ones'],
    ['starcluster listspots -c --long', 'all that EC2 still tells of, a block for each'],
  ])
}
