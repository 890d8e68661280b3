import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseAccount } from '../../../../src/core/setup/default/choose-account.js'
import { type NodeFacts, parseSurvey } from '../../../../src/core/setup/default/survey.js'

const node = (more: Partial<NodeFacts> = {}): NodeFacts => ({
  passwd: [],
  groups: [],
  homes: [],
  hostKeys: [],
  rootKey: '',
  missing: [],
  apt: 'fresh',
  ...more,
})
const passwd = (pw_name: string, pw_uid: number, pw_gid = pw_uid, pw_dir = `/home/${pw_name}`) => ({
  pw_name,
  pw_passwd: 'x',
  pw_uid,
  pw_gid,
  pw_gecos: '',
  pw_dir,
  pw_shell: '/bin/bash',
})

test('the user keeps the ids it has on the master', () => {
  const master = node({ passwd: [passwd('sgeadmin', 1007, 100, '/srv/sgeadmin')] })
  expect(chooseAccount('sgeadmin', 'bash', master, [master, node({ passwd: [passwd('other', 2000)] })])).toEqual({
    name: 'sgeadmin',
    shell: 'bash',
    uid: 1007,
    gid: 100,
    home: '/srv/sgeadmin',
  })
})

test('files of an earlier cluster keep their owner: the user gets the ids its home belongs to', () => {
  const master = node({ homes: [{ path: '/home/sgeadmin', uid: 1234, gid: 1235 }] })
  expect(chooseAccount('sgeadmin', 'bash', master, [master])).toMatchObject({ uid: 1234, gid: 1235 })
})

test('an account that only other nodes have, from a set-up that was interrupted, takes no ids away from itself', () => {
  const [master, worker] = [node(), node({ passwd: [passwd('sgeadmin', 1000)] })]
  expect(chooseAccount('sgeadmin', 'bash', master, [master, worker])).toMatchObject({ uid: 1000, gid: 1000 })
  const other = node({ passwd: [passwd('debian', 1000)] })
  expect(chooseAccount('sgeadmin', 'bash', master, [master, worker, other])).toMatchObject({ uid: 1001 })
})

test("a home that is root's is refused", () => {
  const master = node({ homes: [{ path: '/home/sgeadmin', uid: 0, gid: 0 }] })
  expect(() => chooseAccount('sgeadmin', 'bash', master, [master])).toThrow(
    expect.objectContaining({ code: 'ClusterUserError', hint: expect.stringContaining('-u') }),
  )
})

test('new ids are free on every node and own nothing in /home', () => {
  const id = fc.integer({ min: 0, max: 65_000 })
  const facts = fc
    .record({ uids: fc.array(id), gids: fc.array(id), owners: fc.array(id) })
    .map(({ uids, gids, owners }) =>
      node({
        passwd: uids.map((uid, i) => passwd(`u${i}`, uid)),
        groups: gids.map((gr_gid, i) => ({ gr_name: `g${i}`, gr_passwd: 'x', gr_gid, gr_mem: [] })),
        homes: owners.map((uid, i) => ({ path: `/home/h${i}`, uid, gid: uid })),
      }),
    )
  fc.assert(
    fc.property(fc.array(facts, { minLength: 1, maxLength: 5 }), (all) => {
      const { uid, gid } = chooseAccount('sgeadmin', 'bash', all[0]!, all)
      const used = all.flatMap((one) => [
        ...one.passwd.map(({ pw_uid }) => pw_uid),
        ...one.groups.map(({ gr_gid }) => gr_gid),
        ...one.homes.map((home) => home.uid),
      ])
      expect(uid).toBeGreaterThanOrEqual(1000)
      expect(gid).toBe(uid)
      expect(used.filter((one) => one < 60_000)).not.toContain(uid)
    }),
  )
})

test('what a node tells of itself is read', () => {
  const facts = parseSurvey(`changed: /root/.ssh/id_ed25519
@@passwd
root:x:0:0:root:/root:/bin/bash
odd:x:1000:1000:@@group:/home/odd:/bin/sh
@@group
root:x:0:
@@homes
1000 1000 /home/odd
0 0 /home/with blank
@@hostkeys
ssh-rsa AAAAB root@x
ssh-ed25519 AAAAC root@x
@@rootkey
ssh-ed25519 AAAAR root@starcluster
@@missing
mount.nfs
@@apt
stale
`)
  expect(facts).toMatchObject({
    homes: [
      { path: '/home/odd', uid: 1000, gid: 1000 },
      { path: '/home/with blank', uid: 0, gid: 0 },
    ],
    hostKeys: ['ssh-ed25519 AAAAC root@x'],
    rootKey: 'ssh-ed25519 AAAAR root@starcluster',
    missing: ['mount.nfs'],
    apt: 'stale',
  })
  expect(facts.passwd.map(({ pw_name }) => pw_name)).toEqual(['root', 'odd'])
})
