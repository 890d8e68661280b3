import { shellCommands } from '../commands/index.js'
import type { Session } from '../session.js'
import { specialInputs } from '../special-input.js'
import { type KeyPlace, keyAtEnd, type StringPlace, stringAtEnd } from './cursor.js'
import { filterMembers, optionNames, sdkOperations } from './members.js'

/** Candidates, and the end of the line they stand for. */
export type Completion = [candidates: string[], typed: string]

/** Node's own completer: names and members. */
export type NameCompleter = (line: string) => Promise<Completion>

/** No answer that takes longer is waited for, in milliseconds. */
const patienceMs = 180

/** Completes a line up to the cursor. Never rejects and never takes long; what cannot be told in time is left out. */
export async function complete(line: string, session: Session, names: NameCompleter): Promise<Completion> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Completion>((resolve) => {
    timer = setTimeout(() => resolve([[], '']), patienceMs)
  })
  const answer = completeNow(line, session, names).catch((): Completion => [[], ''])
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

async function completeNow(line: string, session: Session, names: NameCompleter): Promise<Completion> {
  const command = /^\.(\w+)\s+(.*)$/s.exec(line)
  if (command) return completeCommand(command[1]!, command[2]!, session, names)
  const special = specialInputs.find(({ matches, complete }) => complete && matches(line))
  if (special) return startingWith(special.complete!(line, session), /[^\s!]*$/.exec(line)![0])
  const place = stringAtEnd(line)
  if (place) return completeString(place, session)
  const keyPlace = keyAtEnd(line)
  const keys = keyPlace ? completeKey(keyPlace, session) : []
  return keys.length > 0 ? [keys, keyPlace!.typed] : completeName(line, session, names)
}

async function completeCommand(
  name: string,
  argument: string,
  session: Session,
  names: NameCompleter,
): Promise<Completion> {
  const command = shellCommands.find((candidate) => candidate.name === name)
  if (command?.takesExpression) return completeNow(argument, session, names)
  return startingWith(command?.complete?.(session, argument) ?? Promise.resolve([]), /\S*$/.exec(argument)![0])
}

async function startingWith(asked: Promise<readonly string[]>, typed: string): Promise<Completion> {
  return [(await asked).filter((candidate) => candidate.startsWith(typed)), typed]
}

/** Options that a call takes and has not been given yet. */
function completeKey({ callee, typed, given }: KeyPlace, session: Session): string[] {
  const method = callee.slice(callee.lastIndexOf('.') + 1)
  return optionNames(ownerOf(callee, session), method, session)
    .filter((name) => name.startsWith(typed) && !given.includes(name))
    .map((name) => `${name}: `)
}

/** The object whose method is called. */
function ownerOf(callee: string, session: Session): unknown {
  const at = callee.lastIndexOf('.')
  return at > 0 ? session.glance(callee.slice(0, at)) : undefined
}

async function completeString(place: StringPlace, session: Session): Promise<Completion> {
  const owner = place.callee === undefined ? undefined : ownerOf(place.callee, session)
  const found = await session.options.names?.inString(place, owner)
  if (!found) return [[], place.typed]
  const { candidates, typed = place.typed } = found
  const matching = candidates.filter((candidate) => candidate.startsWith(typed))
  const [only] = matching
  // The one that is meant is whole: close the quotes. A folder goes on.
  if (only !== undefined && matching.length === 1 && !only.endsWith('/') && typed === place.typed) {
    return [[`${only}${place.quote}`], typed]
  }
  return [matching, typed]
}

async function completeName(line: string, session: Session, names: NameCompleter): Promise<Completion> {
  const chain = /((?:[\p{L}_$][\p{L}\p{N}_$]*(?:\[\d+\])?\??\.)+)([\p{L}\p{N}_$]*)$/u.exec(line)
  const owner = chain && session.glance(chain[1]!.replace(/\??\.$/, ''))
  if (chain && owner !== undefined) {
    const operations = sdkOperations(session.options.help?.sdkClientOf(owner))
    if (operations) return startingWith(Promise.resolve(operations.map((name) => `${chain[1]}${name}`)), chain[0])
  }
  const [candidates, typed] = await names(line)
  const shown = candidates.filter((name) => name !== '' && !name.includes('__shell'))
  return [chain && owner !== undefined ? filterMembers(shown, chain[2]!, owner, session) : [...new Set(shown)], typed]
}
