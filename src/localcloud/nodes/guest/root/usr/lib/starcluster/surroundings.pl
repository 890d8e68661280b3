# Who a unit's commands run as, and in what surroundings.
package Surroundings;
use strict;
use warnings;
use POSIX ();

# -> { uid, gid, groups, home } or undef for root; variables that name the user
sub identity {
    my ($unit) = @_;
    my $user = Unit::setting($unit, 'User');
    if (!defined $user && Unit::truth($unit, 'DynamicUser')) {
        $user = $unit->{prefix};
        system('useradd', '--system', '--no-create-home', '--home-dir', '/', '--shell', '/usr/sbin/nologin', $user) if !defined getpwnam($user);
    }
    my $group = Unit::setting($unit, 'Group');
    return (undef, {}) if !defined $user && !defined $group;
    my @entry = ($user // 'root') =~ /^\d+$/ ? getpwuid($user) : getpwnam($user // 'root');
    die "the user $user is not known\n" if !@entry;
    my ($name, $uid, $gid, $home, $shell) = @entry[0, 2, 3, 7, 8];
    if (defined $group) { $gid = $group =~ /^\d+$/ ? $group : getgrnam($group) // die "the group $group is not known\n" }
    my %groups = ($gid => 1);
    while (my @line = getgrent()) { $groups{ $line[2] } = 1 if grep { $_ eq $name } split ' ', $line[3] }
    endgrent();
    for (Unit::words_of($unit, 'Service', 'SupplementaryGroups')) { my $id = getgrnam($_); $groups{$id} = 1 if defined $id }
    $unit->{user} = $name;
    return ({ uid => $uid, gid => $gid, groups => [keys %groups], home => $home }, defined $user ? { USER => $name, LOGNAME => $name, HOME => $home, SHELL => $shell } : {});
}

# Directories, files and links that packages want to find (tmpfiles.d), those of systemd itself left out.
sub temporary_files {
    my %file;
    for my $path (map { glob("$_/tmpfiles.d/*.conf") } qw(/usr/lib /run /etc)) { $file{ $path =~ m{([^/]+)$} ? $1 : '' } = $path }
    for my $path (map { $file{$_} } grep { !/^(?:systemd|legacy|home|tmp|var|x11|etc|static-nodes|provision|credstore|journal|debian|passwd)\b/ } sort keys %file) {
        open(my $in, '<', $path) or next;
        while (defined(my $line = readline $in)) {
            my ($type, $at, $mode, $user, $group, undef, $argument) = Unit::words($line);
            next if !defined $at || $at !~ m{^/[^%]+$} || $type !~ /^([dDfLvqQ])([+]?)$/;
            eval { temporary_file($1, $at, map { defined $_ && $_ ne '-' ? $_ : undef } $mode, $user, $group, $argument); 1 } or print STDERR "$at of $path: $@";
        }
    }
}

sub temporary_file {
    my ($type, $at, $mode, $user, $group, $argument) = @_;
    return if -l $at || -f $at || $type !~ /[dDvqQ]/ && -e $at;
    if ($type eq 'L') { symlink($argument, $at) if defined $argument; return }
    if ($type eq 'f') { open(my $out, '>', $at) or die "$!\n"; print $out $argument // '' }
    else { my $below = ''; for (split m{/}, $at) { next if $_ eq ''; $below .= "/$_"; mkdir($below, 0755) } }
    my $uid = !defined $user ? 0 : $user =~ /^\d+$/ ? $user : getpwnam($user) // die "no user $user\n";
    my $gid = !defined $group ? 0 : $group =~ /^\d+$/ ? $group : getgrnam($group) // die "no group $group\n";
    chown($uid, $gid, $at);
    chmod(oct(($mode // ($type eq 'f' ? '0644' : '0755')) =~ s/^[~:]+//r), $at);
}

# RuntimeDirectory= and its like. -> those to be removed with the unit
sub directories {
    my ($unit, $identity, $environment) = @_;
    my @runtime;
    my %below = (Runtime => '/run', State => '/var/lib', Cache => '/var/cache', Logs => '/var/log', Configuration => '/etc');
    for my $kind (sort keys %below) {
        my @paths = map { "$below{$kind}/" . s/:.*//r } Unit::words_of($unit, 'Service', "${kind}Directory");
        my $mode = oct Unit::setting($unit, "${kind}DirectoryMode", '0755');
        for my $path (@paths) {
            my $at = '';
            for (split m{/}, $path) { next if $_ eq ''; $at .= "/$_"; mkdir($at, 0755) }
            chmod($mode, $path);
            chown($identity->{uid}, $identity->{gid}, $path) if $identity && $kind ne 'Configuration';
        }
        $environment->{ uc($kind) . '_DIRECTORY' } = join ':', @paths if @paths;
        @runtime = @paths if $kind eq 'Runtime';
    }
    return @runtime;
}

sub environment {
    my ($unit, $environment) = @_;
    for (Unit::words_of($unit, 'Service', 'Environment')) { $environment->{$1} = $2 if /^(\w+)=(.*)$/s }
    for (Unit::values_of($unit, 'Service', 'EnvironmentFile')) {
        my ($maybe, $path) = /^(-?)(.*)/;
        my @files = glob($path);
        my $seen;
        for (@files) { my $pairs = Unit::environment_file($_) // next; $seen = 1; %$environment = (%$environment, @$pairs) }
        die "the environment file $path is not there\n" if !$seen && !$maybe;
    }
    delete $environment->{$_} for Unit::words_of($unit, 'Service', 'UnsetEnvironment');
}

# In the child, before exec.
sub become {
    my ($unit, $identity) = @_;
    outputs($unit);
    umask(oct Unit::setting($unit, 'UMask', '0022'));
    limits($unit);
    my $nice = Unit::setting($unit, 'Nice');
    POSIX::nice($nice) if defined $nice;
    if ($identity) {
        $) = join ' ', $identity->{gid}, @{ $identity->{groups} };
        POSIX::setgid($identity->{gid}) // die "setgid: $!\n";
        POSIX::setuid($identity->{uid}) // die "setuid: $!\n" if $identity->{uid};
    }
    my ($maybe, $where) = Unit::setting($unit, 'WorkingDirectory', '/') =~ /^(-?)(.*)/;
    $where = $identity ? $identity->{home} : '/root' if $where eq '~';
    chdir($where) or $maybe or die "WorkingDirectory $where: $!\n";
}

sub outputs {
    my ($unit) = @_;
    my $out = Unit::setting($unit, 'StandardOutput', 'journal');
    for ([\*STDOUT, $out], [\*STDERR, Unit::setting($unit, 'StandardError', $out)]) {
        my ($handle, $to) = @$_;
        if ($to eq 'null') { open($handle, '>', '/dev/null') }
        elsif ($to =~ /^(file|append|truncate):(.*)/) { my $mode = $1 eq 'append' ? '>>' : $1 eq 'file' ? '+>>' : '>'; open($handle, $mode, $2) or die "$2: $!\n" }
    }
}

# As far as the machine's own limits let us.
sub limits {
    my ($unit) = @_;
    my %number = (CPU => 0, FSIZE => 1, DATA => 2, STACK => 3, CORE => 4, RSS => 5, NPROC => 6, NOFILE => 7, MEMLOCK => 8, AS => 9);
    my $prlimit = (POSIX::uname())[4] eq 'aarch64' ? 261 : 302;
    my $none = ~0;
    for my $name (keys %number) {
        my $text = Unit::setting($unit, "Limit$name") // next;
        my %scale = (K => 1 << 10, M => 1 << 20, G => 1 << 30, T => 1 << 40, '' => 1);
        my ($soft, $hard) = map { /^(\d+)([KMGT]?)$/ ? $1 * $scale{$2} : $none } split /:/, $text;
        $hard //= $soft;
        my $null = pack('QQ', $soft, $hard);
        next if syscall($prlimit, 0, $number{$name}, $null, 0) == 0;
        # The hard limit cannot be raised here: as much as there is.
        my $old = pack('QQ', 0, 0);
        syscall($prlimit, 0, $number{$name}, 0, $old);
        my (undef, $most) = unpack('QQ', $old);
        my $less = pack('QQ', $soft < $most ? $soft : $most, $most);
        syscall($prlimit, 0, $number{$name}, $less, 0);
    }
}

sub remove {
    my ($path) = @_;
    require File::Path;
    File::Path::remove_tree($path) if $path =~ m{^/run/[^/]};
}

1;
