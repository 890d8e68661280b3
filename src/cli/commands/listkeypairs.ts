import { type KeyPairListing, listKeyPairs } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import * as field from '../output/fields.js'
import { type Listing, type ListingFlags, listingOptions, openFor, printListing } from '../output/listing.js'

export const listing: Listing<KeyPairListing> = {
  name: ({ name }) => name,
  fields: {
    name: field.text('name of the key pair', ({ name }) => name, { column: 'NAME', wraps: true }),
    type: field.text('rsa or ed25519', ({ type }) => type, { column: 'TYPE' }),
    fingerprint: field.text('as EC2 tells it', ({ fingerprint }) => fingerprint, { column: 'FINGERPRINT' }),
    id: field.text('id of the key pair', ({ id }) => id),
    createTime: field.time('when it was made or imported', ({ createTime }) => createTime),
    tags: field.tags('tags by key', ({ tags }) => tags),
  },
}

export const define: DefineCommand = (command, cli) => {
  command.description('list the key pairs of the region by name')
  listingOptions(command).action(async (flags: ListingFlags) => {
    const sc = await openFor(cli, flags)
    const found = await listKeyPairs(sc, { signal: cli.signal })
    const none = `No key pairs in region ${sc.region.name}. "starcluster createkey NAME" makes one.`
    printListing(cli, flags, found, listing, none)
  })
  examples(command, [
    ['starcluster listkeypairs', 'names and fingerprints'],
    ['starcluster -r us-east-1 listkeypairs --json', 'those of a region of AWS, for a program'],
  ])
}
