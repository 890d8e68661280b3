# Children that end just when the supervisor's loop is about to wait, one after another: a line and an end each, as the short
# processes of a boot do. Prints how many ended. One whose end is slept over stops the chain.
use strict;
use warnings;
use POSIX ();
use Time::HiRes qw(time);

my ($dir, $wanted) = @ARGV;
require "$dir/$_.pl" for qw(sys loop);
pipe(my $in, my $out) or die "pipe: $!\n";
my $ended = 0;

sub another {
    my $pid = fork() // die "fork: $!\n";
    return if $pid;
    syswrite($out, '.');
    my $until = time() + ($ended % 60) / 1e6;
    1 while time() < $until;
    POSIX::_exit(0);
}

sub reap {
    while (waitpid(-1, POSIX::WNOHANG()) > 0) {
        if (++$ended == $wanted) { print "$ended\n"; exit 0 }
        another();
    }
}

Loop::watch($in, sub { sysread($in, my $drop, 64) });
another();
Loop::run(\&reap);
