import type { DefineCommand } from './context.js'

/** A command as the overview shows it; its options and code are loaded only when it is the one that runs. */
export interface CommandEntry {
  readonly name: string
  readonly aliases: readonly string[]
  readonly summary: string
  /** Number of own arguments after which everything is a remote command, options included. */
  readonly remoteCommandAfter?: number
  load(): Promise<{ define: DefineCommand }>
}

interface CommandGroup {
  readonly title: string
  readonly commands: readonly CommandEntry[]
}

const entry = (
  names: string,
  summary: string,
  load: CommandEntry['load'],
  more: Pick<CommandEntry, 'remoteCommandAfter'> = {},
): CommandEntry => {
  const [name = '', ...aliases] = names.split(' ')
  return { name, aliases, summary, load, ...more }
}

/** The commands by what they are about, as the overview shows them. */
export const groups: readonly CommandGroup[] = [
  {
    title: 'Clusters',
    commands: [
      entry('start', 'start a new cluster and configure it', () => import('./commands/start.js')),
      entry('stop', 'stop the nodes of a cluster, keeping their disks', () => import('./commands/stop.js')),
      entry('restart reboot', 'reboot a cluster and configure it again', () => import('./commands/restart.js')),
      entry('terminate', 'terminate a cluster and delete its disks', () => import('./commands/terminate.js')),
      entry('addnode an', 'add nodes to a running cluster', () => import('./commands/addnode.js')),
      entry('removenode rn', 'remove nodes from a cluster', () => import('./commands/removenode.js')),
      entry('listclusters lc', 'list the clusters of the region', () => import('./commands/listclusters.js')),
      entry('ttl', 'tell, set or lift the end of a cluster', () => import('./commands/ttl.js')),
      entry('protect', 'protect a cluster from being terminated, or lift that', () => import('./commands/protect.js')),
      entry('gc', 'find what clusters that are gone have left, and remove it', () => import('./commands/gc.js')),
    ],
  },
  {
    title: 'Nodes',
    commands: [
      entry('sshmaster sm', 'log in to the master, or run a command there', () => import('./commands/sshmaster.js'), {
        remoteCommandAfter: 1,
      }),
      entry('sshnode sn', 'log in to a node, or run a command there', () => import('./commands/sshnode.js'), {
        remoteCommandAfter: 2,
      }),
      entry(
        'sshinstance si',
        'log in to any instance, or run a command there',
        () => import('./commands/sshinstance.js'),
        {
          remoteCommandAfter: 1,
        },
      ),
      entry(
        'ssh-config',
        'write what ssh, rsync and VS Code need to reach nodes',
        () => import('./commands/ssh-config.js'),
      ),
      entry('exec', 'run a command on all nodes at once', () => import('./commands/exec.js'), {
        remoteCommandAfter: 1,
      }),
      entry('put', 'copy files and directories to the master or other nodes', () => import('./commands/put.js')),
      entry('get', 'copy files and directories from nodes', () => import('./commands/get.js')),
      entry('cp', 'copy files and directories to all nodes', () => import('./commands/cp.js')),
    ],
  },
  {
    title: 'Plugins and the shell',
    commands: [
      entry('runplugin rp', 'run a plugin on a cluster', () => import('./commands/runplugin.js')),
      entry('watch', 'run a plugin, and again each time it is saved', () => import('./commands/watch.js')),
      entry('test', 'try a plugin on a cluster of its own, from start to end', () => import('./commands/test.js')),
      entry('plugins', 'list the plugins there are, with their settings', () => import('./commands/plugins.js')),
      entry('shell sh', 'open the development shell', () => import('./commands/shell.js')),
      entry('newplugin', 'write a plugin to begin with', () => import('./commands/newplugin.js')),
      entry(
        'snapshot',
        'name the state of all disks of a cluster, to go back to (local cloud)',
        () => import('./commands/snapshot.js'),
      ),
      entry(
        'rollback',
        'put all disks of a cluster back to a named state (local cloud)',
        () => import('./commands/rollback.js'),
      ),
      entry('snapshots', 'list the named states of a cluster (local cloud)', () => import('./commands/snapshots.js')),
    ],
  },
  {
    title: 'Instances and prices',
    commands: [
      entry('listinstances lsi', 'list the instances of the region', () => import('./commands/listinstances.js')),
      entry('listspots ls', 'list spot requests', () => import('./commands/listspots.js')),
      entry('spothistory shi', 'tell the spot prices of an instance type', () => import('./commands/spothistory.js')),
      entry('showconsole sc', 'show the console output of an instance', () => import('./commands/showconsole.js')),
    ],
  },
  {
    title: 'Images',
    commands: [
      entry('listimages li', 'list your own images', () => import('./commands/listimages.js')),
      entry(
        'listpublic lp',
        'search the images of Debian, Ubuntu, Amazon Linux and the local cloud',
        () => import('./commands/listpublic.js'),
      ),
      entry('ebsimage eimg', 'make an image of an instance', () => import('./commands/ebsimage.js')),
      entry('copyimage', 'copy an image to other regions', () => import('./commands/copyimage.js')),
      entry('removeimage ri', 'remove images and their snapshots', () => import('./commands/removeimage.js')),
    ],
  },
  {
    title: 'Volumes',
    commands: [
      entry('listvolumes lv', 'list EBS volumes', () => import('./commands/listvolumes.js')),
      entry('createvolume cv', 'make an EBS volume', () => import('./commands/createvolume.js')),
      entry('resizevolume res', 'make an EBS volume larger', () => import('./commands/resizevolume.js')),
      entry('removevolume rv', 'delete EBS volumes', () => import('./commands/removevolume.js')),
    ],
  },
  {
    title: 'Keys, regions and buckets',
    commands: [
      entry('listkeypairs lk', 'list key pairs', () => import('./commands/listkeypairs.js')),
      entry('createkey ck', 'make or import a key pair', () => import('./commands/createkey.js')),
      entry('removekey rk', 'remove a key pair from EC2', () => import('./commands/removekey.js')),
      entry('listregions lr', 'list the regions of the cloud', () => import('./commands/listregions.js')),
      entry('listzones lz', 'list the availability zones of a region', () => import('./commands/listzones.js')),
      entry('listbuckets lb', 'list S3 buckets', () => import('./commands/listbuckets.js')),
      entry('showbucket sb', 'list the objects in S3 buckets', () => import('./commands/showbucket.js')),
    ],
  },
  {
    title: 'This program',
    commands: [
      entry('config', 'write, check and explain the config', () => import('./commands/config.js')),
      entry(
        'doctor',
        'check config, keys, credentials, permissions and the local cloud',
        () => import('./commands/doctor.js'),
      ),
      entry('cost', 'tell what runs now and what it costs an hour', () => import('./commands/cost.js')),
      entry(
        'iam-policy',
        'print the least policy of IAM that these commands need',
        () => import('./commands/iam-policy.js'),
      ),
      entry(
        'completion',
        'print what lets bash, zsh or fish complete commands and names',
        () => import('./commands/completion.js'),
      ),
      entry('local', 'look after the local cloud', () => import('./commands/local.js')),
    ],
  },
  {
    title: 'Gone',
    commands: [
      entry('s3image simg createimage', 'gone: see ebsimage', () => import('./commands/instance-store.js')),
      entry('showimage shimg', 'gone: see listimages', () => import('./commands/instance-store.js')),
      entry('downloadimage di', 'gone: see copyimage', () => import('./commands/instance-store.js')),
    ],
  },
]

export const commands: readonly CommandEntry[] = groups.flatMap((group) => group.commands)

/** The command that `word` names, by its name or an alias. */
export function findCommand(word: string | undefined): CommandEntry | undefined {
  return commands.find((c) => c.name === word || (word !== undefined && c.aliases.includes(word)))
}
