import type {
  Class,
  Expression,
  Program,
  Statement,
  TSInterfaceDeclaration,
  TSTypeAliasDeclaration,
  VariableDeclarator,
} from 'oxc-parser'

/** Something a file names that another file defines. `name` is '*' for the whole module. */
interface Imported {
  readonly specifier: string
  readonly name: string
}

/** What a source file defines and exports at its top level, as far as finding classes and their settings needs it. */
export interface SourceModule {
  readonly classes: Map<string, Class>
  /** `const A = B`, and exported names that stand for a local one. */
  readonly aliases: Map<string, string>
  readonly imports: Map<string, Imported>
  readonly types: Map<string, TSInterfaceDeclaration | TSTypeAliasDeclaration>
  /** Exported name -> local name, or what another file exports. */
  readonly exports: Map<string, string | Imported>
  /** Specifiers of `export * from`. */
  readonly stars: string[]
}

/** Local name given to a class that has none, such as `export default class extends Base`. */
const defaultName = '*default*'

/** Reads the top level of an ES or CommonJS module. Pure. */
export function readModule(program: Program): SourceModule {
  const module: SourceModule = {
    classes: new Map(),
    aliases: new Map(),
    imports: new Map(),
    types: new Map(),
    exports: new Map(),
    stars: [],
  }
  for (const statement of program.body) readStatement(module, statement as Statement)
  return module
}

function readStatement(module: SourceModule, statement: Statement): void {
  switch (statement.type) {
    case 'ImportDeclaration':
      for (const { local, ...specifier } of statement.specifiers) {
        const name =
          specifier.type === 'ImportSpecifier'
            ? nameOf(specifier.imported)
            : specifier.type === 'ImportDefaultSpecifier'
              ? 'default'
              : '*'
        module.imports.set(local.name, { specifier: statement.source.value, name })
      }
      return
    case 'ExportNamedDeclaration':
      if (statement.declaration) readDeclaration(module, statement.declaration as Statement, true)
      for (const { local, exported } of statement.specifiers) {
        const target = statement.source ? { specifier: statement.source.value, name: nameOf(local) } : nameOf(local)
        module.exports.set(nameOf(exported), target)
      }
      return
    case 'ExportAllDeclaration':
      if (statement.exported) {
        module.exports.set(nameOf(statement.exported), { specifier: statement.source.value, name: '*' })
      } else module.stars.push(statement.source.value)
      return
    case 'ExportDefaultDeclaration':
      readDefault(module, statement.declaration as Expression | Class)
      return
    case 'ExpressionStatement':
      readCommonJsExport(module, statement.expression)
      return
    default:
      readDeclaration(module, statement, false)
  }
}

function readDeclaration(module: SourceModule, statement: Statement, exported: boolean): void {
  if (statement.type === 'ClassDeclaration' && statement.id) {
    module.classes.set(statement.id.name, statement)
    if (exported) module.exports.set(statement.id.name, statement.id.name)
  } else if (statement.type === 'TSInterfaceDeclaration' || statement.type === 'TSTypeAliasDeclaration') {
    module.types.set(statement.id.name, statement)
    if (exported) module.exports.set(statement.id.name, statement.id.name)
  } else if (statement.type === 'VariableDeclaration') {
    for (const declarator of statement.declarations) readVariable(module, declarator, exported)
  }
}

function readVariable(module: SourceModule, { id, init }: VariableDeclarator, exported: boolean): void {
  const required = init && requiredModule(init)
  if (id.type === 'Identifier') {
    if (required) module.imports.set(id.name, required)
    else if (init) bind(module, id.name, init)
    if (exported) module.exports.set(id.name, id.name)
  } else if (id.type === 'ObjectPattern' && required) {
    for (const property of id.properties) {
      if (property.type !== 'Property' || property.value.type !== 'Identifier') continue
      module.imports.set(property.value.name, { specifier: required.specifier, name: nameOf(property.key) })
    }
  }
}

/** `require('./base')` or `require('./base').Base`. */
function requiredModule(expression: Expression): Imported | undefined {
  if (expression.type === 'MemberExpression') {
    const whole = requiredModule(expression.object)
    return whole && { ...whole, name: nameOf(expression.property) }
  }
  if (expression.type !== 'CallExpression' || !isIdentifier(expression.callee, 'require')) return undefined
  const [first] = expression.arguments
  return first?.type === 'Literal' && typeof first.value === 'string'
    ? { specifier: first.value, name: '*' }
    : undefined
}

function bind(module: SourceModule, name: string, value: Expression): void {
  const plain = unwrap(value)
  if (plain.type === 'ClassExpression') module.classes.set(name, plain)
  else if (plain.type === 'Identifier' && plain.name !== name) module.aliases.set(name, plain.name)
}

function readDefault(module: SourceModule, value: Expression | Class): void {
  if (value.type === 'ClassDeclaration') {
    const name = value.id?.name ?? defaultName
    module.classes.set(name, value)
    module.exports.set('default', name)
  } else exportValue(module, 'default', value as Expression)
}

function exportValue(module: SourceModule, exported: string, value: Expression): void {
  const plain = unwrap(value)
  if (plain.type === 'Identifier') module.exports.set(exported, plain.name)
  else if (plain.type === 'ClassExpression') {
    const name = `*${exported}*`
    module.classes.set(name, plain)
    module.exports.set(exported, name)
  }
}

/** `module.exports = ...`, `module.exports.A = ...`, `exports.A = ...`. */
function readCommonJsExport(module: SourceModule, expression: Expression): void {
  if (expression.type !== 'AssignmentExpression' || expression.left.type !== 'MemberExpression') return
  const { object, property } = expression.left
  const value = unwrap(expression.right)
  if (isIdentifier(object, 'module') && isIdentifier(property, 'exports')) {
    if (value.type !== 'ObjectExpression') exportValue(module, 'default', value)
    else {
      for (const member of value.properties) {
        if (member.type === 'Property') exportValue(module, nameOf(member.key), member.value as Expression)
      }
    }
    return
  }
  const isExports =
    isIdentifier(object, 'exports') ||
    (object.type === 'MemberExpression' &&
      isIdentifier(object.object, 'module') &&
      isIdentifier(object.property, 'exports'))
  if (isExports) exportValue(module, nameOf(property), value)
}

/** The expression without what TypeScript and parentheses put around it. */
export function unwrap(expression: Expression): Expression {
  switch (expression.type) {
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'ParenthesizedExpression':
      return unwrap(expression.expression)
    default:
      return expression
  }
}

function isIdentifier(node: { type: string; name?: unknown }, name: string): boolean {
  return node.type === 'Identifier' && node.name === name
}

/** Text of an identifier or a string literal used as a name; '' for a computed one. */
export function nameOf(node: { type: string; name?: unknown; value?: unknown }): string {
  if (typeof node.name === 'string') return node.name
  return typeof node.value === 'string' ? node.value : ''
}
