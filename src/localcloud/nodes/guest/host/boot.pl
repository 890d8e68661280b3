# One boot of a node. Three short-lived processes, each in one step further inside, the last of which is its PID 1:
#   entry   host root: joins the cgroups, opens the disk; then root of the holder, mounts the overlay
#   mapper  makes the node's own user namespace, so that its root has no power over what nodes share
#   init    makes the other namespaces, builds the mount tree, becomes /usr/lib/starcluster/init
# They report by lines on one pipe: mounted, pid N, netns N, sockets, error TEXT. Closing without error means init took over.
package Boot;
use strict;
use warnings;
use POSIX ();
use Socket qw(AF_UNIX pack_sockaddr_un);

# node: { id, lower, ip, prefix, gateway, hostname, init, cgroups, mounted, notify, shares }. -> { pid, status, go, console }
sub start {
    my ($holder, $node, @close) = @_;
    pipe(my $status, my $report) or die "pipe: $!\n";
    pipe(my $stdin, my $go) or die "pipe: $!\n";
    pipe(my $console, my $output) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        close($_) for $status, $go, $console, @close;
        $SIG{$_} = 'DEFAULT' for qw(CHLD TERM INT HUP);
        my %boot = (%$node, report => $report, stdin => $stdin, output => $output);
        eval { entry($holder, \%boot); 1 } or report(\%boot, "error $@");
        POSIX::_exit(1);
    }
    close($_) for $report, $stdin, $output;
    return { pid => $pid, status => $status, go => $go, console => $console };
}

sub report { my ($boot, $line) = @_; $line =~ s/\s+\z//; $line =~ s/\n/ /g; syswrite($boot->{report}, "$line\n") }

sub entry {
    my ($holder, $boot) = @_;
    $0 = "starcluster-boot $boot->{id}";
    join_groups($boot);
    Looks::keep_to_cpus($boot);
    my $disk = $boot->{mounted} ? undef : Disk::open_image("$boot->{home}/nodes/$boot->{id}/disk.img");
    $_->{face} = Volume::face($_) for @{ $boot->{volumes} };
    Sys::setns($holder->{user}, Sys::NEWUSER);
    Sys::become_root();
    Sys::setns($holder->{mnt}, Sys::NEWNS);
    chdir('/') or die "chdir: $!\n";
    if (!$boot->{mounted}) {
        Disk::mount_overlay($boot->{id}, $boot->{lower}, $disk);
        report($boot, 'mounted');
    }
    with_own_users($boot, \&mapper);
}

# An ordinary user's groups are those of whoever asks; a supervisor that was started in others may not move into them.
sub join_groups {
    my ($boot) = @_;
    my @groups = split /,/, $boot->{cgroups};
    # systemd would divide the group that it finds itself in, whosever that is.
    my $must = $boot->{init} eq 'systemd' ? $groups[-1] : '';
    for my $group (@groups) {
        # The process id 0 means the writer.
        eval { Sys::spit("$group/cgroup.procs", '0'); 1 } and next;
        die $@ if !$boot->{processes} || $group eq $must;
        print "$boot->{id} is not limited by $group: $@";
    }
}

# Forks a child with a user namespace in which every id keeps its number; only this process can write that map.
sub with_own_users {
    my ($boot, $then) = @_;
    pipe(my $from, my $to_us) or die "pipe: $!\n";
    pipe(my $go, my $to_child) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        close($_) for $from, $to_child;
        eval {
            my $host_pid = Sys::host_pid();
            bound_processes($boot) if $boot->{processes};
            Sys::unshare(Sys::NEWUSER | Sys::NEWPID);
            syswrite($to_us, "$host_pid\n");
            close($to_us);
            readline($go) // die "no uid map\n";
            Sys::become_root();
            $then->($boot);
            1;
        } or report($boot, "error $@");
        POSIX::_exit(1);
    }
    close($_) for $to_us, $go;
    if (defined(my $host_pid = readline($from))) {
        chomp $host_pid;
        Sys::spit("/proc/$host_pid/${_}_map", IdMap::inside(0, !$main::config{uid})) for qw(uid gid);
        syswrite($to_child, "go\n");
    }
    waitpid($pid, 0);
    POSIX::_exit($? ? 1 : 0);
}

# For an ordinary user: what a user namespace holds counts as processes of the id that made it, and cannot become more
# than that id could have then (Linux 5.14). So each node's is made by an id of its own, the last half of its address.
sub bound_processes {
    my ($boot) = @_;
    my ($high, $low) = $boot->{ip} =~ /(\d+)\.(\d+)$/ or die "bad address $boot->{ip}\n";
    Sys::limit_processes($boot->{processes});
    # A node that takes the host's memory is the first to be ended when there is none left.
    eval { Sys::spit("/proc/self/oom_score_adj", '500'); 1 } or print $@;
    Sys::become($high * 256 + $low);
}

sub mapper {
    my ($boot) = @_;
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        eval { init($boot); 1 } or report($boot, "error $@");
        POSIX::_exit(1);
    }
    report($boot, "pid $pid");
    POSIX::_exit(0);    # init now belongs to the supervisor
}

sub init {
    my ($boot) = @_;
    my $host_pid = Sys::host_pid();
    POSIX::setsid();
    umask(022);
    Sys::unshare(Sys::NEWNS | Sys::NEWNET | Sys::NEWUTS | Sys::NEWIPC | Sys::NEWCGROUP);
    report($boot, "netns $host_pid");
    tree($boot);
    listen_inside($boot);
    Sys::sethostname(hostname($boot));
    report($boot, 'sockets');
    defined(readline($boot->{stdin})) or die "the launcher ended\n";
    my $output = $boot->{init} eq 'systemd' ? terminal() : $boot->{output};
    open(STDIN, '<', '/dev/null') or die "/dev/null: $!\n";
    open(STDOUT, '>&', $output) or die "console: $!\n";
    open(STDERR, '>&', $output) or die "console: $!\n";
    %ENV = (
        PATH => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME => '/root', TERM => 'linux',
        SC_ADDRESS => "$boot->{ip}/$boot->{prefix}", SC_GATEWAY => $boot->{gateway}, SC_FIRST_BOOT => $boot->{first} ? 1 : '',
    );
    $SIG{$_} = 'DEFAULT' for qw(PIPE CHLD TERM INT HUP);
    # A node that could let go of a loop device could read what it is used for next. And mkfs.xfs gives up when it may not set
    # the block size of the device's cache or empty it, which it does not need after fsync.
    Sys::filter_ioctls(LoopDevice::IOCTLS, LoopDevice::SET_BLOCK_SIZE, LoopDevice::FLUSH) if $main::config{uid};
    exec { '/bin/sh' } '/bin/sh', '/usr/lib/starcluster/init' or die "starting init: $!\n";
}

# The node's own view of files: its overlay as the root, and nothing else of where it came from.
sub tree {
    my ($boot) = @_;
    my $root = '/node';
    Sys::mount("/disks/nodes/$boot->{id}/root", $root, '', Sys::MS_BIND);
    mkdir("$root/$_", 0755) for grep { !-d "$root/$_" } qw(dev proc sys run);
    Sys::mount('dev', "$root/dev", 'tmpfs', Sys::MS_NOSUID, 'mode=755,size=64k');
    for my $name (grep { -e "/dev/$_" } @Holder::DEVICES) {
        open(my $file, '>', "$root/dev/$name") or die "$root/dev/$name: $!\n";
        Sys::mount("/dev/$name", "$root/dev/$name", '', Sys::MS_BIND);
    }
    mkdir("$root/dev/$_") for qw(pts shm);
    my %link = (ptmx => 'pts/ptmx', fd => '/proc/self/fd', stdin => 'fd/0', stdout => 'fd/1', stderr => 'fd/2', console => '/proc/1/fd/1');
    symlink($link{$_}, "$root/dev/$_") for keys %link;
    # Shares of the node's own memory, not of the host's.
    my ($shm, $run) = map { int($boot->{memory} * $_) . 'm' } 0.5, 0.2;
    my $quiet = Sys::MS_NOSUID | Sys::MS_NODEV;
    Sys::mount('devpts', "$root/dev/pts", 'devpts', Sys::MS_NOSUID | Sys::MS_NOEXEC, 'newinstance,ptmxmode=0666,mode=0620,gid=5');
    Sys::mount('shm', "$root/dev/shm", 'tmpfs', $quiet, "mode=1777,size=$shm");
    Sys::mount('run', "$root/run", 'tmpfs', $quiet, "mode=755,size=$run");
    Sys::mount('proc', "$root/proc", 'proc', $quiet | Sys::MS_NOEXEC);
    Sys::mount('sysfs', "$root/sys", 'sysfs', $quiet | Sys::MS_NOEXEC | Sys::MS_RDONLY);
    Looks::put_on($root, $boot);
    own_cgroups($root) if $boot->{init} eq 'systemd';
    VolumeView::show($root, $_, $_->{face}) for @{ $boot->{volumes} };
    chdir($root) or die "chdir: $!\n";
    # The old root is stacked below the new one and let go: the node needs no directory for it.
    Sys::pivot_root('.', '.');
    Sys::umount('.', Sys::MNT_DETACH);
    chroot('.') or die "chroot: $!\n";
    chdir('/') or die "chdir: $!\n";
}

# systemd keeps its services apart by groups below the one that this node was put into.
sub own_cgroups {
    my ($root) = @_;
    my $at = "$root/sys/fs/cgroup";
    eval { Sys::mount('cgroup2', $at, 'cgroup2', Sys::MS_NOSUID | Sys::MS_NODEV | Sys::MS_NOEXEC); -w "$at/cgroup.procs" or die "not ours to write\n"; 1 }
        or die "systemd cannot run here: no control group of its own: $@";
}

# systemd speaks only to a console that is a terminal. The supervisor has its other end.
sub terminal {
    my $path = '/dev/console';
    unlink($path);
    open(my $file, '>', $path) or die "$path: $!\n";
    close($file);
    Sys::mount('/dev/pts/0', $path, '', Sys::MS_BIND);
    sysopen(my $console, $path, POSIX::O_RDWR() | POSIX::O_NOCTTY()) or die "$path: $!\n";
    return $console;
}

# The supervisor keeps the other ends of these two sockets: who speaks on them is known by the socket.
sub listen_inside {
    my ($boot) = @_;
    mkdir('/run/starcluster', 0700) or die "mkdir /run/starcluster: $!\n";
    bind($boot->{notify}, pack_sockaddr_un('/run/starcluster/notify')) or die "bind: $!\n";
    bind($boot->{shares}, pack_sockaddr_un('/run/starcluster/mount')) or die "bind: $!\n";
    chmod(0600, '/run/starcluster/notify', '/run/starcluster/mount');
    listen($boot->{shares}, 32) or die "listen: $!\n";
}

sub hostname {
    my ($boot) = @_;
    my $file;
    if (sysopen($file, '/etc/hostname', POSIX::O_RDONLY() | POSIX::O_NONBLOCK()) and -f $file) {
        sysread($file, my $text, 256);
        return $1 if ($text // '') =~ /^([A-Za-z0-9][A-Za-z0-9.-]{0,63})\s/;
    }
    return $boot->{hostname};
}

1;
