# `mount /dev/xvdf /data` of a node: the file system is mounted out here, by the host's root, and put into the node with the
# node's own ids. Its kernel code reads what the node's root wrote to the device, so options that could hurt the host are not
# taken, and device files on it open nothing, which the node cannot change.
package VolumeMount;
use strict;
use warnings;
use POSIX ();

my $seconds = qr/\d{1,5}/;
my %known = (
    ext4 => qr/^(?:data=(?:journal|ordered|writeback)|commit=$seconds|discard|nodiscard|barrier(?:=[01])?|nobarrier|noload|norecovery|user_xattr|nouser_xattr|acl|noacl|delalloc|nodelalloc|auto_da_alloc|noauto_da_alloc|errors=(?:remount-ro|continue)|init_itable(?:=\d{1,4})?|noinit_itable|usrquota|grpquota|prjquota|quota|noquota|journal_checksum|stripe=\d{1,6}|grpid|nogrpid|bsdgroups|sysvgroups|dioread_lock|dioread_nolock)$/,
    xfs => qr/^(?:discard|nodiscard|nouuid|norecovery|largeio|nolargeio|swalloc|inode32|inode64|allocsize=\d{1,4}[km]?|logbufs=\d|logbsize=\d{1,6}k?|noalign|grpid|nogrpid|bsdgroups|sysvgroups|u?quota|usrquota|uqnoenforce|qnoenforce|gquota|grpquota|gqnoenforce|pquota|prjquota|pqnoenforce|noquota|wsync|attr2|noattr2)$/,
);
my $ignored = qr/^(?:rw|ro|suid|nosuid|dev|nodev|exec|noexec|a?sync|dirsync|atime|noatime|relatime|norelatime|strictatime|nostrictatime|diratime|nodiratime|l?iversion|no(?:i|lazy)?version|lazytime|nolazytime|defaults|auto|noauto|user|nouser|users|owner|group|nofail|_netdev|silent|loud|mand|nomand|comment=.*|x-.*|X-.*|)$/s;

sub mount {
    my ($node, $inside, $ask) = @_;
    my ($at, $type) = @$ask{qw(at type)};
    return '32 not an absolute path' if ($at // '') !~ m{^/};
    my $volume = Volume::named($node, $ask->{name} // '') // return "32 special device /dev/$ask->{name} does not exist";
    return '75 the volume is being copied or moved' if $volume->{resting};
    my $driver = { ext2 => 'ext4', ext3 => 'ext4', ext4 => 'ext4', xfs => 'xfs' }->{ $type // '' } // return "32 unknown filesystem type '$type'";
    my @options = split /,/, $ask->{options} // '';
    my @own = grep { $_ !~ $ignored } @options;
    for (@own) { return "32 the option $_ cannot be used for $type here" if $_ !~ $known{$driver} }
    my %is = map { $_ => 1 } @options;
    push @own, 'ro' if $is{noload} || $is{norecovery};
    # The file system says itself what an error in it does. A panic would be the host's.
    push @own, 'errors=remount-ro' if $driver eq 'ext4' && !grep { /^errors=/ } @own;
    my $atime = ($is{noatime} ? Sys::ATTR_NOATIME : $is{strictatime} ? Sys::ATTR_STRICTATIME : 0) | ($is{nodiratime} ? Sys::ATTR_NODIRATIME : 0);
    my ($tree, $device) = eval { defined $volume->{number} ? by_kernel($volume, $driver, $atime, @own) : VolumeFuse::tree($node, $volume, $is{ro}) };
    return "32 $@" if !defined $tree;
    Share::enter($inside);
    my @target = stat($at) or return "32 mount point $at does not exist";
    return "32 mount point $at is not a directory" if !-d _;
    return "32 /dev/$volume->{name} already mounted on $at" if $target[0] == $device && Share::is_mount_point($at);
    my $more = ($is{ro} ? Sys::ATTR_RDONLY : 0) | ($is{nosuid} || $is{user} || $is{users} ? Sys::ATTR_NOSUID : 0) | ($is{noexec} ? Sys::ATTR_NOEXEC : 0);
    Sys::set_attributes($tree, $more) if $more;
    Sys::attach($tree, $at);
    return '0';
}

# -> detached mount and its device number
sub by_kernel {
    my ($volume, $driver, $atime, @options) = @_;
    VolumeFs::private_dev(@$volume{qw(name number)});
    my $mount = eval { Sys::mount_device($driver, "/dev/$volume->{name}", Sys::ATTR_NODEV | $atime, @options) } // die complaint($volume, $driver) . "\n";
    eval { Sys::set_attributes($mount, Sys::ATTR_IDMAP, 0, $main::holder->{user}); 1 } or die "this computer's Linux is too old to mount volumes of machines (5.12 is needed)\n";
    my $number = $volume->{number};
    return (locked($mount), 7 << 8 | $number & 0xff | ($number & ~0xff) << 12);
}

# Taken over into a mount namespace of the nodes' root, a mount keeps what it forbids there (the kernel locks it), also when it
# is copied again. One that we attached in the node as it is could be mounted again with `dev` by the node's root.
sub locked {
    my ($mount) = @_;
    mkdir('/dev/mnt', 0700) or die "mkdir: $!\n";
    Sys::attach($mount, '/dev/mnt');
    POSIX::close($mount);
    Sys::setns($main::holder->{user}, Sys::NEWUSER);
    Sys::become_root();
    Sys::unshare(Sys::NEWNS);
    return Sys::open_tree('/dev/mnt', 1);
}

sub complaint {
    my ($volume, $driver) = @_;
    my ($said, $number) = ($@ =~ s/\s+\z//r, $! + 0);
    return "/dev/$volume->{name} already mounted or in use" if $number == POSIX::EBUSY();
    return "unknown filesystem type '$driver' (the kernel of this computer does not have it)" if $number == POSIX::ENODEV();
    $said = $said =~ /^fsconfig: / ? '' : " ($said)";
    return "wrong fs type, bad option, bad superblock on /dev/$volume->{name}$said" if $number == POSIX::EINVAL();
    $! = $number;
    return "mounting /dev/$volume->{name} failed: $!$said";
}

# resize2fs and xfs_growfs of something that is mounted.
sub grow {
    my ($node, $ask) = @_;
    my $volume = Volume::named($node, $ask->{name} // '') // return "32 /dev/$ask->{name} does not exist";
    return '75 the volume is being copied or moved' if $volume->{resting};
    return "32 /dev/$volume->{name} grows only while it is not mounted, in the local cloud of an ordinary user: umount it first" if !defined $volume->{number};
    my $root = VolumeFs::living(@$volume{qw(name number)}) // return "32 /dev/$volume->{name} has no file system that is mounted";
    my $blocks = ($ask->{blocks} // '') =~ /^(\d{1,15})$/ ? $1 : 0;
    return '0 blocks=' . VolumeFs::grow($root, "/dev/$volume->{name}", $volume->{bytes}, $blocks);
}

1;
