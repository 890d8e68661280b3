import { access, readdir } from 'node:fs/promises'
import { hasGlob } from './remote-glob.js'
import { joinPath } from './transfer.js'

/**
 * Local paths that a shell pattern (`*`, `?`, `[...]`, a backslash before a sign makes it plain) names, sorted by name.
 * A path without a pattern, and one that exists as it is written, is the path itself.
 */
export async function localGlob(pattern: string): Promise<string[]> {
  if (!hasGlob(pattern) || (await exists(pattern))) return [pattern]
  const [first = '', ...parts] = pattern.split('/')
  let found = first === '' ? ['/'] : await matching('', first)
  for (const part of parts.filter((word) => word !== '')) {
    found = (await Promise.all(found.map((directory) => matching(directory, part)))).flat()
  }
  return found
}

/** Paths in a directory that one part of a pattern names; '' is the current directory. */
async function matching(directory: string, part: string): Promise<string[]> {
  const path = (name: string) => (directory === '' ? name : joinPath(directory, name))
  if (!hasGlob(part)) {
    const plain = path(part.replace(/\\(.)/g, '$1'))
    return (await exists(plain)) ? [plain] : []
  }
  const names = await readdir(directory || '.').catch(() => []) // no directory, or not to be read: nothing matches
  const test = nameTest(part)
  return names.filter(test).sort().map(path)
}

/** Source: glob(7), without named classes such as `[:alpha:]`. */
function nameTest(part: string): (name: string) => boolean {
  const source = part.replace(/\\(.)|\[([!^]?)(\]?[^\]]*)\]|./gsu, (sign, escaped, not, members) => {
    if (escaped !== undefined) return plain(escaped)
    if (members !== undefined) return `[${not ? '^' : ''}${members.replace(/[\\\]^]/g, '\\$&')}]`
    return sign === '*' ? '.*' : sign === '?' ? '.' : plain(sign)
  })
  const regex = new RegExp(`^${source}$`, 'su')
  return (name) => regex.test(name) && (/^\\?\./.test(part) || !name.startsWith('.'))
}

function plain(text: string): string {
  return text.replace(/[\^$\\.*+?()[\]{}|/]/g, '\\$&')
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
