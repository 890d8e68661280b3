/** Where it is on a node. */
export const lifetimeProgramPath = '/usr/local/sbin/starcluster-ttl'

/**
 * What ends a node by itself: POSIX sh, kept running by systemd, else by cron. It needs nothing of us and no credentials.
 *
 * What is left is counted in running time: a clock that is wrong, or that somebody puts right, ends nothing early. Over a
 * reboot the time that it took is subtracted where the clock tells something plausible.
 */
export const lifetimeProgram = String.raw`#!/bin/sh
# Written by StarCluster: shuts this machine down when the lifetime (ttl) of its cluster is over.
#   arm SECONDS GOES TAG  from now on there are so many seconds; GOES: stop or terminate, as EC2 understands a shutdown
#   off                   not any more
#   left                  prints the seconds that are left
#   watch                 warns, and ends it: for the service
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022
self=/usr/local/sbin/starcluster-ttl
name=starcluster-ttl
dir=/var/lib/starcluster-ttl
unit=/etc/systemd/system/$name.service
# A machine that boots near its end may have been resumed: so long it waits to be told a new one, less after a reboot.
grace=1800
grace_of_reboot=600

read_uptime() { read -r now rest < /proc/uptime; now=${'$'}{now%%.*}; }
# Differs after every boot; a container keeps the boot id of its host.
read_boot() { boot="$(cat /proc/sys/kernel/random/boot_id) $(sed 's/.*) //' /proc/1/stat | cut -d' ' -f20)"; }
# Differs on every machine, also on those made from an image of another one.
read_machine() { machine=$(cat /etc/ssh/ssh_host_*_key.pub 2> /dev/null | cksum); }
# put FILE LINE... - replaced at once
put() { file=$1; shift; printf '%s\n' "$@" > "$file.new" && mv -f "$file.new" "$file"; }

arm() {
  mkdir -p "$dir"
  read_uptime; read_boot; read_machine
  id="$boot $now $$"
  ( flock 8
    put "$dir/seen" "$id" "$1" "$(date +%s)" ''
    put "$dir/end" "$id" "$machine" "$boot" "$((now + $1))" "$2" "$3"
  ) 8> "$dir/lock"
  begin
}

begin() {
  if [ -d /run/systemd/system ] && command -v systemctl > /dev/null; then
    put "$unit.wanted" '[Unit]' 'Description=Ends this machine with the lifetime of its StarCluster cluster' '' \
      '[Service]' "ExecStart=$self watch" 'Restart=always' 'RestartSec=5' 'OOMScoreAdjust=-900' '' \
      '[Install]' 'WantedBy=multi-user.target'
    if cmp -s "$unit.wanted" "$unit"; then rm -f "$unit.wanted"; else mv -f "$unit.wanted" "$unit"; systemctl daemon-reload; fi
    systemctl -q enable $name.service && systemctl start $name.service && return 0
  fi
  if [ -d /etc/cron.d ]; then
    put /etc/cron.d/$name "* * * * * root $self watch > /dev/null 2>&1"
  else
    echo 'warning: neither systemd nor cron is here: after a reboot this node does not end by itself'
  fi
  setsid "$self" watch > /dev/null 2>&1 < /dev/null &
}

off() {
  rm -f "$dir/end" "$dir/seen" /etc/cron.d/$name
  [ -e "$unit" ] || return 0
  systemctl -q disable $name.service
  rm -f "$unit"
  systemctl daemon-reload
  systemctl stop $name.service > /dev/null 2>&1 || true
}

# look - how much is left now; false: nothing is to end here
look() {
  [ -s "$dir/end" ] || return 1
  { read -r id; read -r owner; read -r since; read -r end; read -r goes; read -r tag; } < "$dir/end"
  seen_id='' warned=''
  if [ -s "$dir/seen" ]; then { read -r seen_id; read -r seen; read -r clock; read -r warned; } < "$dir/seen"; fi
  [ "$seen_id" = "$id" ] || warned=''
  [ "$owner" = "$machine" ] || return 1
  read_uptime
  left=$((end - now))
  [ "$since" = "$boot" ] || count_anew
}

# count_anew - this is another boot: what was left, less the time it took
count_anew() {
  left=0 warned='' least=$grace
  if [ "$seen_id" = "$id" ]; then
    down=$(($(date +%s) - clock))
    left=$seen
    if [ "$down" -ge 0 ] && [ "$down" -le 600 ]; then left=$((seen - down)) least=$grace_of_reboot; fi
  fi
  [ "$left" -ge "$least" ] || left=$least
  ( flock 8
    read -r current < "$dir/end"
    [ "$current" != "$id" ] || put "$dir/end" "$id" "$owner" "$boot" "$((now + left))" "$goes" "$tag"
  ) 8> "$dir/lock"
  remember
}

remember() { put "$dir/seen" "$id" "$left" "$(date +%s)" "$warned"; saved=$now; }

# tell TEXT - to everybody who is logged in; where logins are not recorded, to all terminals
tell() {
  if [ -n "$(who 2> /dev/null)" ] && command -v wall > /dev/null; then
    wall "$1" 2> /dev/null
    return 0
  fi
  for terminal in /dev/pts/[0-9]*; do
    # One that takes nothing must not hold us up.
    [ ! -c "$terminal" ] || timeout 2 sh -c 'printf "\r\n%s\r\n" "$1" > "$2"' tell "$1" "$terminal" 2> /dev/null || true
  done
}

warn() {
  minutes=$(((left + 30) / 60))
  case $goes in terminate) what='ends for good, with its disk,' ;; *) what=stops ;; esac
  tell "StarCluster: this machine $what in $minutes $([ "$minutes" = 1 ] && echo minute || echo minutes): then the lifetime (ttl) of cluster $tag is over. More time: starcluster ttl $tag 4h"
}

finish() {
  tell 'StarCluster: the lifetime (ttl) of the cluster is over, this machine shuts down now.'
  sync
  poweroff || shutdown -h now
  sleep 30 # and once more, should it not have come to that
}

watch() {
  mkdir -p "$dir"
  exec 9> "$dir/watch"
  flock -n 9 || exit 0
  read_boot; read_machine
  saved=-60
  while look; do
    next=$left
    for minutes in 1 5 10 30; do
      [ "$left" -gt $((minutes * 60)) ] || break
      next=$((left - minutes * 60))
    done
    for minutes in 1 5 10 30; do
      [ "$left" -le $((minutes * 60)) ] || continue
      if [ "$left" -gt 0 ] && [ "${'$'}{warned:-99}" -gt "$minutes" ]; then warned=$minutes; warn; saved=-60; fi
      break
    done
    [ $((now - saved)) -lt 60 ] || remember
    if [ "$left" -le 0 ]; then finish; continue; fi
    # Not for long at a time: it may be told another end.
    sleep $((next < 10 ? next : 10)) 9>&-
  done
  [ ! -s "$dir/end" ] || off # of another machine, whose image this one was made from
}

case ${'$'}{1-} in
  arm) arm "$2" "$3" "$4" ;;
  off) off ;;
  left) read_boot; read_machine; look && echo "$left" ;;
  watch) watch ;;
  *) sed -n '2,6s/^# *//p' "$0"; exit 2 ;;
esac
`
