import { beside, median, program, repeated, report, run, spread, times } from '../measure.mjs'
import { benchReload } from '../reload.mjs'
import { developmentShell, untilPrompt } from '../terminal.mjs'
import { coldScript } from './cold-script.mjs'
import { benchCompletion } from './completion.mjs'
import { editsInLibrary, editsInShell } from './edit-to-run.mjs'
import { IPYTHON, ipythonEdits, ipythonShell } from './ipython.mjs'
import { benchRollback } from './rollback.mjs'
import { PluginSources } from './sources.mjs'

const CLUSTER = 'authorcluster'

/** A plugin author's day: a prompt, an edit, a Tab, a rollback; beside a cold script and IPython in the same run. */
export async function benchAuthor(env) {
  const floor = median(await times(10, async () => run(process.execPath, ['-e', '0'], env)))
  report('an empty node process', floor, 'ms', '-')
  await prompts(env, floor)
  await benchReload(env)
  run(process.execPath, [program, 'start', CLUSTER, '-s', '3'], env)
  try {
    const sources = new PluginSources(env.HOME)
    await editsInLibrary(env, CLUSTER, sources)
    const ours = await editsInShell(env, CLUSTER, sources)
    await coldScript(env, CLUSTER, sources, ours)
    if (IPYTHON) await ipythonEdits(env, ours)
    await benchCompletion(env, CLUSTER)
    await benchRollback(env, CLUSTER)
  } finally {
    run(process.execPath, [program, 'terminate', '-c', CLUSTER], env)
  }
}

async function prompts(env, floor) {
  const ours = await repeated(10, () => untilPrompt(developmentShell, env))
  report('shell to prompt, above it', median(ours) - floor, 'ms', 250)
  beside('shell to prompt', median(ours), 'ms', spread(ours))
  if (!IPYTHON) return console.log('SKIPPED: IPython (Debian package ipython3) is not installed')
  const theirs = await repeated(5, () => untilPrompt(ipythonShell, env))
  beside('ipython3 to prompt', median(theirs), 'ms', `${(median(theirs) / median(ours)).toFixed(2)} times ours`)
}
