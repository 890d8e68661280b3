import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { PartialMessage, Plugin } from 'esbuild'

/** What the bundle requires to get the running copy; answered by `evaluateBundle`. */
export const runningCopy = 'starcluster:running-copy'

const namespace = 'starcluster-api'

/**
 * Makes `import ... from 'starcluster'` mean the running program's own objects: one identity, and no package needed
 * beside the plugin. `starcluster/plugins/NAME` is the source of a bundled plugin, to extend it.
 */
export function publicApiModule(exportNames: readonly string[], bundledDir: string): Plugin {
  return {
    name: 'starcluster-public-api',
    setup(build) {
      build.onResolve({ filter: /^starcluster$/ }, () => ({ path: 'starcluster', namespace }))
      build.onResolve({ filter: /^starcluster\// }, ({ path }) => bundledSource(path, bundledDir))
      build.onResolve({ filter: new RegExp(`^${runningCopy}$`) }, ({ path }) => ({ path, external: true }))
      build.onLoad({ filter: /.*/, namespace }, () => ({ contents: reExports(exportNames), loader: 'js' }))
    },
  }
}

// Named one by one, not as an object: so a misspelt import is an error of the build, with its line.
function reExports(names: readonly string[]): string {
  const constants = names.map((name, index) => `const x${index} = api[${JSON.stringify(name)}]`)
  const list = names.map((name, index) => `x${index} as ${name}`).join(', ')
  return `const api = require(${JSON.stringify(runningCopy)})\n${constants.join('\n')}\nexport { ${list} }\n`
}

function bundledSource(path: string, bundledDir: string): { path: string } | { errors: PartialMessage[] } {
  const name = /^starcluster\/plugins\/([\w-]+)$/.exec(path)?.[1]
  const file = name && join(bundledDir, `${name}.ts`)
  if (file && existsSync(file)) return { path: file }
  return { errors: [{ text: `"${path}" does not exist; import what you need from "starcluster"` }] }
}
