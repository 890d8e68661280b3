import type { ConfigError, DoctorCheck } from '../../index.js'
import { diagnose } from '../../localcloud/doctor.js'
import { chalk } from '../colors.js'
import type { CliContext, DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { openStarCluster } from '../open.js'
import * as field from '../output/fields.js'
import { printJson } from '../output/listing.js'

/** What --json gives of each check. */
export const checkFields: field.Fields<DoctorCheck> = {
  name: field.text('what was tried', ({ name }) => name),
  state: field.text('ok, warning, failed, or skipped when it could not be tried', ({ state }) => state),
  detail: field.text('what was found', ({ detail }) => detail),
  mend: field.text('what to do; null: nothing', ({ mend }) => mend),
}

export const define: DefineCommand = (command, cli) => {
  command.option('--json', 'as JSON: nothing else is on stdout').action(async (flags: { json?: boolean }) => {
    if (flags.json) cli.keepStdoutForData()
    await cli.openLog()
    const checks: DoctorCheck[] = []
    for await (const check of allChecks(cli)) {
      checks.push(check)
      if (!flags.json) cli.print(render(check))
    }
    if (flags.json)
      printJson(
        cli,
        checks.map((check) => field.toJson(checkFields, check)),
      )
    const failed = checks.filter(({ state }) => state === 'failed')
    if (failed.length > 0) cli.exitWith(1)
    if (!flags.json)
      cli.print(failed.length === 0 ? 'ready' : `not ready: ${failed.map(({ name }) => name).join(', ')}`)
  })
  examples(command, [
    ['starcluster doctor', 'what is wrong with config, keys, credentials, permissions, and how to mend it'],
    ['starcluster -r us-east-1 doctor', 'the same for a region of AWS'],
  ])
}

/** In region local the computer is the cloud: it is looked at too. */
async function* allChecks(cli: CliContext): AsyncGenerator<DoctorCheck> {
  const problems: ConfigError[] = []
  const sc = await openStarCluster(cli, problems)
  try {
    if (sc.region.name === 'local') yield* await localChecks(cli)
    yield* sc.cm.examine(problems, { signal: cli.signal })
  } finally {
    await sc.close()
  }
}

async function localChecks({ env }: CliContext): Promise<DoctorCheck[]> {
  const checks = await diagnose({ env })
  const wrong = checks.filter(({ ok }) => !ok)
  if (wrong.every(({ required }) => !required)) {
    const lacks = wrong.length === 0 ? '' : `, without ${wrong.map(({ name }) => name).join(', ')}`
    const more = wrong.length === 0 ? {} : { mend: '"starcluster local doctor" says what that costs' }
    return [
      { name: 'local cloud', state: wrong.length === 0 ? 'ok' : 'warning', detail: `works here${lacks}`, ...more },
    ]
  }
  return wrong.map(({ name, required, detail, fix }) => ({
    name,
    state: required ? 'failed' : 'warning',
    detail,
    mend: fix,
  }))
}

const marks = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ', skipped: 'skipped' } as const

function render({ name, state, detail, mend }: DoctorCheck): string {
  const color = { ok: chalk.green, warning: chalk.yellow, failed: chalk.red, skipped: chalk.dim }[state]
  const text = `${color(marks[state])}  ${name}: ${detail.replaceAll('\n', '\n           ')}`
  return mend === undefined ? text : `${text}\n           mend:  ${mend.replaceAll('\n', '\n                  ')}`
}
