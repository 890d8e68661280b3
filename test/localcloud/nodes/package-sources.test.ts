import { expect, test } from 'vitest'
import { keptSettings } from '../../../src/localcloud/nodes/apt-host.js'
import {
  formatSources,
  ownSources,
  type PackageSource,
  parseOsRelease,
  parseSources,
} from '../../../src/localcloud/nodes/package-sources.js'

const bookworm = { id: 'debian', version: '12', codename: 'bookworm' }

test('one-line entries: options, comments, source packages and blanks', () => {
  const text = `# the archive
deb http://deb.example.org/debian bookworm main contrib # all of it
deb-src http://deb.example.org/debian bookworm main
  deb [arch=amd64,arm64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://security.example.org/ bookworm-security main

#deb http://old.example bookworm main`
  expect(parseSources(text, 'list')).toEqual([
    { uris: ['http://deb.example.org/debian'], suites: ['bookworm'], components: ['main', 'contrib'] },
    {
      uris: ['http://security.example.org/'],
      suites: ['bookworm-security'],
      components: ['main'],
      signedBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
      architectures: ['amd64', 'arm64'],
    },
  ])
})

test('deb822 stanzas: several values, embedded keys, switched off, comments', () => {
  const text = `Types: deb deb-src
# snapshot
URIs: http://deb.example.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Enabled: no
Types: deb
URIs: http://x
Suites: bookworm
Components: main

Types: deb-src
URIs: http://y
Suites: bookworm
Components: main
`
  const [found, ...more] = parseSources(text, 'sources')
  expect(more).toEqual([])
  expect(found).toMatchObject({ suites: ['bookworm', 'bookworm-updates'], components: ['main'] })
  expect(found?.signedBy).toContain('BEGIN PGP PUBLIC KEY BLOCK')
})

test("only the distribution's own archive is kept", () => {
  const entry = (changes: Partial<PackageSource>): PackageSource => ({
    uris: ['http://deb.example.org/debian'],
    suites: ['bookworm'],
    components: ['main'],
    ...changes,
  })
  const kept = ownSources(
    [
      entry({}),
      entry({ suites: ['bookworm-updates', 'bookworm-backports', 'sid'] }),
      entry({ uris: ['https://packages.cloud.google.com/apt'], suites: ['cloud-sdk-bookworm'] }),
      entry({
        uris: ['https://deb.thirdparty.example/node_20.x'],
        suites: ['nodistro'],
        signedBy: '/usr/share/keyrings/thirdparty.gpg',
      }),
      entry({
        uris: ['https://download.docker.com/linux/debian'],
        components: ['stable'],
        signedBy: '/etc/apt/keyrings/docker.asc',
      }),
      entry({ uris: ['https://repo.example'], signedBy: '/etc/apt/keyrings/example.gpg' }),
    ],
    bookworm,
  )
  expect(kept.flatMap((source) => source.suites)).toEqual(['bookworm', 'bookworm-updates', 'bookworm-backports'])
  expect(new Set(kept.flatMap((source) => source.uris))).toEqual(new Set(['http://deb.example.org/debian']))
})

test('what is written is read back', () => {
  const sources: PackageSource[] = [
    {
      uris: ['http://a/', 'http://b/'],
      suites: ['bookworm'],
      components: ['main', 'contrib'],
      signedBy: '/k.gpg',
      architectures: ['amd64'],
    },
    { uris: ['http://c/'], suites: ['bookworm-security'], components: ['main'] },
  ]
  expect(parseSources(formatSources(sources), 'sources')).toEqual(sources)
})

test('os-release with and without quotes', () => {
  const text = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n'
  expect(parseOsRelease(text)).toEqual(bookworm)
})

test("of the host's apt settings those about reaching the archive are kept", () => {
  const dump = [
    'Acquire::http::Proxy "http://proxy.example:3128";',
    'Acquire::http::Proxy::mirror.example "DIRECT";',
    'Acquire::https::CaInfo "/etc/ssl/corporate.pem";',
    'Acquire::Check-Valid-Until "false";',
    'Acquire::Languages "";',
    'Acquire::Languages:: "none";',
    'Acquire::Retries "3";',
    'DPkg::Post-Invoke:: "rm -f /var/cache/apt/archives/*.deb";',
    'Dir::Cache "var/cache/apt";',
  ]
  expect(keptSettings(dump)).toEqual([dump[0], dump[1], dump[2], dump[3], dump[5], dump[6]])
})
