import Module from 'node:module'
import { dirname } from 'node:path'
import { runningCopy } from './public-api-module.js'

interface CompilableModule extends Module {
  _compile(code: string, filename: string): unknown
}

const ModuleInternals = Module as unknown as { _nodeModulePaths(dir: string): string[] }

/**
 * Runs a bundle in CommonJS format and gives its exports.
 *
 * `Module._compile` and not an import: a module evaluated this way is freed when it is replaced, an imported one never.
 */
export function evaluateBundle(code: string, outfile: string, publicApi: object): Record<string, unknown> {
  const module = new Module(outfile) as CompilableModule
  module.filename = outfile
  module.paths = ModuleInternals._nodeModulePaths(dirname(outfile))
  const requireFromFolder = module.require.bind(module)
  module.require = Object.assign(
    (id: string): unknown => (id === runningCopy ? publicApi : requireFromFolder(id)),
    requireFromFolder,
  )
  module._compile(code, outfile)
  module.loaded = true
  return module.exports as Record<string, unknown>
}
