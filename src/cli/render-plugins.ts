import { homedir } from 'node:os'
import chalk from 'chalk'
import type { PluginDescription, SettingDescription } from '../index.js'

const titles = {
  config: 'In the config',
  'plugin path': 'In the plugin path, without a section yet (write: [plugin NAME] setup_class = ...)',
  bundled: 'Bundled',
} as const

/** All plugins, by where they are from. */
export function renderPlugins(plugins: readonly PluginDescription[]): string {
  const parts: string[] = []
  for (const origin of ['config', 'plugin path', 'bundled'] as const) {
    const some = plugins.filter((one) => one.origin === origin)
    if (some.length === 0) continue
    const width = Math.min(28, Math.max(...some.map(({ name }) => name.length)))
    parts.push(`${chalk.bold(titles[origin])}\n${some.map((one) => line(one, width)).join('\n')}`)
  }
  return parts.join('\n\n')
}

function line(plugin: PluginDescription, width: number): string {
  const name = `  ${plugin.name.padEnd(width)}  `
  if (plugin.problem !== undefined) return `${name}${chalk.red(firstLine(plugin.problem))}`
  const settings = plugin.settings.map(({ name: one, required }) => (required ? one : `[${one}]`)).join(' ')
  const below = [firstLine(plugin.doc ?? ''), tilde(plugin.file ?? '')].filter((one) => one !== '')
  const indent = `\n${' '.repeat(width + 4)}`
  return `${name}${settings || chalk.dim('no settings')}${below.map((one) => indent + chalk.dim(one)).join('')}`
}

/** One plugin with everything there is to know. */
export function renderPlugin(plugin: PluginDescription): string {
  const lines = [
    `${chalk.bold(plugin.name)}  (setup_class = ${plugin.setupClass}${plugin.origin === 'bundled' ? ', bundled' : ''})`,
  ]
  if (plugin.file !== undefined) lines.push(`  ${chalk.dim(tilde(plugin.file))}`)
  if (plugin.problem !== undefined) lines.push('', chalk.red(plugin.problem))
  if (plugin.doc !== undefined) lines.push('', ...plugin.doc.split('\n').map((one) => `  ${one}`.trimEnd()))
  if (plugin.hooks.length > 0) lines.push('', `  Hooks: ${plugin.hooks.join(', ')}`)
  if (plugin.settings.length > 0) lines.push('', '  Settings:', ...plugin.settings.flatMap(settingLines))
  return lines.join('\n')
}

function settingLines(setting: SettingDescription): string[] {
  const { name, type, required, fallback, doc, value } = setting
  const facts = [type, required ? 'required' : fallback === undefined ? '' : `default ${fallback}`]
  const given = value === undefined ? '' : `  ${chalk.green(`= ${value}`)}`
  const text = `    ${name}  ${chalk.dim(facts.filter((one) => one !== '').join(', '))}${given}`
  return [text, ...(doc?.split('\n').map((one) => `        ${one}`) ?? [])]
}

const firstLine = (text: string) => text.split('\n')[0] ?? ''

function tilde(path: string): string {
  const home = process.env.HOME ?? homedir()
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}
