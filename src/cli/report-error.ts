import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { arch, platform, release } from 'node:os'
import { isStarClusterError, log, starclusterPaths } from '../index.js'
import { packageVersion } from '../package-root.js'

interface Situation {
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly debug: boolean
  readonly interrupted: boolean
}

/** Tells what went wrong and what to do next. @returns the exit status */
export async function reportError(error: unknown, situation: Situation): Promise<number> {
  const { text, hint, expected } = explain(error)
  if (situation.interrupted && !isStarClusterError(error)) {
    print('interrupted')
    return 130
  }
  print(text, hint)
  log.debug(error instanceof Error ? (error.stack ?? error.message) : String(error))
  if (situation.debug && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  if (!expected) writeCrashReport(error, situation)
  return situation.interrupted ? 130 : 1
}

/** One message for each kind of failure; `expected` is false for what can only be a bug of ours. */
export function explain(error: unknown): { text: string; hint?: string | undefined; expected: boolean } {
  if (isStarClusterError(error)) return { text: error.message, hint: error.hint, expected: true }
  if (!(error instanceof Error)) return { text: String(error), expected: false }
  if ('$metadata' in error) return explainAws(error)
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOSPC')
    return {
      text: `the disk is full: ${error.message}`,
      hint: 'free some space, then run the command again',
      expected: true,
    }
  if (code === 'EACCES' || code === 'EPERM') return { text: `not permitted: ${error.message}`, expected: true }
  if (code && ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'EAI_AGAIN'].includes(code)) {
    return { text: `network: ${error.message}`, hint: 'check the network, then run the command again', expected: true }
  }
  if (error.name === 'CredentialsProviderError') {
    return {
      text: 'no AWS credentials found',
      hint: 'put them into [aws info] of the config, or set up a profile with "aws configure"',
      expected: true,
    }
  }
  return { text: error.message, expected: false }
}

function explainAws(error: Error): { text: string; hint?: string; expected: boolean } {
  const authentication = /AuthFailure|SignatureDoesNotMatch|InvalidClientTokenId|ExpiredToken|UnauthorizedOperation/
  const text = `${error.name}: ${error.message}`
  return authentication.test(error.name)
    ? {
        text,
        hint: 'check the credentials of [aws info], or your AWS profile, and what they are allowed to do',
        expected: true,
      }
    : { text, expected: true }
}

export function print(text: string, hint?: string): void {
  log.error(text)
  if (hint) process.stderr.write(`    ${hint.replaceAll('\n', '\n    ')}\n`)
}

function writeCrashReport(error: unknown, { argv, env }: Situation): void {
  const { logs } = starclusterPaths(env)
  const file = `${logs}/crash-report-${process.pid}.txt`
  const facts = [
    `StarCluster ${packageVersion()}, Node ${process.version}, ${platform()} ${release()} ${arch()}`,
    `command: starcluster ${argv.join(' ')}`,
    '',
    error instanceof Error ? String(error.stack) : String(error),
  ]
  try {
    mkdirSync(logs, { recursive: true, mode: 0o700 })
    writeFileSync(file, '', { mode: 0o600 })
    appendFileSync(file, `${facts.join('\n')}\n`)
    process.stderr.write(`    This looks like a bug in StarCluster. Details are in ${file}\n`)
  } catch (cause) {
    process.stderr.write(
      `    This looks like a bug in StarCluster; no report could be written: ${(cause as Error).message}\n`,
    )
  }
}
