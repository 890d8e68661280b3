import { lstat, readdir, readlink, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { SCPException } from './errors.js'
import { localGlob } from './local-glob.js'
import { baseName, type DirectoryCopy, type FileCopy, joinPath } from './transfer.js'

/** One local file or directory with all it contains. Paths in `to` are below the place it will have; '' is that place. */
export interface PutSource {
  /** Its name, for the directory it is put into. */
  readonly name: string
  readonly directories: readonly DirectoryCopy[]
  readonly files: readonly FileCopy[]
}

/**
 * What is to be copied from here, looked up once for all nodes it goes to. Shell patterns are expanded. Links that are named
 * are followed, those inside directories stay links; sockets, pipes and devices are left out.
 * @throws SCPException when a path is not there
 */
export async function planPut(locals: readonly string[]): Promise<PutSource[]> {
  const paths = (await Promise.all(locals.map(expand))).flat()
  return Promise.all(paths.map(sourceOf))
}

async function expand(path: string): Promise<string[]> {
  const found = await localGlob(path)
  if (found.length === 0) throw new SCPException(`nothing here matches ${path}`)
  return found
}

async function sourceOf(path: string): Promise<PutSource> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') throw new SCPException(`there is no ${path} here`)
    throw error
  })
  const source = { name: baseName(resolve(path)), directories: [] as DirectoryCopy[], files: [] as FileCopy[] }
  if (found.isDirectory()) await collect(source, path, '', found)
  else if (found.isFile()) source.files.push(fileCopy(path, '', found))
  else throw new SCPException(`${path} is neither a file nor a directory`)
  return source
}

interface Found {
  readonly mode: number
  readonly mtimeMs: number
  readonly size: number
}

type Collected = { readonly directories: DirectoryCopy[]; readonly files: FileCopy[] }

async function collect(plan: Collected, from: string, to: string, { mode, mtimeMs }: Found): Promise<void> {
  plan.directories.push({ to, mode: mode & 0o7777, mtime: Math.floor(mtimeMs / 1000) })
  const names = (await readdir(from)).sort()
  const found = await Promise.all(names.map((name) => lstat(joinPath(from, name))))
  for (const [index, name] of names.entries()) {
    const [path, entry] = [joinPath(from, name), found[index]!]
    const there = to === '' ? name : joinPath(to, name)
    if (entry.isDirectory()) await collect(plan, path, there, entry)
    else if (entry.isFile()) plan.files.push(fileCopy(path, there, entry))
    else if (entry.isSymbolicLink())
      plan.files.push({ ...fileCopy(path, there, entry), size: 0, link: await readlink(path) })
  }
}

function fileCopy(from: string, to: string, { size, mode, mtimeMs }: Found): FileCopy {
  return { from, to, size, mode: mode & 0o7777, mtime: Math.floor(mtimeMs / 1000), inside: to !== '' }
}
