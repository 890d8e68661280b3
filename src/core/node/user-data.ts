import type { EC2 } from '@aws-sdk/client-ec2'
import type { InstanceView } from './instance-view.js'

/** User data of an instance: texts by file name, parts of a MIME multi-part each under its own; none: an empty map. */
export async function readUserData(
  ec2: Pick<EC2, 'describeInstanceAttribute'>,
  node: Pick<InstanceView, 'id'>,
): Promise<Map<string, string>> {
  const { UserData } = await ec2.describeInstanceAttribute({ InstanceId: node.id, Attribute: 'userData' })
  return parseUserData(Buffer.from(UserData?.Value ?? '', 'base64').toString('utf8'))
}

/** Texts by file name; what is no multi-part is one text called `user-data`. Source: RFC 2046, section 5.1. */
export function parseUserData(text: string): Map<string, string> {
  if (text === '') return new Map()
  const boundary = /^Content-Type: multipart\/mixed; boundary="([^"]+)"$/im.exec(headOf(text))?.[1]
  if (boundary === undefined) return new Map([['user-data', text]])
  const parts = `\n${text}`.split(`\n--${boundary}`).slice(1, -1)
  return new Map(
    parts.map((part, index) => {
      const [, file = `part-${index + 1}`] = /filename="([^"]*)"/i.exec(headOf(part)) ?? []
      return [file, part.slice(headOf(part).length + 2)]
    }),
  )
}

/** Everything before the first empty line. */
function headOf(text: string): string {
  const end = text.indexOf('\n\n')
  return end < 0 ? text : text.slice(0, end)
}
