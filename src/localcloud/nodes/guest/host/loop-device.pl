# Loop devices of disks and volumes: at most one for each image file, kept alive by whoever has it open or mounted. Each clears itself
# when the last of these is gone, so none is left behind when the supervisor is killed.
package LoopDevice;
use strict;
use warnings;
use POSIX ();
use Cwd ();

use constant {
    CLR_FD => 0x4C01, SET_STATUS64 => 0x4C04, GET_STATUS64 => 0x4C05, SET_CAPACITY => 0x4C07, CONFIGURE => 0x4C0A, CTL_GET_FREE => 0x4C82,
    AUTOCLEAR => 4, DIRECT_IO => 16,
    IOCTLS => 0x4C00,           # all of them begin with this
    FLUSH => 0x1261,            # BLKFLSBUF
    SIZE => 0x80081272,         # BLKGETSIZE64
    SET_BLOCK_SIZE => 0x40081271,
};
# struct loop_info64: device, inode, rdevice, offset, size limit; number, encryption (2), flags; names and key; two more.
my $info = 'Q5 L4 a160 Q2';

# -> { handle, number, bytes } of the image's device. The handle keeps it.
sub hold {
    my ($image) = @_;
    $image = Cwd::realpath($image) // die "$image: $!\n";
    open(my $file, '+<', $image) or die "$image: $!\n";
    my $loop = find($image) // make($file);
    $loop->{bytes} = bytes($loop->{handle});
    return $loop;
}

# The living device of an image: also one whose holder let go while another node still has a directory of it mounted.
sub find {
    my ($image) = @_;
    $image = Cwd::realpath($image) // return undef;
    my @wanted = stat($image) or return undef;
    for my $dir (glob('/sys/block/loop*/loop')) {
        open(my $in, '<', "$dir/backing_file") or next;
        chomp(my $path = readline($in) // '');
        next if $path ne $image;
        my ($number) = $dir =~ m{/loop(\d+)/};
        sysopen(my $handle, "/dev/loop$number", POSIX::O_RDWR()) or next;
        my @is = status($handle) or next;
        # One with a size limit was cut off.
        return { handle => $handle, number => $number } if $is[0] == $wanted[0] && $is[1] == $wanted[1] && !$is[4];
    }
    return undef;
}

sub make {
    my ($file) = @_;
    open(my $control, '+<', '/dev/loop-control') or die "/dev/loop-control: $!\n";
    for (1 .. 200) {
        # perl says "0 but true" for 0.
        my $number = 0 + (ioctl($control, CTL_GET_FREE, 0) // die "no loop device is free: $!\n");
        sysopen(my $handle, "/dev/loop$number", POSIX::O_RDWR()) or die "/dev/loop$number: $!\n";
        for my $flags (AUTOCLEAR | DIRECT_IO, AUTOCLEAR) {
            my $config = pack('L2', fileno $file, 0) . pack($info, (0) x 8, $flags, '', 0, 0) . "\0" x 64;
            return { handle => $handle, number => $number } if ioctl($handle, CONFIGURE, $config);
            last if $!{EBUSY};
        }
        # Somebody else was faster.
        die "no loop device could be set up: $!\n" if !$!{EBUSY};
    }
    die "no loop device is free\n";
}

sub status { my ($handle) = @_; my $buffer = pack($info, (0) x 9, '', 0, 0); return ioctl($handle, GET_STATUS64, $buffer) ? unpack($info, $buffer) : () }

sub bytes { my ($handle) = @_; my $buffer = pack('Q', 0); ioctl($handle, SIZE, $buffer) or die "size of a volume: $!\n"; return unpack('Q', $buffer) }

# Takes on the size of its file.
sub grow { my ($handle) = @_; ioctl($handle, SET_CAPACITY, 0) or die "growing a volume: $!\n"; return bytes($handle) }

# Everything that was written to the device is in the file.
sub flush { my ($handle) = @_; $handle->sync(); ioctl($handle, FLUSH, 0) }

# Whoever still has it open reads and writes nothing any more.
sub cut {
    my ($handle) = @_;
    my @is = status($handle) or return;
    $is[4] = 512;
    my $buffer = pack($info, @is);
    ioctl($handle, SET_STATUS64, $buffer) or print "cutting off a volume: $!\n";
}

# Mounted somewhere, or at work under mkfs or fsck.
sub is_busy {
    my ($number) = @_;
    return 0 if sysopen(my $probe, "/dev/loop$number", POSIX::O_RDONLY() | 0200);    # O_EXCL
    return $!{EBUSY} ? 1 : 0;
}

1;
