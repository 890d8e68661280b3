import { spawnSync } from 'node:child_process'
import { beside, median, peakMemory, program, repeated, report, run, times } from './measure.mjs'
import { developmentShell, untilPrompt } from './terminal.mjs'

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
  await above('starcluster listinstances, above it', ['listinstances'], 250)
  await above('starcluster start --help, above it', ['start', '--help'], '-')
  node(program, '__names') // as the first Tab asks for
  report(
    'a Tab (__complete), whole',
    median(await times(15, async () => node(program, '__complete', '--', 'stop', ''))),
    'ms',
    200,
  )
  await awsCommand(env, floor)
  const prompts = await repeated(10, () => untilPrompt(developmentShell, env))
  report('shell to prompt, above it', median(prompts) - floor, 'ms', 250)
  report('memory of a command (listclusters)', await peakMemory([program, 'listclusters'], env), 'MiB', 160)
  const status = JSON.parse(node(program, 'local', 'status', '--json'))
  report('memory of the daemon', status.memoryBytes / 2 ** 20, 'MiB', 180)
}

/** The `aws` command at the same endpoint, asked for what a list of clusters is made of. */
async function awsCommand(env, floor) {
  const settings = run(process.execPath, [program, 'local', 'env'], env)
  const aws = (args) => `${settings}\naws --endpoint-url "$AWS_ENDPOINT_URL" ${args}`
  if (spawnSync('sh', ['-c', aws('--version')], { env, stdio: 'ignore' }).status !== 0)
    return console.log('SKIPPED: the aws command (Debian package awscli) is not installed')
  const took = await times(3, async () => run('sh', ['-c', aws('ec2 describe-instances')], env))
  beside('aws ec2 describe-instances, above it', median(took) - floor, 'ms', '')
}
