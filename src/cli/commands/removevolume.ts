import { log, removableVolume, removeVolume, type VolumeListing } from '../../index.js'
import { type ConfirmationFlags, confirmationOptions, confirmed } from '../confirmation.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { harmless, localTime } from '../output/cell.js'

export const define: DefineCommand = (command, cli) => {
  command
    .description('delete EBS volumes with their data; snapshots taken of them stay')
    .argument('<volume...>', 'ids or names of volumes that no instance has')
  confirmationOptions(command).action(async (wanted: string[], flags: ConfirmationFlags) => {
    const sc = await cli.open()
    const found = new Map<string, VolumeListing>()
    for (const one of wanted) {
      const volume = await removableVolume(sc, one, { signal: cli.signal })
      found.set(volume.id, volume)
    }
    const volumes = [...found.values()]
    const what = volumes.length === 1 ? 'it and its data' : `these ${volumes.length} and their data`
    if (!(await confirmed(`${volumes.map(described).join('\n')}\nDelete ${what}?`, flags, cli.signal))) return
    for (const { id } of volumes) {
      await removeVolume(sc, id, { signal: cli.signal })
      log.info(`Volume ${id} is gone`)
    }
  })
  examples(command, [
    ['starcluster removevolume vol-0c9999990123456789', 'tells what it is, and asks'],
    ['starcluster removevolume --confirm scratch old-data', 'two by their names, without asking'],
  ])
}

function described({ id, name, size, zone, createTime }: VolumeListing): string {
  const called = name === undefined ? '' : ` "${harmless(name)}"`
  return `Volume ${id}${called}, ${size} GiB, in ${zone}${createTime ? `, made ${localTime(createTime)}` : ''}`
}
