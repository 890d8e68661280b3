import { ClusterSetup, log, type Node, type SetupContext, sh, type Volumes } from 'starcluster'

/**
 * Installs Debian packages on every node, in parallel.
 *
 *     [plugin pkginstaller]
 *     setup_class = pkginstaller.PackageInstaller
 *     packages = htop, tree
 */
export class PackageInstaller extends ClusterSetup {
  constructor(private readonly packages: string[] = []) {
    super()
  }

  async run(nodes: Node[], _master: Node, _user: string, _shell: string, _volumes: Volumes, context: SetupContext) {
    await this.install(nodes, context)
  }

  override async onAddNode(
    node: Node,
    _nodes: Node[],
    _master: Node,
    _user: string,
    _shell: string,
    _volumes: Volumes,
    context: SetupContext,
  ) {
    await this.install([node], context)
  }

  private async install(nodes: Node[], { onEach }: SetupContext): Promise<void> {
    if (this.packages.length === 0) {
      log.info('No packages specified')
      return
    }
    log.info(`Installing ${this.packages.join(', ')} on ${countOf(nodes)}`)
    const versions = await onEach(nodes, async (node) => {
      await node.aptInstall(this.packages)
      return this.installedVersions(node)
    })
    for (const [list, aliases] of groupByAnswer(nodes, versions)) {
      const where = aliases.length === nodes.length ? countOf(nodes) : aliases.join(', ')
      log.info(`Installed on ${where}: ${list}`)
    }
  }

  /** `htop 3.2.2-2, tree 2.1.0-1`; a virtual package, which has no version of its own, by its name. */
  private async installedVersions(node: Node): Promise<string> {
    // `apt-get install` takes htop=3.2.2-2, htop/stable and htop:amd64; dpkg knows the bare name.
    const names = this.packages.map((name) => name.replace(/[=/:].*$/, ''))
    const query = sh`dpkg-query -W -f '\${Package} \${Version}\\n' -- ${names}`
    const { stdout } = await node.ssh.execute(query, { ignoreExitStatus: true, sourceProfile: false })
    const found = new Map(stdout.split('\n').map((line) => [line.split(' ')[0] ?? '', line.trim()]))
    return names.map((name) => found.get(name) ?? name).join(', ')
  }
}

function countOf(nodes: readonly Node[]): string {
  return nodes.length === 1 ? `${nodes[0]?.alias}` : `${nodes.length} nodes`
}

function groupByAnswer(nodes: readonly Node[], answers: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const [index, answer] of answers.entries()) {
    groups.set(answer, [...(groups.get(answer) ?? []), nodes[index]?.alias ?? ''])
  }
  return groups
}
