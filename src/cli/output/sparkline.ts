const blocks = [...'▁▂▃▄▅▆▇█']

/** A curve of one line: each value as high as it lies between `low` and `high`; undefined is a blank. */
export function sparkline(values: readonly (number | undefined)[], low: number, high: number): string {
  const steps = blocks.length - 1
  return values
    .map((value) => {
      if (value === undefined) return ' '
      const height = high > low ? (value - low) / (high - low) : 0.5
      return blocks[Math.round(Math.min(1, Math.max(0, height)) * steps)]
    })
    .join('')
}

/** What holds in the middle of each of `count` equal parts of a time, where each change holds until the next. */
export function sampled(
  changes: readonly { readonly time: Date; readonly price: number }[],
  start: Date,
  end: Date,
  count: number,
): (number | undefined)[] {
  const part = (end.getTime() - start.getTime()) / count
  return Array.from({ length: count }, (_, at) => {
    const middle = start.getTime() + (at + 0.5) * part
    return changes.findLast(({ time }) => time.getTime() <= middle)?.price
  })
}
