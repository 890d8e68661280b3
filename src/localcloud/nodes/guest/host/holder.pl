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

# Runs our own code in there, in a child.
sub in_net {
    my ($holder, $act) = @_;
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(CHLD TERM INT HUP);
        eval { Sys::setns($holder->{net}, Sys::NEWNET); $act->(); 1 } or do { print STDERR $@; POSIX::_exit(1) };
        POSIX::_exit(0);
    }
    waitpid($pid, 0);
    die "the network of the nodes could not be changed; see the log\n" if $?;
}

# The bridge lives in here, not on the host: no clash with the host's routes, firewall or VPN.
sub network {
    my ($holder, %o) = @_;
    # With an address of its own: it would take that of a port, and another one when that port goes.
    my $mac = sprintf '02:77:%02x:%02x:%02x:%02x', split /\./, $o{address};
    run_in_net($holder, <<"IP", 'ip', '-batch', '-');
link set lo up
link add scbr0 address $mac type bridge forward_delay 0
addr add $o{address}/$o{prefix} dev scbr0
addr add 169.254.169.254/32 dev scbr0
addr add 169.254.169.253/32 dev scbr0
addr add 169.254.169.252/32 dev scbr0
link set scbr0 up
IP
    # A new network starts with the host's settings. It must not pass packets on by itself: they would go round the rules.
    in_net($holder, sub { Sys::spit("/proc/sys/net/ipv4/$_->[0]", $_->[1]) for ['ip_forward', 0], ['icmp_ratelimit', 0] });
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

# Without egress the bridge itself takes the addresses of gateway and name server, to say at once that there is no way.
sub no_egress {
    my ($holder, %o) = @_;
    run_in_net($holder, join('', map { "addr replace $_/$o{prefix} dev scbr0\n" } gateway_addresses(%o)), 'ip', '-batch', '-');
    eval { run_in_net($holder, <<"NFT", 'nft', '-f', '-'); 1 } or print "connections to outside will hang: $@";
table ip starcluster_no_egress
delete table ip starcluster_no_egress
table ip starcluster_no_egress {
  chain to_outside {
    type filter hook prerouting priority 0; policy accept;
    iifname "scbr0" ip daddr != { $o{network}, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/3 } reject with icmp net-unreachable
  }
}
NFT
    announce($holder, $_, undef) for gateway_addresses(%o);
}

# slirp4netns answers for its addresses with hardware addresses made of them.
sub end_no_egress {
    my ($holder, %o) = @_;
    run_in_net($holder, join('', map { "addr del $_/$o{prefix} dev scbr0\n" } gateway_addresses(%o)), 'ip', '-force', '-batch', '-');
    run_in_net($holder, "table ip starcluster_no_egress\ndelete table ip starcluster_no_egress\n", 'nft', '-f', '-');
    announce($holder, $_, pack('n C4', 0x5255, split /\./, $_)) for gateway_addresses(%o);
}

sub gateway_addresses { my %o = @_; my $first = $o{gateway} =~ s/\d+$//r; return ($o{gateway}, $first . 3) }

# Tells the nodes who has an address from now on: they remember the one before for half a minute. Without mac: the bridge.
sub announce {
    my ($holder, $address, $mac) = @_;
    my $tell = sub {
        socket(my $raw, 17, 3, 0) or die "socket: $!\n";    # AF_PACKET, SOCK_RAW
        my $own = substr(about_bridge($raw, 0x8927), 2, 6);    # SIOCGIFHWADDR
        my $index = unpack 'l', about_bridge($raw, 0x8933);    # SIOCGIFINDEX
        my ($all, $ip) = ("\xff" x 6, pack 'C4', split /\./, $address);
        my $frame = $all . $own . pack('nnnCCn', 0x0806, 1, 0x0800, 6, 4, 1) . ($mac // $own) . $ip . "\0" x 6 . $ip;
        send($raw, $frame, 0, pack('Sn l SCC a8', 17, 0x0806, $index, 0, 0, 6, $all)) // die "send: $!\n";
    };
    eval { in_net($holder, $tell); 1 } or print $@;
}

sub about_bridge {
    my ($socket, $what) = @_;
    my $request = pack('a16 x24', 'scbr0');
    ioctl($socket, $what, $request) // die "ioctl: $!\n";
    return substr($request, 16);
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
