# The one loop of the supervisor: calls back when a handle can be read, and when children ended.
package Loop;
use strict;
use warnings;
use POSIX ();

our %readers;    # fileno -> [handle, code]

# Calls back with the handle whenever it can be read. forget() before closing it.
sub watch { my ($handle, $call) = @_; $readers{ fileno $handle } = [$handle, $call] }
sub forget { my ($handle) = @_; delete $readers{ fileno $handle } if defined $handle && defined fileno $handle }

# Never returns. `reap` is called at least once after any child ended.
sub run {
    my ($reap) = @_;
    my $ended = 1;
    local $SIG{CHLD} = sub { $ended = 1 };
    local $SIG{PIPE} = 'IGNORE';
    local $SIG{TERM} = sub { POSIX::_exit(0) };
    my $signals = POSIX::SigSet->new(POSIX::SIGCHLD(), POSIX::SIGTERM());
    while (1) {
        # Perl runs a handler some time after its signal came. One that comes between the last look at $ended and the wait
        # would be slept over; blocked until the wait begins, it ends the wait.
        POSIX::sigprocmask(POSIX::SIG_BLOCK(), $signals);
        # A statement of its own: handlers of what came before have run when it begins.
        my $ready = $ended ? '' : Sys::wait_readable(keys %readers);
        POSIX::sigprocmask(POSIX::SIG_UNBLOCK(), $signals);
        if ($ended) { $ended = 0; $reap->() }
        dispatch($ready);
    }
}

# A number that was closed and opened again meanwhile is another handle, which has not been waited for.
sub dispatch {
    my ($ready) = @_;
    my %asked = %readers;
    for my $fd (grep { vec($ready, $_, 1) } keys %asked) {
        my $reader = $asked{$fd};
        next if ($readers{$fd} // 0) != $reader;
        eval { $reader->[1]->($reader->[0]); 1 } or print "fd $fd: $@";
    }
}

1;
