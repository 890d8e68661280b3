import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { beside, median, repeated, report, spread } from '../measure.mjs'
import { silent } from '../reload.mjs'
import { END_OF_SHELL, Terminal } from '../terminal.mjs'

const EDITS = [
  ['nothing changed', 'nothing'],
  ['plugin edited', 'plugin'],
  ['deep helper edited', 'helper'],
  ['config section edited', 'config'],
]

/** Whole `cm.runPlugin` in a process that has run it before, until `run` is entered: config and cluster state read. */
export async function editsInLibrary(env, cluster, sources) {
  const { createStarCluster } = await import('../../../../dist/index.js')
  const sc = await createStarCluster({ env, log: silent })
  const untilRun = async (edited) => {
    sources.edit(edited)
    const entered = once(process, 'author-ran').then(([says]) => ({ says, when: performance.now() }))
    const start = performance.now()
    await sc.cm.runPlugin('author', cluster)
    const { says, when } = await entered
    if (says !== sources.says) throw new Error(`run was ${says}, not ${sources.says}`)
    return when - start
  }
  for (const [what, edited] of EDITS) {
    report(`runPlugin until run is entered, ${what}`, median(await repeated(30, () => untilRun(edited))), 'ms', 80)
  }
  await sc.close()
}

/**
 * The same as its author sees it: in the shell, from the Enter key to what the plugin's new code prints.
 * -> median in ms after an edit of the deep helper
 */
export async function editsInShell(env, cluster, sources) {
  const shell = await Terminal.shell(env)
  const call = `cm.runPlugin('author', '${cluster}')`
  const medians = {}
  try {
    for (const [what, edited] of EDITS) {
      const took = await repeated(15, async () => {
        sources.edit(edited)
        const ms = await shell.enter(call, sources.says)
        await shell.mustShow('|')
        return ms
      })
      medians[edited] = median(took)
      report(`shell, Enter to the output of run, ${what}`, median(took), 'ms', 80)
      if (edited === 'helper') beside('  least to most', '', '', spread(took))
    }
    report('memory of the shell after that (RSS)', await residentMiB(shell), 'MiB', 220)
  } finally {
    await shell.end(END_OF_SHELL)
  }
  return medians.helper
}

async function residentMiB(shell) {
  await shell.enter('[process.memoryUsage.rss() >> 20, "MiB resident"]', "'MiB resident'")
  return Number(/\[ (\d+), 'MiB/.exec(shell.seen)[1])
}
