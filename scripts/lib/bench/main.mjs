import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchCli } from './cli.mjs'
import { benchCluster } from './cluster.mjs'
import { program, run } from './measure.mjs'
import { benchReload } from './reload.mjs'

const parts = { cli: benchCli, reload: benchReload, cluster: benchCluster }
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts)
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const home = mkdtempSync(join(tmpdir(), 'sc-bench-'))
const env = { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', TERM: 'xterm' }
try {
  for (const name of wanted) {
    if (!parts[name]) throw new Error(`no part ${name}; there are ${Object.keys(parts).join(', ')}`)
    console.log(`\n${name}`)
    await parts[name](env)
  }
} finally {
  run(process.execPath, [program, 'local', 'reset', '--confirm'], env)
  rmSync(home, { recursive: true, force: true })
}
