import { type DoctorCheck, type DoctorDeps, examine, type Probe } from './check.js'
import { account, clock, limits, mayLaunch, mayLook, mayMake } from './on-cloud.js'
import { configFile, keys, plugins, sshProgram } from './on-this-computer.js'

/** In the order in which one would mend them. */
const probes: readonly Probe[] = [
  configFile,
  plugins,
  sshProgram,
  keys,
  clock,
  account,
  mayLook,
  mayMake,
  mayLaunch,
  limits,
]

/**
 * Tries, one by one, what a start needs from this computer and from the cloud: config, keys, credentials, permissions, network,
 * limits. Changes nothing: what makes something is only asked for (DryRun).
 */
export async function* examination(
  deps: DoctorDeps,
  { signal }: { signal?: AbortSignal } = {},
): AsyncGenerator<DoctorCheck> {
  const failed = new Set<string>()
  for (const probe of probes) {
    const { name, after } = probe
    const check: DoctorCheck =
      after !== undefined && failed.has(after)
        ? { name, state: 'skipped', detail: `first mend: ${after}` }
        : await examine(probe, deps, signal)
    if (check.state === 'failed' || check.state === 'skipped') failed.add(name)
    yield check
  }
}
