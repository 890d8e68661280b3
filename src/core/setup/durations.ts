/** A length of time in seconds; a setting of this type is written `90`, `90s`, `1.5h`, `1h30m`, `2 days` or `500ms`. */
export type Seconds = number
/** The same in milliseconds: a number without a unit is milliseconds. */
export type Milliseconds = number
/** The same in minutes. */
export type Minutes = number
/** The same in hours. */
export type Hours = number

/** Names of the types above, with what one of each is in milliseconds. */
export const durationTypes: Readonly<Record<string, number>> = {
  Milliseconds: 1,
  Seconds: 1_000,
  Minutes: 60_000,
  Hours: 3_600_000,
}

/** Largest first: the order in which the parts of a duration are written. */
const units: readonly { readonly ms: number; readonly names: RegExp }[] = [
  { ms: 604_800_000, names: /^(w|weeks?)$/ },
  { ms: 86_400_000, names: /^(d|days?)$/ },
  { ms: 3_600_000, names: /^(h|hrs?|hours?)$/ },
  { ms: 60_000, names: /^(m|mins?|minutes?)$/ },
  { ms: 1_000, names: /^(s|secs?|seconds?)$/ },
  { ms: 1, names: /^(ms|msecs?|milliseconds?)$/ },
]

/**
 * A duration as people write it: a number in `unitMs`, or numbers with units, each unit once and the larger before the
 * smaller.
 * @param unitMs what one of a bare number is, and of the result, in milliseconds
 * @returns undefined when it is no duration
 */
export function parseDuration(text: string, unitMs: number): number | undefined {
  const plain = text.trim().toLowerCase()
  if (/^(\d+\.?\d*|\.\d+)$/.test(plain)) return Number(plain)
  if (!/^((\d+\.?\d*|\.\d+)\s*[a-z]+\s*)+$/.test(plain)) return undefined
  let ms = 0
  let before = -1
  for (const [, amount, name = ''] of plain.matchAll(/([\d.]+)\s*([a-z]+)/g)) {
    const at = units.findIndex(({ names }) => names.test(name))
    if (at <= before) return undefined // also an unknown unit: -1
    before = at
    ms += Number(amount) * units[at]!.ms
  }
  return withoutNoise(ms / unitMs)
}

/** 1.1 h is 3960 s, not 3960.0000000000005. */
function withoutNoise(value: number): number {
  return Number(value.toPrecision(15))
}
