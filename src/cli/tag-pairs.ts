import { InvalidArgumentError } from 'commander'

/** Parses an option that is tags, `key=value` with commas between or given again. A piece without `=` is refused. */
export function tagPairs(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const pairs = text.split(',').map((piece): [string, string] => {
    const at = piece.indexOf('=')
    if (at < 1) throw new InvalidArgumentError(`${JSON.stringify(piece)} is not key=value`)
    return [piece.slice(0, at).trim(), piece.slice(at + 1)]
  })
  return { ...before, ...Object.fromEntries(pairs) }
}
