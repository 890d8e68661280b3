/** Commands that make or remove something that completion knows by its name. */
export const changesNames: ReadonlySet<string> = new Set([
  'start',
  'stop',
  'restart',
  'terminate',
  'addnode',
  'removenode',
  'gc',
  'test',
  'createkey',
  'removekey',
  'createvolume',
  'removevolume',
  'ebsimage',
  'copyimage',
  'removeimage',
])
