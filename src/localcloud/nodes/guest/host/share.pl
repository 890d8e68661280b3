# `mount -t nfs` of one node from another, where the kernel has no NFS for user namespaces: the exporting node's tree is
# bound into the asking node. Answered only to root inside a node (its socket), only for what `exportfs` published there.
package Share;
use strict;
use warnings;
use POSIX ();
use IO::Handle;

# Each request is served by a child, which gives up the host's rights (for volumes later); a slow or hostile node cannot hold up
# the supervisor.
sub accept_one {
    my ($node) = @_;
    accept(my $client, $node->{shares}) or return;
    my $pid = fork() // do { print "fork: $!\n"; close($client); return };
    if ($pid) { close($client); Node::on_child($pid, sub { }); return }
    $SIG{$_} = 'DEFAULT' for qw(CHLD TERM INT HUP ALRM);
    alarm(20);
    main::forget($_->[0]) for values %main::readers;
    my $answer = eval { serve($client, $node) } // "32 $@";
    $answer =~ s/\s*\z/\n/;
    syswrite($client, $answer);
    POSIX::_exit(0);
}

sub serve {
    my ($client, $node) = @_;
    my %inside = (me => inside($node), map { $_->{ip} => inside($_) } grep { $_->{state} eq 'running' } values %main::nodes);
    my ($word, $ask) = Wire::parse(request($client));
    # A journal may have to be replayed.
    alarm(600) if $word =~ /volume$/;
    return VolumeMount::mount($node, $inside{me}, $ask) if $word eq 'mountvolume';
    return VolumeMount::grow($node, $ask) if $word eq 'growvolume';
    return VolumeFuse::settled($node) if $word eq 'settlevolume';
    Sys::setns($main::holder->{user}, Sys::NEWUSER);
    Sys::become_root();
    my $exporter = $inside{ $ask->{host} // '' } // return '75 Connection refused';
    return exports($exporter) if $word eq 'exports';
    die "unknown request\n" if $word ne 'mount';
    return mount_share($exporter, $inside{me}, $node->{ip}, $ask);
}

sub request {
    my ($client) = @_;
    my $line = '';
    1 while length $line < 65536 && $line !~ /\n/ && sysread($client, $line, 65536, length $line);
    return $line =~ s/\n.*//sr;
}

# Handles on a node's mount namespace and root, taken while we still may.
sub inside {
    my ($node) = @_;
    my %in = (ip => $node->{ip}, since => (stat "/proc/$node->{host_pid}")[10] // 0);
    open($in{mnt}, '<', "/proc/$node->{host_pid}/ns/mnt") or return undef;
    opendir($in{root}, "/proc/$node->{host_pid}/root") or return undef;
    return \%in;
}

sub enter {
    my ($in) = @_;
    Sys::setns($in->{mnt}, Sys::NEWNS);
    chdir($in->{root}) or die "chdir: $!\n";
    chroot('.') or die "chroot: $!\n";
    chdir('/');
}

sub mount_share {
    my ($exporter, $me, $ip, $ask) = @_;
    my ($path, $at) = map { defined $_ && m{^/} ? $_ : return '32 not an absolute path' } @$ask{qw(path at)};
    enter($exporter);
    my $options = allowed($path, $ip) // return starting($exporter) ? '75 Connection refused' : '32 access denied by server';
    my @source = stat($path) or return '32 No such file or directory';
    my $tree = Sys::open_tree($path);
    Sys::make_readonly($tree) if $ask->{ro} || $options !~ /\brw\b/;
    enter($me);
    my @target = stat($at) or return "32 mount point $at does not exist";
    return "32 mount point $at is not a directory" if -d _ != S_ISDIR($source[2]);
    # Mounted there already, e.g. by `mount -a` run twice: one layer is enough.
    return '0' if "@target[0,1]" eq "@source[0,1]" && is_mount_point($at);
    Sys::attach($tree, $at);
    return '0';
}

# True for a machine that has just booted and will export something, but has not come to it yet: its server is not up.
sub starting {
    my ($exporter) = @_;
    return 0 if export_lines() || !grep { !/^\s*(?:#|$)/ } lines('/etc/exports');
    my $age = time() - $exporter->{since};
    return $age >= 0 && $age < 60;
}

sub S_ISDIR { return ($_[0] & 0170000) == 0040000 }

sub is_mount_point {
    my ($at) = @_;
    (my $written = $at) =~ s/([ \t\n\\])/sprintf '\\%03o', ord $1/ge;
    return scalar grep { (split)[4] eq $written } lines('/proc/1/mountinfo');
}

# What exportfs made of /etc/exports: "/home<TAB>node001(rw,sync,...)", one line for each client.
sub export_lines {
    return map { /^(\S+)\s+(\S+?)\(([^)]*)\)\s*$/ ? { path => unquote($1), client => $2, options => $3 } : () } lines('/var/lib/nfs/etab');
}

sub unquote { my $v = shift; $v =~ s/\\([0-7]{3})/chr oct $1/ge; return $v }

# The options of the export that gives $path (or a directory above it, as NFSv4 does) to the address, or undef.
sub allowed {
    my ($path, $ip) = @_;
    my %names;
    for (lines('/etc/hosts')) {
        s/#.*//;
        my ($address, @names) = split;
        push @{ $names{$address} }, map { lc } @names if defined $address;
    }
    my @fits = grep { matches($_->{client}, $ip, $names{$ip} // []) } grep { $path eq $_->{path} || index($path, $_->{path} eq '/' ? '/' : "$_->{path}/") == 0 } grep { mounted($_) } export_lines();
    my ($best) = sort { length $b->{path} <=> length $a->{path} || rank($a->{client}) <=> rank($b->{client}) } @fits;
    return $best && $best->{options};
}

# With the option `mp` an export holds only while something is mounted there. Source: exports(5).
sub mounted {
    my ($export) = @_;
    my ($mp, $at) = $export->{options} =~ /\b(mountpoint)(?:=([^,]*))?/;
    return !$mp || is_mount_point($at // $export->{path});
}

# A named host wins over a network, and that over a pattern.
sub rank { my $c = shift; return $c =~ /[*?\[]/ ? 2 : $c =~ m{/} ? 1 : 0 }

sub matches {
    my ($client, $ip, $names) = @_;
    return 1 if $client eq '*' || $client eq $ip;
    if ($client =~ m{^([\d.]+)/([\d.]+)$}) {
        my ($net, $bits) = (number($1), $2);
        my $mask = $bits =~ /\./ ? number($bits) : $bits == 0 ? 0 : (0xffffffff << (32 - $bits)) & 0xffffffff;
        return (number($ip) & $mask) == ($net & $mask);
    }
    return scalar grep { $_ eq lc $client } @$names if $client !~ /[*?\[]/;
    my $pattern = join '', map { /^\*$/ ? '[^.]*' : /^\?$/ ? '[^.]' : /^\[/ ? $_ : quotemeta } $client =~ /\[[^\]]*\]|./g;
    return scalar grep { /^$pattern$/i } @$names, $ip;
}

sub number { return unpack 'N', pack 'C4', split /\./, $_[0] }

sub exports {
    my ($exporter) = @_;
    enter($exporter);
    my %clients;
    push @{ $clients{ $_->{path} } }, $_->{client} for export_lines();
    return join ' ', 0, map { Wire::escape($_) . '=' . Wire::escape(join ',', @{ $clients{$_} }) } sort keys %clients;
}

# Lines of a file that a node wrote: never waits on a pipe, never reads without end.
sub lines {
    my ($path) = @_;
    my $file;
    sysopen($file, $path, POSIX::O_RDONLY() | POSIX::O_NONBLOCK()) or return;
    return if !-f $file;
    my ($text, $all) = ('', '');
    $all .= $text while length $all < 1 << 20 && sysread($file, $text, 65536);
    return split /\n/, $all;
}

1;
