import type { DiskPaths } from './disk-paths.js'
import { diskRoom, LOW_BYTES, roomText } from './disk-room.js'
import { layerMissing, missingLayers } from './layer-check.js'
import { diskLayers } from './node-disk.js'

/** What threatens the nodes of a home, a line each, with the way on: a full disk, an image that is gone. */
export async function findTroubles(paths: DiskPaths, ids: readonly string[]): Promise<string[]> {
  const room = await diskRoom(paths.home)
  const full = room.freeBytes < LOW_BYTES ? [`only ${roomText(room)}: machines may lose what they write`] : []
  const lines = await Promise.all(ids.map((id) => diskLayers(paths.node(id))))
  const gone = await Promise.all(lines.map((line) => missingLayers(paths.layers, line ?? '')))
  const names = [...new Set(gone.flat())].filter((name) => !name.startsWith('lists-'))
  return [...full, ...names.map((name) => layerMissing(paths.layers, name).message)]
}
