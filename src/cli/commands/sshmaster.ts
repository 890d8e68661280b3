import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { defineLogin, login } from '../login.js'

export const define: DefineCommand = (command, cli) => {
  defineLogin(command.argument('<tag>', 'name of the cluster')).action(async (tag: string, words: string[], flags) => {
    const { cm } = await cli.open()
    await login(
      cli,
      words,
      flags,
      (options) => cm.sshTarget(tag, 'master', options),
      () => cm.addressHint(tag),
    )
  })
  examples(command, [
    ['starcluster sshmaster testcluster', 'a root shell on the master'],
    ["starcluster sshmaster testcluster 'uname -a'", 'run a command; its exit status is ours'],
    ['starcluster sshmaster testcluster -- -N -L 8080:localhost:80', "the master's port 80 as our 8080"],
  ])
}
