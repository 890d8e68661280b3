import { RemoteCommandNotFound } from './errors.js'
import { sh } from './quote.js'
import type { RemoteHost } from './remote-host.js'

/** Full path of a program on the node's PATH, or undefined. */
export async function which(host: RemoteHost, program: string): Promise<string | undefined> {
  return (await findPrograms(host, [program])).get(program)
}

/** Whether the node has all of these programs. */
export async function hasRequired(host: RemoteHost, programs: readonly string[]): Promise<boolean> {
  return (await missing(host, programs)).length === 0
}

/** @throws RemoteCommandNotFound that names every program the node lacks. */
export async function checkRequired(host: RemoteHost, programs: readonly string[]): Promise<void> {
  const lacking = await missing(host, programs)
  if (lacking.length > 0) throw new RemoteCommandNotFound(host.name, lacking)
}

/** The environment commands run in. */
export async function getEnv(host: RemoteHost): Promise<Record<string, string>> {
  const { stdout } = await host.execute(sh`env -0`, { logOutput: false })
  return Object.fromEntries(
    stdout
      .split('\0')
      .filter((entry) => entry.includes('='))
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}

export async function getPath(host: RemoteHost): Promise<string> {
  return (await getEnv(host)).PATH ?? ''
}

async function missing(host: RemoteHost, programs: readonly string[]): Promise<string[]> {
  const found = await findPrograms(host, programs)
  return programs.filter((program) => !found.has(program))
}

/** One round trip for any number of programs. */
async function findPrograms(host: RemoteHost, programs: readonly string[]): Promise<Map<string, string>> {
  const script = `for program; do found=$(command -v -- "$program") && printf '%s\\0%s\\0' "$program" "$found"; done; true`
  const { stdout } = await host.execute(sh`/bin/sh -c ${script} sh ${programs}`, {
    label: `which ${programs.join(' ')}`,
  })
  const fields = stdout.split('\0')
  const found = new Map<string, string>()
  for (let index = 0; index + 1 < fields.length; index += 2) found.set(fields[index] ?? '', fields[index + 1] ?? '')
  return found
}
