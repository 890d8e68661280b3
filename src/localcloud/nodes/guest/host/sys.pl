# System calls that perl has no function for. Every one dies with its name and reason.
package Sys;
use strict;
use warnings;
use POSIX ();

use constant {
    NEWNS => 0x00020000, NEWCGROUP => 0x02000000, NEWUTS => 0x04000000, NEWIPC => 0x08000000,
    NEWUSER => 0x10000000, NEWPID => 0x20000000, NEWNET => 0x40000000,
    MS_RDONLY => 1, MS_NOSUID => 2, MS_NODEV => 4, MS_NOEXEC => 8, MS_NOATIME => 1024,
    MS_BIND => 4096, MS_REC => 16384, MS_PRIVATE => 1 << 18, MNT_DETACH => 2,
};

# Below 424 the numbers differ by machine, above they are the same on all.
my %old = (
    x86_64  => { mount => 165, umount2 => 166, pivot_root => 155, unshare => 272, setns => 308, sethostname => 170, prctl => 157, prlimit => 302, setgroups => 116, lgetxattr => 192, sched_setaffinity => 203, pselect6 => 270 },
    aarch64 => { mount => 40, umount2 => 39, pivot_root => 41, unshare => 97, setns => 268, sethostname => 161, prctl => 167, prlimit => 261, setgroups => 159, lgetxattr => 9, sched_setaffinity => 122, pselect6 => 72 },
);
my $machine = (POSIX::uname())[4];
my %number = (
    %{ $old{$machine} // die "no system call numbers for $machine\n" },
    open_tree => 428, move_mount => 429, fsopen => 430, fsconfig => 431, fsmount => 432, mount_setattr => 442,
);

# Strings are copied: syscall() takes only writable ones. Numbers must arrive as numbers.
sub call {
    my ($name, @args) = @_;
    my $r = syscall($number{$name}, @args);
    die "$name: $!\n" if $r < 0;
    return $r;
}

sub mount {
    my ($source, $target, $type, $flags, $data) = map { "$_" } @_[0 .. 2], $_[3] // 0, $_[4] // '';
    my $bits = $flags + 0;
    eval { call('mount', $source, $target, $type, $bits, $data); 1 } or do { chomp(my $e = $@); die "mounting $target: $e\n" };
}

sub umount { my ($path, $flags) = ("$_[0]", ($_[1] // 0) + 0); call('umount2', $path, $flags) }
sub unshare { call('unshare', $_[0] + 0) }
sub setns { my ($fh, $kind) = @_; call('setns', fileno($fh), $kind + 0) }
sub sethostname { my $n = "$_[0]"; call('sethostname', $n, length $n) }
sub pivot_root { my ($new, $old) = map { "$_" } @_; call('pivot_root', $new, $old) }

# A detached copy of a mount (with what is mounted below it), to be attached by attach() in any mount namespace.
sub open_tree { my ($path, $flat) = ("$_[0]", $_[1]); call('open_tree', -100, $path, 1 | 02000000 | ($flat ? 0 : 0x8000)) }
sub attach { my ($fd, $target) = ($_[0] + 0, "$_[1]"); my $none = ''; call('move_mount', $fd, $none, -100, $target, 4) }

sub make_readonly {
    my $fd = $_[0] + 0;
    my ($none, $attributes) = ('', pack('QQQQ', 1, 0, 0, 0));
    call('mount_setattr', $fd, $none, 0x1000 | 0x8000, $attributes, 32);
}

# Soft and hard RLIMIT_NPROC; never above what we have.
sub limit_processes {
    my ($wanted, $now) = ($_[0], pack('QQ', 0, 0));
    my $null = 0;
    syscall($number{prlimit}, 0, 6, $null, $now) == 0 or die "prlimit: $!\n";
    my $hard = (unpack('QQ', $now))[1];
    my $limits = pack("QQ", ($hard < $wanted ? $hard : $wanted) x 2);
    call('prlimit', 0, 6, $limits, $null);
}

# A file system of a block device as a detached mount. The device is opened with the rights of the caller.
sub mount_device {
    my ($type, $device, @options) = map { "$_" } @_;
    my ($key, $null) = ('source', 0);
    my $fs = call('fsopen', $type, 1);
    call('fsconfig', $fs, 1, $key, $device, 0);
    for my $option (@options) { my $o = $option; call('fsconfig', $fs, 0, $o, $null, 0) }
    call('fsconfig', $fs, 6, $null, $null, 0);
    my $mount = call('fsmount', $fs, 1, 0x10);    # no access times
    POSIX::close($fs);
    return $mount;
}

# Becomes an id of the current user namespace; 0 with all its capabilities and none outside.
sub become_root { become(0) }

sub become {
    my ($id) = @_;
    my $none = pack('L', 0);
    call('setgroups', 0, $none);
    POSIX::setgid($id) // die "setgid: $!\n";
    POSIX::setuid($id) // die "setuid: $!\n";
    call('prctl', 4, 1, 0, 0, 0);                 # dumpable, so that our own /proc files stay ours
}

# Waits until one of the handles can be read or a signal comes, with no signal blocked meanwhile: pselect(2). -> bits of
# the numbers of those that can be read, as select() has them
sub wait_readable {
    my $bits = '';
    vec($bits, $_, 1) = 1 for @_;
    $bits .= "\0" x (-length($bits) % 8);
    my ($unblocked, $null) = (pack('Q', 0), 0);
    my $mask = pack('PQ', $unblocked, 8);
    my $found = syscall($number{pselect6}, 8 * length $bits, $bits, $null, $null, $null, $mask);
    return $found > 0 ? $bits : '';
}

sub host_pid { my $self = readlink('/proc/self') // die "reading /proc/self: $!\n"; return $self }

# Value of an extended attribute, or undef when there is none.
sub getxattr {
    my ($path, $name, $value) = ("$_[0]", "$_[1]", "\0" x 256);
    my $length = syscall($number{lgetxattr}, $path, $name, $value, 256);
    return $length < 0 ? undef : substr($value, 0, $length);
}

sub spit {
    my ($path, $text) = @_;
    open(my $out, '>', $path) or die "opening $path: $!\n";
    syswrite($out, $text) // die "writing $path: $!\n";
    close($out) or die "writing $path: $!\n";
}

1;
