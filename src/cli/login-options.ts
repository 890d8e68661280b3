/** Options of sshmaster and sshnode that are followed by a value. Apart from login.ts, which loads far more. */
export const loginOptionsWithValue = ['-u', '--user'] as const
