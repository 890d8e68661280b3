import type { Rehearsal, StepResult } from '../index.js'
import { chalk } from './colors.js'

const words = {
  ok: chalk.green('ok'.padEnd(7)),
  remark: chalk.yellow('remark '),
  failed: chalk.red('FAILED '),
  skipped: chalk.dim('skipped'),
}

/** Lines of the log shown with a step that failed. */
const shownLines = 40

/** A step that makes the trial a failure. */
export function isBad({ outcome }: StepResult, strict: boolean): boolean {
  return outcome === 'failed' || (strict && outcome === 'remark')
}

/**
 * One line, and below it what went wrong.
 * @param log the log has not been shown yet: all of it with a failure, else only its warnings
 */
export function renderStep(result: StepResult, { log }: { log: boolean }): string {
  const { step, outcome, ms, detail } = result
  if (outcome === 'skipped') return `${words.skipped} ${step}`
  const first = `${words[outcome]} ${step.padEnd(28)} ${seconds(ms).padStart(7)}  ${chalk.dim(did(result))}`.trimEnd()
  const below = detail === undefined ? [] : detail.split('\n')
  if (log) below.push(...logOf(result).map((line) => chalk.dim(line)))
  return [first, ...below.map((line) => `          ${line}`.trimEnd())].join('\n')
}

function logOf({ outcome, log }: StepResult): string[] {
  if (outcome !== 'failed') return log.filter((line) => /^(\*\*\*|!!!) /.test(line))
  if (log.length === 0) return []
  const more = log.length > shownLines ? [`(${log.length - shownLines} lines more in debug.log)`] : []
  return ['', 'what was logged in this step:', ...more, ...log.slice(-shownLines)]
}

/** `onRestart, run` or `3 tests`. */
function did({ hooks, tests }: StepResult): string {
  if (tests === undefined) return hooks.join(', ')
  return `${tests.length} ${tests.length === 1 ? 'test' : 'tests'}`
}

export function renderVerdict({ plugin, steps }: Rehearsal, passed: boolean): string {
  const count = (outcome: StepResult['outcome']) => steps.filter((one) => one.outcome === outcome).length
  const remarks = count('remark') === 0 ? '' : `, ${count('remark')} with a remark`
  const total = steps.length - count('skipped')
  if (passed)
    return `\n${plugin} passed: ${total} steps in ${seconds(steps.reduce((sum, { ms }) => sum + ms, 0))}${remarks}`
  return count('failed') > 0
    ? `\n${plugin} FAILED: ${count('failed')} of ${total} steps${remarks}`
    : `\n${plugin} FAILED: remarks count as failures with --strict: ${count('remark')} of ${total} steps`
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
