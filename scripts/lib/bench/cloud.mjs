import { spawnSync } from 'node:child_process'
import { report } from './measure.mjs'

/** The local cloud in one process, as tests use it, in a process of its own so that its memory can be told. */
export async function benchCloud() {
  const script = new URL('./cloud-process.mjs', import.meta.url).pathname
  const child = spawnSync(process.execPath, ['--import', 'tsx', '--expose-gc', script], { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(`${script}: ${child.status}\n${child.stderr}`)
  const is = JSON.parse(child.stdout)
  report('in-process DescribeInstances of 2, its handler', is.handlerMs, 'ms', 1)
  report('in-process DescribeInstances of 2, SDK client and all', is.clientMs, 'ms', 1)
  report('10,000 instances listed as the library does', is.listSeconds, 's', 2)
  report('10,000 instances listed in one page', is.pageSeconds, 's', 2)
  report('memory of that process at its peak', is.peakMiB, 'MiB', 500)
}
