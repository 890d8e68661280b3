import { ConfigError, type ConfigFinding, checkConfig, RegionDoesNotExist, type StarCluster } from '../../index.js'
import { chalk } from '../colors.js'
import type { CliContext } from '../context.js'
import { openStarCluster } from '../open.js'

/** `starcluster config check`: all that is wrong, at once. */
export async function check(cli: CliContext, flags: { json?: boolean }): Promise<void> {
  const problems: ConfigError[] = []
  const sc = await open(cli, problems)
  try {
    const config = sc.config()
    const findings = await checkConfig(sc, config, problems)
    if (findings.some(({ severity }) => severity === 'error')) cli.exitWith(1)
    if (flags.json) return cli.print(JSON.stringify({ files: config.sources, findings }, null, 2))
    cli.print(render(findings, config.sources))
  } finally {
    await sc.close()
  }
}

/** A region of the config that does not exist is one more problem; the others are looked for as in us-east-1. */
async function open(cli: CliContext, problems: ConfigError[]): Promise<StarCluster> {
  try {
    return await openStarCluster(cli, problems)
  } catch (error) {
    if (!(error instanceof RegionDoesNotExist) || cli.globals.region !== undefined) throw error
    problems.splice(
      0,
      problems.length,
      new ConfigError(`[aws info] aws_region_name: ${error.message}`, { hint: error.hint }),
    )
    return openStarCluster({ env: cli.env, globals: { ...cli.globals, region: 'us-east-1' } }, problems)
  }
}

function render(findings: readonly ConfigFinding[], files: readonly string[]): string {
  const read = files.length === 0 ? 'There is no config file' : files.join(', ')
  if (findings.length === 0) return `${read}: nothing wrong`
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`
  const total = `${read}: ${count(errors, 'error')}, ${count(findings.length - errors, 'warning')}`
  return [...findings.map(renderFinding), total].join('\n')
}

function renderFinding({ severity, place, message, hint }: ConfigFinding): string {
  const word = severity === 'error' ? chalk.red('error') : chalk.yellow('warning')
  const what = `${word}: ${place === undefined ? '' : `${place}: `}${message}`
  return hint === undefined ? what : `${what}\n    ${hint.replaceAll('\n', '\n    ')}`
}
