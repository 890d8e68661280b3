/** One line of passwd(5), with the names Python's `pwd` module gives its fields. */
export interface PasswdEntry {
  readonly pw_name: string
  readonly pw_passwd: string
  readonly pw_uid: number
  readonly pw_gid: number
  readonly pw_gecos: string
  readonly pw_dir: string
  readonly pw_shell: string
}

/** One line of group(5), with the names Python's `grp` module gives its fields. */
export interface GroupEntry {
  readonly gr_name: string
  readonly gr_passwd: string
  readonly gr_gid: number
  readonly gr_mem: readonly string[]
}

/** Accounts in `getent passwd` output; lines that are no account (comments, NIS markers) are left out. */
export function parsePasswd(text: string): PasswdEntry[] {
  return fields(text, 7).flatMap(([name, passwd, uid, gid, gecos, dir, shell]) => {
    if (!isId(uid) || !isId(gid)) return []
    return [
      {
        pw_name: name!,
        pw_passwd: passwd!,
        pw_uid: Number(uid),
        pw_gid: Number(gid),
        pw_gecos: gecos!,
        pw_dir: dir!,
        pw_shell: shell!,
      },
    ]
  })
}

/** Groups in `getent group` output; lines that are no group are left out. */
export function parseGroup(text: string): GroupEntry[] {
  return fields(text, 4).flatMap(([name, passwd, gid, members]) => {
    if (!isId(gid)) return []
    return [
      {
        gr_name: name!,
        gr_passwd: passwd!,
        gr_gid: Number(gid),
        gr_mem: members!.split(',').filter((name) => name !== ''),
      },
    ]
  })
}

/** The inverse of `parsePasswd` for one entry. */
export function renderPasswd(entry: PasswdEntry): string {
  const { pw_name, pw_passwd, pw_uid, pw_gid, pw_gecos, pw_dir, pw_shell } = entry
  return [pw_name, pw_passwd, pw_uid, pw_gid, pw_gecos, pw_dir, pw_shell].join(':')
}

/** The inverse of `parseGroup` for one entry. */
export function renderGroup({ gr_name, gr_passwd, gr_gid, gr_mem }: GroupEntry): string {
  return [gr_name, gr_passwd, gr_gid, gr_mem.join(',')].join(':')
}

function fields(text: string, count: number): string[][] {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((parts) => parts.length === count && /^[^#+\-\s]/.test(parts[0]!))
}

function isId(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text)
}
