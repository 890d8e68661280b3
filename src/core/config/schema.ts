import type { SettingType, SettingValues } from './setting-types.js'

/** One setting of a section: all that the reader, the messages, the example file and the documentation know of it. */
export interface Setting {
  readonly type: SettingType
  readonly doc: string
  readonly default?: string | number | boolean | readonly string[] | Readonly<Record<string, never>>
  readonly required?: true
  readonly choices?: readonly string[]
  /** The value never appears in a message or a log. */
  readonly secret?: true
  /** How a value looks, for the example file and the documentation. */
  readonly example?: string
}

export type SectionSchema = Readonly<Record<string, Setting>>

export const GLOBAL = {
  default_template: { type: 'string', doc: 'Template that `start` uses when -c names none.', example: 'smallcluster' },
  enable_experimental: { type: 'bool', default: false, doc: 'Unlocks experimental commands.' },
  refresh_interval: { type: 'int', default: 30, doc: 'Seconds between two looks at AWS while waiting for nodes.' },
  web_browser: {
    type: 'string',
    doc: 'Command that shows plots; %s in it is replaced by the URL.',
    example: 'firefox %s',
  },
  include: {
    type: 'paths',
    default: [],
    doc: 'More config files or http(s) URLs; what they set counts over this file. Includes do not nest.',
    example: '~/.starcluster/awscreds',
  },
  plugin_path: {
    type: 'paths',
    default: [],
    doc: 'More folders with plugins, searched after ~/.starcluster/plugins.',
    example: '~/src/my-plugins',
  },
} as const satisfies SectionSchema

export const AWS_INFO = {
  aws_access_key_id: {
    type: 'string',
    doc: 'Access key. Without it the default chain of the AWS SDK is used: environment, profile, SSO, role.',
    example: 'YOUR-ACCESS-KEY-ID',
  },
  aws_secret_access_key: { type: 'string', secret: true, doc: 'Secret of the access key.', example: 'YOUR-SECRET' },
  aws_session_token: {
    type: 'string',
    secret: true,
    doc: 'Session token, for temporary access keys.',
    example: 'YOUR-TOKEN',
  },
  aws_profile: {
    type: 'string',
    doc: 'Profile of ~/.aws/config, SSO and assumed roles too, when there is no access key here.',
    example: 'work',
  },
  aws_user_id: { type: 'string', doc: 'Account number, for S3-backed images only.', example: '123456789012' },
  ec2_cert: { type: 'path', doc: 'X.509 certificate, for S3-backed images only.', example: '~/.ec2/cert.pem' },
  ec2_private_key: { type: 'path', doc: 'X.509 private key, for S3-backed images only.', example: '~/.ec2/pk.pem' },
  aws_region_name: { type: 'string', doc: 'Region when -r names none; us-east-1 if left out.', example: 'eu-west-1' },
  aws_region_host: { type: 'string', doc: 'EC2 endpoint, for clouds other than AWS.', example: 'ec2.example.org' },
  aws_port: { type: 'int', doc: 'Port of the EC2 endpoint.', example: '443' },
  aws_ec2_path: { type: 'string', default: '/', doc: 'URL path of the EC2 endpoint.' },
  aws_s3_path: { type: 'string', default: '/', doc: 'URL path of the S3 endpoint.' },
  aws_s3_host: {
    type: 'string',
    doc: 'S3 endpoint; setting it selects path-style addressing.',
    example: 's3.example.org',
  },
  aws_is_secure: { type: 'bool', default: true, doc: 'Use https.' },
  aws_validate_certs: { type: 'bool', default: true, doc: 'Check the certificates of the endpoints.' },
  aws_proxy: { type: 'string', doc: 'Host name of an http proxy.', example: 'proxy.example.org' },
  aws_proxy_port: { type: 'int', doc: 'Port of the proxy.', example: '8080' },
  aws_proxy_user: { type: 'string', doc: 'User name for the proxy.', example: 'me' },
  aws_proxy_pass: { type: 'string', secret: true, doc: 'Password for the proxy.', example: 'YOUR-PASSWORD' },
} as const satisfies SectionSchema

export const KEY = {
  key_location: {
    type: 'path',
    required: true,
    doc: 'Private key file. The NAME of the section is the name of the EC2 key pair.',
    example: '~/.ssh/mykey.pem',
  },
} as const satisfies SectionSchema

export const VOLUME = {
  volume_id: { type: 'string', required: true, doc: 'Id of the EBS volume.', example: 'vol-0c9999990123456789' },
  mount_path: { type: 'string', required: true, doc: 'Where the cluster sees it: absolute, not /.', example: '/data' },
  device: { type: 'string', doc: 'Device name; chosen when left out.', example: '/dev/sdj' },
  partition: { type: 'int', doc: 'Partition to mount, 1 to 99; the whole volume when left out.', example: '1' },
  encrypted: { type: 'bool', doc: 'true: refuse the volume when it is not encrypted.', example: 'true' },
  format: {
    type: 'string',
    choices: ['ext4', 'xfs'],
    doc: 'File system made when the volume is blank. Left out: never formatted.',
    example: 'ext4',
  },
} as const satisfies SectionSchema

export const PERMISSION = {
  ip_protocol: { type: 'string', default: 'tcp', doc: 'tcp, udp or icmp.' },
  from_port: { type: 'int', required: true, doc: 'First port that is opened; -1 for icmp.', example: '80' },
  to_port: { type: 'int', required: true, doc: 'Last port that is opened; -1 for icmp.', example: '80' },
  cidr_ip: { type: 'string', default: '0.0.0.0/0', doc: 'Addresses that may connect.' },
} as const satisfies SectionSchema

export const PLUGIN = {
  setup_class: {
    type: 'string',
    required: true,
    doc: 'module.Class: class Class of module.ts in the plugin path, or of a bundled plugin.',
    example: 'ubuntu.PackageInstaller',
  },
} as const satisfies SectionSchema

export const CLUSTER = {
  keyname: {
    type: 'string',
    required: true,
    doc: 'Key pair: the NAME of a [key NAME] section. In the local cloud one is made on first use.',
    example: 'mykey',
  },
  cluster_size: {
    type: 'int',
    required: true,
    doc: 'Number of nodes, the master included. In the local cloud 2 when left out.',
    example: '2',
  },
  cluster_user: { type: 'string', default: 'sgeadmin', doc: 'User account made on every node.' },
  cluster_shell: {
    type: 'string',
    default: 'bash',
    choices: ['bash', 'zsh', 'csh', 'ksh', 'tcsh'],
    doc: 'Login shell of that user.',
  },
  node_image_id: {
    type: 'string',
    required: true,
    doc: 'Image of the nodes: AMI id, name of one of your own images, debian-12, ubuntu-24.04, al2023, or resolve:ssm:PARAMETER. In the local cloud `default` when left out.',
    example: 'debian-12',
  },
  node_instance_type: {
    type: 'list',
    required: true,
    doc: 'Instance type of the workers; before it type, type:count, type:image or type:image:count for the first ones. In the local cloud t3.small when left out.',
    example: 't3.small',
  },
  master_image_id: { type: 'string', doc: 'Image of the master, when it is another one.', example: 'default' },
  master_instance_type: {
    type: 'string',
    doc: 'Instance type of the master, when it is another one.',
    example: 't3.large',
  },
  availability_zone: {
    type: 'string',
    doc: 'Zone; else that of the volumes, else AWS chooses.',
    example: 'us-east-1a',
  },
  fallback_instance_types: {
    type: 'list',
    default: [],
    doc: 'Instance types of the workers to try, in this order, when EC2 has no capacity for theirs.',
    example: 'm5.large, m5a.large',
  },
  fallback_zones: {
    type: 'list',
    default: [],
    doc: 'Zones to try, in this order, when EC2 has no capacity in the first.',
    example: 'us-east-1b, us-east-1c',
  },
  min_nodes: {
    type: 'int',
    doc: 'Start with as few nodes as this, the master included, when EC2 has no capacity for more.',
    example: '2',
  },
  start_timeout: {
    type: 'duration',
    doc: 'How long a start waits until all nodes answer on ssh; when left out 15 minutes to run and 20 to answer.',
    example: '20m',
  },
  ttl: {
    type: 'duration',
    doc: 'Lifetime of the cluster, counted from each start and resume: then its nodes shut themselves down.',
    example: '8h',
  },
  ttl_action: {
    type: 'string',
    default: 'stop',
    choices: ['stop', 'terminate'],
    doc: 'What becomes of nodes that shut themselves down: stop keeps their disks, terminate deletes them. Spot instances end for good.',
  },
  protected: {
    type: 'bool',
    default: false,
    doc: 'Refuse to terminate the cluster, or nodes of it, before `starcluster protect --off`.',
  },
  root_volume_size: {
    type: 'int',
    doc: 'Size of the root volumes in GiB; that of the image when left out.',
    example: '30',
  },
  root_volume_type: {
    type: 'string',
    default: 'gp3',
    choices: ['gp3', 'gp2', 'standard'],
    doc: 'Type of the root volumes.',
  },
  root_volume_encrypted: { type: 'bool', default: true, doc: 'Encrypt the root volumes.' },
  volumes: { type: 'list', default: [], doc: 'Names of [volume] sections.', example: 'mydata' },
  plugins: {
    type: 'list',
    default: [],
    doc: 'Names of [plugin] sections, in the order they run.',
    example: 'pkginstaller',
  },
  permissions: { type: 'list', default: [], doc: 'Names of [permission] sections.', example: 'http' },
  ssh_cidr: {
    type: 'string',
    doc: "Addresses that may reach ssh; your own address when left out, behind an ssh_proxy the VPC's; 0.0.0.0/0 is everybody.",
    example: '198.51.100.0/24',
  },
  iam_profile: {
    type: 'string',
    doc: 'Instance profile of the nodes, its name or ARN: programs on them have its role.',
    example: 'cluster-node',
  },
  tags: {
    type: 'tags',
    default: {},
    doc: 'Tags of the nodes, their volumes and the security group.',
    example: 'project=genome, owner=ann',
  },
  image_user: {
    type: 'string',
    doc: 'User with sudo that the image lets in instead of root; without it, found out where root is refused.',
    example: 'ubuntu',
  },
  userdata_scripts: {
    type: 'paths',
    default: [],
    doc: 'Scripts that nodes run at their first boot.',
    example: '~/boot.sh',
  },
  spot_bid: { type: 'float', doc: 'The same as spot_max_price, the old name of it; counts over it.', example: '0.10' },
  spot_max_price: {
    type: 'float',
    doc: 'The workers are spot instances, for at most so many US dollars an hour each.',
    example: '0.10',
  },
  force_spot_master: { type: 'bool', default: false, doc: 'Make the master a spot instance too.' },
  queue: {
    type: 'string',
    default: 'none',
    choices: ['none', 'slurm', 'sge'],
    doc: 'Queueing system set up after the default set-up. Counts over disable_queue.',
  },
  disable_queue: { type: 'bool', default: false, doc: 'No queueing system: the old way to write queue = none.' },
  disable_cloudinit: { type: 'bool', default: false, doc: 'Pack user data for images without cloud-init.' },
  subnet_id: { type: 'string', doc: 'Subnet of a VPC to start the nodes in.', example: 'subnet-0123456789abcdef0' },
  public_ips: { type: 'bool', doc: 'Give the nodes public addresses in that subnet.', example: 'true' },
  ssh_proxy: {
    type: 'string',
    doc: 'Jump host through which nodes without public addresses are reached: USER@HOST or USER@HOST:PORT. It takes the key of the cluster, and its host key is in ~/.ssh/known_hosts.',
    example: 'ubuntu@bastion.example.org',
  },
  placement_group: {
    type: 'bool',
    doc: 'Put the nodes whose type can be there into a placement group of the cluster: close together, for fast networking.',
    example: 'true',
  },
  dns_prefix: { type: 'bool', default: false, doc: 'Put the cluster tag before node names: mycluster-node001.' },
  extends: { type: 'string', doc: 'Template whose settings count where this one has none.', example: 'smallcluster' },
} as const satisfies SectionSchema

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Rest}`
  ? `${Head}${Capitalize<CamelCase<Rest>>}`
  : Name

type Given<S extends SectionSchema> = {
  [Name in keyof S]: S[Name] extends { required: true } | { default: unknown } ? Name : never
}[keyof S]

/** The values of a section in camelCase: settings that are required or have a default are always there. */
export type SettingsOf<S extends SectionSchema> = {
  readonly [Name in Given<S> & string as CamelCase<Name>]: SettingValues[S[Name]['type']]
} & {
  readonly [Name in Exclude<keyof S, Given<S>> & string as CamelCase<Name>]?: SettingValues[S[Name]['type']]
}

export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
