import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseHostKey } from '../../../src/core/ssh/host-keys.js'
import { generateKeyPair } from '../../../src/core/ssh/keys.js'
import { KnownHosts } from '../../../src/core/ssh/known-hosts.js'
import { sshCommandLine } from '../../../src/core/ssh/system-ssh.js'
import { haveSshd, startSshd } from '../../support/sshd.js'

const options = { host: 'h', port: 22022, user: 'root', keyFile: '/k', knownHostsFile: '/kh', hostKeyAlias: 'i-1' }

test('options become flags', () => {
  const line = sshCommandLine({
    ...options,
    forwardX11: true,
    forwardAgent: true,
    pseudoTty: true,
    command: ['ls', '-l'],
  })
  expect(line.slice(0, 7)).toEqual(['ssh', '-F', '/dev/null', '-p', '22022', '-l', 'root'])
  expect(line).toContain('IdentityFile="/k"')
  expect(line).toContain('StrictHostKeyChecking=yes')
  expect(line.slice(-4)).toEqual(['h', '--', 'ls', '-l'])
  for (const flag of ['-X', '-A', '-t']) expect(line).toContain(flag)
  expect(sshCommandLine(options).at(-1)).toBe('h')
  expect(sshCommandLine(options)).toEqual(expect.arrayContaining(['-x', '-a']))
})

test("the user's own options for ssh win over timeouts, not over keys and host keys", () => {
  const line = sshCommandLine({ ...options, sshOptions: ['-o', 'ConnectTimeout=3', '-L', '1:h:2'], command: 'ls' })
  const at = (word: string) => line.findIndex((found) => found.startsWith(word))
  expect(at('StrictHostKeyChecking=yes')).toBeLessThan(at('ConnectTimeout=3'))
  expect(at('ConnectTimeout=3')).toBeLessThan(at('ConnectTimeout=30'))
  expect(line.slice(-3)).toEqual(['h', '--', 'ls'])
})

test('a host key that is not known is refused, or ssh asks about it', () => {
  expect(sshCommandLine(options)).toContain('StrictHostKeyChecking=yes')
  expect(sshCommandLine({ ...options, unknownHostKey: 'ask' })).toContain('StrictHostKeyChecking=ask')
})

test('a name that is an option is refused', () => {
  expect(() => sshCommandLine({ ...options, host: '-oProxyCommand=reboot' })).toThrow(TypeError)
  expect(() => sshCommandLine({ ...options, user: '-x' })).toThrow(TypeError)
})

describe.skipIf(!haveSshd())("the system's ssh", () => {
  test('logs in with the pinned key, gives the exit status back, and refuses a changed key', async () => {
    await using sshd = await startSshd()
    const folder = join(sshd.directory, 'with blank % and $HOME')
    await mkdir(folder)
    const known = new KnownHosts(join(folder, 'known_hosts'))
    await known.pin('i-1', [parseHostKey(sshd.hostKey)!])
    await writeFile(join(folder, 'key'), sshd.privateKey, { mode: 0o600 })
    const run = () => {
      const [program = '', ...args] = sshCommandLine({
        host: sshd.host,
        port: sshd.port,
        user: sshd.username,
        keyFile: join(folder, 'key'),
        knownHostsFile: known.path,
        hostKeyAlias: 'i-1',
        command: 'echo "a  b"; exit 7',
      })
      return spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    }
    const first = run()
    expect(first, first.stderr).toMatchObject({ status: 7, stdout: 'a  b\n' })
    await sshd.stop()
    await sshd.start({ hostKey: await generateKeyPair() })
    const second = run()
    expect(second.status).toBe(255)
    expect(second.stderr).toContain('REMOTE HOST IDENTIFICATION HAS CHANGED')
  })
})
