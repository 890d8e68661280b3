import { readFileSync } from 'node:fs'

/** Version of this program. The build puts it in; run from source it is read from package.json. */
export function version(): string {
  const built = process.env.STARCLUSTER_VERSION
  if (built) return built
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
