import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { defineLogin, login } from '../login.js'

export const define: DefineCommand = (command, cli) => {
  command.argument('<instance>', 'id, DNS name or address of any instance of the account')
  defineLogin(command).action(async (instance: string, words: string[], flags) => {
    const { cm } = await cli.open()
    await login(cli, words, flags, (options) => cm.instanceTarget(instance, options))
  })
  examples(command, [
    ['starcluster sshinstance i-0123456789abcdef0', 'a root shell on an instance, of a cluster or not'],
    ['starcluster sshinstance -u admin 203.0.113.7 uptime', 'run a command as another user'],
  ])
}
