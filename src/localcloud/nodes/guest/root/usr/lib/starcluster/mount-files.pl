# mount(8) for volumes that are files: those, named directly or by a line of fstab, go to mount.ext4; all else to the real one.
use strict;
use warnings;
use Cwd ();

my $REAL = '/usr/bin/mount';
my (@words, @options, %is);
my @left = @ARGV;
while (@left) {
    my $word = shift @left;
    if ($word =~ /^(?:-o|--options)$/) { push @options, split /,/, shift(@left) // '' }
    elsif ($word =~ /^(?:-o(.+)|--options=(.*))$/) { push @options, split /,/, $1 // $2 }
    elsif ($word =~ /^(?:-t|--types)$/) { $is{t} = shift(@left) // '' }
    elsif ($word =~ /^(?:-t(.+)|--types=(.*))$/) { $is{t} = $1 // $2 }
    elsif ($word =~ /^(?:-L|--label)$/) { push @words, 'LABEL=' . (shift(@left) // '') }
    elsif ($word =~ /^(?:-U|--uuid)$/) { push @words, 'UUID=' . (shift(@left) // '') }
    elsif ($word =~ /^(?:-a|--all)$/) { $is{a} = 1 }
    elsif ($word =~ /^(?:-r|--read-only)$/) { push @options, 'ro' }
    elsif ($word =~ /^(?:-[wvns]|--(?:rw|read-write|verbose))$/) { }
    elsif ($word =~ /^-/) { real(@ARGV) }
    else { push @words, $word }
}
real(@ARGV) if grep { /^(?:remount|bind|rbind|move)$/ } @options;
exit all() if $is{a};
if (@words == 2) { my $file = volume($words[0]) // real(@ARGV); exit mount_file($file, $words[1], @options) }
for my $line (@words == 1 ? table() : ()) {
    next if $line->{at} ne $words[0] && $line->{source} ne $words[0];
    my $file = volume($line->{source}) // last;
    exit mount_file($file, $line->{at}, @{ $line->{options} }, @options);
}
real(@ARGV);

sub real { exec { $REAL } 'mount', @_ or die "$REAL: $!\n" }

sub table {
    open(my $in, '<', '/etc/fstab') or return ();
    return map {
        my @field = map { s/\\([0-7]{3})/chr oct $1/ger } split;
        @field >= 3 && $field[0] !~ /^#/ ? { source => $field[0], at => $field[1], type => $field[2], options => [split /,/, $field[3] // ''], text => $_ } : ();
    } readline $in;
}

# Our lines one by one; for the real one a table without them.
sub all {
    my @lines = table();
    my %ours = map { my $file = volume($_->{source}); defined $file ? ($_ => $file) : () } @lines;
    my $status = 0;
    for my $line (grep { $ours{$_} } @lines) {
        my %option = map { $_ => 1 } @{ $line->{options} };
        next if $option{noauto} || !wanted($line->{type}, $is{t}) || mounted($ours{$line}, $line->{at});
        $status = mount_file($ours{$line}, $line->{at}, @{ $line->{options} }) || $status;
    }
    open(my $out, '>', '/dev/.starcluster/fstab') or die "mount: fstab: $!\n";
    print $out map { $_->{text} } grep { !$ours{$_} } @lines;
    close($out);
    my $others = system { $REAL } 'mount', '-T', '/dev/.starcluster/fstab', @ARGV;
    return $status || $others >> 8;
}

sub wanted {
    my ($type, $asked) = @_;
    return 1 if !defined $asked;
    my $not = $asked =~ /^no/;
    my %named = map { (s/^no//r) => 1 } split /,/, $asked;
    return $not ? !$named{$type} : $named{$type};
}

# The file below /dev that this names, by whatever name; undef for anything else.
sub volume {
    my ($source) = @_;
    if ($source =~ /^(LABEL|UUID)="?([^"]*)"?$/) {
        for my $file (glob('/dev/xvd*')) {
            chomp(my $value = `blkid -p -o value -s $1 $file 2>/dev/null` // '');
            return $file if -f $file && $value eq $2;
        }
        return undef;
    }
    my $path = Cwd::abs_path($source) // return undef;
    return $path =~ m{^/dev/\w+$} && -f $path ? $path : undef;
}

sub mounted {
    my ($file, $at) = @_;
    open(my $in, '<', '/proc/self/mounts') or return 0;
    return scalar grep { my ($source, $where) = split; $source eq $file && $where eq $at } readline $in;
}

sub mount_file {
    my ($file, $at, @with) = @_;
    open(my $in, '<:raw', $file) or do { print STDERR "mount: $file: $!\n"; return 32 };
    sysread($in, my $magic, 4);
    close($in);    # it is served when nobody else has it open
    my $helper = '/usr/sbin/mount.' . (($magic // '') eq 'XFSB' ? 'xfs' : 'ext4');
    my $status = system { $helper } $helper, $file, $at, '-o', join ',', @with;
    return $status >> 8;
}
