import { type Cluster, log, type StartOverrides } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { endText } from '../end-text.js'
import { examples, positiveInteger, price } from '../examples.js'
import { followWaiting } from '../follow-waiting.js'
import { lifetime } from '../lifetime-option.js'
import { renderPreview } from '../render-preview.js'
import { loginCommand, runSsh } from '../ssh.js'
import { withoutEffect } from '../without-effect.js'

interface StartFlags {
  create: boolean
  createOnly?: boolean
  validateOnly?: boolean
  plan?: boolean
  json?: boolean
  loginMaster?: boolean
  clusterTemplate?: string
  clusterSize?: number
  clusterUser?: string
  clusterShell?: string
  masterImageId?: string
  nodeImageId?: string
  masterInstanceType?: string
  nodeInstanceType?: string
  availabilityZone?: string
  bid?: number
  ttl?: number
  forceSpotMaster?: boolean
  spotMaster?: boolean
  keyname?: string
  keyLocation?: string
  userdataScript?: string[]
  imageUser?: string
  dnsPrefix?: boolean
  subnetId?: string
  publicIps?: boolean
  verbose?: boolean
  timeline?: boolean
}

export const define: DefineCommand = (command, cli) => {
  withoutEffect(command, cli, {
    '-V, --skip-validation': 'the checks take a moment and cost nothing',
    '-r, --refresh-interval <seconds>': 'nodes are looked at as often as it is worth',
    '-d, --description <text>': 'it is kept nowhere; tags of the template are',
    '-q, --disable-queue': 'there are no queueing systems yet',
    '-Q, --enable-queue': 'there are no queueing systems yet',
  })
  command
    .argument('<tag>', 'name of the cluster')
    .option('-x, --no-create', 'use the existing instances: resume a stopped cluster, or finish an interrupted start')
    .option('-o, --create-only', 'launch the instances only: no waiting, no set-up')
    .option('-v, --validate-only', 'check the settings and stop')
    .option('--plan', 'tell what would be made, and stop; changes nothing')
    .option('--json', 'with --plan: as JSON')
    .option('-l, --login-master', 'log in to the master at the end')
    .option('-c, --cluster-template <name>', 'template of the config to start from')
    .option('-s, --cluster-size <n>', 'number of nodes, the master included', positiveInteger)
    .option('-u, --cluster-user <name>', 'user made on every node')
    .option('-S, --cluster-shell <shell>', "that user's shell: bash, zsh, csh, ksh or tcsh")
    .option('-m, --master-image-id <image>', 'image of the master')
    .option('-n, --node-image-id <image>', 'image of the nodes')
    .option(
      '--image-user <name>',
      'user with sudo that the image lets in instead of root; found by itself where it tells',
    )
    .option('-I, --master-instance-type <type>', 'instance type of the master')
    .option('-i, --node-instance-type <type>', 'instance type of the nodes')
    .option('-a, --availability-zone <zone>', 'zone of all nodes')
    .option('-b, --bid <price>', 'spot instances as workers, for at most so many US dollars an hour each', price)
    .option('--ttl <time>', 'the cluster ends by itself after so long, e.g. 8h', lifetime)
    .option('--force-spot-master', 'make the master a spot instance too')
    .option('--no-spot-master', 'do not')
    .option('-k, --keyname <name>', 'key pair')
    .option('-K, --key-location <file>', 'private key of that key pair')
    .option('-U, --userdata-script <file...>', 'script run by every node at its first boot')
    .option('-P, --dns-prefix', 'begin node names with the name of the cluster')
    .option('-p, --no-dns-prefix', 'do not')
    .option('-N, --subnet-id <id>', 'subnet of a VPC')
    .option('--public-ips', 'give the nodes public addresses in that subnet')
    .option('--no-public-ips', 'do not')
    .option('--verbose', 'print the output of commands on nodes as it comes')
    .option('--timeline', 'tell at the end what ran where, when and for how long')
    .action(async (tag: string, flags: StartFlags) => {
      if (flags.json && !flags.plan)
        command.error("error: option '--json' needs '--plan': a start itself prints no JSON")
      if (flags.json) cli.keepStdoutForData()
      const sc = await cli.open()
      log.info(await sc.describeRegion(cli.signal))
      const {
        create,
        createOnly,
        validateOnly,
        plan,
        json,
        loginMaster,
        clusterTemplate,
        verbose,
        timeline,
        ...settings
      } = flags
      const overrides = overridesOf(settings)
      const template = clusterTemplate === undefined ? {} : { template: clusterTemplate }
      if (plan) {
        const preview = await sc.cm.previewStart(tag, { signal: cli.signal, ...template, overrides })
        return cli.print(json ? JSON.stringify(preview, null, 2) : renderPreview(preview))
      }
      const start = () =>
        sc.cm.startCluster(tag, {
          signal: cli.signal,
          create,
          createOnly: createOnly === true,
          validateOnly: validateOnly === true,
          ...template,
          overrides,
        })
      const cluster = await followWaiting(cli, start, { verbose: verbose === true, timeline: timeline === true })
      if (createOnly || validateOnly) return
      if (loginMaster) {
        cli.exitWith(await runSsh(cli, await sc.cm.sshTarget(cluster.tag, 'master', { signal: cli.signal })))
      } else {
        cli.print(whatNext(loginCommand(cli.globals), cluster))
      }
    })
  examples(command, [
    ['starcluster start testcluster -s 3', 'three nodes with the default settings'],
    ['starcluster start prod -c bigcluster --plan', 'what that would make and call; nothing is changed'],
    ['starcluster start prod -c bigcluster', 'as the template [cluster bigcluster] says'],
    ['starcluster start testcluster -b 0.05', 'workers on the spot market, the master on demand'],
    ['starcluster start testcluster --ttl 8h', 'it ends by itself after eight hours, also when nobody watches'],
    ['starcluster start -x testcluster', 'resume a stopped cluster'],
  ])
}

/** Of one flag to force and one to forbid, which is true as long as it is not given. */
function overridesOf({ bid, forceSpotMaster, spotMaster, ...settings }: Partial<StartFlags>): StartOverrides {
  const force = forceSpotMaster ?? (spotMaster === false ? false : undefined)
  return {
    ...settings,
    ...(bid === undefined ? {} : { spotBid: bid }),
    ...(force === undefined ? {} : { forceSpotMaster: force }),
  }
}

function whatNext(starcluster: string, { tag, record, ends, isProtected }: Cluster): string {
  // A spot instance cannot be stopped.
  const stops = record.launch?.spot === undefined
  const next: (readonly [string, string])[] = [
    [`sshmaster ${tag}`, 'log in to the master as root'],
    ...(record.size > 1 ? [[`sshnode ${tag} node001`, 'log in to another node'] as const] : []),
    [`runplugin PLUGIN ${tag}`, 'run a plugin on it'],
    ['shell', 'write and try plugins'],
    ...(stops ? [[`stop ${tag}`, `stop it; "start -x ${tag}" resumes`] as const] : []),
    ...(ends ? [[`ttl ${tag} 4h`, 'give it four hours from now; "off": until you end it'] as const] : []),
    [`terminate ${tag}`, isProtected ? 'refused while it is protected (protect --off)' : 'end it and delete its disks'],
  ]
  const width = Math.max(...next.map(([words]) => words.length)) + 4
  const lines = next.map(([words, effect]) => `  ${starcluster} ${words.padEnd(width)}${effect}`)
  const end = ends ? `It ends ${endText(ends)}.\n` : ''
  return `\nThe cluster ${tag} is ready to use. ${end}Next:\n\n${lines.join('\n')}\n`
}
