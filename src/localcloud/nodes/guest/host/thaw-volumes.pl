#!/usr/bin/perl
# thaw-volumes.pl HOME_DIR: lets go of volumes that a supervisor, killed while it copied them, left frozen.
use strict;
use warnings;

BEGIN {
    my ($here) = __FILE__ =~ m{^(.*)/} or die "run me by my path\n";
    require "$here/$_.pl" for qw(sys loop-device volume-fs);
}

VolumeFs::thaw_left_over("$ARGV[0]/volumes/");
