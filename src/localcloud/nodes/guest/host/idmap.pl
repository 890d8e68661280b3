# Which host ids the ids of a user namespace are. Root writes any map; an ordinary user has the ranges of /etc/subuid and
# /etc/subgid, which the setuid programs newuidmap and newgidmap write for him.
package IdMap;
use strict;
use warnings;

use constant IDS => 65535;    # besides 0, which is the user himself

# Maps 0 to the user and 1 to 65535 to his ranges. The process is one of his, in a user namespace it just made.
sub write_own {
    my ($host_pid, $uid, $gid) = @_;
    for ([newuidmap => '/etc/subuid', $uid], [newgidmap => '/etc/subgid', $gid]) {
        my ($program, $file, $own) = @$_;
        my $start = range($file, $uid);
        local $ENV{PATH} = ($ENV{PATH} // '') . ':/usr/local/bin:/usr/bin:/bin';
        my $status = system { $program } $program, $host_pid, 0, $own, 1, 1, $start, IDS;
        die "$program is not installed\n" if $status == -1;
        die "$program could not map the ids of $file\n" if $status;
    }
}

# The map of a namespace in another, whose ids keep their numbers above a base. No line may span two of the other's, and
# in an ordinary user's the first id is apart from the rest.
sub inside {
    my ($base, $of_user) = @_;
    return $of_user ? "0 0 1\n1 1 " . IDS : "0 $base " . (IDS + 1);
}

# The first of the user's ranges that is long enough; each line is NAME_OR_UID:START:COUNT.
sub range {
    my ($file, $uid) = @_;
    my $name = getpwuid($uid) // '';
    open(my $in, '<', $file) or die "$file: $!\n";
    while (my $line = readline($in)) {
        my ($who, $start, $count) = $line =~ /^([^:#]+):(\d+):(\d+)\s*$/ or next;
        return $start if ($who eq $name || $who eq $uid) && $count >= IDS;
    }
    die "$file gives ${\($name || $uid)} no range of " . (IDS + 1) . " ids\n";
}

1;
