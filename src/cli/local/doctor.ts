import { diagnose } from '../../localcloud/doctor.js'
import type { CliContext } from '../context.js'

/** Checks the computer; exit status 1 when something the local cloud cannot do without is missing. */
export async function doctor(cli: CliContext, flags: { quiet?: boolean }): Promise<void> {
  const checks = await diagnose({ env: cli.env })
  for (const check of checks) {
    if (check.ok && flags.quiet) continue
    cli.print(`${check.ok ? 'ok     ' : check.required ? 'MISSING' : 'warning'}  ${check.name}: ${check.detail}`)
    if (!check.ok) cli.print(`           costs: ${check.cost}\n           mend:  ${check.fix}`)
  }
  const missing = checks.filter((c) => !c.ok && c.required)
  if (missing.length > 0) {
    cli.print(`not ready: ${missing.map((c) => c.name).join(', ')}`)
    cli.exitWith(1)
  } else if (!flags.quiet) cli.print('ready')
}
