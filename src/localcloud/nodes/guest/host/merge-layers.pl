#!/usr/bin/perl
# merge-layers.pl HOLDER_PID copy|link TARGET LAYER...: puts overlay layers, lowest first, together into TARGET (an empty
# directory of the nodes' root), so that the one has the effect of them all. Works as the root of the holder's user
# namespace on the host's files: a disk that is mounted in the holder is reached below /proc/HOLDER_PID/root.
use strict;
use warnings;
use POSIX ();

BEGIN {
    my ($here) = __FILE__ =~ m{^(.*)/} or die "run me by my path\n";
    require "$here/sys.pl";
}

my ($holder, $how, $target, @layers) = @ARGV;
open(my $user, '<', "/proc/$holder/ns/user") or die "the holder of the machines is gone: $!\n";
Sys::setns($user, Sys::NEWUSER);
Sys::become_root();
for my $layer (@layers) {
    -d $layer or die "$layer is missing\n";
    make_room($layer, $target);
    # Something that a running machine deletes meanwhile is missing from the copy: it is no longer there.
    my @complaints = grep { !/No such file or directory/ } run('cp', $how eq 'link' ? '-al' : '-a', '--remove-destination', '--', "$layer/.", $target);
    die @complaints if @complaints;
}

# Whatever in TARGET the layer hides or replaces goes; directories that both have stay.
sub make_room {
    my ($layer, $target) = @_;
    opendir(my $dir, $layer) or return;
    for my $name (grep { $_ ne '.' && $_ ne '..' } readdir $dir) {
        my ($from, $to) = ("$layer/$name", "$target/$name");
        lstat($to) or next;
        my $both = !-l _ && -d _;
        lstat($from) or next;
        $both &&= !-l _ && -d _;
        if ($both && !is_opaque($from)) { make_room($from, $to); next }
        my @complaints = run('rm', '-rf', '--', $to);
        die @complaints if @complaints;
    }
}

sub is_opaque { my ($value) = Sys::getxattr($_[0], 'user.overlay.opaque'); return defined $value && $value eq 'y' }

# -> the lines of its complaints
sub run {
    my @command = @_;
    pipe(my $from, my $to) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        open(STDERR, '>&', $to);
        exec { $command[0] } @command or do { print STDERR "$command[0]: $!\n"; POSIX::_exit(127) };
    }
    close($to);
    my @lines = readline($from);
    waitpid($pid, 0);
    return $? ? (@lines ? @lines : ("$command[0] failed with status $?\n")) : ();
}
