/** Of what a word on the command line is one. */
export type WordKind =
  | 'cluster'
  | 'node'
  | 'instance'
  | 'volume'
  | 'image'
  | 'key'
  | 'template'
  | 'plugin'
  | 'zone'
  | 'region'
  | 'bucket'
  | 'command'
  | 'file'

/** By the long name of an option. */
const ofOption: Readonly<Record<string, WordKind>> = {
  '--cluster-template': 'template',
  '--template': 'template',
  '--keyname': 'key',
  '--key-location': 'file',
  '--userdata-script': 'file',
  '--master-image-id': 'image',
  '--node-image-id': 'image',
  '--image-id': 'image',
  '--image': 'image',
  '--aliases': 'node',
  '--nodes': 'node',
  '--node': 'node',
  '--availability-zone': 'zone',
  '--zone': 'zone',
  '--region': 'region',
  '--config': 'file',
  '--dir': 'file',
  '--preload': 'cluster',
  '--instance': 'instance',
}

/** By what an argument is called in help. */
const ofArgument: Readonly<Record<string, WordKind>> = {
  tag: 'cluster',
  cluster: 'cluster',
  node: 'node',
  instance: 'instance',
  volume: 'volume',
  image: 'image',
  ami: 'image',
  key: 'key',
  template: 'template',
  plugin: 'plugin',
  zone: 'zone',
  region: 'region',
  bucket: 'bucket',
  command: 'command',
  file: 'file',
  args: 'file',
  local: 'file',
  source: 'file',
  paths: 'file',
}

/** Undefined: any word, of which nothing is known. */
export const kindOfOption = (long: string | undefined): WordKind | undefined => ofOption[long ?? '']
export const kindOfArgument = (name: string): WordKind | undefined => ofArgument[name]
