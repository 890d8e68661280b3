import { type ImageListing, listImages } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { imageFields } from '../output/image-fields.js'
import { type Listing, type ListingFlags, listingOptions, openFor, printListing } from '../output/listing.js'

export const listing: Listing<ImageListing> = { name: ({ id }) => id, fields: imageFields }

export const define: DefineCommand = (command, cli) => {
  command
    .description('list your own images of the region, newest first')
    .option('-x, --executable-by-me', 'instead those of others that are shared with you')
  listingOptions(command).action(async (flags: ListingFlags & { executableByMe?: boolean }) => {
    const sc = await openFor(cli, flags)
    const executableByMe = flags.executableByMe === true
    const found = await listImages(sc, { executableByMe, signal: cli.signal })
    const none = executableByMe ? 'No images are shared with you' : 'You have no images'
    printListing(
      cli,
      flags,
      found,
      listing,
      `${none} in region ${sc.region.name}. "starcluster listpublic" finds others.`,
    )
  })
  examples(command, [
    ['starcluster listimages', 'what "starcluster ebsimage" has made'],
    ['starcluster listimages --executable-by-me --quiet', 'only the ids of images that others share with you'],
  ])
}
