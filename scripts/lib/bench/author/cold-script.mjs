import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beside, median, program, spread, times } from '../measure.mjs'

const checkout = dirname(dirname(dirname(program)))

/** What an author without the shell would do: a script that runs the plugin once, with tsx, from nothing each time. */
export async function coldScript(env, cluster, sources, ours) {
  const dir = join(env.HOME, 'script')
  mkdirSync(join(dir, 'node_modules/.bin'), { recursive: true })
  symlinkSync(checkout, join(dir, 'node_modules/starcluster'))
  symlinkSync(join(checkout, 'node_modules/.bin/tsx'), join(dir, 'node_modules/.bin/tsx'))
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }\n')
  writeFileSync(join(dir, 'empty.ts'), '')
  writeFileSync(join(dir, 'once.ts'), script(cluster))
  const tsx = (file) => {
    // Offline and refused an installation: what is beside the script is what runs.
    const made = spawnSync('npx', ['--no', '--offline', 'tsx', file], { cwd: dir, env, encoding: 'utf8' })
    if (made.status !== 0) throw new Error(`npx tsx ${file}: ${made.status}\n${made.stdout}${made.stderr}`)
    return made.stdout
  }
  const empty = await times(5, async () => tsx('empty.ts'))
  beside('npx tsx of an empty file, whole process', median(empty), 'ms', '')
  const runs = await times(5, async () => {
    sources.edit('helper')
    const said = tsx('once.ts')
    if (!said.includes(sources.says)) throw new Error(`the script did not say ${sources.says}, but:\n${said}`)
  })
  const ratio = `${(median(runs) / ours).toFixed(1)} times the shell with its deep helper edited`
  beside('npx tsx of a script that does the same, whole process', median(runs), 'ms', `${ratio}; ${spread(runs)}`)
}

const script = (cluster) => `import { createStarCluster } from 'starcluster'

const sc = await createStarCluster()
await sc.cm.runPlugin('author', '${cluster}')
await sc.close()
`
