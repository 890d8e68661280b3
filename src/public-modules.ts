import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { packageRoot } from './package-root.js'

/** A module that plugins or their tests import by a name that means this installation, wherever they lie. */
export interface PublicModule {
  /** As it is imported. A `*` stands for any name, also in `code` and `types`. */
  readonly name: string
  /** What is run. */
  readonly code: string
  /** What an editor reads: declarations where they were built, else the sources. */
  readonly types: string
}

export function publicModules(): PublicModule[] {
  const bundled = join(packageRoot(), 'src', 'plugins', '*.ts')
  const vitest = join(packageFolder('vitest'), 'dist')
  return [
    ours('starcluster', 'index'),
    ours('starcluster/testing', 'testing/index'),
    { name: 'starcluster/plugins/*', code: bundled, types: bundled },
    { name: 'vitest', code: join(vitest, 'index.js'), types: join(vitest, 'index.d.ts') },
  ]
}

/** Folder of a package of this installation; npm may have put it beside ours. */
export function packageFolder(name: string): string {
  return dirname(createRequire(join(packageRoot(), 'package.json')).resolve(`${name}/package.json`))
}

/** True when this code runs from its sources, not from the bundle in dist. */
export const fromSource = import.meta.url.endsWith('.ts')

function ours(name: string, path: string): PublicModule {
  const source = join(packageRoot(), 'src', `${path}.ts`)
  const types = join(packageRoot(), 'dist', 'types', `${path}.d.ts`)
  return {
    name,
    code: fromSource ? source : join(packageRoot(), 'dist', `${path}.js`),
    types: existsSync(types) ? types : source,
  }
}
