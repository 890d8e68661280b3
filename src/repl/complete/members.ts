import { typeNames } from '../docs/declarations.js'
import { sdkOperation, sdkOperationNames } from '../docs/sdk.js'
import { SourceIndex } from '../docs/source-index.js'
import { typesOf } from '../docs/types-of.js'
import type { Session } from '../session.js'

const index = new SourceIndex()
const ofEveryObject = new Set(Object.getOwnPropertyNames(Object.prototype))

/**
 * The members somebody may want: not those marked private in the sources, not what every object has when there is
 * anything else, and of two spellings of a method the camelCase one, unless the other was begun.
 *
 * @param candidates such as `cm.getCluster`
 * @param typed what was typed of the member's name
 */
export function filterMembers(
  candidates: readonly string[],
  typed: string,
  owner: unknown,
  session: Session,
): string[] {
  const nameOf = (candidate: string): string => candidate.slice(candidate.lastIndexOf('.') + 1)
  const names = new Set(candidates.map(nameOf))
  const hidden = privateNames(owner, session)
  const wanted = [...new Set(candidates)].filter((candidate) => {
    const name = nameOf(candidate)
    const camel = name.replace(/_+([a-z])/g, (_, letter: string) => letter.toUpperCase())
    return !hidden.has(name) && (camel === name || typed.includes('_') || !names.has(camel))
  })
  const own = wanted.filter((candidate) => !ofEveryObject.has(nameOf(candidate)))
  return own.length > 0 ? own : wanted
}

function privateNames(owner: unknown, session: Session): Set<string> {
  const members = typesOf(owner, session.options.help).flatMap((type) => index.members(type))
  return new Set(members.filter(({ isPrivate }) => isPrivate).map(({ name }) => name))
}

/** Names of the options a method takes, or of an AWS operation's input, as their declarations say. */
export function optionNames(owner: unknown, method: string, session: Session): string[] {
  const { help } = session.options
  const client = help?.sdkClientOf(owner)
  if (client !== undefined) {
    const input = sdkOperation(client, method)?.input ?? ''
    return [...input.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name!)
  }
  for (const type of typesOf(owner, help)) {
    const signature = index.member(type, method)?.declaration.signature
    if (signature !== undefined) return typeNames(signature).flatMap((options) => index.members(options).map(nameOf))
  }
  return []
}

const nameOf = ({ name }: { readonly name: string }): string => name

const operations = new Map<string, readonly string[] | undefined>()

/** Operations of an SDK client, which loads itself only when one is called. */
export function sdkOperations(client: string | undefined): readonly string[] | undefined {
  if (client === undefined) return undefined
  if (!operations.has(client)) operations.set(client, sdkOperationNames(client))
  return operations.get(client)
}
