import { spawn, spawnSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'

export const program = new URL('../../../dist/cli/main.js', import.meta.url).pathname

/** Figures that `runs` calls return, sorted. The first call warms the file cache and is left out. */
export async function repeated(runs, call) {
  const all = []
  for (let i = 0; i <= runs; i++) {
    const figure = await call(i)
    if (i > 0) all.push(figure)
  }
  return all.sort((a, b) => a - b)
}

/** Wall times of `runs` calls in ms, sorted, the first left out too. */
export const times = (runs, call) =>
  repeated(runs, async (i) => {
    const start = performance.now()
    await call(i)
    return performance.now() - start
  })

export const median = (sorted) => sorted[Math.floor(sorted.length / 2)]

/** From least to most, where the median alone would not tell enough. */
export const spread = (sorted) => `${sorted[0].toFixed(0)} to ${sorted.at(-1).toFixed(0)}`

/** Runs a program to its end; throws with its output when it fails. */
export function run(command, args, env) {
  const result = spawnSync(command, args, { env, encoding: 'utf8', maxBuffer: 1 << 26 })
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${result.status}\n${result.stdout}${result.stderr}`)
  return result.stdout
}

/** Peak resident memory of a program in MiB, as GNU time or the kernel tells it. */
export async function peakMemory(args, env) {
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' })
  let peak = 0
  const { readFileSync } = await import('node:fs')
  const timer = setInterval(() => {
    try {
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0))
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error
    }
  }, 5)
  await new Promise((resolve) => child.once('close', resolve))
  clearInterval(timer)
  return peak / 1024
}

/** Whether there is such a program. */
export const installed = (command) => spawnSync('sh', ['-c', 'command -v "$0"', command]).status === 0

const rows = []

/** Seconds of wall time of a call. */
export async function seconds(call) {
  const start = performance.now()
  await call()
  return (performance.now() - start) / 1000
}

/** Shows one figure beside another, which it need not hold: a prototype's, another program's. */
export function beside(what, value, unit, other) {
  const shown = typeof value === 'number' ? value.toFixed(value < 10 ? 2 : 0) : value
  console.log(`${what.padEnd(58)} ${String(shown).padStart(8)} ${unit.padEnd(4)} ${other}`)
}

/** Notes one figure beside what it should hold. `budget` may be text (no single number). */
export function report(what, value, unit, budget) {
  rows.push({ what, value, unit, budget })
  const shown = typeof value === 'number' ? value.toFixed(value < 10 ? 2 : 0) : value
  const ratio =
    typeof budget === 'number' && budget > 0 && typeof value === 'number'
      ? `  (${(value / budget).toFixed(2)} of budget)`
      : ''
  console.log(`${what.padEnd(58)} ${String(shown).padStart(8)} ${unit.padEnd(4)} hold ${budget} ${unit}${ratio}`)
}
