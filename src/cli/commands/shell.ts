import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

export const define: DefineCommand = (command, cli) => {
  command.action(async () => {
    cli.leaveInterruptsAlone()
    const { runShell } = await import('../../repl/compose.js')
    cli.exitWith(await runShell(await cli.open(), cli.env))
  })
  examples(command, [
    ['starcluster shell', "then: cm.runPlugin('myplugin', 'testcluster')"],
    ['echo "cm.listClusters()" | starcluster shell', 'evaluate lines without a terminal'],
  ])
}
