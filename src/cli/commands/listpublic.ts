import { type PublicImage, searchPublicImages } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import * as field from '../output/fields.js'
import { imageFields } from '../output/image-fields.js'
import { type Listing, type ListingFlags, listingOptions, openFor, printListing } from '../output/listing.js'

const { state: _, ...facts } = imageFields

export const listing: Listing<PublicImage> = {
  name: ({ id }) => id,
  fields: {
    publisher: field.text('Debian, Ubuntu, Amazon Linux or local cloud', ({ publisher }) => publisher, {
      column: 'PUBLISHER',
    }),
    ...facts,
  },
}

export const define: DefineCommand = (command, cli) => {
  command
    .description('search the public images of Debian, Ubuntu, Amazon Linux and the local cloud, newest first')
    .argument('[word...]', 'only images with these words in name, description, publisher or architecture')
    .option('-a, --all', 'older issues too, not only the newest of each release of the last two years')
  listingOptions(command).action(async (words: string[], flags: ListingFlags & { all?: boolean }) => {
    const sc = await openFor(cli, flags)
    const found = await searchPublicImages(sc, { words, all: flags.all === true, signal: cli.signal })
    const what = words.length === 0 ? '' : ` with ${words.join(' ')}`
    printListing(cli, flags, found, listing, `No public images${what} in region ${sc.region.name}.`)
  })
  examples(command, [
    ['starcluster listpublic', 'the newest of each release'],
    ['starcluster -r us-east-1 listpublic ubuntu arm64', 'those of Ubuntu for arm64'],
  ])
}
