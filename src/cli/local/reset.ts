import { resetLocalCloud } from '../../localcloud/control.js'
import { type ConfirmationFlags, confirmed } from '../confirmation.js'
import type { CliContext } from '../context.js'

export async function reset(cli: CliContext, flags: ConfirmationFlags & { images?: boolean }): Promise<void> {
  const what = flags.images
    ? 'all machines, disks, keys, buckets and base images'
    : 'all machines, disks, keys and buckets'
  if (!(await confirmed(`Remove ${what} of the local cloud?`, flags, cli.signal, 'nothing was removed'))) return
  await resetLocalCloud(cli.env, { images: flags.images === true })
  cli.print(`Removed ${what} of the local cloud.`)
}
