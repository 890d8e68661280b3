import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * The `node` program of another major version, from the npm package of that name, kept in ~/.cache/starcluster-tests.
 * @returns undefined when it cannot be installed, which is said aloud; in CI that is an error
 */
export async function nodeOfVersion(major: number): Promise<string | undefined> {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'starcluster-tests', `node${major}`)
  const program = join(folder, 'node_modules/node/bin/node')
  if (existsSync(program)) return program
  await mkdir(folder, { recursive: true })
  try {
    const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', `node@${major}`]
    await promisify(execFile)('npm', args, { cwd: folder, timeout: 120_000 })
    return program
  } catch (error) {
    if (process.env.CI) throw error
    console.warn(`SKIPPED: Node ${major} cannot be installed: ${(error as Error).message.split('\n')[0]}`)
    return undefined
  }
}
