/** The parts of the program as the shell offers them by name: the original's list, ours where one exists. */
export interface NamedModule {
  readonly name: string
  readonly load: () => Promise<object>
}

const merged = async (...parts: Promise<object>[]): Promise<object> => Object.assign({}, ...(await Promise.all(parts)))

export const namedModules: readonly NamedModule[] = [
  { name: 'config', load: () => import('./core/config/index.js') },
  {
    name: 'cluster',
    load: () => merged(import('./core/cluster/cluster.js'), import('./core/cluster/cluster-manager.js')),
  },
  {
    name: 'clustersetup',
    load: () => merged(import('./core/setup/cluster-setup.js'), import('./core/setup/default-cluster-setup.js')),
  },
  { name: 'node', load: () => import('./core/node/node.js') },
  {
    name: 'sshutils',
    load: () => merged(import('./core/ssh/client.js'), import('./core/ssh/fan-out.js'), import('./core/ssh/keys.js')),
  },
  { name: 'plugins', load: () => merged(import('./core/setup/loader.js'), import('./core/setup/runner.js')) },
  { name: 'awsutils', load: () => merged(import('./core/aws/clients.js'), import('./core/aws/region.js')) },
  { name: 'logger', load: () => import('./core/log.js') },
  { name: 'exception', load: () => merged(import('./core/errors.js'), import('./api.js')) },
  {
    name: 'utils',
    load: () => merged(import('./core/nearest.js'), import('./core/wait.js'), import('./core/paths.js')),
  },
]
