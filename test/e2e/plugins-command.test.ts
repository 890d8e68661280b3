import { afterAll, beforeAll, expect, test } from 'vitest'
import { cliOk, program, runCli } from '../support/cli.js'
import { Pty } from '../support/pty.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

let home: TempHome
beforeAll(async () => {
  home = await tempHome({
    '.starclusterrc': '[plugin db]\nsetup_class = db.Database\nadmin_password = hunter2\nport = 5433\n',
    '.starcluster/plugins/db.ts': `import { ClusterSetup } from 'starcluster'
/** Runs a database on the master,
 * for all nodes. More of it. */
export class Database extends ClusterSetup {
  constructor(private port = 5432, private adminPassword?: string) { super() }
  async run() {}
}
`,
  })
})
afterAll(() => home.remove())

test('the list: the author’s own and the bundled ones', async () => {
  const { stdout } = await cliOk(['plugins'], { env: home.env })
  expect(stdout).toMatch(
    /In the config\n {2}db {2}\[port\] \[admin_password\]\n +Runs a database on the master, for all nodes\.\n/,
  )
  expect(stdout).toMatch(/Bundled\n {2}pkginstaller\.PackageInstaller +\[packages\]/)
})

test('one: settings with types, defaults and values, but never a password', async () => {
  const { output } = await cliOk(['plugins', 'Database'], { env: home.env })
  expect(output).toMatch(/port {2}number, default 5432 {2}= 5433/)
  expect(output).toMatch(/admin_password {2}text {2}= \(not shown\)/)
  expect(output).not.toContain('hunter2')
  expect(output).toContain('  for all nodes. More of it.\n') // as it was written, since no terminal asks for less
  const { stdout } = await cliOk(['plugins', '--json', 'db'], { env: home.env })
  expect(JSON.parse(stdout)).toMatchObject([
    { name: 'db', hooks: ['run'], settings: [{ name: 'port', value: '5433' }, {}] },
  ])
  expect(stdout).not.toContain('hunter2')
})

test('one that does not build is listed, and the others with it; alone it is shown with its source line', async () => {
  await home.write(
    '.starcluster/plugins/torn.ts',
    "import { ClusterSetup } from 'starcluster'\nexport class Torn extends ClusterSetup {\n  run( {}\n}\n",
  )
  const { stdout, stderr } = await cliOk(['plugins', '--json'], { env: home.env })
  expect(stderr).toBe('')
  const [db, torn] = JSON.parse(stdout)
  expect(db).toMatchObject({
    name: 'db',
    origin: 'config',
    problem: null,
    settings: [{ fallback: '5432', doc: null }, {}],
  })
  expect(torn).toMatchObject({
    name: 'torn',
    origin: 'plugin path',
    hooks: [],
    problem: expect.stringMatching(/torn\.ts:4:1: /),
  })
  expect((await cliOk(['plugins'], { env: home.env })).stdout).toMatch(
    /\n {2}torn {2}plugin torn does not build: ~\/\.starcluster\/plugins\/torn\.ts:4:1: /,
  )
  const alone = await runCli(['plugins', 'torn'], { env: home.env })
  expect(alone.status).toBe(1)
  expect(alone.output).toMatch(/\n {2}4 \| \}\n/)
})

test('lines fit the terminal, and have no colours with NO_COLOR', async () => {
  await using pty = new Pty([process.execPath, program, 'plugins'], {
    env: { ...home.env, NO_COLOR: '1' },
    columns: 60,
  })
  expect(await pty.exit()).toBe(0)
  expect(pty.raw).not.toContain('\x1b[')
  // A path is one word, and stays whole.
  const long = pty.text.split('\n').filter((line) => line.length > 60)
  expect(long.filter((line) => !/^ +\S+$/.test(line))).toEqual([])
})

test('an unknown one: the nearest name', async () => {
  const failed = await runCli(['plugins', 'databse'], { env: home.env })
  expect(failed.status).toBe(1)
  expect(failed.output).toMatch(/there is no plugin databse \(did you mean Database\?\)/)
})
