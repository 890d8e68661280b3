/** Where an editor finds types, so that nothing has to be installed beside a plugin. */
export interface TypePlaces {
  /** Name that is imported -> file of its types; as in `paths` of tsconfig.json. */
  readonly modules: Readonly<Record<string, string>>
  /** Folder that has `node`: Node's own modules and globals. */
  readonly typeRoot: string
}

export function pluginText(name: string, className: string): string {
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

  // Other hooks: onRemoveNode(node, ...) before a node goes; onRestart, onShutdown(nodes, ...) before a reboot or a stop.

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

export function testText(name: string): string {
  return `import { testCluster } from 'starcluster/testing'
import { expect, test } from 'vitest'

// "starcluster test ${name}" runs this file on a cluster of its own: after its start, after a second run of the plugin, with
// a node more, a node less, after a reboot, and after a stop and a start. Nothing has to be installed for it.

test('every node has the program', async () => {
  const { nodes } = await testCluster()
  for (const node of nodes) {
    const { stdout } = await node.ssh.execute('tree --version')
    expect(stdout, node.alias).toMatch(/^tree v/)
  }
})

test('the shared home is the same everywhere', async () => {
  const { nodes, master, user } = await testCluster()
  await master.ssh.execute('echo hello > ~/greeting', { user })
  for (const node of nodes) expect(await node.ssh.readFile(\`/home/\${user}/greeting\`), node.alias).toBe('hello\\n')
})
`
}

/** Settings of an editor, and of `tsc`: plugins are built without them. */
export function tsconfigText({ modules, typeRoot }: TypePlaces): string {
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'ESNext',
    moduleResolution: 'Bundler',
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    typeRoots: [typeRoot],
    types: ['node'],
    paths: Object.fromEntries(Object.entries(modules).map(([name, file]) => [name, [file]])),
  }
  return `${JSON.stringify({ compilerOptions }, null, 2)}\n`
}
