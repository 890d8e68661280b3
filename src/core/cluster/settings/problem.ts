import type { NamedKind } from '../../config/sections.js'
import type { StarClusterConfig } from '../../config/types.js'
import { ClusterValidationError } from '../errors.js'

type ErrorClass = new (message: string, options: { hint?: string | undefined }) => ClusterValidationError

/** A setting that nobody could follow, whatever AWS says. */
export interface SettingProblem {
  readonly kind: NamedKind
  /** Of the section. */
  readonly name: string
  /** As it is written in the file. */
  readonly setting: string
  /** What is wrong with it. */
  readonly text: string
  readonly hint?: string
  /** Default: ClusterValidationError. */
  readonly error?: ErrorClass
}

/** One line: where the setting stands, unless it does not come from the config, which it is and what is wrong. */
export function problemLine(
  config: Pick<StarClusterConfig, 'place'>,
  { kind, name, setting, text }: SettingProblem,
  overridden: ReadonlySet<string> = new Set(),
): string {
  const fromConfig = kind !== 'cluster' || !overridden.has(setting)
  const place = fromConfig ? config.place(kind, name, setting) : undefined
  const what = `${setting}${text.startsWith(':') ? '' : ' '}${text}`
  return place === undefined ? what : `${place}: [${kind} ${name}] ${what}`
}

/**
 * All problems in one error; a single one keeps its own class.
 * @param overridden settings of the template that the command line has replaced
 */
export function throwProblems(
  config: Pick<StarClusterConfig, 'place'>,
  problems: readonly SettingProblem[],
  overridden: ReadonlySet<string>,
): void {
  const [first, ...others] = problems
  if (!first) return
  const message = problems.map((problem) => problemLine(config, problem, overridden)).join('\n')
  const hints = new Set(problems.flatMap(({ hint }) => hint ?? []))
  const Class = others.length === 0 ? (first.error ?? ClusterValidationError) : ClusterValidationError
  throw new Class(message, { hint: hints.size > 0 ? [...hints].join('\n') : undefined })
}
