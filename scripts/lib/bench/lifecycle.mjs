import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const SIZES = [
  [2, 1],
  [100, 10],
  [1000, 100],
]

/** What each command costs, in API calls and ssh round trips, for clusters of simulated nodes within EC2's limits. */
export async function benchLifecycle() {
  for (const [nodes, added] of SIZES) {
    console.log(`\n${nodes} nodes`)
    console.log(row('', 'API calls', 'refused', 'trips/node', 'seconds', 'MiB'))
    await measured(nodes, added, (is) => {
      const calls = Object.values(is.calls).reduce((sum, count) => sum + count, 0)
      console.log(
        row(is.command, calls, is.refused, is.tripsPerMachine, is.seconds.toFixed(1), is.memoryMiB.toFixed(0)),
      )
      const most = Object.entries(is.calls).sort(([, one], [, other]) => other - one)
      console.log(`    ${most.map(([action, count]) => `${action} ${count}`).join(', ')}`)
    })
  }
}

const row = (command, ...figures) => command.padEnd(20) + figures.map((one) => String(one).padStart(12)).join('')

/** Runs one cluster's life in a process of its own; tells each command when it has ended. */
async function measured(nodes, added, tell) {
  const script = new URL('./lifecycle-process.mjs', import.meta.url).pathname
  const child = spawn(process.execPath, ['--import', 'tsx', script, nodes, added], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  for await (const line of createInterface(child.stdout)) tell(JSON.parse(line))
  const status = await ended
  if (status !== 0) throw new Error(`${script} ended with ${status}`)
}
