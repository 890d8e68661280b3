import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { diskRoot } from '../../src/localcloud/disk-root.js'
import { localPaths } from '../../src/localcloud/paths.js'

/** An empty HOME (mode 0700, as /root is) that is removed with the test. */
export async function tempHome(files: Record<string, string> = {}): Promise<TempHome> {
  const path = await mkdtemp(join(tmpdir(), 'sc-home-'))
  const home: TempHome = {
    path,
    env: { PATH: process.env.PATH, HOME: path, LANG: 'C.UTF-8', TERM: 'xterm', ...disks() },
    write: async (name, content) => {
      const file = join(path, name)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, content)
      return file
    },
    remove: () => rm(path, { recursive: true, force: true }),
  }
  for (const [name, content] of Object.entries(files)) await home.write(name, content)
  return home
}

/** An ordinary user's disks are below his HOME: the tests' machines share his base image, as root's do without this. */
function disks(): NodeJS.ProcessEnv {
  if (process.getuid?.() === 0) return {}
  return { STARCLUSTER_DISK_ROOT: diskRoot(process.env, localPaths(process.env)) }
}

export interface TempHome {
  readonly path: string
  /** Environment of a program that lives in this HOME: nothing of the machine's own settings but PATH. */
  readonly env: NodeJS.ProcessEnv
  /** Writes a file below HOME. @returns its path */
  write(name: string, content: string): Promise<string>
  remove(): Promise<void>
}
