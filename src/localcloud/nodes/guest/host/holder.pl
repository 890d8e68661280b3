# The holder: an idle process that keeps alive the user, mount and network namespaces which all nodes of a home share.
# Its root is a tmpfs with nothing of the host in it but this home's disks, the images, /proc, /sys and a few devices.
package Holder;
use strict;
use warnings;
use POSIX ();

our @DEVICES = qw(null zero full random urandom tty fuse);

# -> { pid, host_pid, user, mnt, net }: the last three are open namespace files.
sub start {
    my (%o) = @_;
    pipe(my $from, my $to_us) or die "pipe: $!\n";
    pipe(my $go, my $to_holder) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        close($_) for $from, $to_holder;
        $SIG{$_} = 'DEFAULT' for qw(CHLD TERM INT HUP);
        eval { be($go, $to_us, %o); 1 } or syswrite($to_us, "error $@");
        POSIX::_exit(1);
    }
    close($_) for $to_us, $go;
    my $host_pid = expect($from, 'pid');
    Sys::spit("/proc/$host_pid/${_}_map", IdMap::inside($o{uid}, !$o{uid})) for qw(uid gid);
    syswrite($to_holder, "go\n");
    expect($from, 'ready');
    my %holder = (pid => $pid, host_pid => $host_pid);
    for my $kind (qw(user mnt net)) {
        open($holder{$kind}, '<', "/proc/$host_pid/ns/$kind") or die "opening the holder's $kind namespace: $!\n";
    }
    return \%holder;
}

sub expect {
    my ($from, $word) = @_;
    my $line = readline($from) // die "the holder ended early\n";
    chomp $line;
    $line =~ /^\Q$word\E ?(.*)/ or die "the holder: $line\n";
    return $1;
}

sub be {
    my ($go, $out, %o) = @_;
    $0 = 'starcluster-holder';
    my %tree = (disks => Sys::open_tree($o{disks}), images => Sys::open_tree($o{images}),
        proc => Sys::open_tree('/proc'), sys => Sys::open_tree('/sys'));
    my %device;
    for (@DEVICES) { $device{$_} = Sys::open_tree("/dev/$_") if -c "/dev/$_" && (($_ ne 'fuse') || ((stat _)[2] & 06) == 06) }
    my $host_pid = Sys::host_pid();
    Sys::unshare(Sys::NEWUSER);
    syswrite($out, "pid $host_pid\n");
    readline($go) // die "no uid map\n";
    Sys::become_root();
    Sys::unshare(Sys::NEWNS | Sys::NEWNET | Sys::NEWUTS | Sys::NEWIPC);
    Sys::mount('none', '/', '', Sys::MS_REC | Sys::MS_PRIVATE);
    Sys::mount('tmpfs', '/tmp', 'tmpfs', Sys::MS_NOSUID, 'mode=755,size=1m');
    chdir('/tmp') or die "chdir: $!\n";
    mkdir($_) or die "mkdir $_: $!\n" for qw(old dev node), keys %tree;
    Sys::attach($tree{$_}, $_) for sort keys %tree;
    for (keys %device) { open(my $f, '>', "dev/$_") or die "dev/$_: $!\n"; Sys::attach($device{$_}, "dev/$_") }
    POSIX::close($_) for values %tree, values %device;
    Sys::pivot_root('.', 'old');
    chroot('.') or die "chroot: $!\n";
    Sys::umount('old', Sys::MNT_DETACH);
    rmdir('old');
    Sys::sethostname('starcluster');
    syswrite($out, "ready\n");
    open($_, '+<', '/dev/null') for *STDIN, *STDOUT, *STDERR;
    close($_) for $go, $out;
    POSIX::pause() while 1;
}

# Runs a host program inside the holder's network namespace, with the host's files. -> child's pid
sub spawn_in_net {
    my ($holder, $input, @command) = @_;
    pipe(my $stdin, my $feed) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(CHLD TERM INT HUP);
        eval { Sys::setns($holder->{net}, Sys::NEWNET); 1 } or do { print STDERR $@; POSIX::_exit(126) };
        open(STDIN, '<&', $stdin);
        close($_) for $stdin, $feed;
        exec { $command[0] } @command or do { print STDERR "$command[0]: $!\n"; POSIX::_exit(127) };
    }
    close($stdin);
    syswrite($feed, $input);
    close($feed);
    return $pid;
}

sub run_in_net {
    my ($holder, $input, @command) = @_;
    my $pid = spawn_in_net($holder, $input, @command);
    waitpid($pid, 0);
    die "$command[0] failed with status " . ($? >> 8) . "; see the log\n" if $?;
}

# The bridge lives in here, not on the host: no clash with the host's routes, firewall or VPN.
sub network {
    my ($holder, %o) = @_;
    run_in_net($holder, <<"IP", 'ip', '-batch', '-');
link set lo up
link add scbr0 type bridge forward_delay 0
addr add $o{address}/$o{prefix} dev scbr0
addr add 169.254.169.254/32 dev scbr0
link set scbr0 up
IP
    # A node speaks only with its own addresses, so it cannot ask for another node's metadata.
    run_in_net($holder, <<'NFT', 'nft', '-f', '-');
table bridge starcluster {
  set ports { type ifname . ether_addr . ipv4_addr; }
  chain from_nodes {
    type filter hook prerouting priority -300; policy accept;
    iifname != "v*" accept
    ether type ip iifname . ether saddr . ip saddr @ports accept
    ether type arp iifname . ether saddr . arp saddr ip @ports accept
    drop
  }
}
NFT
}

# Egress. Nodes see a gateway (.2) and a name server (.3) as two more machines on the bridge. -> pid
sub egress {
    my ($holder, %o) = @_;
    pipe(my $ready, my $tell) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(CHLD TERM INT HUP);
        close($ready);
        my $fd = POSIX::dup(fileno $tell);
        my $ns = "/proc/$holder->{host_pid}/ns";
        my @command = ('slirp4netns', '--disable-host-loopback', '--enable-sandbox', "--cidr=$o{network}", "--ready-fd=$fd", '--netns-type=path', "$ns/net", 'tap0');
        exec { $command[0] } @command or do { print STDERR "slirp4netns: $!\n"; POSIX::_exit(127) };
    }
    close($tell);
    sysread($ready, my $one, 1) or do { waitpid($pid, 0); return 0 };
    run_in_net($holder, "link set tap0 up master scbr0\n", 'ip', '-batch', '-');
    return $pid;
}

1;
