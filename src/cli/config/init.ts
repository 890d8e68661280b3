import { existsSync } from 'node:fs'
import { configExists, findConfigFile, isUrl, type NewConfig, starclusterPaths, writeNewConfig } from '../../index.js'
import { AnswerNeeded, Questions } from '../ask.js'
import type { CliContext } from '../context.js'
import { openStarCluster } from '../open.js'

/** Answers given beforehand. */
interface InitFlags {
  readonly template?: string
  readonly size?: number
  readonly instanceType?: string
  readonly image?: string
  readonly profile?: string
  readonly keyname?: string
  readonly keyLocation?: string
  /** Ask nothing: what is not given is the default. */
  readonly yes?: boolean
}

type Ask = (given: string | undefined, question: string, fallback?: string, wrong?: Wrong) => Promise<string>
type Wrong = (answer: string) => string | undefined

/** `starcluster config init`: asks, and writes a config that works. Never over one that exists. */
export async function init(cli: CliContext, flags: InitFlags): Promise<void> {
  const file = targetFile(cli)
  if (!flags.yes && !process.stdin.isTTY) {
    throw new AnswerNeeded('there is no terminal to ask at', {
      hint: 'give the answers as options and --yes: "starcluster config init --help" lists them',
    })
  }
  using questions = flags.yes ? undefined : new Questions(cli.signal)
  const ask: Ask = async (given, question, fallback, wrong) => {
    if (given !== undefined) return given
    if (questions) return questions.ask(question, fallback, wrong)
    if (fallback !== undefined) return fallback
    throw new AnswerNeeded(`not answered: ${question}`, {
      hint: 'give it as an option; "starcluster config init --help" lists them',
    })
  }
  const wanted = await answers(cli, flags, ask)
  writeNewConfig(file, wanted, await defaultsOf(cli, wanted.region), cli.env)
  cli.print(`${file}  written\n\nNext:\n  starcluster config show\n  starcluster start mycluster`)
}

/** @throws ConfigError when there is a config: a second one would hide the first, or not be read */
function targetFile(cli: CliContext): string {
  const { path, candidates, reason } = findConfigFile(cli.globals.config, cli.env)
  if (path !== undefined && (reason === 'usual place' || isUrl(path) || existsSync(path))) throw configExists(path)
  return path ?? candidates[0] ?? starclusterPaths(cli.env).configFiles[0] ?? ''
}

async function answers(cli: CliContext, flags: InitFlags, ask: Ask): Promise<NewConfig> {
  const region = await ask(cli.globals.region, 'Where: local (this computer), or a region of AWS', 'local')
  await defaultsOf(cli, region) // a region that does not exist ends it here
  const local = region === 'local'
  const profile = local ? '' : await ask(flags.profile, 'AWS profile (empty: the default credentials)', '')
  const key = local ? undefined : await askKey(flags, ask)
  const template = await ask(flags.template, 'Name of the template', 'smallcluster')
  const size = await ask(flags.size?.toString(), 'Number of nodes, the master included', '2', notANumber)
  const instanceType = await ask(flags.instanceType, 'Instance type', 't3.small')
  const imageId = await ask(flags.image, 'Image', local ? 'default' : 'debian-12')
  const settings = { region, template, clusterSize: Number(size), instanceType, imageId, key }
  return profile === '' ? settings : { ...settings, profile }
}

async function askKey(flags: InitFlags, ask: Ask): Promise<NonNullable<NewConfig['key']>> {
  const something: Wrong = (answer) => (answer === '' ? 'a cluster on AWS needs a key pair' : undefined)
  const name = await ask(flags.keyname, 'Name of your EC2 key pair', undefined, something)
  return { name, location: await ask(flags.keyLocation, 'Its private key file', `~/.ssh/${name}.pem`) }
}

const notANumber: Wrong = (answer) => (/^[1-9]\d*$/.test(answer) ? undefined : 'a whole number of at least 1, please')

/** What a template may leave out there. @throws RegionDoesNotExist */
async function defaultsOf({ env }: CliContext, region: string) {
  const sc = await openStarCluster({ globals: { region }, env }, [])
  try {
    return sc.region.templateDefaults
  } finally {
    await sc.close()
  }
}
