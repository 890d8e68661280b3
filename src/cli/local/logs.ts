import { readDaemonLog } from '../../localcloud/control.js'
import type { CliContext } from '../context.js'

export async function logs(cli: CliContext, flags: { lines: string }): Promise<void> {
  const text = await readDaemonLog(cli.env)
  if (text.trim() === '') cli.print('The log is empty: the local cloud has not run yet.')
  else
    cli.print(
      text
        .trimEnd()
        .split('\n')
        .slice(-Math.max(1, Number(flags.lines) || 100))
        .join('\n'),
    )
}
