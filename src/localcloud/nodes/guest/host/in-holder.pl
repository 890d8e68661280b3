#!/usr/bin/perl
# in-holder.pl HOLDER_PID COMMAND...: runs a host program on the host's files as root of the holder's user namespace.
use strict;
use warnings;

BEGIN {
    my ($here) = __FILE__ =~ m{^(.*)/} or die "run me by my path\n";
    require "$here/sys.pl";
}

my ($holder, @command) = @ARGV;
open(my $user, '<', "/proc/$holder/ns/user") or die "the holder of the machines is gone: $!\n";
Sys::setns($user, Sys::NEWUSER);
Sys::become_root();
exec { $command[0] } @command or die "$command[0]: $!\n";
