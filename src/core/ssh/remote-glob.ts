import { quote, sh } from './quote.js'
import { type RemoteHost, remotePath } from './remote-host.js'

/** Paths on the node that a shell pattern (`*`, `?`, `[...]`) names, sorted as the shell does; none is no failure. */
export async function glob(host: RemoteHost, pattern: string): Promise<string[]> {
  const words = globWord(remotePath(pattern))
  const script = `for path in ${words}; do if [ -e "$path" ] || [ -L "$path" ]; then printf '%s\\0' "$path"; fi; done`
  const { stdout } = await host.execute(sh`/bin/sh -c ${script}`, { sourceProfile: false, label: `glob ${pattern}` })
  const paths = stdout.split('\0').slice(0, -1)
  return pattern.startsWith('~/') ? paths.map((path) => path.replace(/^\.\//, '')) : paths
}

export function hasGlob(path: string): boolean {
  return /[*?[]/.test(path)
}

/** The pattern for a shell: its own signs as they are, everything else quoted. A backslash makes a sign plain. */
function globWord(pattern: string): string {
  return Array.from(pattern.matchAll(/\\(.)|([*?[\]!^-])|([^\\*?[\]!^-]+|\\$)/gs), ([, escaped, sign, plain]) =>
    escaped !== undefined ? quote(escaped) : (sign ?? quote(plain ?? '')),
  ).join('')
}
