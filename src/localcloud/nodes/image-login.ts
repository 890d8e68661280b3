import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { resolveInTree } from './tree-path.js'

/** Who may log in to a new machine of an image, as the image's own configuration of cloud-init says. */
export interface ImageLogin {
  /** The key opens this account; cloud-init makes it where it is missing. */
  readonly user?: DefaultUser
  /** root is told to log in as that user instead. */
  readonly disableRoot: boolean
  /** User data may say otherwise. */
  readonly userDataCounts: boolean
}

export interface DefaultUser {
  readonly name: string
  readonly shell: string
  /** Rules of sudoers, without the user's name. */
  readonly sudo: readonly string[]
}

/** A base image, and whatever has no cloud-init, lets root in. */
const OPEN: ImageLogin = { disableRoot: false, userDataCounts: true }
const MAIN = 'etc/cloud/cloud.cfg'
const MORE = 'etc/cloud/cloud.cfg.d'

/**
 * Reads `/etc/cloud/cloud.cfg` and `cloud.cfg.d/*.cfg` of an image, of which `disable_root`, `allow_userdata` and
 * `system_info.default_user` (name, shell, sudo) count here. Source: cloud-init, "Base configuration" and module ssh.
 *
 * @param layers directories, the uppermost first
 */
export async function readImageLogin(layers: readonly string[]): Promise<ImageLogin> {
  const main = await readTopmost(layers, MAIN)
  if (main === undefined) return OPEN
  const more = await Promise.all((await namesIn(layers, MORE)).map((name) => readTopmost(layers, `${MORE}/${name}`)))
  const configs = [main, ...more].map(fieldsOf)
  const last = (name: string) => configs.map((config) => config[name]).findLast((value) => value !== undefined)
  const user = defaultUser(configs.map(({ system_info }) => fields(fields(system_info).default_user)))
  return {
    ...(user ? { user } : {}),
    disableRoot: isTrue(last('disable_root'), true),
    userDataCounts: isTrue(last('allow_userdata'), true),
  }
}

/** As cloud-init reads a switch: `1`, `yes` and `on` are true as well. */
export function isTrue(value: unknown, otherwise: boolean): boolean {
  return value === undefined || value === null ? otherwise : /^(true|1|yes|on)$/i.test(String(value).trim())
}

function defaultUser(told: readonly Record<string, unknown>[]): DefaultUser | undefined {
  const { name, shell = '/bin/bash', sudo = [] } = Object.assign({}, ...told) as Record<string, unknown>
  if (typeof name !== 'string' || !/^[a-z_][a-z0-9_-]{0,31}$/.test(name)) return undefined
  return { name, shell: String(shell), sudo: [sudo].flat().filter((rule) => typeof rule === 'string') }
}

async function readTopmost(layers: readonly string[], path: string): Promise<string | undefined> {
  for (const layer of layers) {
    const found = await resolveInTree(layer, path)
    if (found !== undefined) return readFile(found, 'utf8').catch(() => undefined)
  }
  return undefined
}

/** In the order in which cloud-init reads them. */
async function namesIn(layers: readonly string[], path: string): Promise<string[]> {
  const names = new Set<string>()
  for (const layer of layers) {
    for (const name of await readdir(join(layer, path)).catch(() => [])) if (name.endsWith('.cfg')) names.add(name)
  }
  return [...names].sort()
}

function fieldsOf(text: string | undefined): Record<string, unknown> {
  try {
    return fields(parse(text ?? ''))
  } catch {
    return {} // cloud-init goes on without a file that it cannot read
  }
}

const fields = (value: unknown) => (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
