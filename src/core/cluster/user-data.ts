import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { ClusterValidationError } from './errors.js'

/** EC2's limit, before base64. */
const limitBytes = 16 * 1024

/** Images of many distributions refuse root; all of StarCluster works as root. Source: cloud-init, module ssh. */
const rootLogin = '#cloud-config\ndisable_root: false\n'

/** Longer beginnings first. Source: cloud-init, "User-data formats". */
const contentTypes: ReadonlyArray<readonly [string, string]> = [
  ['#!', 'text/x-shellscript'],
  ['#cloud-config-archive', 'text/cloud-config-archive'],
  ['#cloud-config', 'text/cloud-config'],
  ['#include', 'text/x-include-url'],
  ['#cloud-boothook', 'text/cloud-boothook'],
  ['#part-handler', 'text/part-handler'],
  ['#upstart-job', 'text/upstart-job'],
  ['#ignored', 'text/ignore'],
]

/** What cloud-init takes a text for, by its first line; undefined when it knows none such. */
export function contentTypeOf(text: string): string | undefined {
  return contentTypes.find(([start]) => text.startsWith(start))?.[1]
}

/** User data of a cluster's nodes: root may log in, and the user's scripts run at the first boot. No secrets. */
export async function renderUserData(scripts: readonly string[]): Promise<Buffer> {
  if (scripts.length === 0) return Buffer.from(rootLogin)
  const parts = [{ name: 'starcluster.cfg', text: rootLogin }, ...(await Promise.all(scripts.map(readScript)))]
  const data = Buffer.from(renderMultipart(parts))
  if (data.length > limitBytes) {
    throw new ClusterValidationError(`the user data scripts take ${data.length} bytes; EC2 allows ${limitBytes}`, {
      hint: 'put the long part on a web server or in S3 and fetch it in the script',
    })
  }
  return data
}

async function readScript(file: string): Promise<{ name: string; text: string }> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new ClusterValidationError(`cannot read the user data script ${file}: ${(cause as Error).message}`, {
      cause,
      hint: 'check userdata_scripts (-U)',
    })
  }
  if (contentTypeOf(text) !== undefined) return { name: basename(file), text }
  throw new ClusterValidationError(`the user data script ${file} begins with no line that cloud-init knows`, {
    hint: `begin it with one of: ${contentTypes.map(([start]) => start).join(' ')}`,
  })
}

/** Source: RFC 2046; cloud-init, "User data formats: MIME multi-part". */
function renderMultipart(parts: readonly { name: string; text: string }[]): string {
  let boundary = '==starcluster=='
  while (parts.some(({ text }) => text.includes(boundary))) boundary += '='
  const bodies = parts.map(({ name, text }) => {
    const type = contentTypeOf(text) ?? 'text/plain'
    const file = name.replace(/[^\w.-]/g, '_')
    return `--${boundary}\nContent-Type: ${type}; charset="utf-8"\nMIME-Version: 1.0\nContent-Disposition: attachment; filename="${file}"\n\n${text}\n`
  })
  return `Content-Type: multipart/mixed; boundary="${boundary}"\nMIME-Version: 1.0\n\n${bodies.join('')}--${boundary}--\n`
}
