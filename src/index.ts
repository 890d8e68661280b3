/** The public API of StarCluster: what scripts, the command line and the shell use. Plugins import the same names. */
export * from './api.js'
export { type NamedModule, namedModules } from './modules.js'
export { createStarCluster, type StarCluster, type StarClusterOptions } from './starcluster.js'
