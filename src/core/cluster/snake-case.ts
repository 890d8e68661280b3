/** The methods of T under the original's spelling. */
export type SnakeCase<T> = { readonly [K in keyof T & string as ToSnake<K>]: T[K] }

type ToSnake<S extends string> = S extends `${infer Head}${infer Tail}`
  ? `${Head extends Uppercase<Head> ? `_${Lowercase<Head>}` : Head}${ToSnake<Tail>}`
  : ''

/** Lets `object.run_plugin` answer like `object.runPlugin`, without showing up when the object is listed. */
export function withSnakeCase(object: object, prototype: object): void {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    const method = (object as Record<string, unknown>)[name]
    if (snake === name || typeof method !== 'function') continue
    Object.defineProperty(object, snake, { value: method.bind(object), enumerable: false })
  }
}
