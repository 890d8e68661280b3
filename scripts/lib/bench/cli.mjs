import { spawn } from 'node:child_process'
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
  report('shell to prompt, above it', median(await times(10, () => untilPrompt(env))) - floor, 'ms', 250)
  report('memory of a command (listclusters)', await peakMemory([program, 'listclusters'], env), 'MiB', 160)
  const status = JSON.parse(node(program, 'local', 'status', '--json'))
  report('memory of the daemon', status.memoryBytes / 2 ** 20, 'MiB', 180)
}

function untilPrompt(env) {
  const child = spawn(process.execPath, [program, 'shell'], { env, stdio: ['pipe', 'pipe', 'ignore'] })
  return new Promise((resolve, reject) => {
    let seen = ''
    child.once('error', reject)
    child.stdout.setEncoding('utf8').on('data', (text) => {
      seen += text
      if (/\|1> /.test(seen)) {
        resolve()
        child.stdin.end('.exit\n')
      }
    })
  })
}
