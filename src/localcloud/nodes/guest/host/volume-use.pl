# What becomes of a volume that is in use: its end, and copies of it.
package VolumeUse;
use strict;
use warnings;
use POSIX ();

# In a child, as root: it is mounted nowhere any more, and who still has a file of it open gets errors.
sub end {
    my ($volume) = @_;
    if (!defined $volume->{number}) {
        my ($id, @mounts) = ($volume->{id}, VolumeFuse::mounts($volume->{id}));
        kill_openers($id);
        unmount_in($_, VolumeFuse::device($id)) for map { $_->[0] } @mounts;
        return;
    }
    # The root of its file system is open no longer than this process lives.
    if (my $pid = fork() // die "fork: $!\n") { waitpid($pid, 0) }
    else {
        eval { my $root = VolumeFs::living(@$volume{qw(name number)}); VolumeFs::shut_down($root) if $root; 1 } or print $@;
        POSIX::_exit(0);
    }
    for my $node (grep { $_->{state} eq 'running' } values %main::nodes) { unmount_in($node, "7:$volume->{number}") }
}

# Everything that the node's own mount namespace has of this device.
sub unmount_in {
    my ($node, $device) = @_;
    open(my $mounts, '<', "/proc/$node->{host_pid}/mountinfo") or return;
    my @paths = map { my @word = split; $word[2] eq $device ? $word[4] =~ s/\\([0-7]{3})/chr oct $1/ger : () } readline $mounts;
    return if !@paths;
    my $pid = fork() // die "fork: $!\n";
    if ($pid) { waitpid($pid, 0); return }
    eval { Volume::into(Share::inside($node) // die "the machine ended\n"); Sys::umount($_, Sys::MNT_DETACH) for reverse @paths; 1 } or print $@;
    POSIX::_exit(0);
}

# In a child, as root.
sub copy {
    my ($id, $to) = @_;
    my $image = Volume::image($id);
    my $run = sub {
        my $pid = open(my $from, '-|') // die "fork: $!\n";
        if (!$pid) {
            open(STDERR, '>&', \*STDOUT);
            exec { 'cp' } 'cp', '--reflink=auto', '--sparse=auto', '--', $image, $to or POSIX::_exit(127);
        }
        my $complaint = join '', readline $from;
        close($from) or die $complaint || "cp failed\n";
    };
    my $loop = Volume::by_loop() ? LoopDevice::find($image) : undef;
    my $root = $loop && LoopDevice::is_busy($loop->{number}) ? VolumeFs::living('volume', $loop->{number}) : undef;
    my $copy = sub { LoopDevice::flush($loop->{handle}) if $loop; $run->() };
    return VolumeFs::frozen($root, $copy) if $root;
    return VolumeFuse::still($id, $copy) if !Volume::by_loop();
    $copy->();
}

# Processes of ours that have an image file open: where there are no loop devices, those that serve it or write to it. By the
# numbers that this process knows them by; /proc has the host's.
sub openers {
    my ($id) = @_;
    my @image = stat(Volume::image($id)) or return ();
    my @found = grep {
        scalar grep { my @file = stat; @file && $file[0] == $image[0] && $file[1] == $image[1] } glob("/proc/$_/fd/*");
    } map { m{(\d+)} ? $1 : () } glob('/proc/[0-9]*');
    return grep { $_ && $_ != $$ } map { number_here($_) } @found;
}

sub number_here {
    my ($host_pid) = @_;
    open(my $in, '<', "/proc/$host_pid/status") or return undef;
    my ($numbers) = map { /^NSpid:\s*(.*)/ ? $1 : () } readline $in;
    # Ours is as deep as the supervisor's, whose /proc/self has it first.
    return (split ' ', $numbers // '')[1];
}

sub kill_openers {
    my ($id) = @_;
    for my $signal (qw(TERM KILL)) {
        kill($signal, openers($id));
        for (1 .. 40) { return if !openers($id); select(undef, undef, undef, 0.1) }
    }
    die "its processes do not end\n";
}

1;
