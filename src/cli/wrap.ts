/** Columns of the terminal; no limit where output goes elsewhere, so that programs find whole lines. */
export function screenWidth(): number {
  return process.stdout.isTTY ? (process.stdout.columns ?? 80) : Number.POSITIVE_INFINITY
}

/**
 * Breaks text at blanks, so that with `indent` in front no line is longer than `width`; a longer word stays whole, line
 * ends of the text stay too.
 * @returns the lines, without the indent
 */
export function wrap(text: string, width: number, indent = 0): string[] {
  const room = Math.max(20, width - indent)
  return text.split('\n').flatMap((line) => {
    const lines: string[] = []
    let current = /^\s*/.exec(line)?.[0] ?? ''
    for (const word of line.trim().split(/\s+/)) {
      if (current.trim() !== '' && current.length + 1 + word.length > room) {
        lines.push(current)
        current = word
      } else current += current.trim() === '' ? word : ` ${word}`
    }
    return [...lines, current]
  })
}
