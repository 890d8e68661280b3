import type { Expression, TSType, TSTypeName } from 'oxc-parser'
import { durationTypes } from './durations.js'
import type { SourceGraph } from './source-graph.js'
import { nameOf, unwrap } from './source-module.js'

/** How the text of a setting becomes a value. */
export type SettingType =
  | { readonly kind: 'text' | 'boolean' | 'number' }
  /** @param name the type it is declared with; `unitMs` is what one of it is, in milliseconds */
  | { readonly kind: 'duration'; readonly name: string; readonly unitMs: number }
  | { readonly kind: 'choice'; readonly choices: readonly (string | number)[] }
  | { readonly kind: 'list'; readonly of: SettingType }
  /** The first that takes the text. */
  | { readonly kind: 'either'; readonly types: readonly SettingType[] }

export const text: SettingType = { kind: 'text' }

/** As people read it: `number`, `list of fast | slow`. */
export function describeType(type: SettingType): string {
  switch (type.kind) {
    case 'text':
    case 'number':
      return type.kind
    case 'boolean':
      return 'yes or no'
    case 'duration':
      return `duration (${type.name.toLowerCase()}, or such as 90s, 1h30m)`
    case 'choice':
      return type.choices.join(' | ')
    case 'list':
      return type.of.kind === 'text' ? 'list' : `list of ${plural(type.of)}`
    case 'either':
      return type.types.map(describeType).join(' | ')
  }
}

function plural(type: SettingType): string {
  return type.kind === 'number' ? 'numbers' : describeType(type)
}

/** The type an annotation asks for; text for any that a setting cannot be turned into. */
export function typeOfAnnotation(graph: SourceGraph, file: string, type: TSType, depth = 0): SettingType {
  switch (type.type) {
    case 'TSBooleanKeyword':
      return { kind: 'boolean' }
    case 'TSNumberKeyword':
      return { kind: 'number' }
    case 'TSArrayType':
      return listOf(typeOfAnnotation(graph, file, type.elementType, depth))
    case 'TSTypeOperator':
      return type.operator === 'readonly' ? typeOfAnnotation(graph, file, type.typeAnnotation, depth) : text
    case 'TSParenthesizedType':
      return typeOfAnnotation(graph, file, type.typeAnnotation, depth)
    case 'TSLiteralType':
      return typeOfLiteral(type.literal as Expression)
    case 'TSUnionType': {
      // Members that say "may be absent" do not count.
      const members = type.types.filter((member) => !isAbsence(member))
      return eitherOf(members.map((member) => typeOfAnnotation(graph, file, member, depth)))
    }
    case 'TSTypeReference': {
      const name = typeName(type.typeName)
      const [argument] = type.typeArguments?.params ?? []
      if (argument && /^(Readonly)?Array$/.test(name)) return listOf(typeOfAnnotation(graph, file, argument, depth))
      const named = graph.typeNamed(file, name)
      if (named && 'publicName' in named) return typeOfPublicName(named.publicName)
      if (named?.node.type !== 'TSTypeAliasDeclaration' || depth > 8) return text
      return typeOfAnnotation(graph, named.file, named.node.typeAnnotation, depth + 1)
    }
    default:
      return text
  }
}

/** `Seconds`, or `starcluster.Seconds`. */
export function typeName(name: TSTypeName): string {
  return name.type === 'TSQualifiedName' ? `${typeName(name.left)}.${name.right.name}` : nameOf(name as never)
}

/** `undefined` or `null` in a union. */
export function isAbsence({ type }: TSType): boolean {
  return type === 'TSUndefinedKeyword' || type === 'TSNullKeyword'
}

function listOf(of: SettingType): SettingType {
  return of.kind === 'list' ? text : { kind: 'list', of }
}

/** A type that 'starcluster' exports. */
function typeOfPublicName(name: string): SettingType {
  const unitMs = durationTypes[name]
  return unitMs === undefined ? text : { kind: 'duration', name, unitMs }
}

function typeOfLiteral(literal: Expression): SettingType {
  if (literal.type === 'UnaryExpression' && literal.operator === '-' && literal.argument.type === 'Literal') {
    return { kind: 'choice', choices: [-Number(literal.argument.value)] }
  }
  if (literal.type !== 'Literal') return text
  if (typeof literal.value === 'boolean') return { kind: 'boolean' }
  return typeof literal.value === 'string' || typeof literal.value === 'number'
    ? { kind: 'choice', choices: [literal.value] }
    : text
}

/** Choices are one; a union that takes any text is text: nothing in it says what the rest of the union means by it. */
function eitherOf(members: readonly SettingType[]): SettingType {
  if (members.length === 0 || members.some(({ kind }) => kind === 'text')) return text
  const choices = members.flatMap((member) => (member.kind === 'choice' ? member.choices : []))
  const others = withoutRepeats(members.filter(({ kind }) => kind !== 'choice'))
  const types = choices.length > 0 ? [{ kind: 'choice' as const, choices }, ...others] : others
  const ordered = types.toSorted((a, b) => strictness.indexOf(a.kind) - strictness.indexOf(b.kind))
  return ordered.length === 1 ? ordered[0]! : { kind: 'either', types: ordered }
}

/** `1` is a number rather than yes, and anything is a list of one. */
const strictness: readonly SettingType['kind'][] = ['choice', 'number', 'duration', 'boolean', 'list']

/** `true | false` is one boolean. */
function withoutRepeats(types: readonly SettingType[]): SettingType[] {
  const seen = new Map(types.map((type) => [JSON.stringify(type), type]))
  return [...seen.values()]
}

/** The type a default value implies: `= true`, `= 3`, `= ['a']`. */
export function typeOfDefault(value: Expression): SettingType {
  const plain = unwrap(value)
  if (plain.type === 'UnaryExpression' && /^[-+]$/.test(plain.operator)) return typeOfDefault(plain.argument)
  if (plain.type === 'UnaryExpression' && plain.operator === '!') return { kind: 'boolean' }
  if (plain.type === 'ArrayExpression') {
    const types = plain.elements.map((element) => (element ? typeOfDefault(element as Expression) : text))
    const [first = text] = withoutRepeats(types)
    return listOf(types.every(({ kind }) => kind === first.kind) ? first : text)
  }
  if (plain.type !== 'Literal') return text
  if (typeof plain.value === 'boolean') return { kind: 'boolean' }
  return typeof plain.value === 'number' ? { kind: 'number' } : text
}
