import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StarClusterError } from '../errors.js'
import { look } from './look.js'

export interface NewPluginOptions {
  /** Name of the plugin: of its section, and of its file. */
  readonly name: string
  /** Folder of the plugin path to write it to. */
  readonly dir: string
  /** Config file that gets its section; made when it is not there. */
  readonly config: string
  /** Names of the sections there are. */
  readonly taken: Iterable<string>
  /** Module that `starcluster` means to an editor: types, or sources. */
  readonly types: string
}

export interface NewPlugin {
  readonly file: string
  readonly className: string
  /** Written too; undefined when there was one already. */
  readonly tsconfig: string | undefined
}

/**
 * Writes a plugin to begin with, its section of the config and what an editor needs to complete its code. Nothing that
 * is there is changed but the config, to whose end the section is added.
 * @throws NewPluginRefused when the name cannot be one, or is taken
 */
export function writeNewPlugin({ name, dir, config, taken, types }: NewPluginOptions): NewPlugin {
  if (!/^[A-Za-z][\w-]*$/.test(name)) {
    throw new NewPluginRefused(`${JSON.stringify(name)} cannot be a plugin's name`, {
      hint: 'a letter, then letters, digits, - and _: starcluster newplugin my-plugin',
    })
  }
  if ([...taken].includes(name)) {
    throw new NewPluginRefused(`the config has a section [plugin ${name}] already`, {
      hint: `"starcluster plugins ${name}" shows it; choose another name`,
    })
  }
  const file = join(dir, `${name}.ts`)
  const className = pascalCase(name)
  mkdirSync(dir, { recursive: true })
  writeNew(file, pluginText(name, className))
  const tsconfig = join(dir, 'tsconfig.json')
  const isNew = look(tsconfig) === undefined
  if (isNew) writeNew(tsconfig, tsconfigText(types))
  addSection(config, `[plugin ${name}]\nsetup_class = ${name}.${className}\n# packages = htop, tree\n`)
  return { file, className, tsconfig: isNew ? tsconfig : undefined }
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new NewPluginRefused(`${file} is there already`, {
      hint: 'choose another name, or add its section by hand',
      cause: error,
    })
  }
}

function addSection(config: string, section: string): void {
  mkdirSync(dirname(config), { recursive: true })
  const before = look(config) ? readFileSync(config, 'utf8') : ''
  const gap = before === '' ? '' : before.endsWith('\n') ? '\n' : '\n\n'
  // May hold AWS keys one day: not for others to read.
  writeFileSync(config, gap + section, { flag: 'a', mode: 0o600 })
}

/** `my-plugin` -> `MyPlugin`. */
function pascalCase(name: string): string {
  return name.replace(/(?:^|[-_]+)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase()).replace(/[-_]+$/, '')
}

function pluginText(name: string, className: string): string {
  return `import { ClusterSetup, log, type Node, type SetupContext, sh, type Volumes } from 'starcluster'

/** Installs packages on every node. (One sentence on what your plugin does; "starcluster plugins ${name}" shows it.) */
export class ${className} extends ClusterSetup {
  /** Every parameter is a setting of [plugin ${name}] in the config, written as \`packages = htop, tree\`. */
  constructor(
    /** Names of the distribution's packages. */
    private readonly packages: string[] = ['tree'],
  ) {
    super()
  }

  /**
   * Called when a cluster is started, and by "starcluster runplugin ${name} CLUSTER". It may run again on the same nodes,
   * so write steps that can be repeated.
   */
  async run(nodes: Node[], master: Node, user: string, userShell: string, volumes: Volumes, { onEach }: SetupContext) {
    log.info(\`Installing \${this.packages.join(', ')}\`)
    await onEach(nodes, (node) => this.install(node)) // on all nodes at once
    // A command on one node: await master.ssh.execute('systemctl restart nginx')
    // Values in it, quoted:   await master.ssh.execute(sh\`chown \${user} /opt/data\`)
    // A file:                 await master.ssh.writeFile('/etc/thing.conf', 'text')
  }

  /** Called for each node that joins a running cluster. */
  override async onAddNode(node: Node) {
    await this.install(node)
  }

  /** Called by "starcluster test ${name}" when the plugin's work should be done: throw when it is not. */
  override async verify(nodes: Node[], _master: Node, _user: string, _shell: string, _volumes: Volumes, { onEach }: SetupContext) {
    await onEach(nodes, (node) => node.ssh.execute(sh\`dpkg -s -- \${this.packages}\`))
  }

  private async install(node: Node) {
    await node.packageInstall(this.packages)
  }
}
`
}

/** An editor's settings only: plugins are built without them. */
function tsconfigText(types: string): string {
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'ESNext',
    moduleResolution: 'Bundler',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    paths: { starcluster: [types] },
  }
  return `${JSON.stringify({ compilerOptions }, null, 2)}\n`
}

export class NewPluginRefused extends StarClusterError {
  readonly code = 'NewPluginRefused'
}
