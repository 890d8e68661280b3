// Builds dist/: the command line, the library entry and the local cloud's daemon, as split ES modules.
// `--types` also writes dist/types/*.d.ts (slower: runs the TypeScript compiler).
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { buildContainerProgram } from './lib/build/container.mjs'
import { buildSdk, cachedSdk } from './lib/build/sdk.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

const entries = {
  'cli/main': 'src/cli/main.ts',
  index: 'src/index.ts',
  'testing/index': 'src/testing/index.ts',
  'testing/run-tests': 'src/testing/run-tests.ts',
  'localcloud/daemon': 'src/localcloud/daemon.ts',
  'localcloud/netd': 'src/localcloud/nodes/netd-main.ts',
}

rmSync('dist', { recursive: true, force: true })
await buildSdk('dist/sdk')
await build({
  entryPoints: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file))),
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // The SDK's ESM sources load in a quarter of the time of its CommonJS build.
  mainFields: ['module', 'main'],
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true, // errors and constructors are shown by name
  sourcemap: true,
  sourcesContent: false,
  chunkNames: 'chunks/[name]-[hash]',
  // Native or lazily wanted as they are on disk.
  external: ['ssh2', 'esbuild', 'typescript', 'ts-node', 'tsx', 'oxc-parser', 'oxc-transform', 'starcluster', 'vitest'],
  banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
  define: {
    'process.env.STARCLUSTER_VERSION': JSON.stringify(JSON.parse(readFileSync('package.json', 'utf8')).version),
  },
  logLevel: 'warning',
  plugins: [cachedSdk],
})
chmodSync('dist/cli/main.js', 0o755)
// Completion answers within a Tab's patience: it reads what the commands define instead of loading them all.
execFileSync(process.execPath, ['dist/cli/main.js', '__describe'], {
  stdio: ['ignore', openSync('dist/cli/commands.json', 'w'), 'inherit'],
})
if (existsSync('src/localcloud/nodes/guest')) {
  cpSync('src/localcloud/nodes/guest', 'dist/localcloud/guest', { recursive: true })
}
await buildContainerProgram('dist/localcloud/container')
if (process.argv.includes('--types')) {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], { stdio: 'inherit' })
}
