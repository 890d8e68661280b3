import { type ImageUse, imageUse, log, removeImage } from '../../index.js'
import { type ConfirmationFlags, confirmationOptions, confirmed } from '../confirmation.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { harmless } from '../output/cell.js'

interface Flags extends ConfirmationFlags {
  readonly pretend?: boolean
  readonly keepImageData?: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .description('remove images of your own with the snapshots of their volumes; instances made from them go on')
    .argument('<image...>', 'ids or names')
    .option('-p, --pretend', 'only tell what would be removed')
    .option('-k, --keep-image-data', 'keep the snapshots')
  confirmationOptions(command).action(async (wanted: string[], flags: Flags) => {
    const sc = await cli.open()
    const found = new Map<string, ImageUse>()
    for (const one of wanted) {
      const use = await imageUse(sc, one, { signal: cli.signal })
      found.set(use.image.id, use)
    }
    const uses = [...found.values()]
    const plan = uses.map((use) => described(use, flags.keepImageData === true)).join('\n')
    if (flags.pretend) return cli.print(plan)
    if (!(await confirmed(`${plan}\nRemove ${uses.length === 1 ? 'it' : `these ${uses.length}`}?`, flags, cli.signal)))
      return
    for (const { image } of uses) {
      const left = await removeImage(sc, image, { keepData: flags.keepImageData === true, signal: cli.signal })
      log.info(`Image ${image.id} is gone`)
      for (const [id, why] of left) log.info(`Snapshot ${id} is still there: ${why}`)
    }
  })
  examples(command, [
    ['starcluster removeimage ami-0c9999990123456789', 'tells what goes with it, and asks'],
    ['starcluster removeimage --pretend my-tools', 'one by its name: only tells'],
  ])
}

function described({ image: { id, name, snapshotIds }, instanceIds }: ImageUse, keepData: boolean): string {
  const snapshots = snapshotIds.length === 0 ? '' : ` ${keepData ? 'without' : 'with'} ${snapshotIds.join(', ')}`
  const used = instanceIds.length === 0 ? '' : `; ${instanceIds.length} instances made from it go on`
  return `Image ${id} (${harmless(name)})${snapshots}${used}`
}
