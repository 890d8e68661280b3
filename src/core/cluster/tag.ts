import { requireText } from '../required.js'
import { InvalidClusterTag } from './errors.js'

const prefix = '@sc-'

/** Name of the security group that is a cluster. */
export function groupName(tag: string): string {
  requireText('the name of a cluster', tag)
  return `${prefix}${tag}`
}

/** The cluster a security group is, or undefined. */
export function tagOfGroup(name: string | undefined): string | undefined {
  return name?.startsWith(prefix) && name.length > prefix.length ? name.slice(prefix.length) : undefined
}

/** @throws InvalidClusterTag when a cluster cannot have this name, MissingArgument */
export function checkTag(tag: string): void {
  const say = (why: string) =>
    new InvalidClusterTag(`${JSON.stringify(tag)} cannot be the name of a cluster: ${why}`, {
      hint: 'use letters, digits, - _ and ., beginning with a letter or digit; for example: testcluster',
    })
  requireText('the name of a cluster', tag)
  if (tag === '') throw say('it is empty')
  if (tag.length > 100) throw say('it is longer than 100 characters')
  const wrong = /[^A-Za-z0-9._-]/u.exec(tag)
  if (wrong) throw say(`it contains ${JSON.stringify(wrong[0])}`)
  if (!/^[A-Za-z0-9]/.test(tag)) throw say(`it begins with ${JSON.stringify(tag[0])}`)
}
