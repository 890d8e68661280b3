import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { consoleOutput } from '../aws/instances.js'
import { parseConsoleHostKeys } from '../ssh/console-host-keys.js'
import { HostKeyUnknown } from '../ssh/errors.js'
import type { HostKeyVerifier } from '../ssh/host-keys.js'
import { KnownHosts } from '../ssh/known-hosts.js'
import type { ClusterDeps } from './deps.js'
import { poll } from './poll.js'

/**
 * The host keys of a cluster's nodes, under their instance ids, in a file of this computer. They come from the console
 * output, which EC2 gives only to those with the account's credentials: no first use has to be trusted.
 */
export class HostKeyPins {
  private readonly known: KnownHosts

  constructor(
    private readonly deps: Pick<ClusterDeps, 'aws' | 'paths' | 'region'>,
    tag: string,
  ) {
    this.known = new KnownHosts(join(deps.paths.knownHostsDir, deps.region.name, tag))
  }

  get file(): string {
    return this.known.path
  }

  /**
   * Waits until the host keys of a node are known: pinned before, or in its console output.
   *
   * @param timeoutMs on EC2 the console output comes minutes after the boot
   * @throws WaitTimeoutError saying what to do
   */
  async waitFor(instanceId: string, alias: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (await this.isPinned(instanceId)) return
    await poll(
      `${alias} to show its host keys in the console output`,
      async (s) => (await this.pin(instanceId, s)) || undefined,
      {
        timeoutMs,
        slowestMs: 10_000,
        signal,
        hint: `look at the console output of ${instanceId}: a node that did not boot shows why there`,
      },
    )
  }

  /** Verifies a node; its keys are fetched when this computer meets the node for the first time. */
  verifier(instanceId: string, alias: string): HostKeyVerifier {
    const pinned = this.known.pinned(instanceId, { name: alias })
    return {
      verify: async (host, port, blob) => {
        await this.ensure(instanceId, alias)
        return pinned.verify(host, port, blob)
      },
      knownKeyTypes: async (host, port) => {
        await this.ensure(instanceId, alias)
        return (await pinned.knownKeyTypes?.(host, port)) ?? []
      },
    }
  }

  /** Forgets all nodes of the cluster. */
  async remove(): Promise<void> {
    await rm(this.file, { force: true })
  }

  /** Forgets nodes that are gone. */
  async forget(instanceIds: readonly string[]): Promise<void> {
    await this.known.forget(...instanceIds)
  }

  /** @throws HostKeyUnknown when they are neither pinned nor in the console output */
  async ensure(instanceId: string, alias: string, signal?: AbortSignal): Promise<void> {
    if ((await this.isPinned(instanceId)) || (await this.pin(instanceId, signal))) return
    throw new HostKeyUnknown(`${alias}: its host keys are not known, and its console output does not show them`, {
      hint: `EC2 keeps the last 64 KiB of console output only; compare keys another way and add a line "${instanceId} KEY" to ${this.file}`,
    })
  }

  private async isPinned(instanceId: string): Promise<boolean> {
    return (await this.known.keysOf(instanceId)).length > 0
  }

  private async pin(instanceId: string, signal?: AbortSignal): Promise<boolean> {
    const { keys } = parseConsoleHostKeys(await consoleOutput(this.deps.aws.ec2, instanceId, signal))
    if (keys.length === 0) return false
    await this.known.pin(instanceId, keys)
    return true
  }
}
