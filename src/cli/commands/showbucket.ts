import { type ObjectListing, showBucket } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import * as field from '../output/fields.js'
import { type Listing, type ListingFlags, listingOptions, openFor, printListing } from '../output/listing.js'

export const listing: Listing<ObjectListing> = {
  name: ({ key }) => key,
  fields: {
    bucket: field.text('bucket it is in', ({ bucket }) => bucket, { column: 'BUCKET' }),
    key: field.text('key of the object', ({ key }) => key, { column: 'KEY', wraps: true }),
    size: field.number('bytes', ({ size }) => size, { column: 'BYTES' }),
    modified: field.time('when it was last written', ({ modified }) => modified, { column: 'WRITTEN', extra: true }),
    storageClass: field.text('STANDARD, GLACIER, ...', ({ storageClass }) => storageClass),
  },
}

export const define: DefineCommand = (command, cli) => {
  command
    .description('list the objects in S3 buckets by key')
    .argument('<bucket...>', 'names of buckets')
    .option('-p, --prefix <text>', 'only keys that begin with this')
  listingOptions(command).action(async (buckets: string[], flags: ListingFlags & { prefix?: string }) => {
    const sc = await openFor(cli, flags)
    const found: ObjectListing[] = []
    for (const bucket of new Set(buckets)) {
      found.push(...(await showBucket(sc, bucket, { prefix: flags.prefix, signal: cli.signal })))
    }
    printListing(cli, flags, found, listing, 'No objects.')
  })
  examples(command, [
    ['starcluster showbucket my-data', 'keys, sizes and times'],
    ['starcluster showbucket my-data --prefix 2026/ --quiet', 'only the keys below a folder'],
  ])
}
