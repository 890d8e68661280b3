import { readFile } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Loader, Plugin } from 'esbuild'
import { type Stamp, stampOf } from './witnesses.js'

/** What esbuild read for one build, as it was when it was read. */
export interface ReadFiles {
  readonly stamps: Map<string, Stamp>
  /** Text of the author's own files; packages are left out. */
  readonly texts: Map<string, string>
}

const loaders: Readonly<Record<string, Loader>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.jsx': 'jsx',
  '.json': 'json',
}

/** Identifiers that stand for what is each file's own; see `fileOwnNames`. */
export const fileOwnDefines: Readonly<Record<string, string>> = {
  'import.meta': '__starcluster_meta',
  __dirname: '__starcluster_dirname',
  __filename: '__starcluster_filename',
}

/** Reads every file of the bundle for esbuild, so that it is stamped before it is read and keeps its own identity. */
export function localFiles(read: ReadFiles): Plugin {
  return {
    name: 'starcluster-local-files',
    setup(build) {
      // A compiled addon cannot be bundled: it is loaded from where it lies.
      build.onResolve({ filter: /\.node$/ }, (args) => {
        if (args.pluginData === localFiles) return undefined
        return build
          .resolve(args.path, { kind: args.kind, resolveDir: args.resolveDir, pluginData: localFiles })
          .then((found) => (found.errors.length > 0 ? found : { path: found.path, external: true }))
      })
      build.onLoad({ filter: /.*/, namespace: 'file' }, async ({ path }) => {
        const loader = loaders[extname(path)]
        if (!loader) return undefined
        read.stamps.set(path, stampOf(path))
        const text = await readFile(path, 'utf8')
        if (!path.includes('/node_modules/')) read.texts.set(path, text)
        return { contents: loader === 'json' ? text : withFileOwnNames(path, text), loader }
      })
    },
  }
}

/**
 * Declares the file's `import.meta`, `__dirname` and `__filename`, in front of its first line so that no line moves.
 * esbuild's `define` leads free uses of them here; a file that declares its own `__dirname` keeps it.
 */
function withFileOwnNames(path: string, text: string): string {
  const declarations: string[] = []
  if (text.includes('import.meta')) declarations.push(`const __starcluster_meta=${importMeta(path)};`)
  if (text.includes('__dirname')) declarations.push(`const __starcluster_dirname=${JSON.stringify(dirname(path))};`)
  if (text.includes('__filename')) declarations.push(`const __starcluster_filename=${JSON.stringify(path)};`)
  if (declarations.length === 0) return text
  // What must stay first: a hashbang (made a comment), a directive (said again).
  const rest = text.startsWith('#!') ? `//${text}` : text
  const strict = /^\s*(['"])use strict\1/.test(text) ? '"use strict";' : ''
  return strict + declarations.join('') + rest
}

function importMeta(path: string): string {
  const url = JSON.stringify(pathToFileURL(path).href)
  const file = JSON.stringify(path)
  const resolve =
    `(s)=>/^\\.{0,2}\\//.test(s)?new URL(s,${url}).href:` +
    `require("node:url").pathToFileURL(require("node:module").createRequire(${file}).resolve(s)).href`
  return `{url:${url},filename:${file},dirname:${JSON.stringify(dirname(path))},resolve:${resolve}}`
}
