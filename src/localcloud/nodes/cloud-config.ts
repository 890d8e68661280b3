import { parse } from 'yaml'
import { warning } from './console-warning.js'
import { isTrue } from './image-login.js'

export interface CloudConfig {
  readonly scripts: readonly (string | Uint8Array)[]
  /** Keys that may log in as root besides the instance's key pair. */
  readonly authorizedKeys: readonly string[]
  readonly hostname?: string
  /** Whether root is told to log in as another user; absent: as the image has it. */
  readonly disableRoot?: boolean
}

/**
 * The part of cloud-config that setting up a cluster uses: hostname, disable_root, ssh_authorized_keys, write_files,
 * package_update, packages, runcmd. What else is named is said on the console.
 */
export function readCloudConfig(text: string): CloudConfig {
  let config: unknown
  try {
    config = parse(text)
  } catch (error) {
    return {
      scripts: [warning(`user data: bad cloud-config: ${(error as Error).message.split('\n')[0]}`)],
      authorizedKeys: [],
    }
  }
  if (typeof config !== 'object' || config === null) return { scripts: [], authorizedKeys: [] }
  const scripts: string[] = []
  const unknown = Object.keys(config).filter((key) => !KNOWN.includes(key))
  if (unknown.length) scripts.push(warning(`user data: not supported on this machine: ${unknown.join(', ')}`))
  const fields = config as Record<string, unknown>
  scripts.push(...list(fields.write_files).flatMap(writeFileScript), ...packageScripts(fields))
  const commands = list(fields.runcmd).map(commandLine)
  if (commands.length) scripts.push(`#!/bin/sh\n${commands.join('\n')}\n`)
  const hostname = fields.fqdn ?? fields.hostname
  return {
    scripts,
    authorizedKeys: list(fields.ssh_authorized_keys).map((key) => String(key).trim()),
    ...(typeof hostname === 'string' && /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(hostname) && { hostname }),
    ...(fields.disable_root !== undefined && { disableRoot: isTrue(fields.disable_root, true) }),
  }
}

const KNOWN = [
  'disable_root',
  'fqdn',
  'hostname',
  'package_update',
  'package_upgrade',
  'packages',
  'preserve_hostname',
  'runcmd',
  'ssh_authorized_keys',
  'ssh_pwauth',
  'write_files',
]

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const quote = (word: unknown) => `'${String(word).replaceAll("'", `'\\''`)}'`

/** A string is a line for the shell, a list is a command with its arguments. */
const commandLine = (command: unknown) => (Array.isArray(command) ? command.map(quote).join(' ') : String(command))

function packageScripts(fields: Record<string, unknown>): string[] {
  const names = list(fields.packages).map((entry) =>
    Array.isArray(entry) ? entry.slice(0, 2).join('=') : String(entry),
  )
  const lines = [
    ...(fields.package_update === true ? ['apt-get -q update'] : []),
    ...(fields.package_upgrade === true ? ['apt-get -qy upgrade'] : []),
    ...(names.length ? [`apt-get -qy install -- ${names.map(quote).join(' ')}`] : []),
  ]
  return lines.length ? [`#!/bin/sh\nexport DEBIAN_FRONTEND=noninteractive\n${lines.join('\n')}\n`] : []
}

function writeFileScript(entry: unknown): string[] {
  const file = (entry ?? {}) as Record<string, unknown>
  if (typeof file.path !== 'string') return []
  const base64 = /^(b64|base64)$/.test(String(file.encoding ?? ''))
  const content = Buffer.from(String(file.content ?? ''), base64 ? 'base64' : 'utf8').toString('base64')
  const path = quote(file.path)
  const mode = /^[0-7]{3,4}$/.test(String(file.permissions ?? '')) ? String(file.permissions) : '0644'
  const owner = typeof file.owner === 'string' ? `chown ${quote(file.owner)} ${path}\n` : ''
  return [
    `#!/bin/sh\nmkdir -p "$(dirname ${path})"\nbase64 -d > ${path} <<'END'\n${content}\nEND\nchmod ${mode} ${path}\n${owner}`,
  ]
}
