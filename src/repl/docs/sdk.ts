import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { packageRoot } from '../package-root.js'

/** What the AWS SDK's own documentation says of an operation. */
export interface SdkOperation {
  readonly doc: string
  /** How its input looks, as far as the SDK shows it. */
  readonly input: string
  readonly file: string
}

/**
 * @param client such as `client-ec2`
 * @param method such as `describeInstances`
 * @returns undefined when there is no such operation, or the SDK's declarations are not installed
 */
export function sdkOperation(client: string, method: string): SdkOperation | undefined {
  const name = method.charAt(0).toUpperCase() + method.slice(1)
  if (!/^\w+$/.test(name)) return undefined
  const text = declarationsOf(client, `commands/${name}Command.d.ts`)
  if (!text) return undefined
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export declare class \w+Command\b/.exec(text.content)?.[1] ?? ''
  const body = comment.replace(/^\s*\* ?/gm, '')
  const input = /^const input = (\{[\s\S]*?\n\}|\{\});/m.exec(body)?.[1] ?? '{}'
  return { doc: plain(body.split(/^@/m)[0] ?? ''), input, file: text.file }
}

/** Names of a client's operations, as its methods are called; undefined when the SDK's declarations are not installed. */
export function sdkOperationNames(client: string): string[] | undefined {
  try {
    const files = readdirSync(join(declarations(client), 'commands'))
    return files.flatMap((file) => {
      const name = /^(\w+)Command\.d\.ts$/.exec(file)?.[1]
      return name ? [name.charAt(0).toLowerCase() + name.slice(1)] : []
    })
  } catch {
    return undefined
  }
}

function declarationsOf(client: string, path: string): { content: string; file: string } | undefined {
  try {
    const content = readFileSync(join(declarations(client), path), 'utf8')
    return { content, file: `@aws-sdk/${client}/dist-types/${path}` }
  } catch {
    return undefined // not installed here, or no such operation: there is nothing to tell of it
  }
}

function declarations(client: string): string {
  const entry = createRequire(join(packageRoot(), 'package.json')).resolve(`@aws-sdk/${client}/package.json`)
  return join(dirname(entry), 'dist-types')
}

/** Text of the SDK's comments, which are written in HTML. */
function plain(html: string): string {
  const paragraphs = html
    .replace(/\s+/g, ' ')
    .split(/<\/p>|<\/li>|<\/note>|<\/important>/)
    .map((part) =>
      part
        .replace(/<li>/g, '- ')
        .replace(/<[^>]*>/g, '')
        .trim(),
    )
  return paragraphs
    .filter((part) => part !== '')
    .join('\n')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
