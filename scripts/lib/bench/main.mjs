import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchCli } from './cli.mjs'
import { benchCloud } from './cloud.mjs'
import { benchCluster } from './cluster.mjs'
import { benchFanOut } from './fanout.mjs'
import { program, run } from './measure.mjs'
import { benchNodes } from './nodes.mjs'
import { benchReload } from './reload.mjs'

/** Run when nothing else is asked for. */
const usual = { cli: benchCli, reload: benchReload, cluster: benchCluster, cloud: benchCloud }
/** Run when asked for: minutes each. */
const large = { nodes: benchNodes, fanout: benchFanOut }
const parts = { ...usual, ...large }
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(usual)
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const home = mkdtempSync(join(tmpdir(), 'sc-bench-'))
const env = { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', TERM: 'xterm' }
try {
  for (const name of wanted) {
    if (!parts[name]) throw new Error(`no part ${name}; there are ${Object.keys(parts).join(', ')}`)
    // Figures of a busy machine are not comparable.
    console.log(`\n${name} (load ${loadavg()[0].toFixed(1)})`)
    await parts[name](env)
  }
} finally {
  // An ordinary user's images are below his home.
  const images = process.getuid() === 0 ? [] : ['--images']
  run(process.execPath, [program, 'local', 'reset', '--confirm', ...images], env)
  rmSync(home, { recursive: true, force: true })
}
