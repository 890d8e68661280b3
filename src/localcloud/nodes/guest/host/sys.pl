# System calls that perl has no function for. Every one dies with its name and reason.
package Sys;
use strict;
use warnings;
use POSIX ();

use constant {
    NEWNS => 0x00020000, NEWCGROUP => 0x02000000, NEWUTS => 0x04000000, NEWIPC => 0x08000000,
    NEWUSER => 0x10000000, NEWPID => 0x20000000, NEWNET => 0x40000000,
    MS_RDONLY => 1, MS_NOSUID => 2, MS_NODEV => 4, MS_NOEXEC => 8, MS_NOATIME => 1024,
    MS_BIND => 4096, MS_REC => 16384, MS_PRIVATE => 1 << 18, MS_SLAVE => 1 << 19, MNT_DETACH => 2,
    ATTR_RDONLY => 1, ATTR_NOSUID => 2, ATTR_NODEV => 4, ATTR_NOEXEC => 8, ATTR_NOATIME => 0x10, ATTR_STRICTATIME => 0x20,
    ATTR_NODIRATIME => 0x80, ATTR_IDMAP => 0x100000,
};

# Below 424 the numbers differ by machine, above they are the same on all.
my %old = (
    x86_64  => { mount => 165, umount2 => 166, pivot_root => 155, unshare => 272, setns => 308, sethostname => 170, prctl => 157, prlimit => 302, setgroups => 116, lgetxattr => 192, sched_setaffinity => 203, pselect6 => 270, mknodat => 259, fallocate => 285 },
    aarch64 => { mount => 40, umount2 => 39, pivot_root => 41, unshare => 97, setns => 268, sethostname => 161, prctl => 167, prlimit => 261, setgroups => 159, lgetxattr => 9, sched_setaffinity => 122, pselect6 => 72, mknodat => 33, fallocate => 47 },
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

sub make_readonly { set_attributes($_[0], ATTR_RDONLY, 1) }

# Of a detached mount, with $deep of those below it too. ATTR_IDMAP: ids on it are those of this open user namespace.
sub set_attributes {
    my ($fd, $attributes, $deep, $user) = ($_[0] + 0, @_[1 .. 3]);
    my ($none, $change) = ('', pack('QQQQ', $attributes, 0, 0, defined $user ? fileno $user : 0));
    call('mount_setattr', $fd, $none, 0x1000 | ($deep ? 0x8000 : 0), $change, 32);
}

sub mknod_block {
    my ($path, $major, $minor) = ("$_[0]", @_[1, 2]);
    call('mknodat', -100, $path, 0060000 | 0660, ($major << 8) | ($minor & 0xff) | (($minor & ~0xff) << 12));
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

# A file system of a block device as a detached mount; options are NAME or NAME=VALUE. The device is opened with the
# rights of the caller. Dies with what the kernel says about it, and its error in $!.
sub mount_device {
    my ($type, $device, $attributes, @options) = ("$_[0]", "$_[1]", $_[2] + 0, @_[3 .. $#_]);
    my ($key, $null) = ('source', 0);
    my $fs = call('fsopen', $type, 1);
    my $mount = eval {
        call('fsconfig', $fs, 1, $key, $device, 0);
        for (@options) {
            my ($name, $value) = map { defined $_ ? "$_" : undef } split /=/, $_, 2;
            if (defined $value) { call('fsconfig', $fs, 1, $name, $value, 0) } else { call('fsconfig', $fs, 0, $name, $null, 0) }
        }
        call('fsconfig', $fs, 6, $null, $null, 0);
        call('fsmount', $fs, 1, $attributes);
    };
    my ($error, $number) = ($@, $! + 0);
    my @said;
    while (!defined $mount && (POSIX::read($fs, my $line, 4096) // 0) > 0) { push @said, $line =~ s/^[a-z] //r =~ s/\s+\z//r }
    POSIX::close($fs);
    return $mount if defined $mount;
    $! = $number;
    die @said ? "$said[-1]\n" : $error;
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

# From now on, also for all children: ioctl() with a request between $low and $low + 0xff is refused, and these two
# requests do nothing and succeed. Needs to be root here.
my %ioctl = (
    x86_64  => [[0xC000003E, 16, 0x40000000 + 514], [0x40000003, 54]],
    aarch64 => [[0xC00000B7, 29], [0x40000028, 54]],
);

sub filter_ioctls {
    my ($low, $first, $second) = @_;
    my ($allow, $refuse, $succeed) = map { [0x06, 0, 0, $_] } 0x7fff0000, 0x00050001, 0x00050000;
    # Words of struct seccomp_data: 0 the call's number, 4 the architecture, 24 the second argument.
    my @check = ([0x20, 0, 0, 24], [0x15, 5, 0, $first], [0x15, 4, 0, $second], [0x54, 0, 0, 0xffffff00], [0x15, 1, 0, $low], $allow, $refuse, $succeed);
    my @program = ([0x20, 0, 0, 4]);
    my @blocks = map { my ($arch, @calls) = @$_; [$arch, [0x20, 0, 0, 0], (map { [0x15, 0, 0, $_] } @calls), $allow] } @{ $ioctl{$machine} };
    for my $block (@blocks) { my ($arch, @code) = @$block; push @program, [0x15, 0, scalar @code, $arch], @code }
    push @program, $refuse;
    # The calls of each architecture go on at the check, which is last.
    for my $at (grep { $program[$_][0] == 0x15 && $program[$_][2] == 0 } 0 .. $#program) { $program[$at][1] = @program - $at - 1 }
    my $code = join '', map { pack('SCCL', @$_) } @program, @check;
    my $header = pack('Sx6P', length($code) / 8, $code);
    call('prctl', 22, 2, $header, 0, 0);
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
