import { ensureDaemon } from '../../localcloud/control.js'
import type { CliContext } from '../context.js'

/** Prints shell assignments; values are our own and need no quoting beyond single quotes. */
export async function env(cli: CliContext): Promise<void> {
  const { endpoint, accessKeyId, secretAccessKey } = await ensureDaemon({ env: cli.env, signal: cli.signal })
  const settings = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: 'local',
    AWS_DEFAULT_REGION: 'local',
  }
  cli.print('unset AWS_PROFILE AWS_SESSION_TOKEN')
  for (const [name, value] of Object.entries(settings)) cli.print(`export ${name}='${value}'`)
  cli.print(`# an aws CLI older than 2.13 does not know AWS_ENDPOINT_URL: give it --endpoint-url ${endpoint}`)
}
