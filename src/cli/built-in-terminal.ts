import type { SshTarget, Terminal } from '../index.js'

/** Logs in with our own ssh, from the terminal the command was given in. @returns the exit status */
export async function builtInTerminal(target: SshTarget): Promise<number> {
  const { stdin, stdout, stderr, env } = process
  const interactive = stdin.isTTY === true && stdout.isTTY === true
  const terminal: Terminal = {
    input: stdin,
    output: stdout,
    errors: stderr,
    window: interactive
      ? {
          term: env.TERM || 'xterm',
          size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
          onResize: (tell) => {
            stdout.on('resize', tell)
            return () => stdout.off('resize', tell)
          },
        }
      : undefined,
  }
  const { command, pseudoTty } = target.login
  // in raw mode Ctrl-C is a key for the other side; a command without a terminal there is ended from here
  const raw = interactive && (command === undefined || pseudoTty === true)
  const interrupt = new AbortController()
  const onInterrupt = () => interrupt.abort(new Error('interrupted'))
  const restore = () => void (raw && stdin.setRawMode(false))
  process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt).once('exit', restore)
  if (raw) stdin.setRawMode(true)
  try {
    const status = await target.openTerminal(terminal, interrupt.signal)
    return interrupt.signal.aborted ? 130 : status
  } finally {
    restore()
    process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt).off('exit', restore)
    stdin.unref?.()
  }
}
