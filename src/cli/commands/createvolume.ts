import { Option } from 'commander'
import { type CreateVolumeOptions, createVolume, log, type VolumeListing } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples, positiveInteger } from '../examples.js'
import { tagPairs } from '../tag-pairs.js'

interface Flags extends Omit<CreateVolumeOptions, 'size' | 'zone' | 'tags' | 'signal'> {
  readonly tag?: Record<string, string>
}

const types = ['gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1', 'standard']

export const define: DefineCommand = (command, cli) => {
  command
    .description(
      'make an EBS volume; blank, a cluster formats it at its first use when its [volume] section says format',
    )
    .argument('<size>', 'GiB', positiveInteger)
    .argument('<zone>', 'availability zone; only clusters there can have it')
    .option('-n, --name <name>', 'its tag Name')
    .option('-t, --tag <key=value>', 'a tag; again or with commas for more', tagPairs)
    .addOption(new Option('--type <type>', 'kind of volume (default: gp3)').choices(types))
    .option('--iops <n>', 'operations a second (gp3, io1, io2)', positiveInteger)
    .option('--throughput <n>', 'MiB a second (gp3)', positiveInteger)
    .option('--encrypted', "encrypted with the account's key for volumes")
    .option('--snapshot-id <id>', 'begins as a copy of this snapshot')
    .action(async (size: number, zone: string, { tag, ...flags }: Flags) => {
      const { aws } = await cli.open()
      const made = await createVolume({ aws, log }, { ...flags, size, zone, tags: tag, signal: cli.signal })
      cli.print(`${made.id}  ${made.size} GiB  ${made.zone}`)
      cli.print(`To have it in clusters, say in the config:\n\n${section(made)}`)
    })
  examples(command, [
    ['starcluster createvolume 20 local-a --name data', '20 GiB for clusters in zone local-a'],
    [
      'starcluster -r us-east-1 createvolume 500 us-east-1c --encrypted --tag team=bio',
      'on AWS, encrypted, with a tag',
    ],
  ])
}

/** What a person adds to the config; a copy of a snapshot has a file system already. */
function section({ id, snapshotId, name }: VolumeListing): string {
  const called = name !== undefined && /^[\w.-]+$/.test(name) ? name : 'data'
  const format = snapshotId === undefined ? '\nformat = ext4' : ''
  return `[volume ${called}]\nvolume_id = ${id}\nmount_path = /${called}${format}\n\n[cluster NAME]\nvolumes = ${called}`
}
