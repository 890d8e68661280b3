import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { defineLogin, login } from '../login.js'

export const define: DefineCommand = (command, cli) => {
  command.argument('<tag>', 'name of the cluster')
  defineLogin(command.argument('<node>', 'alias, instance id or address of the node')).action(
    async (tag: string, node: string, words: string[], flags) => {
      const { cm } = await cli.open()
      await login(
        cli,
        words,
        flags,
        (options) => cm.sshTarget(tag, node, options),
        () => cm.addressHint(tag),
      )
    },
  )
  examples(command, [
    ['starcluster sshnode testcluster node001', 'a root shell on node001'],
    ['starcluster sshnode -u sgeadmin testcluster node001 id', 'run a command as another user'],
  ])
}
