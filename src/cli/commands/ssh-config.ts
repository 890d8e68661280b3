import { foldNodeNames, log } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples, notes } from '../examples.js'

const HELP = `
With it "ssh testcluster-node001", scp, rsync and VS Code reach the running nodes, with the key, the pinned host keys, the port and
the jump host of their cluster. Write it again when nodes were added, restarted or removed.`

export const define: DefineCommand = (command, cli) => {
  command
    .argument('[tag...]', 'names of clusters (default: all)')
    .option('-u, --user <name>', 'log in as this user', 'root')
    .option('-w, --write', 'write it to ~/.starcluster/ssh_config, and say how ssh is told of that file')
    .action(async (tags: string[], { user, write = false }: { user: string; write?: boolean }) => {
      cli.keepStdoutForData()
      const { cm } = await cli.open()
      const { text, file, hosts } = await cm.sshConfig(tags, { user, write, signal: cli.signal })
      if (hosts.length === 0) log.warn('no nodes run in this region')
      if (!write) return cli.print(text.trimEnd())
      cli.print(`Wrote ${file}: ${foldNodeNames(hosts) || 'without nodes'}`)
      cli.print(
        `ssh reads it with this line at the top of ~/.ssh/config:\n\n  Include ${/\s/.test(file) ? `"${file}"` : file}\n`,
      )
    })
  notes(command, HELP)
  examples(command, [
    ['starcluster ssh-config testcluster', "print what ssh needs to know of testcluster's nodes"],
    ['starcluster ssh-config --write', 'for all clusters, into a file that ~/.ssh/config can include'],
  ])
}
