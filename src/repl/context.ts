import { builtinModules, createRequire } from 'node:module'
import { join } from 'node:path'
import vm from 'node:vm'
import { importFunctionName } from './compile.js'
import { loopGuardName } from './loop-guard.js'
import { importFrom } from './module-loading.js'

/** Defines the names on the shell's global object. They can be shadowed by the user's own declarations. */
export function bindNames(context: vm.Context, names: object): void {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(names))) {
    const own = descriptor.get
      ? {
          get: descriptor.get.bind(names),
          // `const cfg = 1` at the prompt replaces the preloaded name.
          set: (value: unknown) => define(context, name, { value, writable: true }),
        }
      : { value: descriptor.value, writable: true }
    define(context, name, own)
  }
}

function define(context: vm.Context, name: string, descriptor: PropertyDescriptor): void {
  Object.defineProperty(context, name, { ...descriptor, configurable: true, enumerable: true })
}

/** A global object like the one Node's shell makes, for sessions without a terminal. */
export function createContext(): vm.Context {
  const context = vm.createContext()
  const builtIn = new Set<string>(vm.runInContext('Object.getOwnPropertyNames(globalThis)', context))
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name)
    if (descriptor && !builtIn.has(name)) Object.defineProperty(context, name, descriptor)
  }
  const require = createRequire(join(process.cwd(), 'shell.js'))
  const libraries = builtinModules.filter((name) => /^[a-z]\w*$/.test(name) && !(name in context))
  for (const name of libraries)
    bindNames(
      context,
      lazily(name, () => require(name)),
    )
  define(context, 'global', { value: vm.runInContext('globalThis', context), writable: true })
  define(context, 'require', { value: require, writable: true })
  return context
}

function lazily(name: string, load: () => unknown): object {
  return Object.defineProperty({}, name, { get: load, enumerable: true })
}

/** Gives the context the `import()` its scripts call: ours first, then Node's, relative to a folder. */
export function bindImport(
  context: vm.Context,
  importModule: ((specifier: string) => Promise<object> | undefined) | undefined,
  directory: string | undefined,
): void {
  const load = (specifier: string, options?: object): Promise<object> =>
    importModule?.(specifier) ?? importFrom(directory ?? process.cwd())(specifier, options)
  Object.defineProperty(context, importFunctionName, { value: load, configurable: true, enumerable: false })
}

/** Gives the context what its loops call at each round; it throws to end them. */
export function bindLoopGuard(context: vm.Context, check: () => void): void {
  Object.defineProperty(context, loopGuardName, { value: check, configurable: true, enumerable: false })
}
