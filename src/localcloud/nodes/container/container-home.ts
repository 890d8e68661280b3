import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CONTAINER_PROGRAMS, type ContainerProgramName } from './container-program.js'

/** Whose machines are in a container, and whose container that is. */
export interface ContainerHome {
  readonly program: ContainerProgramName
  /** Not made of a path: what shares an engine may have equal paths on different computers. */
  readonly id: string
}

export const containerHomeFile = (stateDir: string) => join(stateDir, 'container-home')

/** What an earlier run wrote down; undefined: nothing was made in a container. */
export async function containerHomeIn(stateDir: string): Promise<ContainerHome | undefined> {
  const text = await readFile(containerHomeFile(stateDir), 'utf8').catch(() => '')
  const [, name, id] = /^(\w+) ([0-9a-f]{16})\n$/.exec(text) ?? []
  const program = CONTAINER_PROGRAMS.find((known) => known === name)
  return program && id ? { program, id } : undefined
}

export async function newContainerHome(stateDir: string, program: ContainerProgramName): Promise<ContainerHome> {
  const id = randomBytes(8).toString('hex')
  await mkdir(stateDir, { recursive: true })
  await writeFile(containerHomeFile(stateDir), `${program} ${id}\n`, { mode: 0o600, flush: true })
  return { program, id }
}
