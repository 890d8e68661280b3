/** Why a test, or a whole test file, failed. */
export interface TestFailure {
  readonly message: string
  /** What to do next; StarCluster's own errors have it. */
  readonly hint?: string
  /** Expected and received, where they were compared. */
  readonly diff?: string
  /** Where in the author's files; line counts from 1. */
  readonly file?: string
  readonly line?: number
  /** The source line itself. */
  readonly lineText?: string
}

/** One `test(...)` of a plugin's test file. */
export interface TestResult {
  /** With the names of the suites around it: `packages > are installed`. */
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped'
  readonly ms: number
  readonly failures: readonly TestFailure[]
}

/** One run of a plugin's test file; what the program that runs it sends back. */
export interface TestRun {
  readonly tests: readonly TestResult[]
  /** Failures that belong to no test: the file does not load, a suite's hook failed, a promise nobody waited for. */
  readonly failures: readonly TestFailure[]
  /** What the tests printed. */
  readonly output: string
}

/** A run that found nothing wrong. */
export function passed({ tests, failures }: TestRun): boolean {
  return failures.length === 0 && tests.every(({ state }) => state !== 'failed')
}

/** For people: each failure with its place and source line, then what the tests printed. */
export function describeFailures({ tests, failures, output }: TestRun): string {
  const bad = tests.filter(({ state }) => state === 'failed')
  const parts = [
    ...(bad.length > 0 ? [`${bad.length} of ${tests.length} tests failed`] : []),
    ...bad.map((test) => `${test.name}\n${test.failures.map(describe).join('\n').replace(/^/gm, '  ')}`),
    ...failures.map(describe),
  ]
  if (output.trim() !== '') parts.push(`what the tests printed:\n${output.trimEnd().replace(/^/gm, '  ')}`)
  return parts.join('\n')
}

function describe({ message, hint, diff, file, line, lineText }: TestFailure): string {
  const place = file === undefined ? [] : [line === undefined ? file : `${file}:${line}`]
  const source = lineText === undefined ? [] : [`  ${line} | ${lineText}`]
  return [...place, ...source, message, ...(diff ? [diff] : []), ...(hint ? [hint] : [])].join('\n')
}
