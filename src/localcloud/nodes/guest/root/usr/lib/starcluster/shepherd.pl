# Runs one unit from its unit file: a small process that starts it, adopts what it forks, writes down its state, starts it
# again where Restart= says so, and stops it on TERM. What the unit prints goes to /var/log/services/NAME.log.
package Shepherd;
use strict;
use warnings;
use POSIX ();
use Fcntl qw(:flock);
use Socket qw(AF_UNIX SOCK_DGRAM pack_sockaddr_un);

our $stopping;
my ($unit, $dir, %state, %ended, $asked, $wake, $notify, $ready, $main, $identity, %environment, @runtime);

# Forks a shepherd and waits until the unit is up. -> undef, or why it is not
sub start {
    my ($what, $no_wait) = @_;
    mkdir($_, 0755) for '/run/systemd', $Unit::STATE, "$Unit::STATE/$what->{name}", $Unit::LOGS;
    open(my $lock, '>>', "$Unit::STATE/$what->{name}/lock") or return "$Unit::STATE/$what->{name}/lock: $!";
    flock($lock, LOCK_EX);
    return undef if Unit::state_of($what->{name})->{state} =~ /^(?:active|activating|reloading)$/;
    pipe(my $from, my $tell) or return "pipe: $!";
    my $pid = fork() // return "fork: $!";
    if (!$pid) {
        close($from);
        if (fork() // 1) { POSIX::_exit(0) }
        close($lock);
        eval { be($what, $tell); 1 } or do { print STDERR "$what->{name}: $@"; syswrite($tell, "failed resources\n") };
        POSIX::_exit(0);
    }
    close($tell);
    waitpid($pid, 0);
    # The first words say that its state is written: then another `start` may look.
    readline($from);
    close($lock);
    return undef if $no_wait;
    my $answer = readline($from) // "failed shepherd-killed\n";
    return $answer =~ /^failed (.*)/ ? $1 : undef;
}

sub be {
    my ($what, $tell) = @_;
    $unit = $what;
    $dir = "$Unit::STATE/$unit->{name}";
    POSIX::setsid();
    $0 = "starcluster-unit $unit->{name}";
    settle_in($tell);
    my $prctl = (POSIX::uname())[4] eq 'aarch64' ? 167 : 157;
    syscall($prctl, 36, 1, 0, 0, 0);    # what the unit forks and leaves is ours to reap
    say_state('activating', 'start');
    syswrite($tell, "begun\n");
    live($tell);
}

# Away from whoever called systemctl: own log, no open files of theirs, signals as events.
sub settle_in {
    my ($keep) = @_;
    chdir('/');
    umask(022);
    my $log = "$Unit::LOGS/$unit->{base}.log";
    rename($log, "$log.1") if (-s $log // 0) > 1 << 20;
    open(STDIN, '<', '/dev/null');
    open(STDOUT, '>>', $log) or open(STDOUT, '>', '/dev/null');
    open(STDERR, '>&', \*STDOUT);
    $| = 1;
    # Files that whoever called systemctl had open are not the unit's.
    for my $fd (map { m{(\d+)$} } glob('/proc/self/fd/*')) { POSIX::close($fd) if $fd > 2 && $fd != fileno $keep }
    pipe($wake, my $poke) or die "pipe: $!\n";
    $_->blocking(0) for $wake, $poke;
    $SIG{CHLD} = sub { local $!; syswrite($poke, 'c') };
    $SIG{TERM} = sub { local $!; $stopping = $asked = 1; syswrite($poke, 't') };
    $SIG{$_} = 'IGNORE' for qw(HUP PIPE INT);
}

# ExecReload= (or ExecStop=) by a process of its own, beside the shepherd or without one. -> '' or what went wrong
sub run_beside {
    my ($what, $key, $pid) = @_;
    pipe(my $from, my $tell) or return 'resources';
    my $child = fork() // return 'resources';
    if (!$child) {
        close($from);
        ($unit, $main, $dir) = ($what, $pid, "$Unit::STATE/$what->{name}");
        my $why = eval {
            settle_in($tell);
            surroundings();
            my ($bad) = grep { $_ } map { run($_, 90) } Unit::commands($unit, $key);
            $bad // '';
        } // do { print $@; 'resources' };
        syswrite($tell, $why);
        POSIX::_exit(0);
    }
    close($tell);
    my $why = readline($from) // '';
    waitpid($child, 0);
    return $why;
}

# Starts, and starts again.
sub live {
    my ($tell) = @_;
    my @starts;
    my $answer = sub { syswrite($tell, "@_\n"), close($tell) if $tell; undef $tell };
    while (1) {
        push @starts, my $begun = now();
        %ended = ();
        ($main, $ready) = ();
        my $failure = eval { bring_up() } // ($@ ? do { print $@; 'resources' } : '');
        if (!$failure && !$stopping && ($state{sub} // '') ne 'condition') {
            my $once = kind() eq 'oneshot';
            if (!$once || Unit::truth($unit, 'RemainAfterExit')) {
                say_state('active', $once ? 'exited' : 'running');
                $answer->('ok');
                if ($once) { pump(0, sub { $stopping }) } else { $failure = until_it_ends() }
            }
        }
        elsif (!$failure && !$stopping) { say_state('inactive', 'dead'); return $answer->('ok') }
        take_down();
        $failure = '' if $asked;
        my $again = !$asked && restart_wanted($failure);
        $answer->($failure ? "failed $failure" : 'ok');
        my $interval = Unit::seconds($unit, 'StartLimitIntervalSec', (Unit::values_of($unit, 'Unit', 'StartLimitIntervalSec'))[-1] // 10);
        my $burst = (Unit::values_of($unit, 'Unit', 'StartLimitBurst'))[-1] // Unit::setting($unit, 'StartLimitBurst', 5);
        if ($again && $interval && $burst && grep({ $_ > $begun - $interval } @starts) >= $burst) {
            print "Start request repeated too quickly.\n";
            ($again, $failure) = (0, 'start-limit-hit');
        }
        if (!$again) { tidy(); return say_state($failure ? 'failed' : 'inactive', $failure ? 'failed' : 'dead', result => $failure || 'success') }
        @starts = grep { $_ > $begun - ($interval || 1) } @starts;
        say_state('activating', 'auto-restart', result => $failure || 'success', restarts => ($state{restarts} // 0) + 1, main => undef);
        pump(Unit::seconds($unit, 'RestartSec', '100ms') || 0.01, sub { $asked });
        if ($asked) { tidy(); return say_state('inactive', 'dead') }
        say_state('activating', 'start');
    }
}

sub now { return (POSIX::times())[0] / 100 }

# simple, forking, oneshot or notify: what the others amount to without systemd's bus.
sub kind {
    my $type = Unit::setting($unit, 'Type', Unit::commands($unit, 'ExecStart') ? 'simple' : 'oneshot');
    return $type =~ /^notify/ ? 'notify' : $type =~ /^(?:forking|oneshot)$/ ? $type : 'simple';
}

# -> '' when the unit is up, else systemd's word for what went wrong
sub bring_up {
    if (!conditions_hold()) { $state{sub} = 'condition'; return '' }
    prepare();
    my $kind = kind();
    my $deadline = Unit::seconds($unit, 'TimeoutStartSec', Unit::setting($unit, 'TimeoutSec', $kind eq 'oneshot' ? 'infinity' : 90));
    my @start = Unit::commands($unit, 'ExecStart');
    for my $command (Unit::commands($unit, 'ExecCondition')) { my $bad = run($command, $deadline); if ($bad) { $state{sub} = 'condition'; return '' } }
    for my $command (Unit::commands($unit, 'ExecStartPre'), $kind eq 'oneshot' ? @start : ()) { my $bad = run($command, $deadline); return $bad if $bad || $stopping }
    if ($kind eq 'forking') {
        my $bad = run($start[0], $deadline);
        return $bad if $bad;
        $main = forked_main() // return 'protocol';
    }
    elsif ($kind ne 'oneshot') {
        ($main, my $bad) = spawn($start[0] // return 'bad-setting');
        return $bad if $bad;
        if ($kind eq 'notify') {
            pump($deadline, sub { $ready || defined $ended{$main} || $stopping }) or return 'timeout';
            return verdict($ended{$main}) || 'protocol' if !$ready && !$stopping;
        }
    }
    say_state('activating', 'start-post', main => $main) if $main;
    for my $command (Unit::commands($unit, 'ExecStartPost')) { my $bad = run($command, $deadline); return $bad if $bad || $stopping }
    return '';
}

# The main process of a daemon that went to the background: by its PID file, else the one child there is; 0: unknown.
sub forked_main {
    my $file = Unit::setting($unit, 'PIDFile');
    if (!defined $file) { my @left = children(); return @left == 1 ? $left[0] : 0 }
    $file = "/run/$file" if $file !~ m{^/};
    my $pid;
    my $there = sub { return 0 if !open(my $in, '<', $file); $pid = (readline($in) // '') =~ /^\s*(\d+)/ ? $1 : undef; return $pid && -d "/proc/$pid" };
    for (1 .. 100) { last if $there->() || $stopping; pump(0.05, sub { $stopping }) }
    return $there->() ? $pid : children() ? 0 : undef;
}

sub until_it_ends {
    # A process that is not our child (it was there before) is asked after once a second.
    my $gone = sub { !$main ? !children() : defined $ended{$main} || !-d "/proc/$main" };
    1 until pump(!$main || kind() eq 'forking' ? 1 : 0, sub { $stopping || $gone->() });
    return $stopping ? '' : $main ? verdict($ended{$main} // 0) : '';
}

sub verdict {
    my ($status) = @_;
    $state{status} = $status;
    my ($signal, $code) = ($status & 127, $status >> 8);
    my @fine = Unit::words_of($unit, 'Service', 'SuccessExitStatus');
    if ($signal) {
        my $name = signal_name($signal);
        return '' if kind() ne 'oneshot' && $name =~ /^(?:HUP|INT|TERM|PIPE)$/ or grep { /^(?:SIG)?$name$/ } @fine;
        return $status & 128 ? 'core-dump' : 'signal';
    }
    return $code == 0 || grep({ $_ eq $code } @fine) ? '' : 'exit-code';
}

sub signal_name { my ($number) = @_; require Config; return (split ' ', $Config::Config{sig_name})[$number] // $number }

sub restart_wanted {
    my ($failure) = @_;
    my $when = Unit::setting($unit, 'Restart', 'no');
    my $code = ($state{status} // 0) >> 8;
    return 0 if grep { $_ eq $code } Unit::words_of($unit, 'Service', 'RestartPreventExitStatus') and $failure;
    return $when eq 'always' && kind() ne 'oneshot' || ($failure
        ? $when eq 'on-failure' || $when eq 'always' || $when eq 'on-abnormal' && $failure ne 'exit-code' || $when eq 'on-abort' && $failure =~ /signal|core/
        : $when eq 'on-success');
}

# ExecStop when asked, then signals as KillMode= says, then ExecStopPost.
sub take_down {
    my $limit = Unit::seconds($unit, 'TimeoutStopSec', Unit::setting($unit, 'TimeoutSec', 90));
    if ($stopping && $state{state} ne 'inactive') {
        say_state('deactivating', 'stop');
        local $stopping = 0;
        run($_, $limit) for Unit::commands($unit, 'ExecStop');
    }
    my $mode = Unit::setting($unit, 'KillMode', 'control-group');
    if ($mode ne 'none') {
        my $signal = Unit::setting($unit, 'KillSignal', 'TERM') =~ s/^SIG//r;
        my $all = sub { my %all = map { $_ => 1 } children(1), $main && !defined $ended{$main} && -d "/proc/$main" ? $main : (); keys %all };
        my @first = $mode eq 'control-group' ? $all->() : $main && !defined $ended{$main} ? ($main) : ();
        kill($signal, @first);
        kill('CONT', @first);
        kill('HUP', @first) if Unit::truth($unit, 'SendSIGHUP');
        my $done = sub { $mode eq 'control-group' ? !$all->() : !$main || defined $ended{$main} || !-d "/proc/$main" };
        my $until = $limit && now() + $limit;
        while (!$done->()) { last if $until && now() > $until; pump(0.2, $done) }
        if ($mode ne 'process') { for (1 .. 50) { my @left = $all->() or last; kill('KILL', @left); pump(0.1, sub { !$all->() }) } }
    }
    local $stopping = 0;
    run($_, $limit) for Unit::commands($unit, 'ExecStopPost');
}

# A command to its end. -> '' or what went wrong
sub run {
    my ($command, $limit) = @_;
    my ($pid, $bad) = spawn($command, 1);
    if (!$bad) {
        my $in_time = pump($limit, sub { defined $ended{$pid} || $stopping });
        if (!defined $ended{$pid}) { kill('TERM', $pid); pump(5, sub { defined $ended{$pid} }) or kill('KILL', $pid) }
        $bad = !$in_time ? 'timeout' : defined $ended{$pid} ? verdict($ended{$pid}) : '';
    }
    return $command->{flags} =~ /-/ ? '' : $bad;
}

# -> pid, and why it could not be executed
sub spawn {
    my ($command, $control) = @_;
    my @argv = arguments($command);
    pipe(my $from, my $tell) or die "pipe: $!\n";
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        close($from);
        $SIG{$_} = 'DEFAULT' for qw(CHLD TERM HUP PIPE INT);
        POSIX::setsid() if !$control;
        my $way = $command->{flags} =~ /@/ ? (splice @argv, 0, 1) : $argv[0];
        eval { Surroundings::become($unit, $command->{flags} =~ /[+!]/ ? undef : $identity, $control); 1 } or do { print $@; syswrite($tell, 'x'); POSIX::_exit(1) };
        %ENV = %environment;
        $ENV{MAINPID} = $main if $main;
        { no warnings 'exec'; exec { $way } @argv }
        print "$way: $!\n";
        syswrite($tell, 'x');
        POSIX::_exit(203);
    }
    close($tell);
    my $bad = sysread($from, my $text, 1) ? 'exit-code' : '';
    if ($bad) { pump(5, sub { defined $ended{$pid} }); $state{status} = 203 << 8 }
    return ($pid, $bad);
}

# ${NAME} within words, $NAME alone becomes several words.
sub arguments {
    my ($command) = @_;
    my @argv = @{ $command->{argv} };
    return @argv if $command->{flags} =~ /:/;
    my %known = (%environment, $main ? (MAINPID => $main) : ());
    return map {
        if (/^\$([A-Za-z_]\w*)$/) { split ' ', $known{$1} // '' }
        else { (my $word = $_) =~ s/\$(?:\{(\w+)\}|([A-Za-z_]\w*)|(\$))/defined $3 ? '$' : $known{$1 \/\/ $2} \/\/ ''/ge; $word }
    } @argv;
}

# Waits for children, messages and signals until $done or $seconds (0: no end) are over. -> whether $done
sub pump {
    my ($seconds, $done) = @_;
    my $until = $seconds && now() + $seconds;
    while (1) {
        while ((my $pid = waitpid(-1, POSIX::WNOHANG())) > 0) { $ended{$pid} = $? }
        return 1 if $done->();
        my $left = $until ? $until - now() : undef;
        return 0 if defined $left && $left <= 0;
        my $bits = '';
        vec($bits, fileno $_, 1) = 1 for $wake, $notify // ();
        if (select($bits, undef, undef, $left) > 0) {
            sysread($wake, my $drop, 4096);
            hear() if $notify && vec($bits, fileno $notify, 1);
        }
    }
}

sub hear {
    recv($notify, my $text, 4096, 0) // return;
    $ready = 1 if $text =~ /^READY=1/m;
    if ($text =~ /^MAINPID=(\d+)/m && -d "/proc/$1") { $main = $1; say_state(@state{qw(state sub)}, main => $main) }
    if ($text =~ /^STATUS=(.*)/m) { say_state(@state{qw(state sub)}, text => $1) }
}

# Living processes below us: children, or all with $deep.
sub children {
    my ($deep) = @_;
    my (%below, @found);
    for my $file (glob('/proc/[0-9]*/stat')) {
        open(my $in, '<', $file) or next;
        my ($pid, $condition, $parent) = (readline($in) // '') =~ /^(\d+) \(.*\) (\S) (\d+)/s or next;
        push @{ $below{$parent} }, $pid if $condition !~ /[ZX]/;
    }
    my @look = ($$);
    while (defined(my $pid = shift @look)) { push @found, @{ $below{$pid} // [] }; push @look, @{ $below{$pid} // [] } if $deep }
    return @found;
}

sub surroundings {
    ($identity, my $own) = Surroundings::identity($unit);
    %environment = (PATH => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG => $ENV{LANG} // 'C.UTF-8', %$own);
    @runtime = Surroundings::directories($unit, $identity, \%environment);
    Surroundings::environment($unit, \%environment);
}

sub prepare {
    surroundings();
    return if kind() ne 'notify' && Unit::setting($unit, 'NotifyAccess', 'none') eq 'none';
    my $path = "$dir/notify";
    unlink($path);
    socket($notify, AF_UNIX, SOCK_DGRAM, 0) && bind($notify, pack_sockaddr_un($path)) or die "$path: $!\n";
    chmod(0666, $path);
    $environment{NOTIFY_SOCKET} = $path;
}

sub conditions_hold {
    my %test = (
        PathExists => sub { -e $_[0] }, PathExistsGlob => sub { grep { -e } glob($_[0]) }, PathIsDirectory => sub { -d $_[0] },
        PathIsSymbolicLink => sub { -l $_[0] }, FileNotEmpty => sub { -s $_[0] }, FileIsExecutable => sub { -f $_[0] && -x _ },
        DirectoryNotEmpty => sub { opendir(my $in, $_[0]) or return 0; return scalar grep { !/^\.\.?$/ } readdir $in },
    );
    my ($any, $one);
    for my $name (sort keys %test) {
        for my $value (map { Unit::values_of($unit, 'Unit', "$_$name") } qw(Condition Assert)) {
            my ($marks, $path) = $value =~ /^([|!]*)\s*(.*)/;
            my $holds = !!$test{$name}->($path) != ($marks =~ /!/);
            if ($marks =~ /\|/) { $any = 1; $one ||= $holds }
            elsif (!$holds) { print "Condition$name=$value was not met\n"; return 0 }
        }
    }
    return !$any || $one;
}

sub tidy {
    unlink("$dir/notify");
    Surroundings::remove($_) for Unit::setting($unit, 'RuntimeDirectoryPreserve', 'no') eq 'no' ? @runtime : ();
    my $file = Unit::setting($unit, 'PIDFile');
    unlink($file) if defined $file && $file =~ m{^/(?:var/)?run/};
}

sub say_state {
    my ($is, $sub, %more) = @_;
    $state{since} = time() if ($state{state} // '') ne $is;
    @state{qw(state sub shepherd)} = ($is, $sub, $$);
    delete @state{qw(main shepherd)} if $is =~ /^(?:inactive|failed)$/;
    $state{main} = $main if $main && $is eq 'active' && $sub eq 'running';
    $state{result} = 'success' if $is eq 'active';
    for (keys %more) { if (defined $more{$_}) { $state{$_} = $more{$_} } else { delete $state{$_} } }
    open(my $out, '>', "$dir/state.new") or return;
    print $out map { "$_=$state{$_}\n" } sort keys %state;
    close($out) && rename("$dir/state.new", "$dir/state");
}

1;
