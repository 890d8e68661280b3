import { existsSync, readFileSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'

/** Compiles a CommonJS bundle with the V8 code cache beside it. A cache of another Node is refused by V8 and does no harm. */
export function compileCached(file) {
  const cache = `${file}.cache`
  const cachedData = existsSync(cache) ? readFileSync(cache) : undefined
  return new vm.Script(Module.wrap(readFileSync(file, 'utf8')), {
    filename: file,
    cachedData,
  })
}

export function evaluate(script, file) {
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file))
  return module.exports
}

/** The exports of a bundle named relative to the chunk that asks. */
export function loadCached(path, from) {
  const file = fileURLToPath(new URL(path, from))
  return evaluate(compileCached(file), file)
}
