import { Chalk } from 'chalk'

/** Colours of what commands print; none with NO_COLOR, which chalk itself does not heed. */
export const chalk = process.env.NO_COLOR ? new Chalk({ level: 0 }) : new Chalk()
