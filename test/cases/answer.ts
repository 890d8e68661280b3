import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prefixProblems } from '../../src/core/cluster/settings/dns-prefix.js'
import { keyFileProblems } from '../../src/core/cluster/settings/key-file.js'
import { type SettingProblem, throwProblems } from '../../src/core/cluster/settings/problem.js'
import { templateProblems } from '../../src/core/cluster/settings/template.js'
import { contentTypeOf, renderUserData } from '../../src/core/cluster/user-data.js'
import { builtinTemplate, type ClusterTemplate, loadConfig } from '../../src/core/config/index.js'
import { camelCase } from '../../src/core/config/schema.js'
import { isStarClusterError } from '../../src/core/errors.js'
import { findPlugin } from '../../src/core/setup/find-plugin.js'
import { originalShape, templateShape } from '../core/config/original-shape.js'

/** What was asked of the original: of one config file, of settings by themselves, or of user data. */
export interface RecordedCase {
  readonly config?: string | null
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
  readonly op?: { readonly kind: string; readonly name?: string; readonly cluster?: string; readonly check?: string }
  readonly settings?: Readonly<Record<string, unknown>>
  readonly content?: string
  readonly scripts?: Readonly<Record<string, string>>
}

export type Answer = { readonly ok: unknown } | { readonly error: { readonly kind: string; readonly message: string } }

/** What StarCluster answers, in the shape of the recorded answers. Any error that is not ours is a bug and thrown on. */
export async function answer(asked: RecordedCase): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), 'sc-case-'))
  try {
    const ok = await ask(asked, folder)
    return { ok: JSON.parse(JSON.stringify(ok).replaceAll(folder, '$HOME')) as unknown }
  } catch (error) {
    if (!isStarClusterError(error)) throw error
    // The original has one class for all that is wrong with a plugin.
    const kind = error.code === 'PluginLoadError' ? 'PluginError' : error.code
    return { error: { kind, message: error.message } }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function ask(asked: RecordedCase, folder: string): Promise<unknown> {
  for (const [name, text] of Object.entries({ ...asked.files, ...asked.scripts }))
    writeFileSync(join(folder, name), text)
  const { op = { kind: 'load' }, settings = {} } = asked
  if (op.kind === 'mime_type') return { mime: contentTypeOf(asked.content ?? '') ?? refuse('no content type') }
  if (asked.scripts)
    return { unbundled: unbundle(await renderUserData(Object.keys(asked.scripts).map((n) => join(folder, n)))) }
  if (op.kind === 'validate_settings')
    return validate(settingsTemplate(settings), op.check, String(settings.cluster_tag ?? 'c'))
  const file = join(folder, 'config')
  if (typeof asked.config === 'string') writeFileSync(file, asked.config)
  const env = Object.entries(asked.env ?? {}).map(([name, value]) => [name, value.replaceAll('$TMP_CASE', folder)])
  const config = loadConfig({ file, env: { HOME: folder, ...Object.fromEntries(env) } })
  if (op.kind === 'validate') return validate(config.template(op.cluster ?? '', {}), op.check, 'c', config)
  if (op.kind !== 'get_cluster_template') return originalShape(config, {})
  const template = config.template(op.name ?? '', {})
  for (const name of template.plugins) requirePlugin(config.plugin(name), folder)
  return templateShape(config, template)
}

/** The Python classes of the original's own tests are taken for granted. */
function requirePlugin(plugin: Parameters<typeof findPlugin>[0], folder: string): void {
  if (plugin.setupClass.startsWith('starcluster.tests.')) return
  findPlugin(plugin, { pluginPath: [folder], bundledDir: join(import.meta.dirname, '../../src/plugins') })
}

const nothing = { volumes: new Map(), permissions: new Map(), place: () => undefined }

/** @param check of the original's checks the one that was asked for */
function validate(
  template: ClusterTemplate,
  check = '',
  tag: string,
  config: Parameters<typeof templateProblems>[0] & Parameters<typeof throwProblems>[0] = nothing,
) {
  const all = [...prefixProblems(tag, template), ...templateProblems(config, template), ...keyFileProblems(template)]
  const concerned = all.filter((problem) => CHECKS[check]?.(problem) ?? refuse(`unknown check ${check}`))
  throwProblems(config, concerned, new Set())
  return { valid: true }
}

const setting =
  (...names: string[]) =>
  (problem: SettingProblem) =>
    problem.kind === 'cluster' && names.includes(problem.setting)
const kind = (wanted: string) => (problem: SettingProblem) => problem.kind === wanted

const CHECKS: Readonly<Record<string, (problem: SettingProblem) => boolean>> = {
  validate_cluster_size: setting('cluster_size', 'node_instance_type'),
  validate_keypair: kind('key'),
  validate_ebs_settings: kind('volume'),
  validate_permission_settings: kind('permission'),
  validate_shell_setting: setting('cluster_shell'),
  validate_instance_types: setting('node_instance_type', 'master_instance_type'),
  validate_spot_bid: setting('spot_bid'),
  validate_cluster_user: setting('cluster_user'),
  validate_dns_prefix: setting('dns_prefix'),
  validate_vpc: setting('subnet_id', 'public_ips'),
}

/** As if the settings had been given on the command line. */
function settingsTemplate(settings: Readonly<Record<string, unknown>>): ClusterTemplate {
  const defaults = { clusterSize: 2, nodeImageId: 'ami-1', nodeInstanceType: 'm1.small', keyname: 'k' }
  const { node_instance_type: type = 'm1.small', node_instance_types: groups = [], ...others } = settings
  const counted = (groups as { type: string; size: number }[]).map(({ type: name, size }) => ({
    type: name,
    count: size,
  }))
  const given = Object.entries(others).map(([name, value]) => [camelCase(name), value])
  return {
    ...builtinTemplate(defaults),
    ...Object.fromEntries(given),
    nodeInstanceTypes: [...counted, { type: String(type) }],
  }
}

/** The parts of a multipart text by their file names. */
function unbundle(data: Buffer): Record<string, string> {
  const text = data.toString('utf8')
  const boundary = /boundary="([^"]+)"/.exec(text)?.[1] ?? refuse('no boundary')
  const parts = text.split(`--${boundary}`).slice(1, -1)
  return Object.fromEntries(
    parts.map((part) => [/filename="([^"]+)"/.exec(part)?.[1], part.slice(part.indexOf('\n\n') + 2, -1)]),
  )
}

function refuse(why: string): never {
  throw Object.assign(new Error(why), { code: 'ClusterValidationError', hint: undefined })
}
