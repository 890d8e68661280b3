#!/usr/bin/perl
# as-node-root.pl UID_BASE DIR COMMAND...: runs a host program in DIR as root of a user namespace like the nodes' own, so that
# what it writes belongs to the ids that nodes use. DIR is entered before, so the way to it may be closed to those ids.
use strict;
use warnings;
use POSIX ();

BEGIN {
    my ($here) = __FILE__ =~ m{^(.*)/} or die "run me by my path\n";
    require "$here/sys.pl";
}

my ($uid, $dir, @command) = @ARGV;
chdir($dir) or die "chdir $dir: $!\n";
pipe(my $from, my $to_us) or die "pipe: $!\n";
pipe(my $go, my $to_child) or die "pipe: $!\n";
my $pid = fork() // die "fork: $!\n";
if (!$pid) {
    close($_) for $from, $to_child;
    my $host_pid = Sys::host_pid();
    Sys::unshare(Sys::NEWUSER);
    syswrite($to_us, "$host_pid\n");
    readline($go) // exit 1;
    Sys::become_root();
    exec { $command[0] } @command or die "$command[0]: $!\n";
}
close($_) for $to_us, $go;
chomp(my $host_pid = readline($from) // exit 1);
Sys::spit("/proc/$host_pid/${_}_map", "0 $uid 65536") for qw(uid gid);
syswrite($to_child, "go\n");
waitpid($pid, 0);
exit($? ? ($? >> 8 || 1) : 0);
