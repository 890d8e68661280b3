import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installation } from './installation.js'

/** What daemon and client say to each other. Raised when an older one could not understand a newer one. */
export const CONTROL_PROTOCOL = 1

/** Version of this program; the bundle has it built in. */
export function programVersion(): string {
  const built = process.env.STARCLUSTER_VERSION
  if (built) return built
  return (JSON.parse(readFileSync(join(installation().root, 'package.json'), 'utf8')) as { version: string }).version
}
