import { ClusterSetup, log, type Node, type SetupContext, sh, type Volumes } from 'starcluster'

const display = ':1'
const screen = '1024x768x16'
const profile = '/etc/profile.d/scxvfb.sh'

/**
 * Gives every node a virtual screen, so that programs which need X11 run without one. DISPLAY is set at login.
 *
 *     [plugin xvfb]
 *     setup_class = xvfb.XvfbSetup
 */
export class XvfbSetup extends ClusterSetup {
  async run(nodes: Node[], _master: Node, _user: string, _shell: string, _volumes: Volumes, context: SetupContext) {
    await this.setUp(nodes, context)
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
    await this.setUp([node], context)
  }

  private async setUp(nodes: Node[], { onEach }: SetupContext): Promise<void> {
    log.info('Installing Xvfb')
    await onEach(nodes, (node) => node.aptInstall('xvfb'))
    log.info(`Starting Xvfb on display ${display} (${screen})`)
    await onEach(nodes, async (node) => {
      await node.ssh.execute(startCommand)
    })
    log.info(`DISPLAY=${display} is set in ${profile}`)
  }
}

// Xvfb writes its process id into the lock file; one that is alive is left alone.
const startCommand = sh`(echo ${`export DISPLAY="${display}"`} > ${profile}
lock=/tmp/.X1-lock socket=/tmp/.X11-unix/X1 out=/var/log/xvfb.log
kill -0 "$(tr -d ' ' < $lock)" 2>/dev/null && exit 0
rm -f "$lock" "$socket"
setsid Xvfb ${display} -screen 0 ${screen} </dev/null >"$out" 2>&1 &
for try in $(seq 100); do [ -S "$socket" ] && exit 0; sleep 0.1; done
echo 'Xvfb did not start within 10 s' >&2
tail -n 5 "$out" >&2
exit 1)`
