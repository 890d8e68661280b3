import type { Expression, TSType } from 'oxc-parser'
import type { SourceGraph } from './source-graph.js'
import { nameOf, unwrap } from './source-module.js'

/** How the text of a setting becomes a value. */
export type SettingType =
  | { readonly kind: 'text' | 'boolean' | 'number' | 'list' | 'numbers' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }

const text: SettingType = { kind: 'text' }

/** The type an annotation asks for; text for any that a setting cannot be turned into, undefined when there is none. */
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
    case 'TSUnionType':
      return typeOfUnion(type.types.map((member) => ({ member, type: typeOfAnnotation(graph, file, member, depth) })))
    case 'TSTypeReference': {
      const name = nameOf(type.typeName as { type: string; name?: unknown })
      const [argument] = type.typeArguments?.params ?? []
      if (argument && /^(Readonly)?Array$/.test(name)) return listOf(typeOfAnnotation(graph, file, argument, depth))
      const named = graph.typeNamed(file, name)
      if (named?.node.type !== 'TSTypeAliasDeclaration' || depth > 8) return text
      return typeOfAnnotation(graph, named.file, named.node.typeAnnotation, depth + 1)
    }
    default:
      return text
  }
}

function listOf(element: SettingType): SettingType {
  if (element.kind === 'number') return { kind: 'numbers' }
  return element.kind === 'text' || element.kind === 'choice' ? { kind: 'list' } : text
}

function typeOfLiteral(literal: Expression): SettingType {
  if (literal.type !== 'Literal') return text
  if (typeof literal.value === 'string') return { kind: 'choice', choices: [literal.value] }
  if (typeof literal.value === 'boolean') return { kind: 'boolean' }
  return typeof literal.value === 'number' ? { kind: 'number' } : text
}

/** Members that say "may be absent" do not count; what is left must agree. */
function typeOfUnion(members: readonly { member: TSType; type: SettingType }[]): SettingType {
  const types = members
    .filter(({ member }) => member.type !== 'TSUndefinedKeyword' && member.type !== 'TSNullKeyword')
    .map(({ type }) => type)
  const [first] = types
  if (!first || types.some(({ kind }) => kind !== first.kind)) return text
  if (first.kind !== 'choice') return first
  return { kind: 'choice', choices: types.flatMap((type) => (type.kind === 'choice' ? type.choices : [])) }
}

/** The type a default value implies: `= true`, `= 3`, `= ['a']`. */
export function typeOfDefault(value: Expression): SettingType {
  const plain = unwrap(value)
  if (plain.type === 'UnaryExpression' && /^[-+]$/.test(plain.operator)) return typeOfDefault(plain.argument)
  if (plain.type === 'UnaryExpression' && plain.operator === '!') return { kind: 'boolean' }
  if (plain.type === 'ArrayExpression') {
    const types = plain.elements.map((element) => (element ? typeOfDefault(element as Expression).kind : 'text'))
    return { kind: types.length > 0 && types.every((kind) => kind === 'number') ? 'numbers' : 'list' }
  }
  if (plain.type !== 'Literal') return text
  if (typeof plain.value === 'boolean') return { kind: 'boolean' }
  return typeof plain.value === 'number' ? { kind: 'number' } : text
}
