/** A dotted form parameter and what lies below it: `Filter.1.Name=vpc-id` is Filter -> 1 -> Name. */
export interface FormNode {
  value?: string
  children?: Map<string, FormNode>
}

/** Parameters that speak about the request, not to the action. */
const ENVELOPE = new Set(['Action', 'Version', 'AWSAccessKeyId', 'Timestamp', 'Expires'])
const SIGNATURE = /^(?:X-Amz-|Signature)/

/** The tree of a Query request's parameters, without those of the envelope. */
export function formTree(form: Iterable<readonly [string, string]>): FormNode {
  const root: FormNode = {}
  for (const [name, value] of form) {
    if (ENVELOPE.has(name) || SIGNATURE.test(name)) continue
    let node = root
    for (const part of name.split('.')) node = child(node, part)
    node.value = value
  }
  return root
}

function child(node: FormNode, name: string): FormNode {
  node.children ??= new Map()
  let next = node.children.get(name)
  if (!next) node.children.set(name, (next = {}))
  return next
}
