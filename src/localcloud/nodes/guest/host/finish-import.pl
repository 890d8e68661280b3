# finish-import.pl PATH...: makes the root file system in the current directory fit to stand below machines. What each
# machine must have of its own goes, and what a container engine or another disk left; the PATHs are programs of the guest
# layer, which no package may replace. Standard input: settings of the host's apt, NUL, its certificate authorities.
# Runs in a chroot of the tree, so links in it lead nowhere else, and starts no program of it.
use strict;
use warnings;

my ($conf, $authorities) = do { local $/; split /\0/, readline(STDIN) // '', 2 };
chroot('.') or die "chroot: $!\n";
chdir('/') or die "chdir: $!\n";

sub spit {
    my ($how, $path, $text) = @_;
    open(my $file, $how, $path) or die "$path: $!\n";
    print $file $text;
    close($file) or die "$path: $!\n";
}

sub slurp {
    my ($path) = @_;
    open(my $file, '<', $path) or return '';
    local $/;
    return readline($file) // '';
}

if (opendir(my $dir, '/etc/ssh')) { unlink map { "/etc/ssh/$_" } grep { /^ssh_host_/ } readdir $dir }
unlink qw(/etc/machine-id /var/lib/dbus/machine-id /etc/hostname /.dockerenv /run/.containerenv);
# Container images forbid services to start; cloud images bring another first boot.
unlink '/usr/sbin/policy-rc.d' if slurp('/usr/sbin/policy-rc.d') =~ /^\s*exit 101\s*$/m;
spit('>', '/etc/cloud/cloud-init.disabled', '') if -d '/etc/cloud';
for ([tmp => 01777], [root => 0700]) { my ($name, $mode) = @$_; mkdir("/$name") and chmod($mode, "/$name") if !-d "/$name" }

# Disks it was on before.
my $fstab = slurp('/etc/fstab');
my $kept = join '', grep { !m{^\s*(?:/dev/|(?:PART)?(?:LABEL|UUID)=)} } $fstab =~ /(.*\n?)/g;
spit('>', '/etc/fstab', $kept) if $kept ne $fstab;

if (-d '/etc/apt/apt.conf.d' and length $conf) {
    spit('>', '/etc/apt/apt.conf.d/50starcluster-host', $conf);
    spit('>', '/etc/apt/starcluster-host-ca.pem', $authorities) if length($authorities // '');
}

# As dpkg-divert --local --no-rename --add writes it: three lines each. Source: dpkg, lib/dpkg/db-fsys-divert.c.
if (-d '/var/lib/dpkg/info') {
    my @lines = split /\n/, slurp('/var/lib/dpkg/diversions');
    my %known = map { $lines[ 3 * $_ ] => 1 } 0 .. @lines / 3 - 1;
    my @paths = grep { !$known{$_} } map { my $short = s{^/usr}{}r; $_ eq $short ? $_ : ($_, $short) } @ARGV;
    spit('>>', '/var/lib/dpkg/diversions', join '', map { "$_\n$_.distrib\n:\n" } @paths);
}

# Where /sbin and /bin are not links into /usr, our programs must be found there too.
for my $path (@ARGV) {
    my ($top, $name) = $path =~ m{^/usr/(s?bin)/([^/]+)$} or next;
    next if -l "/$top" or !-d "/$top";
    unlink("/$top/$name");
    symlink($path, "/$top/$name") or die "/$top/$name: $!\n";
}
