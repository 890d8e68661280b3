/** Some workers of one instance type. */
export interface NodeTypeGroup {
  readonly type: string
  /** Image of these nodes when it is not the template's `node_image_id`. */
  readonly imageId?: string
  /** How many workers; left out in the last group of a template, which is for all the others. */
  readonly count?: number
}

/**
 * The grammar of `node_instance_type`: the last item is the type of all remaining workers, earlier ones are `type`,
 * `type:count`, `type:image` or `type:image:count` and take the first workers in order. Returns what is wrong, if anything is.
 */
export function parseNodeTypes(items: readonly string[]): NodeTypeGroup[] | { readonly problem: string } {
  const groups: NodeTypeGroup[] = []
  for (const [index, item] of items.entries()) {
    const group = index === items.length - 1 ? parseLast(item) : parseGroup(item)
    if ('problem' in group) return group
    groups.push(group)
  }
  return groups.length > 0 ? groups : { problem: 'expected at least one instance type' }
}

/** Which types exist is for EC2 to say; this is only the form of a name. */
export function looksLikeInstanceType(text: string): boolean {
  return /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/i.test(text)
}

function parseLast(item: string): NodeTypeGroup | { readonly problem: string } {
  if (item.includes(':')) {
    return { problem: `the last item is for all other workers and is a type alone, as in "${item}, t3.small"` }
  }
  return looksLikeInstanceType(item) ? { type: item } : notAType(item)
}

function parseGroup(item: string): NodeTypeGroup | { readonly problem: string } {
  const [type = '', ...rest] = item.split(':').map((field) => field.trim())
  if (!looksLikeInstanceType(type)) return notAType(type)
  if (rest.length > 2 || rest.includes('')) {
    return { problem: `"${item}" is none of type, type:count, type:image, type:image:count` }
  }
  const imageId = rest[0] !== undefined && !isInteger(rest[0]) ? rest[0] : undefined
  const countText = imageId === undefined ? rest[0] : rest[1]
  if (imageId === undefined && rest.length === 2) return { problem: `"${item}": the image stands before the count` }
  if (countText !== undefined && (!isInteger(countText) || Number(countText) < 1)) {
    return { problem: `"${item}": the count must be an integer of at least 1` }
  }
  const count = countText === undefined ? 1 : Number(countText)
  return imageId === undefined ? { type, count } : { type, imageId, count }
}

function isInteger(text: string): boolean {
  return /^[+-]?\d+$/.test(text)
}

function notAType(text: string): { readonly problem: string } {
  return { problem: `"${text}" is not the name of an instance type, such as t3.small` }
}
