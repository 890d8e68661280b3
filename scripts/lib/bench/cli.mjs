import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { median, peakMemory, program, report, run, times } from './measure.mjs'

/** Start-up of commands above an empty Node process. */
export async function benchCli(env) {
  const node = (...args) => run(process.execPath, args, env)
  node(program, 'listclusters') // starts the daemon
  const floor = median(await times(15, async () => node('-e', '0')))
  report('an empty node process', floor, 'ms', '-')
  const above = async (what, args, budget) =>
    report(what, median(await times(15, async () => node(program, ...args))) - floor, 'ms', budget)
  await above('starcluster --version, above it', ['--version'], 60)
  await above('starcluster --help, above it', ['--help'], 60)
  await above('starcluster listclusters (daemon running), above it', ['listclusters'], 250)
  const prompts = []
  for (let i = 0; i < 10; i++) {
    const start = performance.now()
    prompts.push((await untilPrompt(env)) - start)
  }
  report('shell to prompt, above it', median(prompts.sort((a, b) => a - b)) - floor, 'ms', 250)
  node(program, 'shell', '-e', "await ec2.createKeyPair({ KeyName: 'benchkey' })")
  report('Tab in the shell: a member', await tabMs(env, 'cm.getClusterOr', 'None'), 'ms', 200)
  report(
    'Tab in the shell: a name asked for a moment ago',
    await tabMs(env, "ec2.describeKeyPairs({ KeyNames: ['benc", "hkey'"),
    'ms',
    200,
  )
  report('memory of a command (listclusters)', await peakMemory([program, 'listclusters'], env), 'MiB', 160)
  const status = JSON.parse(node(program, 'local', 'status', '--json'))
  report('memory of the daemon', status.memoryBytes / 2 ** 20, 'MiB', 180)
}

/** Until the prompt is shown in a real terminal, which `script` of util-linux makes. */
function untilPrompt(env) {
  const child = spawn('script', ['-qfec', `exec ${process.execPath} ${program} shell`, '/dev/null'], {
    env: { ...env, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  return new Promise((resolve, reject) => {
    let seen = ''
    let shownAt
    child.once('error', reject)
    child.once('close', () => (shownAt ? resolve(shownAt) : reject(new Error(`the shell showed no prompt:\n${seen}`))))
    child.stdout.setEncoding('utf8').on('data', (text) => {
      seen += text
      if (shownAt === undefined && /\|1> /.test(seen)) {
        shownAt = performance.now()
        child.stdin.write('.exit\r')
      }
    })
  })
}

/** From the Tab key to the completed text, the first one left out: median of 7. */
async function tabMs(env, line, rest) {
  const child = spawn('script', ['-qfec', `exec ${process.execPath} ${program} shell`, '/dev/null'], {
    env: { ...env, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  let seen = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    seen += text
  })
  const shows = async (text, timeoutMs) => {
    const late = performance.now() + timeoutMs
    while (!seen.includes(text) && performance.now() < late) await new Promise((resolve) => setTimeout(resolve, 1))
    return seen.includes(text)
  }
  const press = async () => {
    child.stdin.write('\x15')
    seen = ''
    child.stdin.write(line)
    await shows(line, 5_000)
    seen = ''
    const begin = performance.now()
    child.stdin.write('\t')
    return (await shows(rest, 2_000)) ? performance.now() - begin : undefined
  }
  try {
    if (!(await shows('|1> ', 20_000))) throw new Error(`the shell showed no prompt:\n${seen}`)
    for (let i = 0; (await press()) === undefined; i++) if (i > 10) throw new Error(`Tab did not complete ${line}`)
    const took = []
    for (let i = 0; i < 7; i++) took.push((await press()) ?? Number.POSITIVE_INFINITY)
    return median(took.sort((a, b) => a - b))
  } finally {
    child.stdin.write('\x15.exit\r')
    await new Promise((resolve) => child.once('close', resolve))
  }
}
