import { type Rehearsal, type RehearsalProgress, StarClusterError, screenLevel, setScreenLevel } from '../../index.js'
import type { CliContext, DefineCommand } from '../context.js'
import { examples, notes, positiveInteger } from '../examples.js'
import { isBad, renderStep, renderVerdict } from '../render-trial.js'

interface Flags {
  clusterSize?: number
  clusterTemplate?: string
  timeout: number
  keep?: boolean
  strict?: boolean
  json?: boolean
  verbose?: boolean
  timeline?: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<plugin>', 'name of a [plugin] section of the config, or module.Class')
    .option('-s, --cluster-size <n>', 'nodes to begin with, the master included (default: 2)', positiveInteger)
    .option('-c, --cluster-template <name>', 'template of the config; the plugin takes the place of its plugins')
    .option('--timeout <seconds>', 'how long each step may take', positiveInteger, 900)
    .option('--keep', 'leave the cluster for a look')
    .option('--strict', 'a remark is a failure, such as a second run that changes something')
    .option('--json', 'the report as JSON on stdout; steps are told on stderr')
    .option('-v, --verbose', 'print the log, and the output of commands on nodes, as it comes')
    .option('--timeline', 'tell at the end what ran where, when and for how long')
    .action(async (plugin: string, flags: Flags) => {
      if (flags.json) cli.keepStdoutForData()
      const report = await runTrial(cli, plugin, flags)
      const passed = !report.steps.some((step) => isBad(step, flags.strict === true))
      if (flags.json) cli.print(JSON.stringify({ ...report, passed, kept: flags.keep === true }, null, 2))
      else cli.print(renderVerdict(report, passed))
      if (flags.keep && !flags.json) {
        cli.print(`The cluster ${report.tag} is there for a look; "starcluster terminate ${report.tag}" removes it.`)
      }
      cli.exitWith(passed ? 0 : 1)
    })
  examples(command, [
    ['starcluster test myplugin', 'start, run twice, add and remove a node, restart, stop, start; each time verify'],
    ['starcluster test --keep -s 3 myplugin', 'with three nodes, which stay for a look'],
    ['starcluster test --strict --json myplugin', 'for a program: a report, and an exit status'],
  ])
  notes(command, 'Exit status: 0 passed, 1 failed, 2 wrong usage, 130 interrupted.')
}

/** The trial, told step by step; its log is shown with a step that fails, or as it comes with `verbose`. */
async function runTrial(cli: CliContext, plugin: string, flags: Flags): Promise<Rehearsal> {
  const { cm, region } = await cli.open()
  if (region.name !== 'local') throw new LocalOnly(region.name)
  const { followCommands } = await import('../follow-commands.js')
  const told = new Teller(plugin, flags)
  const before = screenLevel()
  if (!flags.verbose) setScreenLevel('fatal')
  cli.signal.addEventListener('abort', told.interrupted, { once: true })
  try {
    const options = {
      signal: cli.signal,
      size: flags.clusterSize,
      template: flags.clusterTemplate,
      timeoutMs: flags.timeout * 1000,
      keep: flags.keep === true,
      onProgress: told.progress,
    }
    return await followCommands(
      cli,
      flags,
      () => cm.testPlugin(plugin, options),
      () => told.step,
    )
  } finally {
    cli.signal.removeEventListener('abort', told.interrupted)
    setScreenLevel(before)
  }
}

/** Says how the trial goes. */
class Teller {
  /** What is being done. */
  step: string | undefined
  private tag: string | undefined

  constructor(
    private readonly plugin: string,
    private readonly flags: Flags,
  ) {}

  readonly progress = ({ tag, testFile, begins, ended }: RehearsalProgress): void => {
    if (this.tag === undefined) {
      this.say(`Testing ${this.plugin} on cluster ${tag}${testFile === undefined ? '' : `, with ${testFile}`}\n`)
    }
    this.tag = tag
    this.step = begins
    if (ended) this.say(renderStep(ended, { log: !this.flags.verbose }))
  }

  readonly interrupted = (): void => {
    if (this.tag === undefined || this.flags.keep) return
    this.say(`Interrupted: removing cluster ${this.tag}. Ctrl-C once more leaves it there.`)
  }

  private say(text: string): void {
    const stream = this.flags.json ? process.stderr : process.stdout
    stream.write(`${text}\n`)
  }
}

class LocalOnly extends StarClusterError {
  readonly code = 'LocalOnly'
  constructor(region: string) {
    super(`plugins are tested on the local cloud, not in ${region}, where it would cost money`, {
      hint: 'give -r local before the command word: starcluster -r local test PLUGIN',
    })
  }
}
