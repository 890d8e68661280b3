import { type InspectOptions, inspect } from 'node:util'

/** What async hooks, by which a line's signal follows its calls, leave on every promise. */
const leftByHooks = new Set(['async_id_symbol', 'trigger_async_id_symbol', 'kResourceStore'])

/** `inspect`, with nothing but the value of promises inside of others. @param prototypes those of promises, one a realm */
export function inspectValue(value: unknown, prototypes: readonly object[], options: InspectOptions): string {
  for (const prototype of prototypes) {
    Object.defineProperty(prototype, inspect.custom, { value: hideHooks, configurable: true })
  }
  try {
    return inspect(value, options)
  } finally {
    for (const prototype of prototypes) Reflect.deleteProperty(prototype, inspect.custom)
  }
}

function hideHooks(this: object): object {
  for (const symbol of Object.getOwnPropertySymbols(this)) {
    if (leftByHooks.has(symbol.description ?? '')) Reflect.defineProperty(this, symbol, { enumerable: false })
  }
  return this
}
