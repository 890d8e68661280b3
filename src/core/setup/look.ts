import { type Stats, statSync } from 'node:fs'

/** What is at a path, links followed; undefined when there is nothing that we could read. */
export function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR' || code === 'EACCES' || code === 'ELOOP' || code === 'ENAMETOOLONG') return undefined
    throw error
  }
}
