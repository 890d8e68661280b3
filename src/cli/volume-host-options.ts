/** Options of the original about the instance on which it made and grew volumes, for `withoutEffect`. @param why there is none */
export function volumeHostOptions(why: string): Readonly<Record<string, string>> {
  const flags = [
    '-k, --keypair <name>',
    '-H, --host-instance <id>',
    '-d, --detach-volume',
    '-s, --shutdown-volume-host',
    '-i, --image-id <image>',
    '-I, --instance-type <type>',
  ]
  return Object.fromEntries(flags.map((flag) => [flag, why]))
}
