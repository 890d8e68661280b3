import { resolve } from 'node:path'
import type { Image } from '@aws-sdk/client-ec2'
import { createStarCluster } from '../../index.js'
import { importImage, workOnBaseImage } from '../../localcloud/control-images.js'
import type { CliContext } from '../context.js'
import * as field from '../output/fields.js'
import { type Listing, type ListingFlags, printListing } from '../output/listing.js'

export const listing: Listing<Image> = {
  name: ({ ImageId = '' }) => ImageId,
  fields: {
    id: field.text('id of the image', ({ ImageId }) => ImageId, { column: 'IMAGE' }),
    state: field.text('available, pending or failed', ({ State }) => State, { column: 'STATE' }),
    createTime: field.time(
      'when it was made',
      ({ CreationDate }) => (CreationDate ? new Date(CreationDate) : undefined),
      {
        column: 'MADE',
        extra: true,
      },
    ),
    name: field.text('its name', ({ Name }) => Name, { column: 'NAME', wraps: true }),
    description: field.text('of what it was made, and what is wrong with it', whatItIs, {
      column: 'WHAT',
      wraps: true,
    }),
  },
}

function whatItIs({ SourceInstanceId, Description, StateReason }: Image): string {
  const of = SourceInstanceId && `of ${SourceInstanceId}`
  return [of, Description, StateReason?.Message].filter(Boolean).join('; ')
}

/** All images that machines of the local cloud can start from, as EC2 tells them. */
export async function list(cli: CliContext, flags: ListingFlags = {}): Promise<void> {
  if (flags.json || flags.quiet) cli.keepStdoutForData()
  const images = await withEc2(
    cli,
    async (ec2) => (await ec2.describeImages({ Owners: ['self', 'amazon'] })).Images ?? [],
  )
  const none = 'No images yet: the first start builds one, or "starcluster local image build".'
  printListing(cli, flags, images, listing, none)
}

export async function build(cli: CliContext, flags: { force?: boolean; systemd?: boolean }): Promise<void> {
  await cli.openLog()
  const systemd = flags.systemd === true
  await workOnBaseImage({ act: flags.force ? 'rebuild' : 'build', systemd }, following(cli))
  await list(cli)
}

export async function refresh(cli: CliContext): Promise<void> {
  await cli.openLog()
  await workOnBaseImage({ act: 'refresh' }, following(cli))
  cli.print('Package lists are fresh for machines made from now on; in those there are: apt-get update')
}

const following = (cli: CliContext) => ({
  env: cli.env,
  signal: cli.signal,
  onProgress: (line: string) => cli.print(line),
})

export async function importFile(cli: CliContext, file: string, flags: { name?: string }): Promise<void> {
  await cli.openLog()
  const request = { file: resolve(file), ...(flags.name === undefined ? {} : { name: flags.name }) }
  const { id, name, description } = await importImage(request, following(cli))
  cli.print(`Imported ${id}  ${name}  (${description})`)
  cli.print(`Start a cluster from it with: starcluster start CLUSTER -n ${id}`)
}

export async function remove(cli: CliContext, ids: readonly string[]): Promise<void> {
  await withEc2(cli, async (ec2) => {
    for (const ImageId of ids) {
      await ec2.deregisterImage({ ImageId, DeleteAssociatedSnapshots: true })
      cli.print(`Removed ${ImageId}.`)
    }
  })
}

async function withEc2<T>(
  cli: CliContext,
  act: (ec2: Awaited<ReturnType<typeof createStarCluster>>['aws']['ec2']) => Promise<T>,
) {
  await cli.openLog()
  const sc = await createStarCluster({ env: cli.env, region: 'local' })
  try {
    return await act(sc.aws.ec2)
  } finally {
    await sc.close()
  }
}
