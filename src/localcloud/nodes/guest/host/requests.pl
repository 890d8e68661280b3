# Requests of the engine: one line per connection, one line back (`watch` keeps the connection for events).
package Requests;
use strict;
use warnings;
use IO::Handle;

sub accept_one {
    my ($listener) = @_;
    accept(my $client, $listener) or return;
    $client->blocking(0);
    my $text = '';
    main::watch($client, sub {
        my $got = sysread($client, $text, 65536, length $text);
        return if !defined $got;
        if (!$got || length $text > 1 << 20) { close_client($client); return }
        return if $text !~ /\n/;
        chomp $text;
        main::forget($client);
        my ($word, $fields) = Wire::parse($text);
        my $handler = __PACKAGE__->can("on_$word");
        eval { die "unknown request $word\n" if !$handler; $handler->($client, $fields); 1 }
            or answer($client, 'error', message => $@);
    });
}

sub answer {
    my ($client, $word, %fields) = @_;
    $fields{message} =~ s/\s+\z// if defined $fields{message};
    $client->blocking(1);
    syswrite($client, Wire::line($word, %fields));
    # Children that were made meanwhile may have it open: the other side must not wait for them to end.
    shutdown($client, 2);
    close($client);
}

sub close_client { my ($client) = @_; main::forget($client); delete $main::watchers{ fileno $client }; close($client) }

sub on_hello { answer($_[0], 'ok', protocol => 1, holder => $main::holder->{host_pid}, pid => Sys::host_pid()) }

# way=on|off switches the nodes' way out; without it only tells.
sub on_egress {
    my ($client, $fields) = @_;
    my $way = $fields->{way} // '';
    my $works = main::egress($way eq '' ? undef : $way eq 'on');
    answer($client, 'ok', way => $main::config{egress} ? 'on' : 'off', works => $works);
}

sub on_list {
    my ($client) = @_;
    $client->blocking(1);
    for my $node (values %main::nodes) {
        syswrite($client, Wire::line('node', map { $_ => $node->{$_} // '' } qw(id state host_pid ip public)));
    }
    answer($client, 'ok');
}

sub on_watch {
    my ($client) = @_;
    $main::watchers{ fileno $client } = $client;
    main::watch($client, sub { close_client($client) if !sysread($client, my $drop, 4096) && !$!{EAGAIN} });
    syswrite($client, "ok\n");
}

sub on_boot {
    my ($client, $fields) = @_;
    die "bad node id\n" if ($fields->{id} // '') !~ /^[A-Za-z0-9_-]+$/;
    Node::boot($fields, sub { answer($client, @_) });
}

# signal=TERM|KILL: answered when the node is gone.
sub on_stop {
    my ($client, $fields) = @_;
    Node::stop($fields->{id} // '', $fields->{signal} // 'TERM', sub { answer($client, @_) });
}

# id=NODE volume=ID device=/dev/sdX: nothing happens to a node that does not run.
sub on_attach { my ($client, $fields) = checked(@_); Volume::attach($fields, sub { answer($client, @_) }) }

# id=NODE volume=ID force=1: busy=1 is answered, and nothing done, for one that is mounted.
sub on_detach { my ($client, $fields) = checked(@_); Volume::detach($fields, sub { answer($client, @_) }) }

sub on_endvolume { my ($client, $fields) = checked(@_); Volume::end($fields->{volume}, sub { answer($client, @_) }) }

# Its file has become longer.
sub on_growvolume { my ($client, $fields) = checked(@_); Volume::grow($fields->{volume}, sub { answer($client, @_) }) }

# volume=ID to=FILE
sub on_copyvolume { my ($client, $fields) = checked(@_); Volume::copy($fields->{volume}, $fields->{to}, sub { answer($client, @_) }) }

sub checked {
    my ($client, $fields) = @_;
    for (grep { exists $fields->{$_} } qw(id volume)) { die "bad id\n" if $fields->{$_} !~ /^[A-Za-z0-9_-]+$/ }
    return ($client, $fields);
}
# Uses up what a running node's disk has free; `free` gives it back, whatever the node does.
sub on_fill { my ($client, $fields) = @_; Node::fill($fields->{id} // '', 1, sub { answer($client, @_) }) }
sub on_free { my ($client, $fields) = @_; Node::fill($fields->{id} // '', 0, sub { answer($client, @_) }) }

# Mounts a stopped node's disk, so that its layers can be read.
sub on_hold {
    my ($client, $fields) = @_;
    die "bad node id\n" if ($fields->{id} // '') !~ /^[A-Za-z0-9_-]+$/;
    Node::hold($fields, sub { answer($client, @_) });
}

# Lets go of the mounts of a stopped node's disk.
sub on_release {
    my ($client, $fields) = @_;
    Node::release($fields->{id} // '', sub { answer($client, @_) });
}

1;
