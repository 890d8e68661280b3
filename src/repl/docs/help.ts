import { inspect } from 'node:util'
import type { Session } from '../session.js'
import { ShellError } from '../shell-error.js'
import { type Declaration, readDeclarations, typeNames } from './declarations.js'
import { sdkOperation } from './sdk.js'
import { type Found, SourceIndex } from './source-index.js'
import { typesOf } from './types-of.js'

/** What is asked for: `cm.runPlugin?`. */
export interface Question {
  /** A name, or names with dots between them, each perhaps with an index: `nodes[0].ssh`. */
  readonly path: string
  /** With two marks: the source. */
  readonly wantsSource: boolean
}

const name = String.raw`[\p{L}_$][\p{L}\p{N}_$]*(?:\[\d+\])?`
const asked = new RegExp(String.raw`^(\?{0,2})\s*((?:${name}\.)*${name})(\?{0,2})\s*$`, 'u')

/** `path?`, `path??` and, as IPython has it too, `?path`; undefined for anything else. */
export function readQuestion(line: string): Question | undefined {
  const match = asked.exec(line)
  const [, before = '', path = '', after = ''] = match ?? []
  if (path === '' || (before === '') === (after === '')) return undefined
  return { path, wantsSource: `${before}${after}` === '??' }
}

const index = new SourceIndex()

/**
 * Signature and documentation of a thing at the prompt, or its source. Nothing is called, but getters on the way are.
 *
 * @throws NothingKnown when there is no such name
 */
export function help({ path, wantsSource }: Question, session: Session): string {
  const asked = look(path, session)
  const found = find(asked, session)
  if (found) return wantsSource ? sourceOf(found) : describe(asked, found)
  if (asked.client) {
    const operation = sdkOperation(asked.client, asked.name)
    if (!operation) throw new NothingKnown(path)
    const example = `${path}(${operation.input})`
    return [operation.doc, '', example, '', operation.file].join('\n')
  }
  return describeAny(asked, wantsSource)
}

/** How a function at the prompt is called; undefined when no source tells. */
export function signatureOf(path: string, session: Session): string | undefined {
  const found = find(look(path, session), session)
  return found && titleOf(path, found)
}

interface Asked {
  readonly path: string
  readonly name: string
  readonly owner: unknown
  readonly value: unknown
  /** The SDK client it is a method of. */
  readonly client: string | undefined
}

function look(path: string, session: Session): Asked {
  const at = path.lastIndexOf('.')
  const name = path.slice(at + 1)
  const owner = at === -1 ? undefined : session.glance(path.slice(0, at))
  const value = session.glance(path)
  if (value === undefined && !(Object(owner) === owner && name in (owner as object)) && !session.knows(path)) {
    throw new NothingKnown(path)
  }
  return { path, name, owner, value, client: session.options.help?.sdkClientOf(owner) }
}

function find({ owner, value, name }: Asked, session: Session): Found | undefined {
  if (owner !== undefined) {
    for (const type of typesOf(owner, session.options.help)) {
      const member = index.member(type, name) ?? memberAtPrompt(type, name, session)
      if (member) return member
    }
  }
  const atPrompt = owner === undefined ? declaredAtPrompt(name, session) : undefined
  if (atPrompt) return atPrompt
  const publicNames: object = session.options.help?.publicNames ?? {}
  const publicName = Object.entries(publicNames).find(([, known]) => known === value && Object(value) === value)?.[0]
  if (publicName !== undefined) return index.find(publicName)
  for (const type of typesOf(value, session.options.help)) {
    const known = index.find(type) ?? declaredAtPrompt(type, session)
    if (known) return known
  }
  return undefined
}

/** The last input that declares a name. */
function declaredAtPrompt(name: string, session: Session): Found | undefined {
  for (const [number, input] of session.results.inputs().reverse()) {
    if (!input.includes(name)) continue
    const declaration = readDeclarations(input).find((d) => d.name === name && d.kind !== 'value')
    if (declaration) return { declaration, file: `In[${number}]` }
  }
  return undefined
}

function memberAtPrompt(type: string, name: string, session: Session): Found | undefined {
  const owner = declaredAtPrompt(type, session)
  const declaration = owner?.declaration.members.find((member) => member.name === name)
  return declaration && { declaration, file: owner!.file }
}

function describe({ path, value }: Asked, { declaration, file }: Found): string {
  const { kind, doc, signature } = declaration
  const isInstance = (kind === 'class' || kind === 'interface') && typeof value === 'object'
  const title = isInstance ? `${path}: ${declaration.name}` : titleOf(path, { declaration, file })
  const members =
    kind === 'class' || kind === 'interface' ? membersOf(declaration, path, isInstance) : optionsOf(signature)
  return [title, ...(doc ? [indent(doc, 2)] : []), ...members, `  ${file}:${declaration.line}`].join('\n')
}

function titleOf(path: string, { declaration: { name, signature } }: Found): string {
  return signature.replace(new RegExp(`^${name}\\b`), path)
}

function membersOf(declaration: Declaration, path: string, isInstance: boolean): string[] {
  const shown = index.members(declaration.name).length > 0 ? index.members(declaration.name) : declaration.members
  const open = shown.filter(
    ({ name, kind, isPrivate }) => !isPrivate && name !== '' && !(isInstance && kind === 'constructor'),
  )
  if (open.length === 0) return []
  const some = open.find(({ kind }) => kind === 'method')
  return [
    ...open.map(({ signature }) => `    ${signature}`),
    ...(some ? [`  ${path}.${some.name}? tells more of it`] : []),
  ]
}

/** The options a signature names, with what they mean. */
function optionsOf(signature: string): string[] {
  return typeNames(signature).flatMap((type) => {
    const found = index.find(type)
    const members = found ? index.members(type) : []
    if (members.length === 0) return found ? [`  ${found.declaration.signature}`] : []
    const rows = members.map(
      ({ signature, doc }) => `    ${signature}${doc ? `  // ${doc.replaceAll('\n', ' ')}` : ''}`,
    )
    return [`  ${type}:`, ...rows]
  })
}

function sourceOf({ declaration, file }: Found): string {
  const doc = declaration.doc ? `/**\n${declaration.doc.replaceAll(/^/gm, ' * ')}\n */\n` : ''
  return `// ${file}:${declaration.line}\n${doc}${unindent(declaration.source)}`
}

/** Whatever nobody has written a comment for. */
function describeAny({ path, value }: Asked, wantsSource: boolean): string {
  if (typeof value !== 'function') return `${path}: ${typeNameOf(value)}\n  ${inspect(value, { depth: 1 })}`
  const source = Function.prototype.toString.call(value)
  if (wantsSource) return source
  const head = /\[native code\]/.test(source) ? `function ${value.name}` : source.split(/\s*(?:=>\s*)?\{/)[0]
  return `${path}: ${head}\n  no documentation; ${path}?? shows the source`
}

function typeNameOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  const made = (value as { constructor?: { name?: string } }).constructor
  return made?.name ?? 'object'
}

function indent(text: string, by: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(by))
}

/** A member as it would stand at the top level. */
function unindent(source: string): string {
  const depth = /\n( *)\S[^\n]*$/.exec(source)?.[1]?.length ?? 0
  return source.replaceAll(new RegExp(`^ {1,${Math.max(1, depth)}}`, 'gm'), (blanks) => (depth === 0 ? blanks : ''))
}

class NothingKnown extends ShellError {
  readonly code = 'NothingKnown'
  override readonly hint =
    'help is for names at the prompt: cm.runPlugin? shows what it does, cm.runPlugin?? its source'
  constructor(path: string) {
    super(`there is no ${path}`)
  }
}
