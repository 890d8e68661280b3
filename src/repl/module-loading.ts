import { statSync } from 'node:fs'
import { Module } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

type Load = (specifier: string, options?: object) => Promise<object>

/** `import()` as a TypeScript file in `directory` would do it: extensions may be left out, JSON needs no attribute. */
export function importFrom(directory: string): Load {
  return (specifier, options) => {
    const file = /^\.{0,2}\//.test(specifier) ? fileOf(resolve(directory, specifier)) : undefined
    if (/\.[cm]?tsx?$/.test(file ?? specifier)) return importTypeScript(directory, file ?? specifier)
    if (file?.endsWith('.json')) return nodeImport(directory)(specifier, { with: { type: 'json' } })
    return nodeImport(directory)(file ?? specifier, options)
  }
}

const extensions = ['ts', 'tsx', 'mts', 'cts', 'js', 'mjs', 'cjs', 'json']

/** What a TypeScript file means by a path: `./a` and `./a.js` may be `a.ts`; undefined when there is nothing. */
function fileOf(path: string): string | undefined {
  const candidates = [
    path,
    path.replace(/\.([cm]?)js$/, '.$1ts'),
    ...extensions.map((extension) => `${path}.${extension}`),
    ...extensions.map((extension) => join(path, `index.${extension}`)),
  ]
  return candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile())
}

/** Node itself cannot load them everywhere; neither can it the files they import. */
async function importTypeScript(directory: string, file: string): Promise<object> {
  const { tsImport } = await import('tsx/esm/api')
  return (await tsImport(file, pathToFileURL(join(directory, 'shell.mts')).href)) as object
}

/** `import()` as a file in `directory` would do it. */
function nodeImport(directory: string): Load {
  const file = join(directory, 'shell.cjs')
  const module = new Module(file) as Module & { _compile(code: string, file: string): void }
  module._compile('module.exports = (specifier, options) => import(specifier, options)', file)
  return module.exports
}
