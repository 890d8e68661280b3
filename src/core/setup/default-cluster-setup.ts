import { compareAliases } from '../node/aliases.js'
import { toPeer } from '../node/keys.js'
import type { Node } from '../node/node.js'
import { runScript } from '../node/scripts/run-script.js'
import {
  accountStep,
  authorizeRootStep,
  exportsStep,
  homeStep,
  hostnameStep,
  hostsStep,
  knownHostsStep,
  mountStep,
  nfsServerStep,
  scratchStep,
  userKeysStep,
} from '../node/scripts/steps.js'
import { volumesStep } from '../node/scripts/volume-step.js'
import { foldNodeNames } from '../ssh/fold.js'
import { ClusterSetup, type SetupContext, type Volumes } from './cluster-setup.js'
import { chooseAccount } from './default/choose-account.js'
import { NodeScripts } from './default/node-scripts.js'
import { ensurePackages, requiredPrograms } from './default/packages.js'
import { surveyNodes } from './default/survey.js'
import type { SetupWork } from './default/work.js'

export type { SetupWork } from './default/work.js'

/**
 * The set-up that makes machines a cluster, first in every chain: host names, `/etc/hosts`, the cluster user with the
 * same ids everywhere, scratch space, `/home` shared over NFS, ssh without passwords in every direction.
 *
 * Made to be extended: every step is a method that adds to the nodes' scripts (`work.scripts.add`), or runs commands of
 * its own. However many steps there are, a node runs one script a stage, and all nodes run theirs in parallel. Run twice,
 * the second run changes nothing.
 */
export class DefaultClusterSetup extends ClusterSetup {
  async run(
    nodes: Node[],
    master: Node,
    user: string,
    userShell: string,
    volumes: Volumes,
    context: SetupContext,
  ): Promise<void> {
    context.log.info('Configuring the cluster...')
    await this.setupVolumes(master, volumes, context)
    const work = await this.prepare(nodes, nodes, master, user, userShell, volumes, context)
    await this.setUp(work)
  }

  /** Sets the new node up and tells all others about it. */
  override async onAddNode(
    node: Node,
    nodes: Node[],
    master: Node,
    user: string,
    userShell: string,
    volumes: Volumes,
    context: SetupContext,
  ): Promise<void> {
    await this.addNodes([node], nodes, master, user, userShell, volumes, context)
  }

  /** Sets any number of new nodes up at once and tells all others about them. */
  async addNodes(
    added: Node[],
    nodes: Node[],
    master: Node,
    user: string,
    userShell: string,
    volumes: Volumes,
    context: SetupContext,
  ): Promise<void> {
    context.log.info(`Adding ${foldNodeNames(added.map(({ alias }) => alias))} to the cluster...`)
    const isNew = new Set(added.map(({ id }) => id))
    const all = [...nodes.filter(({ id }) => !isNew.has(id)), ...added].sort((a, b) => compareAliases(a.alias, b.alias))
    await this.setUp(await this.prepare(all, added, master, user, userShell, volumes, context))
  }

  /** Makes all others forget the node; the node itself is left as it is, it is about to go. */
  override async onRemoveNode(
    node: Node,
    nodes: Node[],
    master: Node,
    user: string,
    userShell: string,
    volumes: Volumes,
    context: SetupContext,
  ): Promise<void> {
    await this.removeNodes([node], nodes, master, user, userShell, volumes, context)
  }

  /** Makes all others forget any number of nodes at once. */
  async removeNodes(
    removed: Node[],
    nodes: Node[],
    master: Node,
    user: string,
    userShell: string,
    volumes: Volumes,
    context: SetupContext,
  ): Promise<void> {
    context.log.info(`Removing ${foldNodeNames(removed.map(({ alias }) => alias))} from the cluster...`)
    const goes = new Set(removed.map(({ id }) => id))
    const others = nodes.filter(({ id, state }) => !goes.has(id) && state === 'running')
    await this.setUp(await this.prepare(others, [], master, user, userShell, volumes, context))
  }

  /** The steps, in order. */
  protected async setUp(work: SetupWork): Promise<void> {
    await this.setupPackages(work)
    await this.setupHostnames(work)
    await this.setupEtcHosts(work)
    await this.setupClusterUser(work)
    await this.setupScratch(work)
    await this.setupNfs(work)
    await this.setupPasswordlessSsh(work)
    await work.scripts.run(work.context)
  }

  /** Mounts the volumes on the master: before all else, for one may hold `/home` with its owners. */
  protected async setupVolumes(master: Node, volumes: Volumes, { log, signal }: SetupContext): Promise<void> {
    const attached = Object.values(volumes)
    if (attached.length === 0) return
    const { changed } = await runScript(master.ssh, [volumesStep(attached)], { signal })
    for (const what of changed) log.info(`${master.alias}: ${what}`)
  }

  protected async setupPackages({ targets, facts, context }: SetupWork): Promise<void> {
    await ensurePackages(targets, facts, context)
  }

  protected async setupHostnames({ targets, scripts }: SetupWork): Promise<void> {
    for (const node of targets) scripts.add(node, hostnameStep(node.alias))
  }

  protected async setupEtcHosts({ nodes, peers, scripts }: SetupWork): Promise<void> {
    const step = hostsStep(peers)
    for (const node of nodes) scripts.add(node, step)
  }

  /** The account on every node; its home on the master, from where all nodes have it. */
  protected async setupClusterUser({ targets, master, account, scripts }: SetupWork): Promise<void> {
    for (const node of targets) {
      scripts.add(node, accountStep(account))
      if (node === master) scripts.add(node, homeStep(account))
    }
  }

  /** A place on each node's own disk for the user's temporary data. */
  protected async setupScratch({ targets, user, scripts }: SetupWork): Promise<void> {
    for (const node of targets) scripts.add(node, scratchStep(user))
  }

  /** `/home` and the volumes, exported by the master and mounted by everyone else. */
  protected async setupNfs({ master, workers, targets, scripts, ...work }: SetupWork): Promise<void> {
    const paths = this.exportPaths(work.volumes)
    const clients = workers.map(({ privateIpAddress }) => privateIpAddress)
    if (workers.length > 0) scripts.add(master, nfsServerStep())
    const volumes = new Set(Object.values(work.volumes).map(({ mountPath }) => mountPath))
    for (const path of paths) scripts.add(master, exportsStep(path, clients, volumes.has(path)))
    for (const node of targets) if (node !== master) scripts.add(node, mountStep(master.alias, paths), 1)
  }

  /** root and the cluster user reach every node from every node. */
  protected async setupPasswordlessSsh({ nodes, master, facts, peers, account, scripts }: SetupWork): Promise<void> {
    const rootKeys = nodes.map((node) => facts.get(node)!.rootKey)
    const known = knownHostsStep(peers)
    const authorized = authorizeRootStep(rootKeys)
    for (const node of nodes) {
      scripts.add(node, known)
      scripts.add(node, authorized)
    }
    // One key in the shared home does for all nodes; the cluster's login key opens the user's account too.
    if (nodes.includes(master)) scripts.add(master, userKeysStep(account, [await master.loginPublicKey()]))
  }

  /** Folders of the master that all nodes share. */
  protected exportPaths(volumes: Volumes): string[] {
    return [...new Set(['/home', ...Object.values(volumes).map(({ mountPath }) => mountPath)])]
  }

  private async prepare(
    nodes: readonly Node[],
    targets: readonly Node[],
    master: Node,
    user: string,
    userShell: string,
    volumes: Volumes,
    context: SetupContext,
  ): Promise<SetupWork> {
    const facts = await surveyNodes(nodes, (node) => requiredPrograms(node, master, userShell), context)
    return {
      nodes,
      master,
      workers: nodes.filter((node) => node !== master),
      targets,
      user,
      userShell,
      volumes,
      context,
      facts,
      account: chooseAccount(user, userShell, facts.get(master)!, [...facts.values()]),
      peers: nodes.map((node) => toPeer(node, facts.get(node)!.hostKeys)),
      scripts: new NodeScripts(),
    }
  }
}
