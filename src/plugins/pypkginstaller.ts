import { ClusterSetup, log, type Node, type SetupContext, sh, type Volumes } from 'starcluster'

const pip = 'pip install %s'

/**
 * Installs Python packages on every node, in parallel, one command for each package.
 *
 *     [plugin pypkginstaller]
 *     setup_class = pypkginstaller.PyPkgInstaller
 *     packages = psutil, scikit-learn>=1.5
 *     install_command = pip install --no-cache-dir %s
 */
export class PyPkgInstaller extends ClusterSetup {
  constructor(
    private readonly packages: string[] = [],
    private readonly installCommand = pip,
  ) {
    super()
    if (!installCommand.includes('%s')) throw new Error(`install_command must have %s where the package goes`)
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
      log.info('No Python packages specified')
      return
    }
    const commands = this.packages.map((name) => this.installCommand.replaceAll('%s', () => sh`${name}`.text))
    for (const command of commands) log.info(`$ ${command}`)
    await onEach(nodes, async (node) => {
      if (this.installCommand.startsWith('pip ')) await ensurePip(node)
      // Debian's pip refuses to install beside apt's packages unless told to; older ones do not know the variable.
      const env = { PIP_BREAK_SYSTEM_PACKAGES: '1', PIP_ROOT_USER_ACTION: 'ignore' }
      for (const command of commands) await node.ssh.execute(command, { env })
    })
    log.info(`Installed ${this.packages.join(', ')} on ${nodes.length} node${nodes.length === 1 ? '' : 's'}`)
  }
}

async function ensurePip(node: Node): Promise<void> {
  const { exitCode } = await node.ssh.execute('command -v pip', { ignoreExitStatus: true })
  if (exitCode !== 0) await node.aptInstall('python3-pip')
}
