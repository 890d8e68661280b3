import type { Command } from 'commander'
import { log } from '../index.js'
import type { CliContext } from './context.js'
import { runSsh } from './ssh.js'

export interface LoginFlags {
  user?: string
  forwardX11?: boolean
  forwardAgent?: boolean
  pseudoTty?: boolean
}

/** The options and the trailing remote command that sshmaster and sshnode share. */
export function defineLogin(command: Command): Command {
  return command
    .argument('[command...]', 'command to run there instead of a login shell')
    .option('-u, --user <name>', 'login as this user', 'root')
    .option('-X, --forward-x11', 'forward X11')
    .option('-A, --forward-agent', 'forward the ssh agent')
    .option('-t, --pseudo-tty', 'ask for a terminal, for interactive remote commands')
}

/** Opens the login, or runs the remote command, with the system's ssh; its exit status becomes ours. */
export async function login(
  cli: CliContext,
  tag: string,
  node: string,
  words: string[],
  flags: LoginFlags,
): Promise<void> {
  const sc = await cli.open()
  const target = await sc.cm.sshTarget(tag, node, {
    ...flags,
    signal: cli.signal,
    ...(words.length > 0 ? { command: words.join(' ') } : {}),
  })
  const status = await runSsh(cli, target.argv)
  // What ssh itself failed with; of a remote command it may be too, then nobody is kept out.
  const hint = status === 255 ? await sc.cm.addressHint(tag) : undefined
  if (hint !== undefined) log.error(hint)
  cli.exitWith(status)
}
