import { didYouMean } from '../nearest.js'
import type { PluginSection } from './find-plugin.js'
import { PluginError } from './plugin-errors.js'

export type PluginClass = (new (...args: unknown[]) => unknown) & { settings?: unknown }

/**
 * The class of that name among what a module exports, with the name it is exported under. A default export counts by
 * the class's own name.
 * @throws PluginError naming the classes that are exported
 */
export function exportedClass(
  section: PluginSection,
  className: string,
  file: string,
  exports: unknown,
): { value: PluginClass; exportName: string } {
  const members = exportedMembers(exports)
  const direct = members.get(className)
  if (isClass(direct)) return { value: direct, exportName: className }
  const fallback = members.get('default')
  if (isClass(fallback) && fallback.name === className) return { value: fallback, exportName: 'default' }
  const classes = [...members].flatMap(([name, value]) =>
    isClass(value) ? [name === 'default' ? value.name : name] : [],
  )
  throw new PluginError(
    direct === undefined
      ? `plugin ${section.name}: ${file} exports no class ${className}${didYouMean(className, classes)}`
      : `plugin ${section.name}: ${className} in ${file} is no class`,
    {
      hint:
        classes.length > 0
          ? `it exports: ${classes.join(', ')}; setup_class is ${section.setupClass}`
          : `it exports no class at all; write: export class ${className} extends ClusterSetup`,
    },
  )
}

/** `module.exports = class` is read as a default export. */
function exportedMembers(exports: unknown): Map<string, unknown> {
  if (typeof exports === 'function') return new Map<string, unknown>([...Object.entries(exports), ['default', exports]])
  return new Map(Object.entries((exports ?? {}) as Record<string, unknown>))
}

function isClass(value: unknown): value is PluginClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null
}
