import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateKeyPair, publicKeyOf } from '../../../src/core/ssh/keys.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'
import { runCommand } from '../../support/run-command.js'

let sc: InProcess
const run = (...argv: string[]) => runCommand(sc, argv)
const known = async (name: string) =>
  (await sc.aws.ec2.describeKeyPairs({ KeyNames: [name], IncludePublicKey: true })).KeyPairs?.[0]?.PublicKey ?? ''
const mode = async (file: string) => ((await stat(file)).mode & 0o777).toString(8)
const file = (name: string) => join(sc.home.path, name)

beforeAll(async () => {
  sc = await inProcessManager()
})
afterAll(() => sc?.close())

test('createkey makes a pair where clusters look for it; the private key is neither shown nor sent', async () => {
  const sent: string[] = []
  sc.wire.refuse = (form) => {
    sent.push(form.toString())
    return undefined
  }
  const { status, stdout } = await run('createkey', 'one')
  const location = file('.starcluster/keys/local/one.pem')
  expect(status).toBe(0)
  expect(stdout).toContain(`\nPrivate key: ${location}\n`)
  expect(stdout).toContain(`\n[key one]\nkey_location = ${location}\n`)
  expect(stdout).not.toContain('PRIVATE')
  expect(await mode(location)).toBe('600')
  expect(await known('one')).toContain(await publicKeyOf(await readFile(location, 'utf8')))
  expect(sent.join('\n')).not.toMatch(/PRIVATE/)
  sc.wire.refuse = () => undefined
})

test('a name that exists is refused, and so is a file that exists', async () => {
  expect(await run('ck', 'one')).toMatchObject({
    status: 1,
    stderr:
      'key pair one exists in region local already\nuse another name, or remove it first: starcluster removekey one',
  })
  await writeFile(file('mine'), 'precious')
  const refused = await run('createkey', 'two', '-o', file('mine'))
  expect(refused).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('mine exists already and is left as it is'),
  })
  expect(await readFile(file('mine'), 'utf8')).toBe('precious')
  expect((await run('listkeypairs', '-q')).stdout).toBe('one\n')
})

test('-o says where, in a folder that exists; -t rsa is a key for old systems', async () => {
  expect(await run('createkey', 'rsa', '-o', file('rsa.pem'), '-t', 'rsa')).toMatchObject({ status: 0, stderr: '' })
  expect(await mode(file('rsa.pem'))).toBe('600')
  expect(await known('rsa')).toMatch(/^ssh-rsa /)
  expect(await run('createkey', 'lost', '-o', file('no/k'))).toMatchObject({
    status: 1,
    stderr: `${file('no/k')} cannot be written: its folder does not exist; no key pair was made\nmake it first: mkdir -p ${file('no')}`,
  })
  expect(await run('createkey', 'a/b')).toMatchObject({ status: 1, stderr: expect.stringContaining('-o FILE') })
})

test('-i imports the public half of a private key, or a public key; not just any file', async () => {
  const { privateKey, publicKey } = await generateKeyPair()
  await writeFile(file('id'), privateKey)
  await writeFile(file('id.pub'), `${publicKey} me@here\n`)
  expect((await run('createkey', 'id', '-i', file('id'))).stdout).toContain(`key_location = ${file('id')}\n`)
  expect((await run('createkey', 'pub', '-i', file('id.pub'))).stdout).not.toContain('key_location')
  const body = publicKey.split(' ')[1]
  expect(await known('id')).toContain(body)
  expect(await known('pub')).toContain(body)
  expect(await run('createkey', 'junk', '-i', file('mine'))).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('private key'),
  })
  expect(await run('createkey', 'none', '-i', file('none'))).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('cannot be read'),
  })
  expect(await run('createkey', 'x', '-i', file('id'), '-o', file('y'))).toMatchObject({ status: 2 })
})

test('when EC2 refuses, no file is left that opens nothing', async () => {
  sc.wire.refuse = (form) => (form.get('Action') === 'ImportKeyPair' ? 'UnauthorizedOperation' : undefined)
  expect(await run('createkey', 'denied')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('UnauthorizedOperation'),
  })
  sc.wire.refuse = () => undefined
  await expect(stat(file('.starcluster/keys/local/denied.pem'))).rejects.toThrow('ENOENT')
})

test('removekey tells who was launched with it, refuses where nobody can be asked, and keeps the file', async () => {
  const { Instances } = await sc.aws.ec2.runInstances({ ImageId: 'default', MinCount: 1, MaxCount: 1, KeyName: 'one' })
  const refused = await run('removekey', 'one')
  expect(refused.status).toBe(1)
  expect(refused.stderr).toContain(`Launched with it, and opened by it also afterwards: ${Instances?.[0]?.InstanceId}`)
  expect(refused.stderr).toContain('give -c (--confirm) to go ahead')
  expect(await known('one')).not.toBe('')
  expect(await run('rk', '--confirm', 'one')).toMatchObject({ status: 0 })
  expect(await run('removekey', '--yes', 'rsa')).toMatchObject({ status: 0 })
  expect((await run('listkeypairs', '-q')).stdout).toBe('id\npub\n')
  expect(await mode(file('.starcluster/keys/local/one.pem'))).toBe('600')
})

test('removekey of one that does not exist names the nearest', async () => {
  expect(await run('removekey', '-c', 'pup')).toMatchObject({
    status: 1,
    stderr: 'key pair pup does not exist in region local (did you mean pub?)\nthere are: id, pub',
  })
})
