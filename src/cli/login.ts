import type { Command } from 'commander'
import { log, type SshTarget, type SshTargetOptions } from '../index.js'
import type { CliContext } from './context.js'
import { endText } from './end-text.js'
import { notes } from './examples.js'
import { splitLoginWords } from './login-words.js'
import { runSsh } from './ssh.js'

export interface LoginFlags {
  user?: string
  forwardX11?: boolean
  forwardAgent?: boolean
  pseudoTty?: boolean
  option?: string[]
}

const HELP = `
The system's ssh is used, with the key, the pinned host key and the port of the node; without one a terminal of our own. What
follows "--" and begins with a dash is for ssh, too, such as -- -L 8080:localhost:80`

/** The options and the trailing remote command that sshmaster, sshnode and sshinstance share. */
export function defineLogin(command: Command): Command {
  command
    .argument('[command...]', 'command to run there instead of a login shell')
    .option('-u, --user <name>', 'login as this user', 'root')
    .option('-X, --forward-x11', 'forward X11')
    .option('-A, --forward-agent', 'forward the ssh agent')
    .option('-t, --pseudo-tty', 'ask for a terminal, for interactive remote commands')
    .option('-o, --option <setting>', 'for ssh, as its own -o (may be repeated)', (text, before: string[] = []) => [
      ...before,
      text,
    ])
  return notes(command, HELP)
}

/** Opens the login, or runs the remote command, with the system's ssh; its exit status becomes ours. */
export async function login(
  cli: CliContext,
  words: string[],
  { option = [], ...flags }: LoginFlags,
  find: (options: SshTargetOptions) => Promise<SshTarget>,
  whyUnreachable: () => Promise<string | undefined> = async () => undefined,
): Promise<void> {
  const { sshOptions, command } = splitLoginWords(words)
  const target = await find({
    ...flags,
    sshOptions: [...option.flatMap((setting) => ['-o', setting]), ...sshOptions],
    signal: cli.signal,
    ...(command.length > 0 ? { command: command.join(' ') } : {}),
  })
  if (target.hostKeyUnknown)
    log.warn(
      `${target.alias}: its console output does not show its host keys, so they cannot be verified; ssh asks: compare them another way`,
    )
  tellEndSoon(target)
  const status = await runSsh(cli, target)
  // What ssh itself failed with; of a remote command it may be too, then nobody is kept out.
  const hint = status === 255 ? await whyUnreachable() : undefined
  if (hint !== undefined) log.error(hint)
  cli.exitWith(status)
}

const soonMs = 30 * 60_000

/** On stderr: stdout is the remote command's. */
function tellEndSoon({ clusterEnds: end }: SshTarget): void {
  if (end === undefined || end.at.getTime() - Date.now() > soonMs) return
  process.stderr.write(
    `Cluster ${end.tag} ends ${endText(end.at)}; "starcluster ttl ${end.tag} 4h" gives it more time.\n`,
  )
}
