import { homedir } from 'node:os'
import type { PluginDescription, SettingDescription } from '../index.js'
import { chalk } from './colors.js'
import { screenWidth, wrap } from './wrap.js'

const titles = {
  config: 'In the config',
  'plugin path': 'In the plugin path, without a section yet (write: [plugin NAME] setup_class = ...)',
  bundled: 'Bundled',
} as const

/** All plugins, by where they are from. */
export function renderPlugins(plugins: readonly PluginDescription[], width = screenWidth()): string {
  const parts: string[] = []
  for (const origin of ['config', 'plugin path', 'bundled'] as const) {
    const some = plugins.filter((one) => one.origin === origin)
    if (some.length === 0) continue
    const names = Math.min(30, Math.max(...some.map(({ name }) => name.length)))
    const title = wrap(titles[origin], width).map((one) => chalk.bold(one))
    parts.push([...title, ...some.map((one) => line(one, names, width))].join('\n'))
  }
  return parts.join('\n\n')
}

/** @param names columns for names; `width` those of the screen */
function line(plugin: PluginDescription, names: number, width: number): string {
  const name = `  ${plugin.name.padEnd(names)}  `
  const beside = (text: string) => wrap(text, width, names + 4).join(`\n${' '.repeat(names + 4)}`)
  // A name that is too long has the line for itself.
  const first = plugin.name.length > names ? `${name.trimEnd()}\n${' '.repeat(names + 4)}` : name
  const settings = plugin.settings.map(({ name: one, required }) => (required ? one : `[${one}]`)).join(' ')
  const what =
    plugin.problem === undefined
      ? beside(settings) || chalk.dim('no settings')
      : chalk.red(beside(shortProblem(plugin.problem)))
  const below = [firstSentence(plugin.doc ?? ''), tilde(plugin.file ?? '')].filter((one) => one !== '')
  return `${first}${what}${below.map((one) => `\n${' '.repeat(names + 4)}${chalk.dim(beside(one))}`).join('')}`
}

/** Without the source line: "starcluster plugins NAME" shows all of it. */
const shortProblem = (problem: string) => tilde(problem.split('\n').slice(0, 2).join(': '))

/** One plugin with everything there is to know. */
export function renderPlugin(plugin: PluginDescription, width = screenWidth()): string {
  const indented = (text: string, indent: number) =>
    wrap(text, width, indent).map((one) => `${' '.repeat(indent)}${one}`.trimEnd())
  const lines = [
    `${chalk.bold(plugin.name)}  (setup_class = ${plugin.setupClass}${plugin.origin === 'bundled' ? ', bundled' : ''})`,
  ]
  if (plugin.file !== undefined) lines.push(`  ${chalk.dim(tilde(plugin.file))}`)
  // As it is: a source line has a mark below it.
  if (plugin.problem !== undefined) lines.push('', chalk.red(plugin.problem))
  if (plugin.doc !== undefined) lines.push('', ...indented(plugin.doc, 2))
  if (plugin.hooks.length > 0) lines.push('', `  Hooks: ${plugin.hooks.join(', ')}`)
  if (plugin.settings.length === 0) return lines.join('\n')
  lines.push('', '  Settings:')
  for (const setting of plugin.settings) {
    lines.push(settingLine(setting), ...indented(setting.doc ?? '', 8).filter((one) => one !== ''))
  }
  return lines.join('\n')
}

function settingLine({ name, type, required, fallback, value }: SettingDescription): string {
  const facts = [type, required ? 'required' : fallback === undefined ? '' : `default ${fallback}`]
  const given = value === undefined ? '' : `  ${chalk.green(`= ${value}`)}`
  return `    ${name}  ${chalk.dim(facts.filter((one) => one !== '').join(', '))}${given}`
}

/** Up to a full stop, or the first paragraph. */
function firstSentence(text: string): string {
  const paragraph = (text.split(/\n\s*\n/)[0] ?? '').replace(/\s+/g, ' ')
  return /^.*?[.!?](?= |$)/.exec(paragraph)?.[0] ?? paragraph
}

function tilde(text: string): string {
  return text.replaceAll(`${process.env.HOME ?? homedir()}/`, '~/')
}
