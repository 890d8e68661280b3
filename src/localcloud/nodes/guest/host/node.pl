# The life of each node as the supervisor sees it: stopped, booting, running; its pipes, sockets and waiting requests.
package Node;
use strict;
use warnings;
use POSIX ();
use IO::Handle;
use Socket qw(AF_UNIX SOCK_STREAM SOCK_DGRAM);

use constant CONSOLE_KEEP => 65536;
use constant BUSY => 'its disk is just being mounted or unmounted for something else; try again';
my ($veth, $boots, %child) = (0, 0);    # child: pid -> code to call with its status

sub child_ended {
    my ($pid, $status) = @_;
    if (my $then = delete $child{$pid}) { $then->($status); return }
    my $find = sub { (grep { ($_->{pid} // 0) == $pid } values %main::nodes)[0] };
    my $node = $find->();
    # An init that ended at once: its pid may still wait to be read.
    if (!$node) { read_status($_) for values %main::nodes; $node = $find->() }
    ended($node, $status) if $node;
}

sub on_child { my ($pid, $then) = @_; $child{$pid} = $then }

sub boot {
    my ($fields, $answer) = @_;
    my $id = $fields->{id};
    my $node = $main::nodes{$id} //= { id => $id, state => 'stopped', waiting => [], stopping => [] };
    return $answer->('ok', first => '') if $node->{state} eq 'running';
    return $answer->('error', message => BUSY) if $node->{busy};
    push @{ $node->{waiting} }, $answer;
    return if $node->{state} eq 'booting';
    my @given = qw(lower ip hostname init cgroups memory cpus processes public);
    @$node{@given} = @$fields{@given};
    eval { Volume::assign($node, $fields->{volumes}); 1 } or do { $node->{error} = $@; return settle($node) };
    start($node);
}

sub start {
    my ($node) = @_;
    my $config = \%main::config;
    # Left to do before its init goes on: two steps of the network, its sockets.
    @$node{qw(state intent pid host_pid error gone left)} = ('booting', '', undef, undef, undef, 0, 3);
    $node->{mac} = sprintf '02:77:%02x:%02x:%02x:%02x', split /\./, $node->{ip};
    $node->{first} = -e "$config->{home}/nodes/$node->{id}/booted" ? '' : 1;
    socket($node->{notify}, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!\n";
    socket($node->{shares}, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
    my %spec = (%$node, volumes => [Volume::of($node)], map { $_ => $config->{$_} } qw(home prefix gateway));
    delete @spec{qw(waiting stopping)};
    my $boot = eval { Boot::start($main::holder, \%spec, map { $_->[0] } values %main::readers) } or do { $node->{error} = $@; return settle($node) };
    @$node{qw(go console)} = @$boot{qw(go console)};
    @$node{qw(status said boot)} = ($boot->{status}, '', ++$boots);
    # `entry` ends soon, `init` stays: its pid arrives on the status pipe.
    my $of_this = of_this_boot($node);
    on_child($boot->{pid}, sub {
        my ($status) = @_;
        $of_this->(sub { read_status($node) });
        $of_this->(sub { failed($node, 'its start was cut short') if $status && !$node->{pid} });
    });
    $_->blocking(0) for @$node{qw(console notify shares status)};
    main::watch($node->{status}, sub { read_status($node) });
    main::watch($node->{console}, sub { read_console($node) });
}

# Calls, unless the node's present boot has ended: what its helpers do later is nothing to the next one.
sub of_this_boot { my ($node) = @_; my $boot = $node->{boot}; return sub { $_[0]->() if $node->{state} ne 'stopped' && $node->{boot} == $boot } }

# What the processes of a boot say (boot.pl); the end of it when init took over, or was never made.
sub read_status {
    my ($node) = @_;
    my $status = $node->{status} // return;
    my $got;
    while ($got = sysread($status, $node->{said}, 4096, length $node->{said})) {
        while ($node->{said} =~ s/^(.*)\n//) {
            my $line = $1;
            eval { progress($node, $line); 1 } or failed($node, $@);
        }
    }
    return if !defined $got;
    delete $node->{status};
    main::forget($status);
    close($status);
    return if $node->{pid} or $node->{state} ne 'booting';
    $node->{error} //= 'init ended early';
    settle($node);
}

sub progress {
    my ($node, $line) = @_;
    my ($word, $rest) = $line =~ /^(\w+) ?(.*)/ or return;
    if ($word eq 'mounted') { $node->{mounted} = 1 }
    elsif ($word eq 'pid') {
        $node->{pid} = $rest;
        if ($node->{error}) { kill('KILL', $rest) }
        elsif ($node->{host_pid}) { connect_to_bridge($node) }
    }
    elsif ($word eq 'netns') { $node->{host_pid} = $rest; connect_to_bridge($node) if $node->{pid} }
    elsif ($word eq 'sockets') {
        main::watch($node->{notify}, sub { sysread($node->{notify}, my $text, 4096); ready($node) if ($text // '') =~ /^READY=1/m });
        main::watch($node->{shares}, sub { Share::accept_one($node) });
        if ($node->{init} eq 'systemd') { eval { open_terminal($node); 1 } or $node->{error} //= "its console: $@" }
        one_done($node);
    }
    elsif ($word eq 'error') { failed($node, $rest) }
}

# The old interface goes first: the network namespace of a node that just ended lingers, and would still answer for its address.
sub connect_to_bridge {
    my ($node) = @_;
    my $name = 'v' . ++$veth;
    my $old = $node->{veth} ? "link del $node->{veth}\n" : '';
    $node->{veth} = $name;
    # Added before it is deleted, so that one which is not there is no error.
    my $nft = defined $node->{port} ? join '', map { "$_ element bridge starcluster ports { $node->{port} }\n" } qw(add delete) : '';
    $node->{port} = "$name . $node->{mac} . $node->{ip}";
    my $of_this = of_this_boot($node);
    my $finish = sub {
        my ($status) = @_;
        read_status($node) if $status;    # an init that ended has no network to join
        $node->{error} //= 'its network interface could not be made; see supervisor.log' if $status;
        one_done($node);
    };
    my $done = sub { my @status = @_; $of_this->(sub { $finish->(@status) }) };
    on_child(Holder::spawn_in_net($main::holder, $nft . "add element bridge starcluster ports { $node->{port} }\n", 'nft', '-f', '-'), $done);
    on_child(Holder::spawn_in_net($main::holder, $old . <<"IP", 'ip', '-force', '-batch', '-'), sub { $done->($_[0] && (eval { interface_missing($name) } // 1)) });
link add $name type veth peer name eth0 address $node->{mac} netns $node->{pid}
link set $name master scbr0 up
IP
}

sub one_done {
    my ($node) = @_;
    return if --$node->{left};
    return failed($node, $node->{error}) if $node->{error};
    my $go = delete $node->{go} // return;
    syswrite($go, "go\n");
    close($go);
}

# The first terminal of the node is its console. Our own hold on it keeps what is written while nobody has it open.
sub open_terminal {
    my ($node) = @_;
    my $flags = POSIX::O_RDWR() | POSIX::O_NOCTTY() | POSIX::O_NONBLOCK();
    my $pts = "/proc/$node->{host_pid}/root/dev/pts";
    sysopen(my $master, "$pts/ptmx", $flags) or die "$pts/ptmx: $!\n";
    my $unlock = pack('i', 0);
    ioctl($master, 0x40045431, $unlock) or die "TIOCSPTLCK: $!\n";
    my $root = $main::config{uid};
    chown($root, $root + 5, "$pts/0") or die "$pts/0: $!\n";    # 5: the group tty
    sysopen($node->{terminal}, "$pts/0", $flags) or die "$pts/0: $!\n";
    main::forget($node->{console});
    close($node->{console});
    $node->{console} = $master;
    main::watch($master, sub { read_console($node) });
}

# `ip -force` goes on after an error (an old interface that went by itself) and hides which one it was.
sub interface_missing { my ($name) = @_; my $pid = Holder::spawn_in_net($main::holder, '', 'ip', '-o', 'link', 'show', 'dev', $name); waitpid($pid, 0); return $? }

sub ready {
    my ($node) = @_;
    return if $node->{state} ne 'booting';
    $node->{state} = 'running';
    my $marker = "$main::config{home}/nodes/$node->{id}/booted";
    if ($node->{first}) { eval { Sys::spit($marker, "1\n"); 1 } or print $@ }
    main::tell_watchers(Wire::line('running', id => $node->{id}));
    $_->('ok', first => $node->{first}) for splice @{ $node->{waiting} };
}

# A boot that cannot go on: its end (ended), or the end of its status pipe when init was never made, answers who waits.
sub failed {
    my ($node, $why) = @_;
    $why =~ s/\s+\z//;
    $node->{error} //= $why;
    # An init that still waits to be let go ends by this.
    if (my $go = delete $node->{go}) { close($go) }
    kill('KILL', $node->{pid}) if $node->{pid};
}

sub ended {
    my ($node, $status) = @_;
    read_status($node);    # why it ended
    delete $node->{pid};
    my ($signal, $code) = ($status & 127, $status >> 8);
    # reboot(2) in a pid namespace ends its init with SIGHUP; our init says 64.
    my $again = $node->{state} eq 'running' && !@{ $node->{stopping} } && ($code == 64 || $signal == 1);
    my $was = $node->{state};
    $node->{error} //= "it ended during boot (status $code, signal $signal)" if $was eq 'booting';
    settle($node, $again);
    start($node) if $again;
}

# Back to stopped: closes what the boot opened, answers who waits.
sub settle {
    my ($node, $again) = @_;
    my $was = $node->{state};
    read_console($node) if $node->{console};
    for my $name (qw(console terminal notify shares status go)) {
        my $handle = delete $node->{$name} // next;
        main::forget($handle);
        close($handle);
    }
    $node->{state} = 'stopped';
    Volume::let_all_go($node) if !$again;
    $_->('error', message => $node->{error}) for splice @{ $node->{waiting} };
    my @asked = splice @{ $node->{stopping} };
    main::tell_watchers(Wire::line('ended', id => $node->{id}, asked => @asked ? 1 : '', again => $again ? 1 : '', error => $node->{error})) if $was ne 'stopped';
    $_->('ok') for @asked;
}

sub stop {
    my ($id, $signal, $answer) = @_;
    my $node = $main::nodes{$id};
    return $answer->('ok') if !$node || $node->{state} eq 'stopped';
    push @{ $node->{stopping} }, $answer;
    return failed($node, 'stopped during boot') if $node->{state} eq 'booting';
    # What systemd takes for "power off" (SIGRTMIN+4); SIGTERM has another meaning there.
    if ($signal eq 'TERM' && $node->{init} eq 'systemd') { $signal = POSIX::SIGRTMIN() + 4 }
    kill($signal, $node->{pid}) if $node->{pid};
}

# A node that has not booted since the supervisor started has no disk mounted yet.
sub hold {
    my ($fields, $answer) = @_;
    my $id = $fields->{id};
    my $node = $main::nodes{$id} //= { id => $id, state => 'stopped', waiting => [], stopping => [], map { $_ => '' } qw(ip public) };
    return $answer->('ok') if $node->{mounted};
    return $answer->('error', message => 'the node is booting') if $node->{state} ne 'stopped';
    return $answer->('error', message => BUSY) if $node->{busy};
    pipe(my $from, my $to) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        $SIG{CHLD} = 'DEFAULT';
        eval {
            my $disk = Disk::open_image("$main::config{home}/nodes/$id/disk.img");
            Sys::setns($main::holder->{user}, Sys::NEWUSER);
            Sys::become_root();
            Sys::setns($main::holder->{mnt}, Sys::NEWNS);
            Disk::mount_overlay($id, $fields->{lower}, $disk);
            1;
        } or do { syswrite($to, $@); POSIX::_exit(1) };
        POSIX::_exit(0);
    }
    close($to);
    $node->{busy} = 1;
    on_child($pid, sub {
        delete $node->{busy};
        if ($_[0]) { return $answer->('error', message => readline($from) // 'its disk could not be mounted') }
        $node->{mounted} = 1;
        $answer->('ok');
    });
}

# For faults on demand: full, or as before.
sub fill {
    my ($id, $full, $answer) = @_;
    my $node = $main::nodes{$id};
    return $answer->('ok') if !$full && !($node && $node->{mounted});
    my $sized = -e "$main::config{home}/nodes/$id/disk.img";
    return $answer->('ok') if !$full && !$sized;    # was never filled
    return $answer->('error', message => 'the node does not run') if $full && (!$node || $node->{state} ne 'running');
    return $answer->('error', message => "the disk of machine $id has no size of its own: to fill it would fill this computer's. Machines of root have one") if !$sized;
    pipe(my $from, my $to) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        $SIG{CHLD} = 'DEFAULT';
        eval { enter_holder(); $full ? Disk::fill($id) : Disk::free($id); 1 } or do { syswrite($to, $@); POSIX::_exit(1) };
        POSIX::_exit(0);
    }
    close($to);
    on_child($pid, sub { $_[0] ? $answer->('error', message => readline($from) // 'its disk could not be filled') : $answer->('ok') });
}

sub enter_holder {
    Sys::setns($main::holder->{user}, Sys::NEWUSER);
    Sys::become_root();
    Sys::setns($main::holder->{mnt}, Sys::NEWNS);
}

sub release {
    my ($id, $answer) = @_;
    my $node = $main::nodes{$id};
    return $answer->('ok') if !$node;
    return $answer->('error', message => 'the node is running') if $node->{state} ne 'stopped';
    return $answer->('error', message => BUSY) if $node->{busy};
    forget_port($node);
    if (!$node->{mounted}) { delete $main::nodes{$id}; return $answer->('ok') }
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        $SIG{CHLD} = 'DEFAULT';
        eval { Sys::setns($main::holder->{user}, Sys::NEWUSER); Sys::become_root(); Sys::setns($main::holder->{mnt}, Sys::NEWNS); Disk::unmount($id); 1 } or do { print $@; POSIX::_exit(1) };
        POSIX::_exit(0);
    }
    $node->{busy} = 1;
    on_child($pid, sub {
        delete $node->{busy};
        return $answer->('error', message => 'its disk could not be unmounted; see supervisor.log') if $_[0];
        # The network namespace of a node that ended lingers; its interface must not.
        on_child(Holder::spawn_in_net($main::holder, "link del $node->{veth}\n", 'ip', '-force', '-batch', '-'), sub { }) if $node->{veth};
        delete $main::nodes{$id};
        $answer->('ok');
    });
}

sub forget_port {
    my ($node) = @_;
    my $port = delete $node->{port} // return;
    on_child(Holder::spawn_in_net($main::holder, "delete element bridge starcluster ports { $port }\n", 'nft', '-f', '-'), sub { });
}

# Keeps the newest CONSOLE_KEEP bytes; the file is cut when it is four times as long.
sub read_console {
    my ($node) = @_;
    my $path = "$main::config{home}/nodes/$node->{id}/console.log";
    while (my $got = sysread($node->{console}, my $text, 65536)) {
        $text =~ s/\r\n/\n/g if $node->{terminal};
        open(my $log, '>>', $path) or return;
        syswrite($log, $text);
        next if -s $log < 4 * CONSOLE_KEEP;
        open(my $old, '<', $path) or next;
        seek($old, -CONSOLE_KEEP, 2);
        read($old, my $tail, CONSOLE_KEEP);
        eval { Sys::spit("$path.new", $tail); rename("$path.new", $path) };
    }
    # Nothing more will come once the last process that had it open is gone.
    if (!$!{EAGAIN} && $node->{console}) { main::forget($node->{console}) }
}

1;
