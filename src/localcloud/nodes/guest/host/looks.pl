# What a node says about its size: files of the instance type's figures over those of the host in /proc and /sys. And its disks.
package Looks;
use strict;
use warnings;

# On the node's tree, before it becomes the root. Figures above the host's own stay the host's.
sub put_on {
    my ($root, $boot) = @_;
    my %file = (cpus($root, $boot->{cpus}), memory($root, $boot->{memory}), 'proc/partitions' => VolumeView::partitions(@{ $boot->{volumes} }));
    my $here = "$root/dev/.starcluster";
    my $quiet = Sys::MS_NOSUID | Sys::MS_NODEV | Sys::MS_NOEXEC;
    mkdir($here, 0700);
    Sys::mount('figures', $here, 'tmpfs', $quiet, 'mode=700,size=4m');
    # The kernel lets a container inside the node mount /proc and /sys only where they are also seen whole.
    mkdir("$here/$_") for qw(proc sys);
    Sys::mount('proc', "$here/proc", 'proc', $quiet);
    Sys::mount('sysfs', "$here/sys", 'sysfs', $quiet | Sys::MS_RDONLY);
    for my $path (sort keys %file) {
        next if !-f "$root/$path";
        my $copy = "$here/" . $path =~ s{/}{-}gr;
        Sys::spit($copy, $file{$path});
        Sys::mount($copy, "$root/$path", '', Sys::MS_BIND);
    }
    VolumeView::put_on($root, $here, @{ $boot->{volumes} });
}

sub cpus {
    my ($root, $cpus) = @_;
    my ($head, @each) = split /(?=^processor\s*:)/m, slurp("$root/proc/cpuinfo");
    if (defined $head && $head =~ /^processor/) { unshift @each, $head }
    return () if !$cpus || $cpus >= @each;
    s/^(siblings|cpu cores)(\s*: )(\d+)/"$1$2" . ($3 < $cpus ? $3 : $cpus)/gme for @each;
    my $list = $cpus == 1 ? "0\n" : '0-' . ($cpus - 1) . "\n";
    return ('proc/cpuinfo' => join('', @each[0 .. $cpus - 1]), map { ("sys/devices/system/cpu/$_" => $list) } qw(online possible present));
}

# As an idle machine of that size has it. It does not follow what is used later.
sub memory {
    my ($root, $mib) = @_;
    my $text = slurp("$root/proc/meminfo");
    my ($host) = $text =~ /^MemTotal:\s*(\d+)/m or return ();
    my $total = $mib * 1024;
    return () if !$mib || $total >= $host;
    my $free = int($total * 0.97);
    my %is = (MemTotal => $total, MemFree => $free, MemAvailable => $free, CommitLimit => int($total / 2));
    $text =~ s/^DirectMap.*\n//gm;
    my %same = map { $_ => 1 } qw(VmallocTotal Hugepagesize);
    $text =~ s/^(\w+(?:\(\w+\))?):(\s*)(\d+) kB$/sprintf '%-16s%8d kB', "$1:", $is{$1} \/\/ ($same{$1} ? $3 : 0)/gme;
    return ('proc/meminfo' => $text);
}

sub slurp { my ($path) = @_; open(my $in, '<', $path) or return ''; local $/; return readline($in) // '' }

# nproc and OpenMP count the CPUs a process may run on. Neighbours by address begin at different ones.
sub keep_to_cpus {
    my ($boot) = @_;
    my ($list) = slurp('/proc/self/status') =~ /^Cpus_allowed_list:\s*([\d,-]+)/m or return;
    my @mine = map { /(\d+)-(\d+)/ ? $1 .. $2 : $_ } split /,/, $list;
    my $cpus = $boot->{cpus};
    return if !$cpus || $cpus >= @mine;
    my ($first) = $boot->{ip} =~ /(\d+)$/;
    my $chosen = "\0" x 128;
    vec($chosen, $mine[($first * $cpus + $_) % @mine], 1) = 1 for 0 .. $cpus - 1;
    eval { Sys::call('sched_setaffinity', 0, 128, $chosen); 1 } or print $@;
}

1;
