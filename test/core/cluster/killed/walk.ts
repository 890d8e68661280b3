import { expect, test } from 'vitest'
import type { ClusterManager } from '../../../../src/core/cluster/cluster-manager.js'
import { DoomedCloud } from '../../../support/simulated/doomed.js'
import type { Simulated } from '../../../support/simulated/manager.js'
import { expectNothingLeft, expectWhole } from '../../../support/simulated/whole.js'

/** A command that is killed, what is there before, and how a user goes on. */
export interface Walk {
  /** Words for the command line. */
  readonly command: readonly string[]
  before(cm: ClusterManager, on: Simulated): Promise<unknown>
  /** What a user does to finish the job. */
  again(cm: ClusterManager): Promise<unknown>
  /** Nodes of the cluster then; none: there is no cluster. */
  readonly whole: readonly string[]
}

const all = process.env.STARCLUSTER_TEST_ALL_FAULTS === '1'
/** Moments at which a command is killed without that. */
const sampled = 2
const minutes = 60_000

/**
 * Kills a command right before and right after its API calls and remote commands, each time on a cloud where nothing else
 * is; then goes on, looks whether the cluster is whole, and terminates it. STARCLUSTER_TEST_ALL_FAULTS=1 tries every
 * moment, else a few, spread evenly.
 */
export function walkKilled(name: string, walk: Walk): void {
  test(`${name}, killed anywhere, can be finished and leaves nothing`, {
    timeout: all ? 90 * minutes : 5 * minutes,
  }, async () => {
    const moments = await onCloud((cloud) => countMoments(cloud, walk))
    const failures: string[] = []
    const left = all ? range(moments) : spread(moments, sampled)
    const tried = left.length
    while (left.length > 0) {
      await onCloud(async (cloud) => {
        // A cloud on which something went wrong is of no use to the next one.
        for (let failed = false; !failed && left.length > 0; ) {
          const at = left.shift()!
          const failure = await killAndGoOn(cloud, walk, at)
          if (failure !== undefined) failures.push(failure)
          if (all) console.log(`${name} ${at}/${moments}${failure === undefined ? '' : `: ${failure}`}`)
          failed = failure !== undefined
        }
      })
    }
    console.log(`${name}: killed at ${tried} of ${moments} moments`)
    expect(failures).toEqual([])
  })
}

async function onCloud<T>(act: (cloud: DoomedCloud) => Promise<T>): Promise<T> {
  const cloud = await DoomedCloud.open()
  try {
    return await act(cloud)
  } finally {
    await cloud.close()
  }
}

/** Runs the command without a disturbance. */
async function countMoments(cloud: DoomedCloud, { command, before }: Walk): Promise<number> {
  await before(cloud.on.cm, cloud.on)
  const { moments, status, output } = await cloud.run(command)
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${output}`)
  return moments
}

/** @returns what went wrong */
async function killAndGoOn({ on, run }: DoomedCloud, walk: Walk, at: number): Promise<string | undefined> {
  let moment = 'before it was killed'
  try {
    await walk.before(on.cm, on)
    moment = (await run(walk.command, at)).killedAt ?? 'after its end'
    await walk.again(on.cm)
    if (walk.whole.length > 0) await expectWhole(on, 'c', walk.whole)
    if (await on.cm.clusterExists('c')) await on.cm.terminateCluster('c')
    await expectNothingLeft(on)
    return undefined
  } catch (error) {
    return `moment ${at}, ${moment}: ${error instanceof Error ? error.message : String(error)}`
  }
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
const spread = (count: number, parts: number) =>
  Array.from({ length: Math.min(count, parts) }, (_, part) => Math.ceil(((part + 0.5) * count) / parts))
