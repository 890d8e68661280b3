import { Command } from 'commander'
import { packageVersion } from '../package-root.js'
import { groups } from './registry.js'

/** The command line as its overview shows it: global options, and each command without its own options. */
export function createProgram(): Command {
  const program = new Command('starcluster')
    .description('Starts, configures and manages clusters of machines, on Amazon EC2 or on this machine.')
    .version(packageVersion(), '--version', 'print the version')
    .option('-d, --debug', 'show debug messages (they always go to ~/.starcluster/logs/debug.log)')
    .option(
      '-c, --config <file>',
      'config file (default: $STARCLUSTER_CONFIG, ~/.starclusterrc, ~/.starcluster/config)',
    )
    .option('-r, --region <name>', '"local" or a region of AWS (default: local, unless the config has [aws info])')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError('    "starcluster help" lists the commands')
    .configureHelp({ sortSubcommands: false })
    .exitOverride()
  for (const { title, entry } of groups.flatMap(({ title, commands }) => commands.map((entry) => ({ title, entry })))) {
    const { name, aliases, summary } = entry
    program
      .command(name)
      .helpGroup(`${title}:`)
      .aliases(aliases)
      .description(summary)
      .copyInheritedSettings(program)
      .showHelpAfterError(`    "starcluster help ${name}" shows its options and examples`)
  }
  program.commandsGroup('This program:').helpCommand('help [command]', 'explain a command')
  program.addHelpText('after', '\n"starcluster help COMMAND" shows a command\'s options and examples.')
  return program
}
