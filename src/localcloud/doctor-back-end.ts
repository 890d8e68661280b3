import type { BackEnd } from './daemon/back-end.js'
import { asRoot, findCommand, NotMet, type Probe } from './doctor-probe.js'
import { LocalCloudError } from './local-error.js'
import { ContainerProgram, engineComplaint } from './nodes/container/container-program.js'

const none = 'no machines: the local cloud does not work'

/** What machines are made with, and why. @param chosen what choosing gave, or threw */
export function backEndProbe(chosen: BackEnd | unknown): Probe {
  return {
    name: 'machines',
    required: true,
    cost: none,
    fix:
      chosen instanceof LocalCloudError && chosen.code !== 'NoBackEnd'
        ? (chosen.hint ?? '')
        : `mend what is missing for namespaces, or: ${asRoot('apt-get install -y docker.io')}`,
    probe: async () => {
      if (!isBackEnd(chosen)) throw chosen instanceof LocalCloudError ? new NotMet(chosen.message) : chosen
      const { kind, why } = chosen
      return kind === 'namespaces' ? `made of namespaces: ${why}` : `made in a container of ${kind}: ${why}`
    },
  }
}

/** What else this computer needs when they are made in a container; undefined when they are not. */
export function containerProbes(chosen: BackEnd | unknown, env: NodeJS.ProcessEnv): Probe[] | undefined {
  if (!isBackEnd(chosen) || chosen.kind === 'namespaces') return undefined
  const { kind } = chosen
  const needs = { flock: 'util-linux', tar: 'tar', ssh: 'openssh-client' }
  return [
    {
      name: `${kind} engine`,
      required: true,
      cost: none,
      fix: `see what "${kind} info" says; a rootless engine does not do`,
      probe: async () => {
        const complaint = await engineComplaint(kind, env)
        if (complaint !== undefined) throw new NotMet(complaint)
        return `answers, version ${await new ContainerProgram(kind, env).version()}`
      },
    },
    ...Object.entries(needs).map(([command, pack]) => ({
      name: command === pack ? command : `${command} (${pack})`,
      required: true,
      cost: none,
      fix: asRoot(`apt-get install -y ${pack}`),
      probe: () => findCommand(command, env),
    })),
  ]
}

function isBackEnd(chosen: unknown): chosen is BackEnd {
  return typeof chosen === 'object' && chosen !== null && 'kind' in chosen && 'why' in chosen
}
