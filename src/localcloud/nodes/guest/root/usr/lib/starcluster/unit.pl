# Unit files: where they are, what they say. Used by systemctl and shepherd.pl.
package Unit;
use strict;
use warnings;

our @DIRS = qw(/etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /lib/systemd/system);
our $STATE = '/run/systemd/starcluster';
our $LOGS = '/var/log/services';
# Units of the base image that go by another name here.
my %INIT = ('nfs-server' => 'nfs-kernel-server', sshd => 'ssh');
# Packages whose init script does not work while their unit does (init, at boot, leaves these out too).
my %UNIT = map { $_ => 1 } qw(mariadb ganglia-monitor gmetad);
# Services that need what no machine of the local cloud has; why, when they do not start.
my $containers = 'A machine of the local cloud cannot run containers: it may not make devices, mounts and control groups for them.';
our %HOPELESS = map { $_ => $containers } qw(docker containerd podman);

sub full_name { my ($name) = @_; return $name =~ /\.(?:service|socket|target|timer|path|mount|slice|scope|device|automount|swap)$/ ? $name : "$name.service" }

# -> { name, base, kind: init|unit|other|none, path, masked, instance, template, files: [unit file and drop-ins] }
sub find {
    my ($asked) = @_;
    my $name = full_name($asked =~ m{/} ? $asked =~ s{.*/}{}r : $asked);
    my $unit = { name => $name, kind => 'none', files => [] };
    my ($base, $type) = $name =~ /^(.*)\.(\w+)$/;
    if ($base =~ /^(.*?)\@(.*)$/) { @$unit{qw(prefix instance template)} = ($1, $2, "$1\@.$type") }
    @$unit{qw(base prefix)} = ($base, $unit->{prefix} // $base);
    for my $file (map { my $dir = $_; map { "$dir/$_" } grep { defined } $name, $unit->{template} } @DIRS) {
        next if !-e $file && !-l $file;
        if ((readlink($file) // '') eq '/dev/null') { $unit->{masked} = 1; $unit->{path} = $file; last }
        # An alias is a link to a unit of another name.
        if (defined(my $to = readlink $file)) {
            my $real = $to =~ s{.*/}{}r;
            return find($real) if $real ne $name && $real ne ($unit->{template} // '') && $real =~ /\.service$/ && $real !~ /\@\./;
        }
        next if !-f $file;
        $unit->{path} = $file;
        last;
    }
    my $script = $INIT{$base} // $base;
    my @dropins = map { sort glob("$_/$name.d/*.conf"), $unit->{template} ? sort glob("$_/$unit->{template}.d/*.conf") : () } reverse @DIRS;
    my $own = @dropins || ($unit->{path} // '') =~ m{^/(?:etc|run)/} && !-l ($unit->{path} // '');
    if ($type ne 'service') { $unit->{kind} = $unit->{path} || $type =~ /target|slice|scope/ ? 'other' : 'none' }
    # The package's init script is what Debian tests without systemd; what an administrator wrote goes before it.
    elsif (-x "/etc/init.d/$script" && !(($own || $unit->{path} && $UNIT{$script}) && !$unit->{masked})) { @$unit{qw(kind script)} = ('init', $script) }
    elsif ($unit->{path}) { $unit->{kind} = 'unit' }
    $unit->{files} = [grep { defined && -f } $unit->{path}, @dropins] if !$unit->{masked};
    return $unit;
}

# Section -> key -> values. An empty value forgets the earlier ones, as in systemd.
sub load {
    my ($unit) = @_;
    return $unit->{data} if $unit->{data};
    my %data;
    for my $file (@{ $unit->{files} }) {
        open(my $in, '<', $file) or next;
        my ($section, $line) = ('', '');
        while (defined(my $text = readline $in)) {
            chomp $text;
            next if $text =~ /^\s*[#;]/ || ($line eq '' && $text =~ /^\s*$/);
            $line .= $text;
            next if $line =~ s/\\$/ /;
            if ($line =~ /^\s*\[(.+)\]\s*$/) { $section = $1 }
            elsif ($line =~ /^\s*([\w-]+)\s*=\s*(.*?)\s*$/) {
                if ($2 eq '') { $data{$section}{$1} = [] } else { push @{ $data{$section}{$1} }, $2 }
            }
            $line = '';
        }
    }
    return $unit->{data} = \%data;
}

sub values_of { my ($unit, $section, $key) = @_; return map { expand($unit, $_) } @{ load($unit)->{$section}{$key} // [] } }
sub words_of { return map { words($_) } values_of(@_) }
sub setting { my ($unit, $key, $default) = @_; my @values = values_of($unit, 'Service', $key); return @values ? $values[-1] : $default }
sub truth { my ($unit, $key) = @_; return setting($unit, $key, '') =~ /^(?:1|yes|y|true|t|on)$/i }
sub description { my ($unit) = @_; return (values_of($unit, 'Unit', 'Description'))[-1] // ($unit->{kind} eq 'init' ? "LSB: $unit->{script}" : $unit->{name}) }

# Seconds of `90`, `1min 30s`, `500ms`, `infinity` (0: no end).
sub seconds {
    my ($unit, $key, $default) = @_;
    my $text = setting($unit, $key, $default);
    return 0 if $text eq 'infinity';
    my %in = (us => 1e-6, ms => 1e-3, s => 1, sec => 1, second => 1, seconds => 1, '' => 1, m => 60, min => 60, minute => 60, minutes => 60, h => 3600, hr => 3600, hour => 3600, hours => 3600, d => 86400);
    my $sum = 0;
    $sum += $1 * ($in{$2} // 1) while $text =~ /([\d.]+)\s*([a-z]*)/g;
    return $sum;
}

sub expand {
    my ($unit, $text) = @_;
    return $text if $text !~ /%/;
    my $plain = sub { my $v = shift; $v =~ s{-}{/}g; $v =~ s/\\x([0-9a-f]{2})/chr hex $1/gei; return $v };
    my $instance = $unit->{instance} // '';
    my $user = $unit->{user} // 'root';
    my %is = (
        i => $instance, I => $plain->($instance), n => $unit->{name}, N => $unit->{base}, p => $unit->{prefix}, P => $plain->($unit->{prefix}),
        j => $unit->{prefix} =~ s/.*-//r, f => '/' . $plain->(length $instance ? $instance : $unit->{prefix}), '%' => '%', t => '/run', S => '/var/lib', C => '/var/cache',
        L => '/var/log', E => '/etc', T => '/tmp', V => '/var/tmp', u => $user,
    );
    $text =~ s/%(.)/exists $is{$1} ? $is{$1} : dynamic($1, $user)/ge;
    return $text;
}

sub dynamic {
    my ($letter, $user) = @_;
    if ($letter =~ /[Hlq]/) { open(my $in, '<', '/proc/sys/kernel/hostname') or return ''; chomp(my $v = readline($in) // ''); return $letter eq 'l' ? $v =~ s/\..*//r : $v }
    if ($letter eq 'm') { open(my $in, '<', '/etc/machine-id') or return ''; chomp(my $v = readline($in) // ''); return $v }
    if ($letter eq 'b') { open(my $in, '<', '/proc/sys/kernel/random/boot_id') or return ''; chomp(my $v = readline($in) // ''); return $v =~ s/-//gr }
    my @entry = getpwnam($user);
    return { U => $entry[2], G => $entry[3], h => $entry[7], s => $entry[8], g => scalar getgrgid($entry[3] // 0), v => (split ' ', `uname -r`)[0] }->{$letter} // "%$letter";
}

# Words of a line with systemd's quotes and escapes.
sub words {
    my ($text) = @_;
    my (@words, $word);
    my %escape = (n => "\n", t => "\t", r => "\r", s => ' ', a => "\a", b => "\b", f => "\f", v => "\013");
    my $unescape = sub {
        my $e = shift;
        return chr hex $1 if $e =~ /^x(..)/;
        return chr oct $e if $e =~ /^[0-7]{3}$/;
        return $escape{$e} // ($e =~ /^[\\"']$/ ? $e : "\\$e");
    };
    while ($text =~ /\G(?:(\s+)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\\(x[0-9a-fA-F]{2}|[0-7]{3}|.)|([^\s"'\\]+|["']))/gs) {
        if (defined $1) { push @words, $word if defined $word; undef $word; next }
        my $piece = $2 // $3 // $5;
        if (defined $4) { $piece = $unescape->($4) }
        elsif (!defined $5) { $piece =~ s/\\(x[0-9a-fA-F]{2}|[0-7]{3}|.)/$unescape->($1)/ges }
        $word = ($word // '') . $piece;
    }
    push @words, $word if defined $word;
    return @words;
}

# Commands of ExecStart= and its like. -> list of { flags, argv }, variables not yet replaced
sub commands {
    my ($unit, $key) = @_;
    my @commands;
    for my $line (values_of($unit, 'Service', $key)) {
        my @argv = words($line);
        while (@argv) {
            my @one;
            while (@argv) { my $word = shift @argv; last if $word eq ';'; push @one, $word eq '\;' ? ';' : $word }
            next if !@one;
            my $flags = $one[0] =~ s/^([-+!:@|]+)// ? $1 : '';
            push @commands, { flags => $flags, argv => \@one };
        }
    }
    return @commands;
}

# What /etc/default/NAME and the like give. -> key, value, key, value
sub environment_file {
    my ($path) = @_;
    open(my $in, '<', $path) or return undef;
    local $/;
    my $text = readline($in) // '';
    $text =~ s/\\\n//g;
    my @pairs;
    for (split /\n/, $text) {
        next if !/^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*?)\s*$/;
        my ($key, $value) = ($1, $2);
        push @pairs, $key, join '', $value =~ /^"((?:[^"\\]|\\.)*)"$/ ? $1 =~ s/\\(["\\\$`])/$1/gr : $value =~ /^'([^']*)'$/ ? $1 : $value;
    }
    return \@pairs;
}

# The main process of a unit that no shepherd started: its PID file says so (pg_ctlcluster of an init script, a plugin).
sub started_by_others {
    my ($unit) = @_;
    return 0 if $unit->{kind} ne 'unit' || state_of($unit->{name})->{shepherd};
    open(my $in, '<', setting($unit, 'PIDFile') // return 0) or return 0;
    return (readline($in) // '') =~ /^\s*(\d+)/ && -d "/proc/$1" ? $1 : 0;
}

# What the shepherd wrote last, made true: a unit whose shepherd was killed is not running.
sub state_of {
    my ($name) = @_;
    my %state = (state => 'inactive', sub => 'dead');
    open(my $in, '<', "$STATE/$name/state") or return \%state;
    while (defined(my $line = readline $in)) { $state{$1} = $2 if $line =~ /^(\w+)=(.*)$/ }
    if ($state{shepherd}) {
        my $alive = open(my $command, '<', "/proc/$state{shepherd}/cmdline");
        $alive &&= (readline($command) // '') =~ /^starcluster-unit \Q$name\E/;
        if (!$alive) { delete $state{shepherd}; @state{qw(state sub result)} = ('failed', 'failed', 'shepherd-killed') if $state{state} !~ /^(?:inactive|failed)$/ }
    }
    return \%state;
}

1;
