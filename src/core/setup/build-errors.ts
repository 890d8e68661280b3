import type { Message } from 'esbuild'
import { nearest } from '../nearest.js'
import { PluginSyntaxError } from './plugin-errors.js'

const shown = 5

/** The one error for a plugin that does not build: every place, with its source line and a mark below the column. */
export function buildError(
  name: string,
  messages: readonly Message[],
  exportNames: readonly string[],
): PluginSyntaxError {
  const first = messages[0]
  const location = first?.location
  const parts = messages.slice(0, shown).map((message) => renderMessage(message, exportNames))
  const more = messages.length > shown ? `\n(and ${messages.length - shown} more)` : ''
  return new PluginSyntaxError(`plugin ${name} does not build\n${parts.join('\n')}${more}`, {
    location: location
      ? { file: location.file, line: location.line, column: location.column + 1, lineText: location.lineText }
      : undefined,
    hint: 'nothing of it was run; mend the file and call again',
  })
}

function renderMessage(message: Message, exportNames: readonly string[]): string {
  const text = explain(message.text, exportNames)
  const { location } = message
  if (!location) return text
  const gutter = ' '.repeat(String(location.line).length)
  // Tabs stay tabs, so that the mark stands below its column however wide they are shown.
  const indent = location.lineText.slice(0, location.column).replace(/[^\t]/g, ' ')
  return [
    `${location.file}:${location.line}:${location.column + 1}: ${text}`,
    `  ${location.line} | ${location.lineText}`,
    `  ${gutter} | ${indent}${'^'.repeat(Math.max(1, Math.min(location.length, 60)))}`,
  ].join('\n')
}

function explain(text: string, exportNames: readonly string[]): string {
  if (text.startsWith('Top-level await')) {
    return 'await at the top level of a file is not possible in a plugin; move it into run() or a function that run() awaits'
  }
  const missing = /^No matching export in "starcluster-api:starcluster" for import "(.+)"$/.exec(text)?.[1]
  if (missing === 'default') return `'starcluster' has no default export; write import { log } from 'starcluster'`
  if (missing) {
    const guess = nearest(missing, exportNames)
    return `'starcluster' exports no ${missing}${guess ? `; did you mean ${guess}?` : ''}`
  }
  const unresolved = /^Could not resolve "([^./][^"]*)"$/.exec(text)?.[1]
  if (unresolved) return `cannot find package "${unresolved}"; run npm install ${unresolved} in the plugin's folder`
  return text
}
