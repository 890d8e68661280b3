import { resetLocalCloud } from '../../localcloud/control.js'
import { confirm } from '../confirm.js'
import type { CliContext } from '../context.js'

export async function reset(cli: CliContext, flags: { confirm?: boolean; images?: boolean }): Promise<void> {
  const what = flags.images
    ? 'all machines, disks, keys, buckets and base images'
    : 'all machines, disks, keys and buckets'
  if (!flags.confirm && !(await confirm(`Remove ${what} of the local cloud?`, cli.signal))) {
    cli.print('Aborting: nothing was removed.')
    return
  }
  await resetLocalCloud(cli.env, { images: flags.images === true })
  cli.print(`Removed ${what} of the local cloud.`)
}
