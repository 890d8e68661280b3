/** How long a cluster may live (its ttl). */
export interface Lifetime {
  /** Counted from each start and resume. undefined: it does not end by itself any more. */
  readonly seconds: number | undefined
  /** Absent: not counted yet, the nodes are not set up. */
  readonly ends?: Date
}

/** In a tag: `28800`, `28800 2026-01-31T16:15:00.000Z` once it is counted, or `off`. */
export function lifetimeText({ seconds, ends }: Lifetime): string {
  if (seconds === undefined) return 'off'
  return ends ? `${seconds} ${ends.toISOString()}` : String(seconds)
}

/** undefined: none, or changed by hand into something that is none. */
export function readLifetime(text: string | undefined): Lifetime | undefined {
  if (text === 'off') return { seconds: undefined }
  const [, seconds, time] = /^(\d+)(?: (\S+))?$/.exec(text ?? '') ?? []
  if (seconds === undefined) return undefined
  const ends = time === undefined ? undefined : new Date(time)
  return { seconds: Number(seconds), ...(ends && !Number.isNaN(ends.getTime()) ? { ends } : {}) }
}

/** In seconds; a longer one is a slip. */
export const lifetimeLimits = { least: 60, most: 366 * 86_400 } as const

/** What is wrong with it, to be put behind its name. */
export function lifetimeProblem(seconds: number): string | undefined {
  if (seconds < lifetimeLimits.least)
    return `= ${seconds} s: expected at least a minute, with its unit, such as 30m, 8h or 2d`
  if (seconds > lifetimeLimits.most) return `= ${Math.round(seconds / 86_400)} days: expected at most 366 days`
  return undefined
}

/** `2h 10m`, `3d 4h`, `45s`: two units at most. */
export function lengthText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.round(seconds / 60)
  const parts = [
    [Math.floor(minutes / 1440), 'd'],
    [Math.floor((minutes % 1440) / 60), 'h'],
    [minutes % 60, 'm'],
  ] as const
  const first = parts.findIndex(([amount]) => amount > 0)
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ')
}

/** In this computer's zone, with its name: `2026-01-31 17:15:00 CET`. */
export function localTime(time: Date): string {
  const two = '2-digit'
  const day = { year: 'numeric', month: two, day: two } as const
  return time.toLocaleString('sv-SE', { ...day, hour: two, minute: two, second: two, timeZoneName: 'short' })
}
