# Shared by quickstart, test and bench: installs what this clone needs. Sourced, not run.
# Every step looks first and does nothing when it is already done.

say() { printf '\n== %s\n' "$*"; }
die() { printf '\n!!! %s\n' "$*" >&2; exit 1; }

# Node 20.19 or later is the one thing we expect to find.
need_node() {
  command -v node >/dev/null || die 'Node.js is missing: install Node 20.19 or later, then run this again'
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    die "Node $(node --version) is too old: install Node 20.19 or later, then run this again"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# need_packages COMMAND:PACKAGE...  installs the Debian packages whose command (or file, or package with "=") is missing.
need_packages() {
  local missing=() spec probe package
  for spec in "$@"; do
    probe=${spec%%:*} package=${spec#*:}
    case $probe in
      /*) [ -e "$probe" ] || missing+=("$package") ;;
      *) PATH=$PATH:/usr/sbin:/sbin command -v "$probe" >/dev/null || missing+=("$package") ;;
    esac
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    die "these are missing and this system has no apt-get to install them with: ${missing[*]}"
  if [ "$(id -u)" = 0 ]; then
    say "installing system packages: ${missing[*]}"
  else
    command -v sudo >/dev/null || die "these packages are missing; as root: apt-get install ${missing[*]}"
    say "installing system packages with sudo: ${missing[*]}"
  fi
  as_root apt-get update -q >/dev/null || die 'apt-get update failed: check the package sources and the network'
  without_services as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install: ${missing[*]}"
}

# Runs a command while Debian's policy layer keeps packages from starting services at install.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e $policy ]; then "$@"; return; fi
  printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
  as_root chmod 755 $policy
  "$@" || status=$?
  as_root rm -f $policy
  return $status
}

# What the local cloud and its nodes are made with; `starcluster local doctor` checks the same list.
need_local_cloud() {
  need_packages unshare:util-linux nsenter:util-linux flock:util-linux ip:iproute2 nft:nftables slirp4netns:slirp4netns \
    newuidmap:uidmap mmdebstrap:mmdebstrap ssh:openssh-client perl:perl-base
}

need_npm_packages() {
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    say 'installing npm packages'
    npm ci --no-audit --no-fund --loglevel=error || die 'npm ci failed: check the network and the registry settings'
    touch node_modules/.package-lock.json
  fi
}

need_build() {
  if [ ! -e dist/cli/main.js ] ||
    [ -n "$(find src scripts/build.mjs package-lock.json tsconfig.json -newer dist/cli/main.js -print -quit)" ]; then
    say 'building'
    node scripts/build.mjs "$@"
  fi
}
