import { type ShellCommand, UsageError } from './command.js'

export const time: ShellCommand = {
  name: 'time',
  help: 'Run an expression and show how long it took',
  takesExpression: true,
  run: async (expression, session) => {
    if (expression.trim() === '') throw new UsageError('.time EXPRESSION')
    const begin = performance.now()
    const outcome = await session.run(expression)
    const tookMs = performance.now() - begin
    if (outcome.kind === 'error') throw outcome.error
    if (outcome.kind === 'incomplete') throw new SyntaxError('The expression is not complete')
    if (outcome.kind === 'interrupted') return
    await session.print(outcome.value)
    session.io.write(`Took ${renderDuration(tookMs)}\n`)
  },
}

export function renderDuration(ms: number): string {
  if (ms < 1_000) return `${ms.toFixed(ms < 10 ? 2 : 0)} ms`
  return `${(ms / 1_000).toFixed(2)} s`
}
