/** Modules of the original's `starcluster.plugins` package that have no counterpart here yet. */
const notPorted = new Set(['boto', 'condor', 'hadoop', 'ipcluster', 'mpich2', 'mysql', 'sge', 'users'])

const prefix = 'starcluster.plugins.'

/** `starcluster.plugins.pkginstaller` -> `pkginstaller`; undefined when the name is not one of the original's own. */
export function bundledModuleName(module: string): string | undefined {
  return module.startsWith(prefix) ? module.slice(prefix.length) : undefined
}

/** True for a plugin the original had and we do not have yet. */
export function isNotPorted(module: string): boolean {
  return notPorted.has(module)
}
