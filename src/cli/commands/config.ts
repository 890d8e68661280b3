import type { Command } from 'commander'
import type { DefineCommand } from '../context.js'
import { examples, positiveInteger } from '../examples.js'

/** `starcluster config ...`: each act is in its own file and loaded when it runs. */
export const define: DefineCommand = (command, cli) => {
  const act = (name: string, summary: string) => sub(command, name).description(summary)

  act('init', 'ask a few questions and write a config that works; never over one that exists')
    .option('--template <name>', 'name of the template (default: smallcluster)')
    .option('--size <n>', 'number of nodes (default: 2)', positiveInteger)
    .option('--instance-type <type>', 'instance type (default: t3.small)')
    .option('--image <image>', 'image of the nodes (default: default, on AWS debian-12)')
    .option('--profile <name>', 'AWS profile (default: the default credentials)')
    .option('--keyname <name>', 'EC2 key pair, on AWS')
    .option('--key-location <file>', 'its private key')
    .option('-y, --yes', 'ask nothing: what is not given is the default; -r before "config" names the region')
    .action(async (flags) => (await import('../config/init.js')).init(cli, flags))
  act('check', 'report all that is wrong with the config at once; exit status 1 when there are errors')
    .option('--json', 'as JSON')
    .action(async (flags) => (await import('../config/check.js')).check(cli, flags))
  act('show', 'print a template and where each value comes from, without secrets')
    .argument('[template]', 'default: the one that start uses')
    .option('-a, --all', 'settings that nothing sets too')
    .option('--json', 'as JSON')
    .action(async (template, flags) => (await import('../config/show.js')).show(cli, template, flags))
  act('path', 'print which config file is used, and why')
    .option('--json', 'as JSON')
    .action(async (flags) => (await import('../config/path.js')).path(cli, flags))
  examples(command, [
    ['starcluster config init', 'asks, and writes ~/.starclusterrc'],
    ['starcluster -r eu-west-1 config init --keyname me --yes', 'for AWS, without a question'],
    ['starcluster config show bigcluster', 'its settings, inherited and default ones too'],
    ['starcluster config check', 'plugins are loaded for it, nothing is started'],
  ])
}

function sub(parent: Command, name: string): Command {
  return parent.command(name).copyInheritedSettings(parent)
}
