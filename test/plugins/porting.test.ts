import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as api from '../../src/api.js'
import { RemoteFile } from '../../src/core/ssh/remote-file.js'

/** Names of the original's API by owner, and what public plugins use of it. */
const { used, ...original } = JSON.parse(
  readFileSync(new URL('../fixtures/original-api.json', import.meta.url), 'utf8'),
) as Record<string, string[]>
const page = readFileSync(new URL('../../docs/porting.md', import.meta.url), 'utf8')

/** Where a name of the original is looked for, in camelCase. */
const ours: Record<string, object> = {
  Node: new api.Node('master', {}, {} as never),
  SSHClient: api.SshClient.prototype,
  remote_file: RemoteFile.prototype,
  Cluster: api.Cluster.prototype,
  ClusterManager: api.ClusterManager.prototype,
  exception: api,
}

/** Rows of the table below a heading: the original's names, and what is said of them. */
function table(heading: string): { names: string[]; said: string }[] {
  const text = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...text.matchAll(/^\| (`.*) \| (.*) \|$/gm)].map(([, left = '', said = '']) => ({
    names: [...left.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    said,
  }))
}
const renamed = table('Members with another name')
const gone = table('What is gone, and why')

test('every name of the original is there in camelCase, or the porting page says what became of it', () => {
  const told = new Set([...renamed, ...gone].flatMap(({ names }) => names))
  const silent = Object.entries(original).flatMap(([owner, names]) =>
    names.filter((name) => !isOurs(owner, name) && !told.has(`${owner}.${name}`)).map((name) => `${owner}.${name}`),
  )
  expect(silent).toEqual([])
})

test('the page tells only of names that the original has and we have not, each once and with a word on it', () => {
  const rows = [...renamed, ...gone]
  const told = rows.flatMap(({ names }) => names)
  expect(told.filter((name, at) => told.indexOf(name) !== at)).toEqual([])
  const wrong = told.filter((full) => {
    const [owner = '', name = ''] = full.split('.')
    return !original[owner]?.includes(name) || isOurs(owner, name)
  })
  expect(wrong).toEqual([])
  expect(rows.filter(({ said }) => said.trim() === '')).toEqual([])
})

test('what the page translates to is there', () => {
  const owners: Record<string, object> = {
    node: ours.Node!,
    ssh: ours.SSHClient!,
    cluster: new api.Cluster('c', 'sg-1', () => ({}) as never, {} as never, {} as never),
    cm: ours.ClusterManager!,
  }
  const said = renamed.map((row) => row.said).join('\n')
  const calls = [...said.matchAll(/\b(?:node\.)?(node|ssh|cluster|cm)\.(\w+)/g)].filter(([, , name]) => name !== 'ssh')
  expect(calls.length).toBeGreaterThan(30)
  expect(calls.filter(([, owner = '', name = '']) => !has(owners[owner]!, name)).map(([call]) => call)).toEqual([])
  for (const name of ['onEach', 'generateKeyPair', 'publicKeyOf', 'ec2Fingerprints', 'FanOutError'])
    expect(api).toHaveProperty(name)
})

test('everything that public plugins use is on the page', () => {
  expect(used!.filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([])
})

function isOurs(owner: string, name: string): boolean {
  return (
    ours[owner] !== undefined &&
    has(
      ours[owner],
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    )
  )
}

function has(owner: object, name: string): boolean {
  return name in owner
}
