#!/usr/bin/perl
# as-own-root.pl COMMAND...: becomes a host program as root of a user namespace in which 0 is the user who calls, and 1 to
# 65535 are his subordinate ids: the ids of his nodes. With a mount namespace of its own. For ordinary users.
use strict;
use warnings;
use POSIX ();

BEGIN {
    my ($here) = __FILE__ =~ m{^(.*)/} or die "run me by my path\n";
    require "$here/$_.pl" for qw(sys idmap);
}

my ($uid, $gid, $me) = ($<, $( + 0, Sys::host_pid());
pipe(my $from, my $tell) or die "pipe: $!\n";
pipe(my $made, my $say_made) or die "pipe: $!\n";
my $mapper = fork() // die "fork: $!\n";
if (!$mapper) {
    close($say_made);
    close($from);
    readline($made) // POSIX::_exit(1);
    eval { IdMap::write_own($me, $uid, $gid); 1 } or syswrite($tell, $@);
    POSIX::_exit(0);
}
close($tell);
eval { Sys::unshare(Sys::NEWUSER); 1 } or die "this computer refuses user namespaces to ordinary users ($!)\n";
syswrite($say_made, "made\n");
my $complaint = readline($from);
waitpid($mapper, 0);
die $complaint if defined $complaint;
Sys::become_root();
# Ubuntu's AppArmor lets ordinary users make the namespace but gives them no rights in it.
eval { Sys::unshare(Sys::NEWNS); 1 } or die "this computer gives ordinary users no rights in their user namespaces ($!)\n";
exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\n";
