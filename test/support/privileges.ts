import { diagnose } from '../../src/localcloud/doctor.js'

/** Root has machines wherever this is tested; an ordinary user has them where `local doctor` says ready. */
export const canRunNodes = process.platform === 'linux' && (process.getuid?.() === 0 || (await missing()).length === 0)

if (!canRunNodes) console.warn(`SKIPPED: tests with real machines: ${(await missing()).join('; ')}`)

async function missing(): Promise<string[]> {
  const checks = await diagnose()
  return checks.filter(({ ok, required }) => required && !ok).map(({ name, detail }) => `${name}: ${detail}`)
}
