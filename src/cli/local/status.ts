import { daemonStatus, type NodeStatus, type StorageUse } from '../../localcloud/control.js'
import type { CliContext } from '../context.js'
import { localTime } from '../output/cell.js'
import { EGRESS_TEXT } from './egress.js'

const CONTAINERS: readonly string[] = ['docker', 'podman']

export async function status(cli: CliContext, flags: { json?: boolean }): Promise<void> {
  const report = await daemonStatus(cli.env, cli.signal)
  if (flags.json) return cli.print(JSON.stringify(report, null, 2))
  if (!report.running) return cli.print('The local cloud is not running. It starts when a command needs it.')
  const lines = [
    `The local cloud is running: process ${report.pid}, ${mib(report.memoryBytes)} of memory, since ${localTime(new Date(report.started))}`,
    `  endpoint  ${report.endpoint} (EC2, S3, STS)`,
    `  ssh       port ${report.sshPort} at each machine's public address`,
    `  state     ${report.paths.dir}`,
    ...(CONTAINERS.includes(report.engine) ? [`  machines  made in a container of ${report.engine}`] : []),
    `  image     ${report.imageReady ? 'ready' : 'not built yet; the first start builds it'}`,
    ...(report.egress ? [`  egress    ${EGRESS_TEXT[report.egress]}`] : []),
    ...(report.unlimited?.length
      ? [`  limits    none here for a machine's ${report.unlimited.join(', ')}; starcluster local doctor says why`]
      : []),
    ...report.notices.map((notice) => `  notice    ${notice}`),
    ...report.faults.map((fault) => `  injected  ${fault} ("starcluster local inject clear" ends it)`),
  ]
  cli.print(lines.join('\n'))
  if (report.nodes.length === 0) cli.print('No machines.')
  else printMachines(cli, report.nodes)
  printStorage(cli, 'volume', report.volumes)
  printStorage(cli, 'snapshot', report.snapshots)
}

function printMachines(cli: CliContext, nodes: readonly NodeStatus[]): void {
  cli.print(
    `${'instance'.padEnd(21)} ${'state'.padEnd(8)} ${'processes'.padStart(9)} ${'memory'.padStart(10)} ${'disk'.padStart(10)}`,
  )
  for (const node of nodes) {
    const { id, state, processes, memoryBytes, diskBytes } = node
    cli.print(
      `${id.padEnd(21)} ${state.padEnd(8)} ${String(processes).padStart(9)} ${mib(memoryBytes).padStart(10)} ${mib(diskBytes).padStart(10)}`,
    )
    for (const { port, publicIp, publicPort } of node.ports) {
      cli.print(`  port ${port} is reached at ${publicIp}:${publicPort}`)
    }
  }
}

function printStorage(cli: CliContext, what: string, all: readonly StorageUse[]): void {
  if (all.length === 0) return
  cli.print(`${what.padEnd(22)} ${'state'.padEnd(9)} ${'size'.padStart(9)} ${'disk'.padStart(10)}`)
  for (const { id, state, sizeGiB, diskBytes, note = '' } of all) {
    const size = sizeGiB === undefined ? '?' : `${sizeGiB} GiB`
    cli.print(
      `${id.padEnd(22)} ${state.padEnd(9)} ${size.padStart(9)} ${mib(diskBytes).padStart(10)}  ${note}`.trimEnd(),
    )
  }
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
