import type { Command } from 'commander'
import { confirmationOptions } from '../confirmation.js'
import type { CliContext, DefineCommand } from '../context.js'
import { examples, notes, percentage, positiveInteger } from '../examples.js'
import { listingOptions } from '../output/listing.js'
import { define as rollback } from './rollback.js'
import { define as snapshot } from './snapshot.js'
import { define as snapshots } from './snapshots.js'

const FAULT_HELP = `
Kinds: capacity, throttle, visibility, slow-boot, boot-failure, no-ssh, crash, spot-interruption, packet-loss, delay,
full-disk; docs/local-cloud.md says what each does.`

/** `starcluster local ...`: each act is in its own file and loaded when it runs. */
export const define: DefineCommand = (command, cli) => {
  const act = (name: string, summary: string) => sub(command, name).description(summary)

  act('status', 'is the daemon running, which machines are there and what they cost')
    .option('--json', 'as JSON')
    .action(async (flags) => (await import('../local/status.js')).status(cli, flags))
  act('stop', 'end the daemon; its machines go on and are found again').action(async () =>
    (await import('../local/stop.js')).stop(cli),
  )
  act('logs', "print the daemon's log")
    .option('-n, --lines <n>', 'only the last lines', '100')
    .action(async (flags) => (await import('../local/logs.js')).logs(cli, flags))
  act('doctor', 'check what the local cloud needs from this computer, one by one')
    .option('-q, --quiet', 'print only what is missing')
    .action(async (flags) => (await import('../local/doctor.js')).doctor(cli, flags))
  confirmationOptions(act('reset', 'remove all machines, disks, keys and buckets of the local cloud'))
    .option('--images', 'remove the base images too')
    .action(async (flags) => (await import('../local/reset.js')).reset(cli, flags))
  act('env', 'print the settings with which the aws CLI and boto3 talk to the local cloud').action(async () =>
    (await import('../local/env.js')).env(cli),
  )
  act('egress', 'open or close the way of machines to what this computer reaches; without a word: how it is')
    .addArgument(command.createArgument('[way]', 'at once, and kept').choices(['on', 'off']))
    .action(async (way) => (await import('../local/egress.js')).egress(cli, way))
  const inject = act('inject', 'let something go wrong on demand, for tests; KIND may also be list or clear')
    .argument('<kind>', 'one of the kinds below; list; clear')
    .argument('[which]', 'after clear: the kind to clear; default: all')
    .option('--type <type>', 'only launches of this instance type (capacity)')
    .option('--zone <zone>', 'only launches in this zone (capacity)')
    .option('--times <n>', 'so many launches or machines; default: until cleared', positiveInteger)
    .option('--ms <n>', 'milliseconds (visibility, slow-boot, crash, spot-interruption, delay)', positiveInteger)
    .option('--instance <id>', 'only this one (spot-interruption, full-disk)')
    .option('--percent <n>', 'of all packets (packet-loss)', percentage)
    .action(async (kind, which, flags) => (await import('../local/inject.js')).inject(cli, kind, which, flags))
  notes(inject, FAULT_HELP)
  for (const [name, define] of Object.entries({ snapshot, rollback, snapshots })) define(sub(command, name), cli)
  const profile = act('profile', 'look after the instance profiles that give machines a role')
  const profileAct = (name: string, summary: string) => sub(profile, name).description(summary)
  profileAct('list', 'list the instance profiles').action(async () =>
    (await import('../local/profiles.js')).profiles(cli, {}),
  )
  profileAct('add', 'make one, with a role of the same name')
    .argument('<name>', 'what it is called')
    .action(async (add) => (await import('../local/profiles.js')).profiles(cli, { add }))
  profileAct('remove', 'remove one that no machine has')
    .argument('<name>', 'name of the profile')
    .action(async (remove) => (await import('../local/profiles.js')).profiles(cli, { remove }))
  const image = act('image', 'look after the images machines start from')
  const imageAct = (name: string, summary: string) => sub(image, name).description(summary)
  listingOptions(imageAct('list', 'list the images'), { long: false }).action(async (flags) =>
    (await import('../local/images.js')).list(cli, flags),
  )
  imageAct('build', 'build the base image, where it is missing')
    .option('-f, --force', 'build it anew with the packages of today; machines stay on theirs')
    .option('--systemd', 'the one whose machines run systemd: start with -n debian-12-systemd')
    .action(async (flags) => (await import('../local/images.js')).build(cli, flags))
  imageAct('refresh', 'fetch the package lists now, for machines made from now on').action(async () =>
    (await import('../local/images.js')).refresh(cli),
  )
  imageAct('import', 'make an image of a tar file with a root file system (debootstrap, docker export, LXC)')
    .argument('<file>', 'plain, or compressed with gzip, xz, zstd or bzip2')
    .option('--name <name>', "the image's name; default: the file's")
    .action(async (file, flags) => (await import('../local/images.js')).importFile(cli, file, flags))
  imageAct('remove', 'remove images; machines made from them go on')
    .argument('<ami...>', 'ids of images')
    .action(async (ids) => (await import('../local/images.js')).remove(cli, ids))
  examples(command, [
    ['starcluster local doctor', 'what is missing here, and how to mend it'],
    ['starcluster local image import rootfs.tar.xz', 'then: starcluster start mycluster -n rootfs'],
    ['eval "$(starcluster local env)"', 'let "aws ec2 describe-instances" ask the local cloud'],
  ])
}

function sub(parent: Command, name: string): Command {
  return parent.command(name).copyInheritedSettings(parent)
}

export type LocalAct<Flags = object> = (cli: CliContext, flags: Flags) => Promise<void>
