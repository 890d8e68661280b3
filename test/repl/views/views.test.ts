import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/core/config/index.js'
import { CommandResult } from '../../../src/core/ssh/command-result.js'
import { present } from '../../../src/repl/views/present.js'
import { withoutSecrets } from '../../../src/repl/views/secrets.js'
import { renderTable } from '../../../src/repl/views/table.js'
import { tempHome } from '../../support/temp-home.js'

const wide = { color: false, columns: 200 }
const view = (value: unknown, look = wide) => present(value, look, new AbortController().signal)

test('a table is never wider than the terminal and loses its least important columns first', () => {
  const row = fc.array(fc.string({ maxLength: 60 }), { minLength: 6, maxLength: 6 })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.integer({ min: 20, max: 150 }), (rows, columns) => {
      const heads = ['ONE', 'TWO', 'THREE', 'FOUR', 'FIVE', 'SIX']
      const text = renderTable(
        rows,
        heads.map((head, i) => [head, (cells: string[]) => cells[i]]),
        { color: false, columns },
      )
      const lines = text.split('\n')
      expect(lines).toHaveLength(rows.length + 1)
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
      const shown = heads.filter((_, i) => rows.some((cells) => cells[i]!.trim() !== ''))
      expect(shown.join(' ').startsWith(lines[0]!.trim().split(/\s+/).join(' '))).toBe(true)
    }),
  )
})

test('what AWS lists has the columns people look for', async () => {
  const volumes = {
    $metadata: { httpStatusCode: 200 },
    Volumes: [
      {
        VolumeId: 'vol-1',
        Size: 8,
        VolumeType: 'gp3',
        State: 'in-use',
        Attachments: [{ InstanceId: 'i-1', Device: '/dev/sdf' }],
        AvailabilityZone: 'us-east-1a',
        Tags: [{ Key: 'Name', Value: 'data' }],
      },
    ],
  }
  expect(await view(volumes)).toBe(
    [
      'VOLUME  NAME  GiB  TYPE  STATE   ATTACHED TO    ZONE',
      'vol-1   data  8    gp3   in-use  i-1 /dev/sdf  us-east-1a',
    ]
      .join('\n')
      .replace('TO    ', 'TO   '),
  )
  const groups = [
    {
      GroupId: 'sg-1',
      GroupName: 'web',
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 80, ToPort: 90, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
        { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: 'sg-2' }] },
      ],
    },
  ]
  expect(await view(groups)).toContain('tcp 80-90 from 10.0.0.0/8, all from sg-2')
  expect(await view({ $metadata: {}, Images: [], NextToken: undefined })).toBe('No Images')
  expect(await view({ $metadata: {}, Reservations: [{ Instances: [] }] })).toBe('No Instances')
})

test('one thing of AWS is shown as names and values; other objects are left alone', async () => {
  const image = { ImageId: 'ami-1', Tags: [{ Key: 'a', Value: 'b' }], State: 'available', Odd: '\x1b[2Jx' }
  expect(await view(image)).toBe('  ImageId  ami-1\n  State    available\n  Odd      ?[2Jx\n  Tags     a=b')
  for (const value of [{ a: 1 }, [{ a: 1 }], [], 'text', new Map(), null, Object.create({ A: 1 })]) {
    expect(await view(value)).toBeUndefined()
  }
})

test('what a command said is printed as it said it, for many nodes folded', async () => {
  const ok = new CommandResult('uptime', 0, null, 'up\n', '', 1)
  const bad = new CommandResult('uptime', 3, null, '', 'no\n', 1)
  expect(await view(ok)).toBe('up')
  expect(await view(bad)).toBe('no\n(exit code 3)')
  const results = new Map([
    ['node001', ok],
    ['node002', ok],
    ['node003', bad],
  ])
  expect(await view(results)).toBe('node[001-002]: up\nnode003:\n  no\n  (exit code 3)')
})

test('no secret is printed: of the config, of the environment, a private key, what is named like one', async () => {
  const home = await tempHome({
    '.starclusterrc':
      '[aws info]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = configsecret1\n[plugin p]\nsetup_class = a.B\ndb_password = hunter22\nsize = 3\n',
  })
  try {
    const config = loadConfig({ env: home.env })
    const shown = await view(config)
    expect(shown).toContain('access key AKIAEXAMPLE')
    expect(shown).toContain('a.B; db_password = ****; size = 3')
    expect(shown).not.toContain('configsecret1')
    const clean = (text: string) => withoutSecrets(text, () => config, { AWS_SESSION_TOKEN: 'sessiontoken1' })
    expect(clean("'configsecret1' sessiontoken1")).toBe("'****' ****")
    expect(clean("{ password: 'it\\'s', nextToken: 'n', SecretAccessKey: 'a\\n' +\n    'b', b: 1 }")).toBe(
      "{ password: '****', nextToken: 'n', SecretAccessKey: '****', b: 1 }",
    )
    expect(clean("{ \x1b[32m'db-secret'\x1b[39m: 1, secret: \x1b[32m'x'\x1b[39m }")).toContain("secret: '****'")
    expect(await view({ $metadata: {}, KeyName: 'k', KeyMaterial: '-----BEGIN RSA PRIVATE KEY-----\nx' })).toBe(
      '  KeyName      k\n  KeyMaterial  ****',
    )
  } finally {
    await home.remove()
  }
})

test('room that is left goes to the columns that were narrowed', () => {
  const rows = [{ a: 'a'.repeat(30), b: 'b'.repeat(40), c: 'c'.repeat(30) }]
  const columns = [
    ['A', (row: (typeof rows)[0]) => row.a],
    ['B', (row: (typeof rows)[0]) => row.b],
    ['C', (row: (typeof rows)[0]) => row.c],
  ] as const
  const [, line = ''] = renderTable(rows, columns, { color: false, columns: 66 }).split('\n')
  expect(line).toBe(`${'a'.repeat(30)}  ${'b'.repeat(33)}…`)
})

test('what a module exports is a list of its names', async () => {
  const bundled = Object.defineProperties(
    {},
    { two: { get: () => 2, enumerable: true }, one: { get: () => 1, enumerable: true } },
  )
  expect(await view(bundled)).toBe('one  two')
  expect(await view(await import('../../../src/core/nearest.js'), { color: false, columns: 20 })).toBe(
    'didYouMean\neditDistance\nnearest',
  )
  expect(await view({ one: 1 })).toBeUndefined()
})
