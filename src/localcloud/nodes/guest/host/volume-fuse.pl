# Volumes where there are no loop devices: the file system is served by fuse2fs, a process of the holder's root outside the
# nodes, from the base image's own files. So every node may use a mount of it, and it lives as long as one does.
package VolumeFuse;
use strict;
use warnings;
use POSIX ();
use Fcntl qw(:flock F_SETFD);
use IO::Handle;

# In a process of its own, still in the supervisor's namespaces; leaves it in the holder's user namespace.
# -> detached mount and its device number, or dies with what mount(8) is to say
sub tree {
    my ($node, $volume, $readonly) = @_;
    my $id = $volume->{id};
    my ($type) = VolumeFs::type_of(Volume::image($id));
    die "wrong fs type, bad option, bad superblock on /dev/$volume->{name}\n" if !defined $type;
    die "xfs is mounted by the kernel only: in the local cloud of an ordinary user a volume can be ext4\n" if $type ne 'ext4';
    # One server for a file system: the living one, or a new one when the last has written everything.
    for (1 .. 300) {
        my @found = living_tree($id);
        return @found if @found;
        return serve($node, $volume, $readonly) if !VolumeUse::openers($id);
        select(undef, undef, undef, 0.1);
    }
    die "/dev/$volume->{name} is open in another program\n";
}

# Device number of the file system that is being served: in a file that its server keeps locked as long as it lives.
sub device {
    my ($id) = @_;
    open(my $in, '<', record($id)) or return '';
    return '' if flock($in, LOCK_SH | LOCK_NB);
    chomp(my $line = readline($in) // '');
    return $line;
}

sub record { return Volume::image($_[0]) =~ s/img$/fuse/r }

# Where nodes have it mounted: [node, path], whole ones first.
sub mounts {
    my ($id) = @_;
    my $device = device($id);
    return () if $device eq '';
    my @found;
    for my $node (grep { $_->{state} eq 'running' } values %main::nodes) {
        open(my $in, '<', "/proc/$node->{host_pid}/mountinfo") or next;
        while (my $line = readline($in)) {
            my @word = split ' ', $line;
            push @found, [$node, $word[4] =~ s/\\([0-7]{3})/chr oct $1/ger, $word[3]] if $word[2] eq $device;
        }
    }
    return sort { length $a->[2] <=> length $b->[2] } @found;
}

sub living_tree {
    my ($id) = @_;
    my @mounts = mounts($id) or return ();
    die "another machine still has a directory of it mounted; umount it there first\n" if $mounts[0][2] ne '/';
    my $inside = Share::inside($mounts[0][0]) // return ();
    Volume::into($inside);
    return (Sys::open_tree($mounts[0][1], 1), (stat $mounts[0][1])[0]);
}

sub serve {
    my ($node, $volume, $readonly) = @_;
    my $base = (split /,/, $node->{lower})[-1];
    my $face = Volume::face($volume);
    sysopen(my $fuse, '/dev/fuse', POSIX::O_RDWR()) or die "mounting a volume needs /dev/fuse of this computer ($!); `starcluster local doctor` says how\n";
    close($fuse);
    my %device = (null => Sys::open_tree('/dev/null'), fuse => Sys::open_tree('/dev/fuse'), $volume->{name} => $face);
    open(my $record, '>', record($volume->{id})) or die "$volume->{id}: $!\n";
    flock($record, LOCK_EX | LOCK_NB) or die "$volume->{id} is served already\n";
    $record->autoflush(1);
    Sys::setns($main::holder->{user}, Sys::NEWUSER);
    Sys::become_root();
    umask(022);
    Sys::setns($main::holder->{mnt}, Sys::NEWNS);
    chdir('/') or die "chdir: $!\n";
    Sys::unshare(Sys::NEWNS);
    room("/images/layers/$base", %device);
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        open(STDIN, '<', '/dev/null');
        fcntl($record, F_SETFD, 0);
        my $options = 'fakeroot,allow_other,default_permissions' . ($readonly ? ',ro' : '');
        exec { '/usr/bin/fuse2fs' } 'fuse2fs', '-o', $options, "/dev/$volume->{name}", '/dev/mnt' or print "fuse2fs: $!\n";
        POSIX::_exit(127);
    }
    # It goes to the background when it serves.
    waitpid($pid, 0);
    die "fuse2fs could not serve /dev/$volume->{name}: try fsck.ext4 -f; see supervisor.log outside\n" if $?;
    my $number = (stat '/dev/mnt')[0];
    printf $record "%d:%d\n", ($number >> 8) & 0xfff, ($number & 0xff) | (($number >> 12) & ~0xff);
    my $tree = Sys::open_tree('/dev/mnt', 1);
    Sys::umount('/dev/mnt', Sys::MNT_DETACH);
    return ($tree, $number);
}

# A root for fuse2fs with nothing in it but the base image, two devices and the volume.
sub room {
    my ($layer, %device) = @_;
    -x "$layer/usr/bin/fuse2fs" or die "the image of this machine has no fuse2fs, which mounts volumes in the local cloud of an ordinary user\n";
    Sys::mount($layer, '/node', '', Sys::MS_BIND);
    Sys::mount('dev', '/node/dev', 'tmpfs', Sys::MS_NOSUID, 'mode=755,size=64k');
    for my $name (keys %device) {
        open(my $file, '>', "/node/dev/$name") or die "$name: $!\n";
        Sys::attach($device{$name}, "/node/dev/$name");
        POSIX::close($device{$name});
    }
    mkdir('/node/dev/mnt') or die "mkdir: $!\n";
    chdir('/node') or die "chdir: $!\n";
    Sys::pivot_root('.', '.');
    Sys::umount('.', Sys::MNT_DETACH);
    chroot('.') or die "chroot: $!\n";
    chdir('/') or die "chdir: $!\n";
}

# In a child: $code while its server stands still and has written everything.
sub still {
    my ($id, $code) = @_;
    if (my ($mount) = mounts($id)) {
        my $pid = fork() // die "fork: $!\n";
        if (!$pid) {
            alarm(60);
            eval { Volume::into(Share::inside($mount->[0]) // die "the machine ended\n"); open(my $root, '<', $mount->[1]) or die "$!\n"; $root->sync() or die "fsync: $!\n"; 1 } or print "flushing $id: $@";
            POSIX::_exit(0);
        }
        waitpid($pid, 0);
    }
    my @users = VolumeUse::openers($id);
    kill('STOP', @users);
    my $done = eval { $code->(); 1 };
    my $error = $@;
    kill('CONT', @users);
    die $error if !$done;
}

# Until what a node has unmounted is written. In a child.
sub settled {
    my ($node) = @_;
    for my $volume (Volume::of($node)) {
        next if defined $volume->{number};
        for (1 .. 300) { last if !VolumeUse::openers($volume->{id}) || mounts($volume->{id}); select(undef, undef, undef, 0.05) }
    }
    return '0';
}

1;
