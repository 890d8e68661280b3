import { Option } from 'commander'
import { type CreateVolumeOptions, createVolume, log, type VolumeListing, volumeSectionAdder } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples, positiveInteger } from '../examples.js'
import { tagPairs } from '../tag-pairs.js'
import { volumeHostOptions } from '../volume-host-options.js'
import { showingProgress } from '../waiting.js'
import { withoutEffect } from '../without-effect.js'

interface Flags extends Omit<CreateVolumeOptions, 'size' | 'zone' | 'tags' | 'signal'> {
  readonly tag?: Record<string, string>
  readonly addToConfig?: string
}

const types = ['gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1', 'standard']

const NO_HOST = 'no instance is needed to make a volume'

export const define: DefineCommand = (command, cli) => {
  withoutEffect(command, cli, {
    ...volumeHostOptions(NO_HOST),
    '-b, --bid <price>': NO_HOST,
    '-m, --mkfs-cmd <command>': 'a cluster formats it at its first use, as format of its [volume] section says',
  })
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
    .option('--add-to-config <name>', 'add it to the config as section [volume NAME], mounted at /NAME')
    .action(async (size: number, zone: string, { tag, addToConfig, ...flags }: Flags) => {
      const { aws, config } = await cli.open()
      const add = addToConfig === undefined ? undefined : volumeSectionAdder(config(), addToConfig, cli.env)
      const made = await showingProgress((onProgress) =>
        createVolume({ aws, log }, { ...flags, size, zone, tags: tag, signal: cli.signal, onProgress }),
      )
      const name = addToConfig ?? sectionName(made)
      const settings = sectionOf(made, name)
      cli.print(`${made.id}  ${made.size} GiB  ${made.zone}`)
      if (add) cli.print(`It is [volume ${name}] of ${add(settings)} now. A cluster has it with: volumes = ${name}`)
      else cli.print(`To have it in clusters, say in the config:\n\n${asText(name, settings)}`)
    })
  examples(command, [
    ['starcluster createvolume 20 local-a --add-to-config data', '20 GiB, in the config as [volume data]'],
    [
      'starcluster -r us-east-1 createvolume 500 us-east-1c --encrypted --tag team=bio',
      'on AWS, encrypted, with a tag',
    ],
  ])
}

/** The volume's own name where a section can have it. */
function sectionName({ name }: VolumeListing): string {
  return name !== undefined && /^\w[\w.-]*$/.test(name) ? name : 'data'
}

/** A copy of a snapshot has a file system already. */
function sectionOf({ id, snapshotId }: VolumeListing, name: string): Record<string, string> {
  return { volume_id: id, mount_path: `/${name}`, ...(snapshotId === undefined ? { format: 'ext4' } : {}) }
}

function asText(name: string, settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`)
  return `[volume ${name}]\n${lines.join('\n')}\n\n[cluster NAME]\nvolumes = ${name}`
}
