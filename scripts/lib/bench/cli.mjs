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
