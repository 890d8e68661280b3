import { type BucketListing, listBuckets } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import * as field from '../output/fields.js'
import { type Listing, type ListingFlags, listingOptions, openFor, printListing } from '../output/listing.js'

export const listing: Listing<BucketListing> = {
  name: ({ name }) => name,
  fields: {
    name: field.text('name of the bucket', ({ name }) => name, { column: 'BUCKET' }),
    region: field.text('region it is in, when S3 says so', ({ region }) => region, { column: 'REGION' }),
    createTime: field.time('when it was made', ({ createTime }) => createTime, { column: 'MADE', extra: true }),
  },
}

export const define: DefineCommand = (command, cli) => {
  command.description('list the S3 buckets of the account by name')
  listingOptions(command, { long: false }).action(async (flags: ListingFlags) => {
    const sc = await openFor(cli, flags)
    printListing(cli, flags, await listBuckets(sc, { signal: cli.signal }), listing, 'You have no buckets.')
  })
  examples(command, [
    ['starcluster listbuckets', 'all of them'],
    ['starcluster -r us-east-1 listbuckets --quiet', 'only the names, on AWS'],
  ])
}
