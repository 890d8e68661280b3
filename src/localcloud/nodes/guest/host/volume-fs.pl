# The file system on a volume's loop device, as the host's root reaches it beside whoever has it mounted.
package VolumeFs;
use strict;
use warnings;
use POSIX ();

use constant {
    FREEZE => 0xC0045877, THAW => 0xC0045878, SHUTDOWN => 0x8004587D,
    EXT4_RESIZE => 0x40086610, XFS_GROW => 0x4010586E,
};

# A /dev with nothing in it but this one device, for this process only: so the kernel names the source of the mount as the
# node does. Nobody else reaches it.
sub private_dev {
    my ($name, $number) = @_;
    Sys::unshare(Sys::NEWNS);
    Sys::mount('none', '/', '', Sys::MS_REC | Sys::MS_PRIVATE);
    Sys::mount('dev', '/dev', 'tmpfs', Sys::MS_NOSUID, 'mode=755,size=64k');
    Sys::mknod_block("/dev/$name", 7, $number);
}

# ext4 (also for ext2 and ext3), xfs, or undef for anything else; and its block size.
sub type_of {
    my ($device) = @_;
    open(my $in, '<:raw', $device) or die "$device: $!\n";
    sysread($in, my $head, 4096) // die "$device: $!\n";
    return undef if length $head < 4096;
    return ('xfs', unpack('N', substr($head, 4, 4)), unpack('C', substr($head, 127, 1))) if substr($head, 0, 4) eq 'XFSB';
    return ('ext4', 1024 << (unpack('V', substr($head, 1024 + 24, 4)) & 15)) if unpack('v', substr($head, 1024 + 56, 2)) == 0xEF53;
    return undef;
}

# The root directory of the file system that is mounted from the device: the same one, whoever mounted it where.
# In a process of its own. -> handle, or undef when the device is in other use (mkfs)
sub living {
    my ($name, $number) = @_;
    private_dev($name, $number);
    my ($type) = type_of("/dev/$name");
    return undef if !defined $type;
    for my $ro ([], ['ro']) {
        my $mount = eval { Sys::mount_device($type, "/dev/$name", Sys::ATTR_NODEV, @$ro) };
        if (!defined $mount) { next if $!{EBUSY}; die $@ }
        open(my $root, '<', "/proc/self/fd/$mount") or die "opening a volume: $!\n";
        POSIX::close($mount);
        return $root;
    }
    return undef;
}

# Runs $code while nothing is written to the file system and all that was is on the device.
sub frozen {
    my ($root, $code) = @_;
    ioctl($root, FREEZE, 0) or die "freezing a volume: $!\n";
    my $done = eval { $code->(); 1 };
    my $error = $@;
    ioctl($root, THAW, 0) or print "thawing a volume: $!\n";
    die $error if !$done;
}

# What a killed process left frozen, of images whose path begins so, is let go: until then nothing frees its device.
sub thaw_left_over {
    my ($begin) = @_;
    for my $file (glob('/sys/block/loop*/loop/backing_file')) {
        open(my $in, '<', $file) or next;
        my ($number) = $file =~ m{/loop(\d+)/};
        next if index(readline($in) // '', $begin) != 0 || !LoopDevice::is_busy($number);
        my $pid = fork() // die "fork: $!\n";
        if (!$pid) {
            eval { my $root = living('volume', $number); ioctl($root, THAW, 0) if $root; 1 } or print $@;
            POSIX::_exit(0);
        }
        waitpid($pid, 0);
    }
}

# From now on every use of it fails; what was written before is kept.
sub shut_down { my ($root) = @_; my $how = pack('L', 0); ioctl($root, SHUTDOWN, $how) or die "taking a volume away: $!\n" }

# To $blocks of its own, or the whole device. -> the number of blocks
sub grow {
    my ($root, $device, $bytes, $blocks) = @_;
    my ($type, $size, $inodes) = type_of($device);
    $blocks ||= int($bytes / $size);
    die "The filesystem can only be $bytes bytes large; grow the volume first\n" if $blocks * $size > $bytes;
    my ($request, $wanted) = $type eq 'xfs' ? (XFS_GROW, pack('Q L x4', $blocks, $inodes)) : (EXT4_RESIZE, pack('Q', $blocks));
    return $blocks if ioctl($root, $request, $wanted);
    die "this computer's root may not grow an ext4 file system while it is mounted (no CAP_SYS_RESOURCE): umount it and run resize2fs again\n" if $!{EPERM};
    die "$!\n";
}

1;
