import { StarClusterError, type StepResult } from '../../index.js'
import { chalk } from '../colors.js'
import type { DefineCommand } from '../context.js'
import { examples, positiveInteger } from '../examples.js'

interface Flags {
  clusterSize?: number
  clusterTemplate?: string
  keep?: boolean
  strict?: boolean
  json?: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<plugin>', 'name of a [plugin] section of the config, or module.Class')
    .option('-s, --cluster-size <n>', 'nodes to begin with, the master included (default: 2)', positiveInteger)
    .option('-c, --cluster-template <name>', 'template of the config; the plugin takes the place of its plugins')
    .option('--keep', 'leave the cluster for a look')
    .option('--strict', 'a second run that changes something is a failure')
    .option('--json', 'the report as JSON')
    .action(async (plugin: string, flags: Flags) => {
      if (flags.json) cli.keepStdoutForData()
      const { cm, region } = await cli.open()
      if (region.name !== 'local') throw new LocalOnly(region.name)
      const report = await cm.testPlugin(plugin, {
        signal: cli.signal,
        size: flags.clusterSize,
        template: flags.clusterTemplate,
        keep: flags.keep === true,
      })
      const bad = (one: StepResult) => one.outcome === 'failed' || (flags.strict === true && one.outcome === 'remark')
      const passed = !report.steps.some(bad)
      if (flags.json) cli.print(JSON.stringify({ ...report, passed, kept: flags.keep === true }, null, 2))
      else cli.print(`\n${report.steps.map(line).join('\n')}\n${verdict(plugin, report.steps, passed)}`)
      if (flags.keep && !flags.json) {
        cli.print(`The cluster ${report.tag} is there for a look; "starcluster terminate ${report.tag}" removes it.`)
      }
      cli.exitWith(passed ? 0 : 1)
    })
  examples(command, [
    ['starcluster test myplugin', 'start, run twice, add and remove a node, restart, stop, start; each time verify'],
    ['starcluster test --strict --json myplugin', 'for a program: a report, and an exit status'],
  ])
}

const words = {
  ok: chalk.green('ok'.padEnd(7)),
  remark: chalk.yellow('remark '),
  failed: chalk.red('FAILED '),
  skipped: chalk.dim('skipped'),
}

function line({ step, outcome, ms, detail }: StepResult): string {
  const time = outcome === 'skipped' ? '' : `${(ms / 1000).toFixed(1)} s`
  const below = detail === undefined ? '' : `\n${detail.replace(/^/gm, '          ')}`
  return `${words[outcome]} ${step.padEnd(28)} ${time}${below}`.trimEnd()
}

function verdict(plugin: string, steps: readonly StepResult[], passed: boolean): string {
  const count = (outcome: StepResult['outcome']) => steps.filter((one) => one.outcome === outcome).length
  const remarks = count('remark') === 0 ? '' : `, ${count('remark')} with a remark`
  const seconds = (steps.reduce((sum, { ms }) => sum + ms, 0) / 1000).toFixed(1)
  const total = steps.length - count('skipped')
  return passed
    ? `${plugin} passed: ${total} steps in ${seconds} s${remarks}`
    : `${plugin} FAILED: ${count('failed')} of ${total} steps${remarks}`
}

class LocalOnly extends StarClusterError {
  readonly code = 'LocalOnly'
  constructor(region: string) {
    super(`plugins are tested on the local cloud, not in ${region}, where it would cost money`, {
      hint: 'give -r local before the command word: starcluster -r local test PLUGIN',
    })
  }
}
