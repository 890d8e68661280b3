import { stopDaemon } from '../../localcloud/control.js'
import type { CliContext } from '../context.js'

export async function stop(cli: CliContext): Promise<void> {
  const stopped = await stopDaemon(cli.env)
  cli.print(
    stopped
      ? 'The local cloud has stopped. Its machines go on; the next command that needs it starts it again.'
      : 'The local cloud is not running.',
  )
}
