import { spawn } from 'node:child_process'
import type { Node, ShellCommand } from '../../src/api.js'

/**
 * A stand-in for a node whose commands run on this machine, in `/bin/bash`, with the environment given; what a plugin
 * asks of the package tool is only noted. Real nodes run the same plugins in the end-to-end tests.
 */
export function localNode(alias: string, env: NodeJS.ProcessEnv = process.env): { node: Node; asked: string[] } {
  const asked: string[] = []
  const execute = async (
    command: string | ShellCommand,
    options: { ignoreExitStatus?: boolean; user?: string; stdin?: string } = {},
  ) => {
    const text = typeof command === 'string' ? command : command.text
    asked.push(options.user ? `${options.user}: ${text}` : text)
    const result = await bash(text, env, options.stdin ?? '')
    if (result.exitCode !== 0 && !options.ignoreExitStatus) throw new Error(`${alias}: ${text}\n${result.stderr}`)
    return result
  }
  const node = {
    alias,
    ssh: { execute },
    aptInstall: async (names: string | readonly string[]) => void asked.push(`apt ${[names].flat().join(' ')}`),
    addUserToGroup: async (user: string, group: string) => void asked.push(`group ${group} ${user}`),
  }
  return { node: node as unknown as Node, asked }
}

function bash(
  text: string,
  env: NodeJS.ProcessEnv,
  stdin: string,
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/bash', ['-c', text], { env, stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin.on('error', () => undefined) // a program may end without reading it
    child.stdin.end(stdin)
    const output = { stdout: '', stderr: '' }
    child.stdout.on('data', (data) => (output.stdout += data))
    child.stderr.on('data', (data) => (output.stderr += data))
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, ...output }))
  })
}
