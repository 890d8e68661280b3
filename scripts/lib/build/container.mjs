// Builds what runs in the container of Docker or Podman: two programs without anything beside them, and the guest scripts.
// By itself: node scripts/lib/build/container.mjs DIRECTORY
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const nodes = fileURLToPath(new URL('../../../src/localcloud/nodes', import.meta.url))

export async function buildContainerProgram(outdir) {
  await build({
    entryPoints: { 'container-main': join(nodes, 'container/container-main.ts'), netd: join(nodes, 'netd-main.ts') },
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    mainFields: ['module', 'main'],
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    external: ['tsx'],
    banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
    logLevel: 'warning',
  })
  writeFileSync(join(outdir, 'package.json'), '{ "type": "module" }\n')
  cpSync(join(nodes, 'guest'), join(outdir, 'guest'), { recursive: true })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildContainerProgram(process.argv[2])
