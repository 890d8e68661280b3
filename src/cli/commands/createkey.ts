import { resolve } from 'node:path'
import { Option } from 'commander'
import { type CreateKeyOptions, createKey } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

interface Flags {
  outputFile?: string
  importKey?: string
  type?: CreateKeyOptions['type']
}

export const define: DefineCommand = (command, cli) => {
  command
    .description('make a key pair, or import one you have; the private key stays on this computer')
    .argument('<name>', 'name of the key pair')
    .addOption(
      new Option('-o, --output-file <file>', 'where to write the private key; never over another file').conflicts(
        'importKey',
      ),
    )
    .addOption(new Option('-i, --import-key <file>', 'import this key, private or public').conflicts('type'))
    .addOption(new Option('-t, --type <type>', 'ed25519 when left out').choices(['ed25519', 'rsa']))
    .action(async (name: string, { outputFile, importKey, type }: Flags) => {
      const made = await createKey(await cli.open(), name, {
        ...(outputFile === undefined ? {} : { output: resolve(outputFile) }),
        ...(importKey === undefined ? {} : { importFile: resolve(importKey) }),
        ...(type === undefined ? {} : { type }),
        signal: cli.signal,
      })
      cli.print(`${made.name}  ${made.fingerprint}`)
      if (made.location === undefined) return
      cli.print(`Private key: ${made.location}`)
      cli.print(`To start clusters with it, say in the config:\n\n[key ${name}]\nkey_location = ${made.location}`)
    })
  examples(command, [
    ['starcluster createkey mykey', 'its private key is in ~/.starcluster/keys, where clusters look for it'],
    ['starcluster createkey mykey -o ~/.ssh/mykey.pem', 'its private key is in a file of your choice'],
    ['starcluster createkey laptop -i ~/.ssh/id_ed25519', 'EC2 learns the public half of a key you have'],
  ])
}
