import type { ExplainedSection, ExplainedSetting } from '../../index.js'
import { chalk } from '../colors.js'
import type { CliContext } from '../context.js'

interface ShowFlags {
  readonly json?: boolean
  readonly all?: boolean
}

/** `starcluster config show [TEMPLATE]`: each value and where it comes from. */
export async function show(cli: CliContext, template: string | undefined, flags: ShowFlags): Promise<void> {
  if (flags.json) cli.keepStdoutForData()
  const { config, region } = await cli.open()
  const sections = config().explain(template, region.templateDefaults)
  if (sections.some(({ settings }) => settings.some(({ problem }) => problem !== undefined))) cli.exitWith(1)
  if (flags.json) return cli.print(JSON.stringify(sections, null, 2))
  cli.print(sections.map((section) => render(section, flags.all === true)).join('\n\n'))
}

function render({ label, place, settings }: ExplainedSection, all: boolean): string {
  const shown = settings.filter(({ source }) => all || source !== 'not set')
  const header = `${chalk.bold(label)}${place === undefined ? '' : `  ${chalk.dim(place)}`}`
  const width = Math.max(0, ...shown.map(({ name }) => name.length))
  return [header, ...shown.map((setting) => line(setting, width))].join('\n')
}

function line(setting: ExplainedSetting, width: number): string {
  const { name, problem } = setting
  const start = `  ${name.padEnd(width)}`
  if (problem !== undefined) return `${start}   ${chalk.red(problem)}`
  return `${start} = ${text(setting.value)}  ${chalk.dim(`(${origin(setting)})`)}`
}

function origin({ source, place, inheritedFrom }: ExplainedSetting): string {
  const where = source === 'file' || source === 'environment' ? (place ?? source) : source
  return inheritedFrom === undefined ? where : `${where}, from [cluster ${inheritedFrom}]`
}

/** As one would write it in the file, lists and tags on one line. */
function text(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ')
  if (typeof value !== 'object' || value === null) return String(value ?? '').replaceAll('\n', ' ')
  const pairs = Object.entries(value).map(([key, one]) => `${key}=${String(one)}`)
  return pairs.join(', ')
}
