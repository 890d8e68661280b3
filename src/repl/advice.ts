import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { types } from 'node:util'
import { parseSync } from 'oxc-parser'
import { nearest } from '../index.js'
import { shellCommands } from './commands/index.js'
import { sdkOperations } from './complete/members.js'
import { signatureOf } from './docs/help.js'
import { children, type SyntaxNode } from './parse.js'
import type { Session } from './session.js'

/** What to type instead of a line that failed, when that can be told. */
export async function adviseOnError(error: Error, source: string, session: Session): Promise<string | undefined> {
  const line = source.trim()
  if (error.name === 'SyntaxError') return asCommand(line)
  const name = /^([\w$]+) is not defined$/.exec(error.message)?.[1]
  if (name !== undefined) return (line.startsWith(name) ? asCommand(line) : undefined) ?? nameMeant(name, session)
  return forgottenAwait(error.message, session) ?? missingMember(source, session) ?? missingArgument(source, session)
}

/** Why a line that names a member gave nothing. */
export function adviseOnNothing(source: string, session: Session): string | undefined {
  return /^[\w$.[\]]+;?\s*$/.test(source.trim()) ? missingMember(source, session) : undefined
}

/** `ssh node001`, `ls -l`: commands that are no program. */
function asCommand(line: string): string | undefined {
  const word = /^([a-z][\w.-]*)(\s+[^=(]*)?$/s.exec(line)?.[1]
  if (word === undefined) return undefined
  if (shellCommands.some(({ name }) => name === word)) return `.${line} is the command`
  return isProgram(word) ? `!${line} runs it on this machine, !!NODE ${line} on a node` : undefined
}

function isProgram(word: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, word), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

async function nameMeant(name: string, session: Session): Promise<string | undefined> {
  const { names } = session.options
  for (const kind of ['cluster', 'plugin'] as const) {
    if ((await names?.[`${kind}s`]())?.includes(name)) return `names of ${kind}s are texts: '${name}'`
  }
  const close = nearest(name, Object.getOwnPropertyNames(session.context))
  return close && `did you mean ${close}?`
}

/** `cm.getCluster('x').getNodes()`: what is called there gives a promise. */
function forgottenAwait(message: string, session: Session): string | undefined {
  const [, callee, member] = /^([\w$.]+)\(\.\.\.\)\.([\w$]+) is not a function$/.exec(message) ?? []
  if (callee === undefined || !types.isAsyncFunction(session.glance(callee))) return undefined
  return `${callee}(...) gives a promise: (await ${callee}(...)).${member}`
}

const member = /((?:[\p{L}_$][\p{L}\p{N}_$]*(?:\[\d+\])?\.)+)([\p{L}_$][\p{L}\p{N}_$]*)/gu

function missingMember(source: string, session: Session): string | undefined {
  for (const [, before = '', name = ''] of source.matchAll(member)) {
    const path = before.slice(0, -1)
    const owner = session.glance(path)
    if (Object(owner) !== owner || name in (owner as object)) continue
    if (types.isPromise(owner)) return `${path} is a promise: (await ${path}).${name}`
    const close = nearest(name, membersOf(owner as object, session))
    return close ? `did you mean ${path}.${close}?` : `${path} has no ${name}; ${path}? tells what it has`
  }
  return undefined
}

function membersOf(owner: object, session: Session): readonly string[] {
  const operations = sdkOperations(session.options.help?.sdkClientOf(owner))
  if (operations) return operations
  const names: string[] = []
  for (let at: object | null = owner; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at))
  }
  return names
}

/** A function of the program that was called with less than it needs. */
function missingArgument(source: string, session: Session): string | undefined {
  const { program } = parseSync('line.ts', source, { lang: 'ts', sourceType: 'module' })
  for (const call of callsIn(program as unknown as SyntaxNode)) {
    const callee = call.callee as SyntaxNode
    const path = source.slice(callee.start, callee.end)
    const called = /^[\w$.[\]]+$/.test(path) ? session.glance(path) : undefined
    const given = call.arguments as SyntaxNode[]
    if (typeof called !== 'function' || given.some(({ type }) => type === 'SpreadElement')) continue
    const signature = given.length < called.length ? signatureOf(path, session) : undefined
    if (signature) return `it is called as ${signature}`
  }
  return undefined
}

function callsIn(node: SyntaxNode): SyntaxNode[] {
  const inside = children(node).flatMap(callsIn)
  return node.type === 'CallExpression' ? [node, ...inside] : inside
}
