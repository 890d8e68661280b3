import { stripVTControlCharacters } from 'node:util'
import { log, showConsole } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { harmless } from '../output/cell.js'

export const define: DefineCommand = (command, cli) => {
  command
    .description('show what an instance wrote to its console, the printable characters of it')
    .argument('<instance>', 'id, DNS name or address')
    .action(async (instance: string) => {
      cli.keepStdoutForData()
      const text = await showConsole(await cli.open(), instance, { signal: cli.signal })
      if (text.trim() === '') log.info(`No console output of ${instance} yet; EC2 shows it some minutes after the boot`)
      else cli.print(printable(text).trimEnd())
    })
  examples(command, [
    ['starcluster showconsole i-0c9999990123456789', 'its boot, and its host keys'],
    ['starcluster showconsole 127.77.1.2 | less', 'of the instance at an address, page by page'],
  ])
}

function printable(text: string): string {
  return stripVTControlCharacters(text)
    .split(/\r?\n|\r/)
    .map((line) => harmless(line))
    .join('\n')
}
