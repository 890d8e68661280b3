import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Top folder of this package, whether we run from `src` or from a chunk somewhere in `dist`. */
export function packageRoot(): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); ; dir = dirname(dir)) {
    const file = join(dir, 'package.json')
    if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name === 'starcluster') return dir
    if (dir === dirname(dir)) throw new Error('the starcluster package lacks its package.json; install it again')
  }
}

/** Version of this program. The build puts it in; run from source it is read from package.json. */
export function packageVersion(): string {
  const built = process.env.STARCLUSTER_VERSION
  if (built) return built
  return JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version
}
