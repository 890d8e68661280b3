import { randomFillSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beside, installed, median, program, run, times } from './measure.mjs'
import { reach } from './reach.mjs'

const NODES = 50
const RUNS = 3

/** Files to nodes: `starcluster put` from nothing, beside other programs that copy, in the same run. Ratios count, not times. */
export async function benchCopy(env) {
  run(process.execPath, [program, 'start', 'copy', '-s', String(NODES)], env)
  const dir = mkdtempSync(join(tmpdir(), 'c-'))
  try {
    const to = await reach('copy', env)
    for (const [bytes, nodes] of [
      [100e6, 1],
      [100e6, 8],
      [10e6, NODES],
    ])
      await compare(to, env, dir, bytes, nodes)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
  run(process.execPath, [program, 'terminate', '-c', 'copy'], env)
}

async function compare({ addresses, key, port, options }, env, dir, bytes, count) {
  const file = join(dir, 'data')
  writeFileSync(file, randomFillSync(Buffer.alloc(bytes)))
  const some = addresses.slice(0, count)
  const list = join(dir, 'hosts')
  writeFileSync(list, `${some.map((address) => `root@${address}`).join('\n')}\n`)
  const which = count === 1 ? [] : ['--nodes', `master,node[001-${String(count - 1).padStart(3, '0')}]`]
  console.log(`${bytes / 1e6} MB to ${count} node${count === 1 ? '' : 's'}; the median of ${RUNS} runs each`)
  const ours = await timed(() => run(process.execPath, [program, 'put', 'copy', ...which, file, '/root/data'], env))
  beside('starcluster put', ours, 'ms', '')
  const at = String(Math.min(count, 8)) // as many at once as we
  const rivals = {
    scp: [
      'sh',
      '-c',
      `xargs -a ${list} -P ${at} -I @ scp -q -F none -i ${key} -P ${port} ${options} ${file} @:/root/data`,
    ],
    pscp: ['parallel-scp', '-h', list, '-p', at, '-x', `-F none -i ${key} -P ${port} ${options}`, file, '/root/data'],
    'clush --copy': [
      ...['clush', '-w', some.join(','), '-l', 'root', '-f', at, '-o', `-F none -i ${key} -P ${port} ${options}`],
      ...['-q', '--copy', file, '--dest', '/root/data'],
    ],
  }
  for (const [name, [command, ...args]] of Object.entries(rivals)) {
    if (!installed(command === 'sh' ? 'scp' : command)) {
      console.log(`SKIPPED: ${name} is not installed`)
      continue
    }
    const took = await timed(() => run(command, args, env))
    beside(name, took, 'ms', `${(took / ours).toFixed(2)} times ours`)
  }
}

const timed = async (call) => median(await times(RUNS, call))
