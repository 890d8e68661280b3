# A node's disk. Its overlay is mounted once, in the holder, for as long as the holder lives; every boot binds that one
# mount. Mounting the same upper directory again while another node still shares a tree of it gave stale data.
package Disk;
use strict;
use warnings;
use POSIX ();

# In a child that is still the host's root: a sparse ext4 file becomes a detached mount. -> fd, or undef for a directory
sub open_image {
    my ($image) = @_;
    return undef if !-e $image;
    await_free($image);
    open(my $file, '+<', $image) or die "$image: $!\n";
    my $loop = LoopDevice::make($file);
    my $fd = Sys::mount_device('ext4', "/dev/loop$loop->{number}", Sys::ATTR_NOATIME, 'discard');
    close($loop->{handle});     # the mount keeps it; without one the kernel frees it, also when we are killed
    return $fd;
}

# The same file system mounted twice at once would be destroyed. It is in use for as long as another machine has a directory
# of this one mounted, also after this one let go of it.
sub await_free {
    my ($image) = @_;
    (my $marker = $image) =~ s{[^/]+$}{booted};
    return if !-e $marker;
    for (1 .. 50) {
        return if !LoopDevice::find($image);
        select(undef, undef, undef, 0.1);
    }
    die "its disk is still in use: another machine has a directory of it mounted\n";
}

# In a child that is root of the holder, in its mount namespace.
sub mount_overlay {
    my ($id, $lower, $fd) = @_;
    my $base = "/disks/nodes/$id";
    if (defined $fd) { Sys::attach($fd, "$base/fs"); POSIX::close($fd) }
    free($id);
    # "@NAME," in front names the upper directory; without it the disk has never had another one.
    my $upper = $lower =~ s/^@([\w-]+),// ? $1 : 'upper';
    for ($upper, 'work') {
        # The upper directory is the root directory of the machine: the supervisor's own umask must not close it to users.
        if (mkdir("$base/fs/$_", 0755)) { chmod(0755, "$base/fs/$_") or die "chmod $base/fs/$_: $!\n" }
        elsif (!$!{EEXIST}) { die "mkdir $base/fs/$_: $!\n" }
    }
    my $layers = join ':', map { m{^/} ? $_ : "/images/layers/$_" } split /,/, $lower;
    Sys::mount('overlay', "$base/root", 'overlay', 0, "lowerdir=$layers,upperdir=$base/fs/$upper,workdir=$base/fs/work,userxattr");
}

# Every free block, from large pieces to small ones, is promised to a file beside the node's tree; nothing is written.
sub fill {
    my ($id) = @_;
    open(my $file, '>>', "/disks/nodes/$id/fs/full-disk") or die "filling the disk: $!\n";
    my ($piece, $at) = (1 << 40, -s $file);
    while ($piece >= 4096) {
        if (eval { Sys::call('fallocate', fileno $file, 0, $at, $piece); 1 }) { $at += $piece } else { $piece >>= 1 }
    }
}

sub free { my ($id) = @_; unlink("/disks/nodes/$id/fs/full-disk") or $!{ENOENT} or die "freeing the disk: $!\n" }

sub unmount {
    my ($id) = @_;
    my $base = "/disks/nodes/$id";
    for ("$base/root", "$base/fs") { eval { Sys::umount($_, Sys::MNT_DETACH); 1 } or $!{EINVAL} or $!{ENOENT} or die $@ }
}

1;
