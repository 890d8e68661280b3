import type { ShellHelp } from '../options.js'

/** Names of a value's class and of those it extends, the nearest first. */
export function typesOf(value: unknown, help: ShellHelp | undefined): string[] {
  const told = help?.typeOf(value)
  if (told !== undefined) return [told]
  if (typeof value !== 'object' || value === null) return []
  const names: string[] = []
  for (let at = Object.getPrototypeOf(value); at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    const made = Object.getOwnPropertyDescriptor(at, 'constructor')?.value as { name?: unknown } | undefined
    if (typeof made?.name === 'string') names.push(made.name)
  }
  return names
}
