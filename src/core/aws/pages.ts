/** One page of an answer of AWS, and the token for the next. */
export interface Page<T> {
  readonly items: readonly T[] | undefined
  readonly next: string | undefined
}

/** All items of a paged answer, page after page. @param ask is given the token of the page before; none at first */
export async function allPages<T>(ask: (next: { NextToken?: string }) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = []
  let token: string | undefined
  do {
    const { items = [], next } = await ask(token === undefined ? {} : { NextToken: token })
    found.push(...items)
    token = next || undefined
  } while (token !== undefined)
  return found
}

/** Tags of a resource by key. */
export function tagsByKey(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
): Readonly<Record<string, string>> {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']))
}
