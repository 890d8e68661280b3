/** A script that says why something was not done, where the user will look for it: on the console. */
export const warning = (text: string) => `#!/bin/sh\necho '${text.replaceAll("'", `'\\''`)}' >&2\n`
