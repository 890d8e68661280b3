import { spawnSync } from 'node:child_process'
import { ConfigError } from './errors.js'

export function isUrl(path: string): boolean {
  return /^https?:\/\//i.test(path)
}

/** The text at an http(s) URL. Reading a config is synchronous everywhere, so a child process does the waiting. */
export function fetchText(url: string): string {
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', FETCH, url], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 16 * 1024 * 1024,
  })
  if (child.status === 0) return child.stdout
  const reason = child.error ? child.error.message : child.stderr.trim()
  throw new ConfigError(`cannot read the config at ${withoutPassword(url)}: ${reason || 'no answer'}`, {
    hint: 'check the address and the network, or download the file and name it with -c',
  })
}

const TIMEOUT_MS = 30_000

const FETCH = `
const fail = (reason) => { process.stderr.write(reason); process.exitCode = 1 }
try {
  const response = await fetch(process.argv[1])
  if (response.ok) process.stdout.write(await response.text())
  else fail('HTTP status ' + response.status)
} catch (error) {
  fail(String(error.cause?.message ?? error.message))
}
`

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//')
}
