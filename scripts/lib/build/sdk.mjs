// The SDK's clients are most of a command's start-up time, nearly all of it compilation. They are bundled apart, with V8's
// code cache beside them: a third of the time.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { compileCached, evaluate } from './load-cached.mjs'

const clients = { ec2: 'EC2', s3: 'S3', sts: 'STS' }

export async function buildSdk(outdir) {
  await build({
    entryPoints: Object.fromEntries(Object.keys(clients).map((name) => [name, `@aws-sdk/client-${name}`])),
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    mainFields: ['module', 'main'],
    minify: true,
    supported: { 'dynamic-import': false }, // becomes require(): code from a cache cannot import()
    logLevel: 'warning',
  })
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  for (const [name, client] of Object.entries(clients)) {
    const file = `${process.cwd()}/${outdir}/${name}.cjs`
    const script = compileCached(file)
    const sdk = evaluate(script, file)
    // Used once, so that the cache has the functions a client needs to come up.
    new sdk[client]({ region: 'us-east-1', credentials: { accessKeyId: 'none', secretAccessKey: 'none' } }).destroy()
    writeFileSync(`${file}.cache`, script.createCachedData())
  }
}

/** In the bundle of the program, `import('@aws-sdk/client-ec2')` of core/aws means the files made by `buildSdk`. */
export const cachedSdk = {
  name: 'cached-sdk',
  setup(build) {
    build.onResolve({ filter: /^@aws-sdk\/client-(ec2|s3|sts)$/ }, ({ path, kind, importer }) =>
      kind === 'dynamic-import' && importer.endsWith('core/aws/clients.ts')
        ? { path: path.replace('@aws-sdk/client-', ''), namespace: 'cached-sdk' }
        : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'cached-sdk' }, ({ path }) => ({
      contents: `import { loadCached } from './load-cached.mjs'
        export const { ${clients[path]} } = loadCached('../sdk/${path}.cjs', import.meta.url)`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    }))
  },
}
