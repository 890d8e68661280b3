const beforeNode = /\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*(?:export\s+(?:default\s+)?)?$/

/** Text of the doc comment right before a place of a source; undefined when there is none. */
export function docBefore(source: string, offset: number): string | undefined {
  // A doc comment further away belongs to something else.
  const comment = beforeNode.exec(source.slice(Math.max(0, offset - 8_000), offset))?.[1]
  if (comment === undefined) return undefined
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
  return lines.join('\n').trim() || undefined
}
