import { children, type SyntaxNode } from './parse.js'

/** Name under which the context offers the function that every guarded loop calls; not meant to be typed. */
export const loopGuardName = '__shellLoop'

const loops = /^(While|DoWhile|For|ForIn|ForOf)Statement$/
const functions = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/

/** Text to be inserted at a position. */
export interface Insertion {
  readonly at: number
  readonly text: string
}

/**
 * Where loops have to look whether Ctrl-C was pressed. vm's watchdog stops a script's own run; what runs later, after an
 * await or as a callback, it does not see.
 *
 * @param all loops outside functions too
 */
export function guardLoops(node: SyntaxNode, all: boolean): Insertion[] {
  const inside = all || functions.test(node.type)
  const found = children(node).flatMap((child) => guardLoops(child, inside))
  if (!inside || !loops.test(node.type)) return found
  const body = node.body as SyntaxNode
  if (body.type === 'BlockStatement') return [{ at: body.start + 1, text: `${loopGuardName}();` }, ...found]
  return [{ at: body.start, text: `{${loopGuardName}();` }, ...found, { at: body.end, text: '}' }]
}
