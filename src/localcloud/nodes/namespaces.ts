import { runHost } from './host-command.js'
import { ownRootComplaint } from './own-root.js'

/** Why machines cannot be made of namespaces here; undefined when they can. `local doctor` looks closer. */
export async function namespacesComplaint(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`
  try {
    const { exitCode, stderr } = await runHost('unshare', ['-Urpf', '--mount-proc', 'true'], {
      deadlineMs: 20_000,
      env,
    })
    if (exitCode !== 0) return stderr.trim().split('\n').at(-1) || `unshare ended with status ${exitCode}`
    return process.getuid?.() === 0 ? undefined : await ownRootComplaint()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'unshare (util-linux) is not installed'
    throw error
  }
}
