# What a node sees of its volumes: device files and their links, and figures of them, and of nothing else the host has, in
# /proc/partitions and /sys/block. Done with the rights of the node's own root, in its tree.
package VolumeView;
use strict;
use warnings;
use POSIX ();
use File::Path ();

# $face is a detached mount of the device (or of the image file).
sub show {
    my ($root, $volume, $face) = @_;
    my $path = "$root/dev/$volume->{name}";
    sysopen(my $file, $path, POSIX::O_WRONLY() | POSIX::O_CREAT() | POSIX::O_EXCL(), 0600) or die "$volume->{device} cannot be made in the machine: $!\n";
    Sys::attach($face, $path);
    POSIX::close($face);
    # Tells mount(8) of ours that volumes are files.
    mkdir("$root/dev/.starcluster/files", 0700) if !defined $volume->{number};
    mkdir("$root/dev/$_", 0755) for 'disk', 'disk/by-id';
    my %link = links($volume);
    symlink($link{$_}, "$root/dev/$_") for keys %link;
}

sub hide {
    my ($volume) = @_;
    my $path = "/dev/$volume->{name}";
    eval { Sys::umount($path, Sys::MNT_DETACH); 1 } or $!{EINVAL} or $!{ENOENT} or die $@;
    my %link = links($volume);
    for (keys %link) { unlink("/dev/$_") if (readlink("/dev/$_") // '') eq $link{$_} }
    unlink($path);
}

# As EC2 was told its name, and as the udev rules of Amazon's images name it.
sub links {
    my ($volume) = @_;
    my ($told) = $volume->{device} =~ m{([^/]+)$};
    (my $id = $volume->{id}) =~ s/-//;
    return (($told eq $volume->{name} ? () : ($told => $volume->{name})), "disk/by-id/nvme-Amazon_Elastic_Block_Store_$id" => "../../$volume->{name}");
}

sub partitions {
    my @lines = map { sprintf("%4d %8d %10d %s\n", 7, $_->{number}, $_->{bytes} / 1024, $_->{name}) } grep { defined $_->{number} } @_;
    return join '', @lines ? ("major minor  #blocks  name\n\n", @lines) : ();
}

# At boot: over the host's own, which are hidden whatever the node has.
sub put_on {
    my ($root, $here, @volumes) = @_;
    my %over = (block => 'sys/block', class => 'sys/class/block', dev => 'sys/dev/block');
    for my $name (sort keys %over) {
        mkdir("$here/$name", 0755) or die "mkdir $here/$name: $!\n";
        Sys::mount("$here/$name", "$root/$over{$name}", '', Sys::MS_BIND) if -d "$root/$over{$name}";
    }
    figures($here, @volumes);
}

# In a running node.
sub refresh {
    my @volumes = @_;
    my $here = '/dev/.starcluster';
    return if !-d $here;
    for my $dir (qw(block class dev)) { File::Path::remove_tree("$here/$dir", { keep_root => 1 }) }
    figures($here, @volumes);
    Sys::spit("$here/proc-partitions", partitions(@volumes));
}

sub figures {
    my ($here, @volumes) = @_;
    for my $volume (grep { defined $_->{number} } @volumes) {
        my ($name, $device) = ($volume->{name}, "7:$volume->{number}");
        my %file = (
            dev => $device, size => int($volume->{bytes} / 512), ro => 0, removable => 0, hidden => 0, range => 1, alignment_offset => 0,
            discard_alignment => 0, uevent => "MAJOR=7\nMINOR=$volume->{number}\nDEVNAME=$name\nDEVTYPE=disk",
            'queue/rotational' => 0, 'queue/logical_block_size' => 512, 'queue/physical_block_size' => 512, 'queue/hw_sector_size' => 512,
            'queue/minimum_io_size' => 512, 'queue/optimal_io_size' => 0, 'queue/discard_granularity' => 4096, 'queue/discard_max_bytes' => 4294966784,
            'queue/scheduler' => '[none]', 'queue/nr_requests' => 128, 'queue/read_ahead_kb' => 128, 'queue/add_random' => 0, 'queue/zoned' => 'none',
        );
        mkdir("$here/block/$name$_", 0755) for '', '/queue', '/holders', '/slaves';
        Sys::spit("$here/block/$name/$_", "$file{$_}\n") for keys %file;
        symlink("../../block/$name", "$here/class/$name");
        symlink("../../block/$name", "$here/dev/$device");
    }
}

1;
