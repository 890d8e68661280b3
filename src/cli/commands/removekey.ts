import { type KeyPairUse, keyPairUse, log, removeKeyPair } from '../../index.js'
import { type ConfirmationFlags, confirmationOptions, confirmed } from '../confirmation.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

export const define: DefineCommand = (command, cli) => {
  command
    .description('remove a key pair from EC2; files of its private key stay')
    .argument('<name>', 'name of the key pair')
  confirmationOptions(command).action(async (name: string, flags: ConfirmationFlags) => {
    const sc = await cli.open()
    const use = await keyPairUse(sc, name, { signal: cli.signal })
    if (!(await confirmed(`${described(use)}\nRemove it?`, flags, cli.signal))) return
    await removeKeyPair(sc, name, { signal: cli.signal })
    log.info(`Key pair ${name} is gone from region ${sc.region.name}`)
  })
  examples(command, [
    ['starcluster removekey oldkey', 'tells which instances were launched with it, and asks'],
    ['starcluster removekey --confirm oldkey', 'without asking'],
  ])
}

function described({ pair: { name, fingerprint }, instanceIds }: KeyPairUse): string {
  const used =
    instanceIds.length === 0
      ? ''
      : `\nLaunched with it, and opened by it also afterwards: ${instanceIds.slice(0, 10).join(', ')}${instanceIds.length > 10 ? ', ...' : ''}`
  return `Key pair ${name} (${fingerprint}).${used}`
}
