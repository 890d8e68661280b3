import { InvalidHostname } from './errors.js'

/** Alias of the master of a cluster. */
export function masterAlias(prefix = ''): string {
  return `${prefix}master`
}

/** Alias of the n-th worker, counted from 1: `node001`. */
export function workerAlias(n: number, prefix = ''): string {
  return `${prefix}node${String(n).padStart(3, '0')}`
}

/** True for `master` and for `<tag>-master`. */
export function isMasterAlias(alias: string): boolean {
  return alias === 'master' || alias.endsWith('-master')
}

/** Order of nodes: the master first, then by name with numbers compared as numbers. */
export function compareAliases(a: string, b: string): number {
  return Number(isMasterAlias(b)) - Number(isMasterAlias(a)) || collator.compare(a, b) || (a < b ? -1 : Number(a > b))
}

const collator = new Intl.Collator('en', { numeric: true })

/**
 * Writes the aliases of one launch into one short tag value, in launch order: runs as `node001-node010`, joined by commas.
 * Tags given at launch are the same on all instances of a request; each finds its own alias by its launch index.
 */
export function foldAliases(aliases: readonly string[]): string {
  const runs: { first: string; last: string; prefix: string; next: number; width: number }[] = []
  for (const alias of aliases) {
    const [, prefix, digits] = /^(.*?)(\d+)$/.exec(alias) ?? []
    const run = runs.at(-1)
    if (prefix !== undefined && digits !== undefined) {
      const number = Number(digits)
      if (run && run.prefix === prefix && run.next === number && digits === pad(number, run.width)) {
        run.last = alias
        run.next++
      } else {
        runs.push({ first: alias, last: alias, prefix, next: number + 1, width: digits.length })
      }
    } else {
      runs.push({ first: alias, last: alias, prefix: '\0', next: -1, width: 0 })
    }
  }
  return runs.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(',')
}

/** The inverse of `foldAliases`. A part that is no run is one alias. */
export function expandAliases(folded: string): string[] {
  return runsOf(folded).flatMap(({ count, alias }) => Array.from({ length: count }, (_, i) => alias(i)))
}

interface AliasRun {
  readonly count: number
  /** @param index from 0 */
  alias(index: number): string
}

function runsOf(folded: string): AliasRun[] {
  return folded
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [, prefix, from, to] = /^(.*?)(\d+)-\1(\d+)$/.exec(part) ?? []
      if (from === undefined || to === undefined || Number(from) >= Number(to)) return { count: 1, alias: () => part }
      const first = Number(from)
      return { count: Number(to) - first + 1, alias: (index) => `${prefix}${pad(first + index, from.length)}` }
    })
}

/** Alias of an instance by its launch's tag and its index in that launch; undefined when they do not fit. */
export function aliasAt(folded: string | undefined, launchIndex = 0): string | undefined {
  let index = launchIndex
  for (const { count, alias } of runsOf(folded ?? '')) {
    if (index < count) return alias(index)
    index -= count
  }
  return undefined
}

/** Names for more workers. Numbers go on after the highest in use: a name that was just given up is not reused at once. */
export function freeAliases(inUse: readonly string[], count: number, prefix = ''): string[] {
  const numbers = inUse
    .filter((alias) => alias.startsWith(prefix))
    .map((alias) => Number(/^node(\d+)$/.exec(alias.slice(prefix.length))?.[1] ?? 0))
  const last = numbers.reduce((highest, number) => Math.max(highest, number), 0)
  return Array.from({ length: count }, (_, at) => workerAlias(last + 1 + at, prefix))
}

/** Source: RFC 1123, section 2.1; one label of it. */
export function isHostname(name: string): boolean {
  return /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/.test(name)
}

/** @throws InvalidHostname when a name could not be a host name. */
export function checkHostname(name: string): void {
  if (isHostname(name)) return
  throw new InvalidHostname(`${JSON.stringify(name)} is not a valid host name`, {
    hint: 'use letters, digits and - (not at the ends), at most 63',
  })
}

const pad = (number: number, width: number): string => String(number).padStart(width, '0')
