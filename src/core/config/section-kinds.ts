import { nearest } from '../nearest.js'
import { AWS_INFO, CLUSTER, GLOBAL, KEY, PERMISSION, PLUGIN, type SectionSchema, VOLUME } from './schema.js'

/** One kind of section: `[global]` and `[aws info]` exist once, of the others there is one for each name. */
export interface SectionKind {
  readonly id: 'global' | 'aws' | 'key' | 'volume' | 'permission' | 'plugin' | 'cluster'
  /** As it is written in a file, `NAME` standing for the name. */
  readonly header: string
  /** Present for kinds with names: the first word of the header starts with it, as in the original. */
  readonly prefix?: string
  readonly schema: SectionSchema
  readonly doc: string
}

export const SECTION_KINDS: readonly SectionKind[] = [
  { id: 'global', header: 'global', schema: GLOBAL, doc: 'Settings of StarCluster itself.' },
  {
    id: 'aws',
    header: 'aws info',
    schema: AWS_INFO,
    doc: 'How AWS is reached. Without this section, and without -r, clusters live in the local cloud.',
  },
  { id: 'key', header: 'key NAME', prefix: 'key', schema: KEY, doc: 'A key pair.' },
  { id: 'cluster', header: 'cluster NAME', prefix: 'cluster', schema: CLUSTER, doc: 'A cluster template.' },
  {
    id: 'plugin',
    header: 'plugin NAME',
    prefix: 'plugin',
    schema: PLUGIN,
    doc: 'A plugin. All settings but setup_class are arguments of its constructor.',
  },
  {
    id: 'volume',
    header: 'volume NAME',
    prefix: 'vol',
    schema: VOLUME,
    doc: 'An EBS volume, shared by the nodes. [vol NAME] is the same.',
  },
  {
    id: 'permission',
    header: 'permission NAME',
    prefix: 'permission',
    schema: PERMISSION,
    doc: 'Ports that a cluster opens to the outside.',
  },
]

/** What a header means: a kind (with its name where the kind has names), or a reason why it means nothing. */
export type Classified =
  | { readonly kind: SectionKind; readonly name: string }
  | { readonly kind: undefined; readonly problem: string }

export function classify(header: string): Classified {
  const words = header.trim().split(/\s+/)
  const exact = SECTION_KINDS.find((kind) => kind.prefix === undefined && kind.header === words.join(' '))
  if (exact) return { kind: exact, name: '' }
  const first = words[0] ?? ''
  const kind = SECTION_KINDS.find((candidate) => candidate.prefix !== undefined && first.startsWith(candidate.prefix))
  if (!kind) return { kind: undefined, problem: `no section of this kind exists${suggestion(header, words)}` }
  const name = words[1]
  if (name === undefined) return { kind: undefined, problem: `it needs a name: [${kind.header}]` }
  return { kind, name }
}

function suggestion(header: string, words: readonly string[]): string {
  const unnamed = SECTION_KINDS.filter((kind) => kind.prefix === undefined).map((kind) => kind.header)
  const whole = nearest(header.trim(), unnamed)
  if (whole !== undefined) return ` (did you mean [${whole}]?)`
  const kinds = SECTION_KINDS.filter((kind) => kind.prefix !== undefined).map((kind) => kind.header.split(' ')[0] ?? '')
  const first = nearest(words[0] ?? '', kinds)
  return first === undefined ? '' : ` (did you mean [${[first, ...words.slice(1)].join(' ')}]?)`
}
