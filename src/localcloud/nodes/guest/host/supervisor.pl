#!/usr/bin/perl
# Keeps the nodes of one home alive and outlives the process that asked for them. It is PID 1 of a pid namespace, so
# when it ends the kernel ends every node, the holder and the egress process with it: nothing can be left behind.
#   supervisor.pl HOME_DIR IMAGES_DIR UID_BASE NETWORK ADDRESS PREFIX GATEWAY EGRESS(0|1)
# Says "ready" on stdout when its control socket (HOME_DIR/control.sock) answers; "busy" when another one is at work.
use strict;
use warnings;
use POSIX ();
use Fcntl qw(:flock F_SETFD FD_CLOEXEC);
use Socket qw(AF_UNIX SOCK_STREAM SOCK_DGRAM pack_sockaddr_un);

BEGIN {
    my ($here) = __FILE__ =~ m{^(.*)/} or die "run me by my path\n";
    require "$here/$_.pl" for qw(sys loop idmap wire holder disk loop-device volume-fs volume-fuse volume-view volume-use volume-mount volume looks boot share node requests);
}

my ($home, $images, $uid, $network, $address, $prefix, $gateway, $egress) = @ARGV;
our %config = (home => $home, images => $images, uid => $uid, network => $network, address => $address, prefix => $prefix, gateway => $gateway, egress => $egress);

umask(077);
open(my $lock, '>>', "$home/supervisor.lock") or die "opening $home/supervisor.lock: $!\n";
if (!flock($lock, LOCK_EX | LOCK_NB)) { print "busy\n"; exit 0 }
pipe(my $from, my $tell) or die "pipe: $!\n";
Sys::unshare(Sys::NEWPID);
my $pid = fork() // die "fork: $!\n";
if ($pid) {
    close($tell);
    my $answer = readline($from) // "error the supervisor ended early\n";
    print $answer;
    exit($answer =~ /^ready/ ? 0 : 1);
}
close($from);
POSIX::setsid();
$0 = "starcluster-supervisor $home";
chdir('/');
open(STDIN, '<', '/dev/null');
open(STDOUT, '>>', "$home/supervisor.log") or die "$home/supervisor.log: $!\n";
open(STDERR, '>&', \*STDOUT);
$| = 1;

our (%nodes, %readers, %watchers, $holder);
# The names by which the other parts know them.
*readers = \%Loop::readers;
*watch = \&Loop::watch;
*forget = \&Loop::forget;
my ($slirp, $control);
eval { set_up(); 1 } or do { syswrite($tell, "error $@"); POSIX::_exit(1) };
syswrite($tell, 'ready ' . Sys::host_pid() . "\n");
close($tell);
Loop::run(\&reap);

sub set_up {
    unlink("$home/control.sock");
    $holder = Holder::start(disks => $home, images => $images, uid => $uid);
    Volume::set_up();
    Holder::network($holder, %config);
    if ($egress) { start_egress() } else { Holder::no_egress($holder, %config) }
    socket($control, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
    # The address of a socket has room for 107 bytes; the path of a home may be longer.
    chdir($home) or die "chdir $home: $!\n";
    bind($control, pack_sockaddr_un('control.sock')) or die "bind $home/control.sock: $!\n";
    chdir('/');
    listen($control, 128) or die "listen: $!\n";
    $control->blocking(0);
    watch($control, \&Requests::accept_one);
}

sub reap {
    while ((my $pid = waitpid(-1, POSIX::WNOHANG())) > 0) {
        my $status = $?;
        if ($slirp and $pid == $slirp) { restart_egress() }
        elsif ($pid == $holder->{pid}) { print "the holder ended\n"; POSIX::_exit(1) }
        else { eval { Node::child_ended($pid, $status); 1 } or print "child $pid: $@" }
    }
}

sub start_egress {
    $slirp = Holder::egress($holder, %config) and return;
    print "no egress: slirp4netns did not start\n";
    Holder::no_egress($holder, %config);
}

# Opens or closes the nodes' way out; connections that are there end with it. -> whether it is there
sub egress {
    my ($wanted) = @_;
    return $slirp ? 1 : '' if !defined $wanted;
    if (!$wanted && $slirp) {
        my $pid = $slirp;
        undef $slirp;
        kill('KILL', $pid);
        waitpid($pid, 0);
    }
    if ($wanted && !$slirp) { Holder::end_no_egress($holder, %config); start_egress() }
    elsif (!$wanted && $config{egress}) { Holder::no_egress($holder, %config) }
    $config{egress} = $wanted ? 1 : 0;
    return $slirp ? 1 : '';
}

# At most ten times in the life of this process: something that dies at once must not keep the machine busy.
{
    my $left = 10;
    sub restart_egress {
        print "slirp4netns ended; ", ($left ? "starting it again\n" : "not started again\n");
        $slirp = $left-- > 0 ? eval { Holder::egress($holder, %config) } : undef;
    }
}

# An event for whoever follows along; a follower that does not read is dropped.
sub tell_watchers {
    my ($line) = @_;
    for my $watcher (values %watchers) {
        next if (syswrite($watcher, $line) // -1) == length $line;
        delete $watchers{ fileno $watcher };
        forget($watcher);
        close($watcher);
    }
}
