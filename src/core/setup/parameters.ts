import type { BindingPattern, Class, Expression, ObjectPattern, ParamPattern, TSSignature, TSType } from 'oxc-parser'
import { docBefore } from './doc-comment.js'
import { type SettingType, text, typeName, typeOfAnnotation, typeOfDefault } from './setting-type.js'
import type { ClassSource, SourceGraph } from './source-graph.js'
import { nameOf } from './source-module.js'

/** One setting a constructor takes, under the name its author gave it in the source. */
export interface Setting {
  readonly name: string
  readonly required: boolean
  readonly type: SettingType
  /** What one that is left out is given, where that is not undefined: its type is `| null`. */
  readonly absent?: null
  /** The default as it is written in the source. */
  readonly fallback?: string | undefined
  /** Its doc comment. */
  readonly doc?: string | undefined
}

/** A constructor parameter: a setting, or an object of settings by their property keys. */
export type Parameter = { readonly kind: 'value'; readonly setting: Setting } | ObjectParameter
interface ObjectParameter {
  readonly kind: 'object'
  readonly settings: readonly Setting[]
}

/** Why the parameters cannot be matched with settings; a sentence about the constructor. */
export class UnsupportedParameters {
  /** @param harmlessWithoutSettings the class can still be constructed when its section has no settings */
  constructor(
    readonly reason: string,
    readonly harmlessWithoutSettings = false,
  ) {}
}

/**
 * The parameters of a class's constructor, read from the TypeScript source, never from compiled code: a bundler renames
 * parameters that collide with other names. A class without a constructor has its base's.
 */
export function constructorParameters(graph: SourceGraph, start: ClassSource): Parameter[] | UnsupportedParameters {
  for (let current = start, depth = 0; depth < 32; depth++) {
    const params = ownConstructor(current.node)
    if (params) return readParameters(graph, current.file, params)
    const base = graph.superClass(current)
    // Base classes of ours are made without settings.
    if (base === 'none' || base === 'starcluster') return []
    if (base === 'unknown') {
      const reason = `its base class is only known when it runs; give ${className(start)} a constructor of its own`
      return new UnsupportedParameters(reason, true)
    }
    current = base
  }
  return new UnsupportedParameters('its base classes lead in a circle')
}

function className({ node }: ClassSource): string {
  return node.id?.name ?? 'the class'
}

function ownConstructor(node: Class): readonly ParamPattern[] | undefined {
  for (const member of node.body.body) {
    // Overload signatures have no body.
    if (member.type === 'MethodDefinition' && member.kind === 'constructor' && member.value.body)
      return member.value.params
  }
  return undefined
}

function readParameters(
  graph: SourceGraph,
  file: string,
  params: readonly ParamPattern[],
): Parameter[] | UnsupportedParameters {
  const parameters: Parameter[] = []
  for (const param of params) {
    const parameter = readParameter(graph, file, param)
    if (parameter instanceof UnsupportedParameters) return parameter
    parameters.push(parameter)
  }
  return parameters
}

function readParameter(graph: SourceGraph, file: string, param: ParamPattern): Parameter | UnsupportedParameters {
  if (param.type === 'RestElement') {
    return new UnsupportedParameters(
      'a rest parameter (...) takes no setting; give each setting a parameter of its own',
    )
  }
  const plain = (param.type === 'TSParameterProperty' ? param.parameter : param) as BindingPattern
  const { pattern, fallback } =
    plain.type === 'AssignmentPattern'
      ? { pattern: plain.left, fallback: plain.right }
      : { pattern: plain, fallback: undefined }
  const annotation = annotationOf(plain) ?? annotationOf(pattern)
  if (pattern.type === 'ObjectPattern') return readObject(graph, file, pattern, annotation, fallback !== undefined)
  if (pattern.type !== 'Identifier') {
    return new UnsupportedParameters('an array pattern takes no setting; name the settings one by one, or in an object')
  }
  const members = annotation && objectMembers(graph, file, annotation)
  const optional = fallback !== undefined || (pattern as { optional?: boolean }).optional === true
  if (members)
    return {
      kind: 'object',
      settings: [...members.values()].map((one) => (optional ? { ...one, required: false } : one)),
    }
  const setting = settingOf(graph, file, pattern.name, optional, annotation, fallback)
  return { kind: 'value', setting: { ...setting, doc: docBefore(graph.text(file), param.start) } }
}

function readObject(
  graph: SourceGraph,
  file: string,
  pattern: ObjectPattern,
  annotation: TSType | undefined,
  optional: boolean,
): ObjectParameter | UnsupportedParameters {
  const members = annotation && objectMembers(graph, file, annotation)
  const settings: Setting[] = []
  for (const property of pattern.properties) {
    if (property.type === 'RestElement') {
      return new UnsupportedParameters('a rest property (...) takes no setting; name each setting')
    }
    const name = property.computed ? '' : nameOf(property.key)
    if (name === '') return new UnsupportedParameters('a computed property name takes no setting; name each setting')
    const fallback = property.value.type === 'AssignmentPattern' ? property.value.right : undefined
    const target = property.value.type === 'AssignmentPattern' ? property.value.left : property.value
    if (target.type !== 'Identifier') {
      return new UnsupportedParameters(`${name} is a pattern of its own; a setting is one value`)
    }
    const member = members?.get(name)
    const type = member?.type ?? (fallback ? typeOfDefault(fallback) : text)
    const doc = docBefore(graph.text(file), property.start) ?? member?.doc
    const required = !optional && fallback === undefined && (member?.required ?? true)
    settings.push({
      name,
      required,
      type,
      doc,
      fallback: fallback && sourceOf(graph, file, fallback),
      ...(fallback === undefined && member?.absent === null ? { absent: null } : {}),
    })
  }
  return { kind: 'object', settings }
}

function settingOf(
  graph: SourceGraph,
  file: string,
  name: string,
  optional: boolean,
  annotation: TSType | undefined,
  fallback: Expression | undefined,
): Setting {
  const members = annotation?.type === 'TSUnionType' ? annotation.types.map(({ type }) => type) : []
  const mayBeUndefined = optional || members.includes('TSUndefinedKeyword')
  const mayBeNull = members.includes('TSNullKeyword')
  const type = annotation ? typeOfAnnotation(graph, file, annotation) : fallback ? typeOfDefault(fallback) : text
  return {
    name,
    required: !mayBeUndefined && !mayBeNull,
    type,
    fallback: fallback && sourceOf(graph, file, fallback),
    ...(mayBeNull && !mayBeUndefined ? { absent: null } : {}),
  }
}

/** The members of an object type written in place or in an interface or alias we have the source of. */
function objectMembers(graph: SourceGraph, file: string, type: TSType, depth = 0): Map<string, Setting> | undefined {
  if (depth > 8) return undefined
  if (type.type === 'TSTypeLiteral') return membersOf(graph, file, type.members)
  if (type.type === 'TSIntersectionType') {
    const parts = type.types.map((part) => objectMembers(graph, file, part, depth + 1))
    return parts.every((part) => part !== undefined) ? new Map(parts.flatMap((part) => [...part])) : undefined
  }
  if (type.type !== 'TSTypeReference') return undefined
  const name = typeName(type.typeName)
  const [argument] = type.typeArguments?.params ?? []
  if (argument && (name === 'Partial' || name === 'Readonly')) {
    const members = objectMembers(graph, file, argument, depth + 1)
    if (!members || name === 'Readonly') return members
    return new Map([...members].map(([key, one]) => [key, { ...one, required: false }]))
  }
  const named = graph.typeNamed(file, name)
  if (!named || 'publicName' in named) return undefined
  if (named.node.type === 'TSTypeAliasDeclaration') {
    return objectMembers(graph, named.file, named.node.typeAnnotation, depth + 1)
  }
  const inherited = named.node.extends.flatMap(({ expression }) => {
    const base = { type: 'TSTypeReference', typeName: expression, typeArguments: null } as unknown as TSType
    return [...(objectMembers(graph, named.file, base, depth + 1) ?? [])]
  })
  return new Map([...inherited, ...membersOf(graph, named.file, named.node.body.body)])
}

function membersOf(graph: SourceGraph, file: string, signatures: readonly TSSignature[]): Map<string, Setting> {
  const members = new Map<string, Setting>()
  for (const signature of signatures) {
    if (signature.type !== 'TSPropertySignature') continue
    const name = nameOf(signature.key)
    const annotation = signature.typeAnnotation?.typeAnnotation
    const setting = settingOf(graph, file, name, signature.optional, annotation, undefined)
    members.set(name, { ...setting, doc: docBefore(graph.text(file), signature.start) })
  }
  return members
}

function sourceOf(graph: SourceGraph, file: string, { start, end }: Expression): string {
  return graph.text(file).slice(start, end)
}

function annotationOf(node: object): TSType | undefined {
  return (node as { typeAnnotation?: { typeAnnotation: TSType } | null }).typeAnnotation?.typeAnnotation ?? undefined
}
