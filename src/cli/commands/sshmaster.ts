import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { defineLogin, login } from '../login.js'

export const define: DefineCommand = (command, cli) => {
  defineLogin(command.argument('<tag>', 'name of the cluster')).action(async (tag: string, words: string[], flags) =>
    login(cli, tag, 'master', words, flags),
  )
  examples(command, [
    ['starcluster sshmaster testcluster', 'a root shell on the master'],
    ["starcluster sshmaster testcluster 'uname -a'", 'run a command; its exit status is ours'],
  ])
}
