# The line protocol between the engine and the supervisor: `word key=value key=value`, values percent-encoded.
package Wire;
use strict;
use warnings;

sub escape { my $v = shift // ''; utf8::encode($v) if utf8::is_utf8($v); $v =~ s/([^A-Za-z0-9_.:\/,-])/sprintf '%%%02X', ord $1/ge; return $v }
sub unescape { my $v = shift; $v =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge; return $v }

sub line { my ($word, %fields) = @_; return join(' ', $word, map { "$_=" . escape($fields{$_}) } sort keys %fields) . "\n" }

sub parse {
    my ($word, @pairs) = split / /, shift;
    my %fields = map { my ($k, $v) = split /=/, $_, 2; ($k => unescape($v // '')) } @pairs;
    return ($word // '', \%fields);
}

1;
