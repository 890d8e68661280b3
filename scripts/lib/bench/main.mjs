import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchAuthor } from './author/author.mjs'
import { benchCli } from './cli.mjs'
import { benchCloud } from './cloud.mjs'
import { benchCluster } from './cluster.mjs'
import { benchCopy } from './copy.mjs'
import { benchFanOut } from './fanout.mjs'
import { benchLifecycle } from './lifecycle.mjs'
import { program, run } from './measure.mjs'
import { benchNodes } from './nodes.mjs'
import { benchReload } from './reload.mjs'

/** Run when nothing else is asked for. */
const usual = { cli: benchCli, author: benchAuthor, cluster: benchCluster, cloud: benchCloud }
/** Run when asked for: a part of `author` that needs no cluster; the others take minutes each. */
const onDemand = {
  reload: benchReload,
  nodes: benchNodes,
  fanout: benchFanOut,
  copy: benchCopy,
  lifecycle: benchLifecycle,
}
const parts = { ...usual, ...onDemand }
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(usual)
const unknown = wanted.find((name) => !Object.hasOwn(parts, name))
if (unknown !== undefined) {
  console.error(`there is no part ${unknown}; there are ${Object.keys(parts).join(', ')}`)
  process.exit(2)
}
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const home = mkdtempSync(join(tmpdir(), 'sc-bench-'))
const env = { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', TERM: 'xterm' }
/** Ctrl-C or `kill`: what was started is ended then too. */
const interrupted = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)))
try {
  for (const name of wanted) {
    // Figures of a busy machine are not comparable.
    console.log(`\n${name} (load ${loadavg()[0].toFixed(1)})`)
    if ((await Promise.race([parts[name](env), interrupted])) !== undefined) process.exitCode = 130
    if (process.exitCode) break
  }
} finally {
  // An ordinary user's images are below his home.
  const images = process.getuid() === 0 ? [] : ['--images']
  run(process.execPath, [program, 'local', 'reset', '--confirm', ...images], env)
  rmSync(home, { recursive: true, force: true })
}
// After Ctrl-C a part may still wait for something.
process.exit()
