# What a node's /proc/meminfo says: the memory of its type, and what it uses of it. A file beside its disk, which the node sees
# bound over its own and cannot write; the supervisor keeps it right for as long as the node runs.
package Figures;
use strict;
use warnings;

use constant { EVERY_SECONDS => 2, GRAIN => 1024 };    # kB: a change below a MiB is no reason to write
my %said;

sub file { my ($home, $id) = @_; return "$home/nodes/$id/meminfo" }

# Before a boot. Without a memory of its own, or with more than the host has, a node sees what the host says.
sub begin {
    my ($home, $node) = @_;
    my $file = file($home, $node->{id});
    delete $said{ $node->{id} };
    my $text = Looks::slurp('/proc/meminfo');
    my ($host) = $text =~ /^MemTotal:\s*(\d+)/m;
    if (!$host || !$node->{memory} || $node->{memory} * 1024 >= $host) { unlink($file); return }
    Sys::spit($file, text($node->{memory} * 1024, $text, {}));
    chmod(0644, $file) or die "chmod $file: $!\n";
}

# Calls back every so often: a handle for the loop.
sub timer {
    my $fd = Sys::call('timerfd_create', 1, 02004000);    # monotonic; not blocking, closed on exec
    my ($times, $null) = (pack('q4', EVERY_SECONDS, 0, EVERY_SECONDS, 0), 0);
    Sys::call('timerfd_settime', $fd, 0, $times, $null);
    open(my $timer, '<&=', $fd) or die "timerfd: $!\n";
    return $timer;
}

sub refresh {
    my ($home, @nodes) = @_;
    my $template;
    for my $node (@nodes) {
        my $file = file($home, $node->{id});
        my $used = used($node->{cgroups} // '') or next;
        my $key = join ' ', map { "$_ $used->{$_}" } sort keys %$used;
        next if ($said{ $node->{id} } // '') eq $key || !-e $file;
        $template //= Looks::slurp('/proc/meminfo');
        replace($file, text($node->{memory} * 1024, $template, $used));
        $said{ $node->{id} } = $key;
    }
}

# In place, since the node has this very file bound; shorter ones are rare.
sub replace {
    my ($file, $text) = @_;
    open(my $out, '+<', $file) or return;
    syswrite($out, $text);
    truncate($out, length $text);
}

# kB by name, of a control group of either version; undef without one.
sub used {
    my ($groups) = @_;
    for my $dir (split /,/, $groups) {
        my ($now) = (Looks::slurp("$dir/memory.current") || Looks::slurp("$dir/memory.usage_in_bytes")) =~ /^(\d+)/ or next;
        my %stat = Looks::slurp("$dir/memory.stat") =~ /^(\w+) (\d+)$/gm;
        my $of = sub { for (@_) { return $stat{$_} if defined $stat{$_} } return 0 };
        my %bytes = (
            all => $now, file => $of->('file', 'total_cache'), anon => $of->('anon', 'total_rss'), shmem => $of->('shmem', 'total_shmem'),
            mapped => $of->('file_mapped', 'total_mapped_file'), reclaimable => $of->('slab_reclaimable'),
            map { $_ => $of->($_, "total_$_") } qw(active_anon inactive_anon active_file inactive_file),
        );
        return { map { $_ => int($bytes{$_} / 1024 / GRAIN) * GRAIN } keys %bytes };
    }
    return undef;
}

sub text {
    my ($total, $text, $used) = @_;
    my %kb = (map { $_ => 0 } qw(all file anon shmem mapped reclaimable active_anon inactive_anon active_file inactive_file));
    $kb{$_} = $used->{$_} for keys %$used;
    # Some of the type's memory is the kernel's own, as on an instance.
    my $room = int($total * 0.97);
    my $free = $room > $kb{all} ? $room - $kb{all} : 0;
    my $available = $free + $kb{active_file} + $kb{inactive_file} + $kb{reclaimable};
    my %is = (
        MemTotal => $total, MemFree => $free, MemAvailable => $available < $room ? $available : $room, CommitLimit => int($total / 2),
        Cached => $kb{file}, Shmem => $kb{shmem}, AnonPages => $kb{anon}, Mapped => $kb{mapped}, Committed_AS => $kb{anon} + $kb{shmem},
        SReclaimable => $kb{reclaimable}, KReclaimable => $kb{reclaimable}, Slab => $kb{reclaimable},
        Active => $kb{active_anon} + $kb{active_file}, Inactive => $kb{inactive_anon} + $kb{inactive_file},
        'Active(anon)' => $kb{active_anon}, 'Inactive(anon)' => $kb{inactive_anon},
        'Active(file)' => $kb{active_file}, 'Inactive(file)' => $kb{inactive_file},
    );
    $text =~ s/^DirectMap.*\n//gm;
    $text =~ s{^(\w+(?:\(\w+\))?):\s*(\d+) kB$}{
        my ($name, $host) = ($1, $2);
        sprintf '%-16s%8d kB', "$name:", $is{$name} // ($name =~ /^(?:VmallocTotal|Hugepagesize)$/ ? $host : 0);
    }gme;
    return $text;
}

1;
