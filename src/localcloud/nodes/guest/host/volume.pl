# The volumes that nodes hold. As root each is a loop device of its image file, which the node sees as a block device of its
# own; without loop devices the node sees the image file itself.
package Volume;
use strict;
use warnings;
use POSIX ();

use constant DISK_GROUP => 6;    # "disk" of Debian

# By id: { id, node, device, name, handle, number, bytes, resting }. Only what a living node has.
my %held;

sub by_loop { return $main::config{uid} && -c '/dev/loop-control' }
sub image { return "$main::config{home}/volumes/$_[0].img" }
sub faces { return "$main::config{home}/devices" }

# The device files are in a tmpfs that only the supervisor sees: one mounted by a node's root would open no device.
sub set_up {
    return if !by_loop();
    VolumeFs::thaw_left_over("$main::config{home}/volumes/");
    Sys::unshare(Sys::NEWNS);
    Sys::mount('none', '/', '', Sys::MS_REC | Sys::MS_SLAVE);
    mkdir(faces(), 0700);
    Sys::mount('devices', faces(), 'tmpfs', Sys::MS_NOSUID, 'mode=700,size=1m');
}

sub of { my ($node) = @_; return sort { $a->{name} cmp $b->{name} } grep { $_->{node} eq $node->{id} } values %held }
sub named { my ($node, $name) = @_; return (grep { $_->{name} eq $name } of($node))[0] }

sub name_of {
    my ($device) = @_;
    my ($name) = $device =~ m{^/dev/([a-z][a-z0-9]{1,15})$} or die "$device is not the name of a device\n";
    return $name =~ s/^sd(?=[a-z])/xvd/r;
}

# What a node has from its next boot on: "VOLUME:DEVICE,...". All or nothing.
sub assign {
    my ($node, $list) = @_;
    let_go($_) for of($node);
    my $done = eval { take($node, /^([\w-]+):(.+)$/) for split /,/, $list // ''; 1 };
    my $error = $@;
    return if $done;
    let_go($_) for of($node);
    die $error;
}

sub take {
    my ($node, $id, $device) = @_;
    my $other = $held{$id};
    die "in-use: $id is attached to $other->{node}\n" if $other && $other->{node} ne $node->{id};
    my $volume = { id => $id, node => $node->{id}, device => $device, name => name_of($device) };
    return $other if $other && $other->{name} eq $volume->{name};
    die "in-use: $id is attached as $other->{device}\n" if $other;
    die "in-use: $node->{id} has a volume at $device already\n" if named($node, $volume->{name});
    make_device($volume);
    return $held{$id} = $volume;
}

sub make_device {
    my ($volume) = @_;
    my $image = image($volume->{id});
    if (!by_loop()) { $volume->{bytes} = -s $image // die "$image: $!\n"; return }
    @$volume{qw(handle number bytes)} = @{ LoopDevice::hold($image) }{qw(handle number bytes)};
    my $file = faces() . "/$volume->{id}";
    revoke($volume);
    Sys::mknod_block($file, 7, $volume->{number});
    chmod(0660, $file) && chown($main::config{uid}, $main::config{uid} + DISK_GROUP, $file) or die "$file: $!\n";
}

# Copies of the file may be left in mount namespaces that the node made. None of them may open what the number is used for later.
sub revoke {
    my ($volume) = @_;
    my $file = faces() . "/$volume->{id}";
    chown(0, 0, $file) && chmod(0, $file);
    unlink($file);
}

sub let_go {
    my ($volume) = @_;
    delete $held{ $volume->{id} };
    return if !$volume->{handle};
    revoke($volume);
    close($volume->{handle});
}

sub is_held { my ($volume) = @_; return ($held{ $volume->{id} } // 0) == $volume }

# A node that is no more keeps nothing. What another node has mounted of it stays, and its device with it.
sub let_all_go { let_go($_) for of($_[0]) }

# In a child that is still the host's root: what show() puts into the node's tree.
sub face { my ($volume) = @_; return Sys::open_tree($volume->{handle} ? faces() . "/$volume->{id}" : image($volume->{id})) }

# To a running node; one that is booting gets it then.
sub attach {
    my ($fields, $answer) = @_;
    my $node = $main::nodes{ $fields->{id} };
    return $answer->('ok') if !$node || $node->{state} eq 'stopped';
    if ($node->{state} eq 'booting') { push @{ $node->{waiting} }, sub { attach($fields, $answer) }; return }
    my $had = $held{ $fields->{volume} };
    my $volume = take($node, @$fields{qw(volume device)});
    return $answer->('ok') if $had;
    $volume->{resting} = 1;
    my @all = of($node);
    in_child(sub {
        my $inside = Share::inside($node) // die "the machine ended\n";
        my $face = face($volume);
        into($inside);
        VolumeView::show('', $volume, $face);
        VolumeView::refresh(@all);
    }, sub {
        my ($error) = @_;
        delete $volume->{resting};
        let_go($volume) if defined $error && is_held($volume);
        defined $error ? $answer->('error', message => $error) : $answer->('ok');
    });
}

sub into {
    my ($inside) = @_;
    Sys::setns($main::holder->{user}, Sys::NEWUSER);
    Sys::become_root();
    umask(022);
    Share::enter($inside);
}

# Answers busy=1, and does nothing, while it is mounted: unless it is to be taken away whatever comes of it.
sub detach {
    my ($fields, $answer) = @_;
    my $volume = $held{ $fields->{volume} };
    return $answer->('ok') if !$volume || $volume->{node} ne $fields->{id};
    return $answer->('error', message => "$volume->{id} is being copied or moved") if $volume->{resting};
    my $busy = is_busy($volume);
    return $answer->('ok', busy => 1) if $busy && !$fields->{force};
    my $node = $main::nodes{ $volume->{node} };
    $volume->{resting} = 1;
    my @left = grep { $_ != $volume } of($node);
    in_child(sub {
        VolumeUse::end($volume) if $busy;
        my $inside = Share::inside($node) // return;
        into($inside);
        VolumeView::hide($volume);
        VolumeView::refresh(@left);
    }, sub {
        my ($error) = @_;
        delete $volume->{resting};
        # It ended meanwhile, and let go of it.
        return $answer->('ok') if !is_held($volume);
        return $answer->('error', message => $error) if defined $error;
        LoopDevice::cut($volume->{handle}) if $volume->{handle};
        let_go($volume);
        $answer->('ok');
    });
}

sub is_busy { my ($volume) = @_; return defined $volume->{number} ? LoopDevice::is_busy($volume->{number}) : VolumeUse::openers($volume->{id}) > 0 }

# Before its file goes: of one that no node holds, nothing stays mounted by others.
sub end {
    my ($id, $answer) = @_;
    return $answer->('error', message => "in-use: $id is attached to $held{$id}{node}") if $held{$id};
    my $left = by_loop() ? LoopDevice::find(image($id)) : undef;
    return $answer->('ok') if $left ? !LoopDevice::is_busy($left->{number}) : !VolumeUse::openers($id);
    in_child(sub { VolumeUse::end({ id => $id, name => 'volume', number => $left && $left->{number} }) }, sub {
        LoopDevice::cut($left->{handle}) if $left;
        defined $_[0] ? $answer->('error', message => $_[0]) : $answer->('ok');
    });
}

# Its file has grown.
sub grow {
    my ($id, $answer) = @_;
    my $volume = $held{$id} // return $answer->('ok');
    $volume->{bytes} = $volume->{handle} ? LoopDevice::grow($volume->{handle}) : -s image($id);
    my $node = $main::nodes{ $volume->{node} };
    my @all = of($node);
    in_child(sub { my $inside = Share::inside($node) // return; into($inside); VolumeView::refresh(@all) }, sub {
        defined $_[0] ? $answer->('error', message => $_[0]) : $answer->('ok');
    });
}

# Its content at one moment, into a file. What is mounted is not written to meanwhile.
sub copy {
    my ($id, $to, $answer) = @_;
    my $volume = $held{$id};
    return $answer->('error', message => "$id is being copied or moved") if $volume && $volume->{resting};
    $volume->{resting} = 1 if $volume;
    in_child(sub { VolumeUse::copy($id, $to) }, sub {
        my ($error) = @_;
        my $done = sub {
            delete $volume->{resting} if $volume;
            defined $error ? $answer->('error', message => $error) : $answer->('ok');
        };
        # It may have been killed with the file system frozen.
        defined $error && by_loop() ? in_child(sub { VolumeFs::thaw_left_over(image($id)) }, $done) : $done->();
    });
}

# $code in a child that is still the host's root; then $then with undef, or why it failed.
sub in_child {
    my ($code, $then) = @_;
    pipe(my $from, my $to) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        close($from);
        $SIG{$_} = 'DEFAULT' for qw(CHLD TERM INT HUP);
        eval { $code->(); 1 } or do { syswrite($to, $@); POSIX::_exit(1) };
        POSIX::_exit(0);
    }
    close($to);
    Node::on_child($pid, sub { $then->($_[0] ? readline($from) // 'it ended early' : undef) });
}

1;
