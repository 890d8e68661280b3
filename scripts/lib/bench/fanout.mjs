import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beside, installed, median, program, run, times } from './measure.mjs'
import { plainOptions } from './reach.mjs'

const SIZES = [50, 10]
const RUNS = 3
const COMMAND = 'hostname'
const SSH_PORT = '22022'

/** One command on many sshd: the library and `exec` beside other programs for it, in the same run. Ratios count, not times. */
export async function benchFanOut(env) {
  run(process.execPath, [program, 'start', 'fan', '-s', String(Math.max(...SIZES))], env)
  const { createStarCluster } = await import('../../../dist/index.js')
  const lib = await createStarCluster({ env })
  const nodes = await (await lib.cm.getCluster('fan')).getNodes()
  try {
    for (const size of SIZES) await benchNodes(env, nodes.slice(0, size))
  } finally {
    await lib.close()
  }
  run(process.execPath, [program, 'terminate', '-c', 'fan'], env)
}

async function benchNodes(env, nodes) {
  const { onEach } = await import('../../../dist/index.js')
  // Unix sockets have short names.
  const dir = mkdtempSync(join(tmpdir(), 'f-'))
  try {
    const addresses = nodes.map((node) => node.ipAddress)
    const rivals = programs(env, dir, addresses)
    console.log(`one command on ${nodes.length} sshd; the median of ${RUNS} runs each`)
    const script = new URL('./fanout-process.mjs', import.meta.url).pathname
    const names = nodes.map((node) => node.alias).join(',')
    const cold = await timed(() => run(process.execPath, [script, 'fan', COMMAND, names], env))
    const exec = await timed(() => run(process.execPath, [program, 'exec', 'fan', '-n', names, '--', COMMAND], env))
    beside('cold: starcluster exec', exec, 'ms', `${(exec / cold).toFixed(2)} times the library`)
    await compare('cold', cold, rivals)
    const once = () => onEach(nodes, (node) => node.ssh.execute(COMMAND, { sourceProfile: false }), { fanout: 64 })
    const warm = await timed(once)
    await compare('warm', warm, rivals)
  } finally {
    for (const ended of controlSockets(dir)) execFileSync('ssh', ['-O', 'exit', '-S', ended, 'x'], { stdio: 'ignore' })
    rmSync(dir, { recursive: true, force: true })
  }
}

const timed = async (call) => median(await times(RUNS, call))

async function compare(kind, ours, rivals) {
  beside(`${kind}: this library`, ours, 'ms', '')
  for (const { name, command, how } of rivals) {
    const args = how[kind]
    if (!args) continue
    if (!installed(command)) {
      console.log(`SKIPPED: ${name} is not installed`)
      continue
    }
    const took = await timed(() => run(command, args, how.env))
    beside(`${kind}: ${name}`, took, 'ms', `${(took / ours).toFixed(2)} times ours`)
  }
}

const controlSockets = (dir) => {
  const found = execFileSync('find', [dir, '-type', 's'], { encoding: 'utf8' })
  return found.split('\n').filter(Boolean)
}

/** How each of them is asked, cold and with connections that OpenSSH keeps open. */
function programs(env, dir, addresses) {
  const key = join(env.HOME, '.starcluster/keys/local/starcluster.pem')
  const plain = plainOptions
  const kept = [...plain, 'ControlMaster=auto', `ControlPath=${dir}/%C`, 'ControlPersist=300']
  const options = (list) =>
    ['-F none', `-i ${key}`, `-p ${SSH_PORT}`, ...list.map((option) => `-o ${option}`)].join(' ')
  const file = (name, lines) => {
    writeFileSync(join(dir, name), `${lines.join('\n')}\n`)
    return join(dir, name)
  }
  const hosts = file(
    'hosts',
    addresses.map((address) => `root@${address}`),
  )
  const inventory = file(
    'inventory',
    addresses.map((address) => `${address} ansible_user=root ansible_port=${SSH_PORT}`),
  )
  const clush = (list) => [
    '-w',
    addresses.join(','),
    '-l',
    'root',
    '-f',
    String(addresses.length),
    '-o',
    options(list),
    '-q',
    COMMAND,
  ]
  const xargs = `xargs -a ${hosts} -P ${addresses.length} -I @ ssh -n`
  return [
    {
      name: 'clush (clustershell)',
      command: 'clush',
      how: { cold: clush(plain), warm: clush(kept.map((option) => option.replace('%', '%%'))), env },
    },
    {
      name: 'parallel-ssh (pssh)',
      command: 'parallel-ssh',
      how: {
        cold: ['-h', hosts, '-p', String(addresses.length), '-x', options(plain), '-i', COMMAND],
        warm: ['-h', hosts, '-p', String(addresses.length), '-x', options(kept), '-i', COMMAND],
        env,
      },
    },
    {
      name: 'ansible (raw)',
      command: 'ansible',
      how: {
        cold: [
          '-i',
          inventory,
          'all',
          '-m',
          'raw',
          '-a',
          COMMAND,
          '-f',
          String(addresses.length),
          '--private-key',
          key,
        ],
        env: {
          ...env,
          ANSIBLE_HOST_KEY_CHECKING: 'False',
          ANSIBLE_SSH_ARGS: '-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR',
        },
      },
    },
    {
      name: 'OpenSSH and xargs',
      command: 'sh',
      how: {
        cold: ['-c', `${xargs} ${options(plain)} @ ${COMMAND}`],
        warm: ['-c', `${xargs} ${options(kept)} @ ${COMMAND}`],
        env,
      },
    },
  ]
}
