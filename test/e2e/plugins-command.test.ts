import { afterAll, beforeAll, expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

let home: TempHome
beforeAll(async () => {
  home = await tempHome({
    '.starclusterrc': '[plugin db]\nsetup_class = db.Database\nadmin_password = hunter2\nport = 5433\n',
    '.starcluster/plugins/db.ts': `import { ClusterSetup } from 'starcluster'
/** Runs a database on the master. */
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
  expect(stdout).toMatch(/In the config\n {2}db {2}\[port\] \[admin_password\]\n +Runs a database on the master\./)
  expect(stdout).toMatch(/Bundled\n {2}pkginstaller\.PackageInstaller +\[packages\]/)
})

test('one: settings with types, defaults and values, but never a password', async () => {
  const { output } = await cliOk(['plugins', 'Database'], { env: home.env })
  expect(output).toMatch(/port {2}number, default 5432 {2}= 5433/)
  expect(output).toMatch(/admin_password {2}text {2}= \(not shown\)/)
  expect(output).not.toContain('hunter2')
  const { stdout } = await cliOk(['plugins', '--json', 'db'], { env: home.env })
  expect(JSON.parse(stdout)).toMatchObject([
    { name: 'db', hooks: ['run'], settings: [{ name: 'port', value: '5433' }, {}] },
  ])
  expect(stdout).not.toContain('hunter2')
})

test('an unknown one: the nearest name', async () => {
  const failed = await runCli(['plugins', 'databse'], { env: home.env })
  expect(failed.status).toBe(1)
  expect(failed.output).toMatch(/there is no plugin databse \(did you mean Database\?\)/)
})
