/** Options, followed by a value, of commands that end in a remote command. Apart from login.ts, which loads far more. */
export const loginOptionsWithValue = [
  '-u',
  '--user',
  '-n',
  '--nodes',
  '-f',
  '--fanout',
  '--timeout',
  '-o',
  '--option',
] as const
