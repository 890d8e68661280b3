import { type ShellCommand, UsageError } from './command.js'

export const type: ShellCommand = {
  name: 'type',
  help: 'Show the type of an expression without running it',
  takesExpression: true,
  run: async (expression, session) => {
    if (expression.trim() === '') throw new UsageError('.type EXPRESSION')
    session.say((await session.types(expression)).describe(expression, session.inputs))
  },
}
