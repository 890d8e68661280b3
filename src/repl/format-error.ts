import { inspect, styleText, types } from 'node:util'
import { packageRoot } from './package-root.js'
import { isExpected } from './shell-error.js'

export interface FormatOptions {
  readonly color: boolean
}

/**
 * What a person wants to read of an error at the prompt. One we expected: message, hint, and where in the user's own
 * files it came from. A mistake in the line: one line. A bug in a plugin: message and its frames. The frames of this
 * program and of Node are left to `_error.stack`.
 */
export function formatError(error: unknown, { color }: FormatOptions): string {
  const red = (text: string): string => (color ? styleText('red', text) : text)
  if (isExpected(error)) {
    const hint = error.hint ? [`    ${error.hint.replaceAll('\n', '\n    ')}`] : []
    const frames = [...chain(error)].map(usersFrames).find((found) => found.length > 0) ?? []
    return [red(`!!! ERROR - ${error.message}`), ...hint, ...frames].join('\n')
  }
  if (!isError(error)) return `${red('Thrown:')} ${inspect(error, { colors: color })}`
  const head = red(`${error.name}: ${error.message}`)
  if ('$metadata' in error) return head // AWS's answer; the SDK's frames say nothing
  const own = error.cause === undefined ? [] : [`Caused by: ${formatError(error.cause, { color })}`]
  return [head, ...usersFrames(error), ...own].join('\n')
}

/** The causes, the deepest first: it knows best where something went wrong. */
function chain(error: Error): Error[] {
  const found: Error[] = []
  for (let at: unknown = error; types.isNativeError(at) && !found.includes(at); at = at.cause) found.unshift(at)
  return found
}

/** Text of `util.inspect` with the frames of errors in it as `formatError` shows them. */
export function withoutOwnFrames(inspected: string): string {
  const kept: string[] = []
  for (const line of inspected.split('\n')) {
    if (!/^\s+at /.test(line) || isUsers(line)) kept.push(line)
    else if (line.endsWith(' {')) kept.push(`${kept.pop() ?? ''} {`) // the error's members follow
  }
  return kept.join('\n')
}

function usersFrames(error: Error): string[] {
  return framesInCall(error).filter(isUsers)
}

/** Up to the line at the prompt. */
function framesInCall(error: Error): string[] {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const line = frames.findIndex((frame) => /\bREPL\d+:\d+/.test(frame))
  return line === -1 ? frames : frames.slice(0, line)
}

/** Those from other threads and contexts too. */
export function isError(error: unknown): error is Error {
  return types.isNativeError(error) || error instanceof Error
}

function isUsers(frame: string): boolean {
  return !/\bREPL\d+:\d+|\bnode:|\(<anonymous>\)|\(native\)|at <anonymous>|\(index \d+\)$/.test(frame) && !isOwn(frame)
}

function isOwn(frame: string): boolean {
  const root = packageRoot()
  if (frame.includes('/node_modules/') || frame.includes(`${root}/dist/`)) return true
  return frame.includes(`${root}/src/`) && !frame.includes(`${root}/src/plugins/`)
}
