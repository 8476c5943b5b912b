#!/bin/bash
# Asks a broker which requests it knows, without a Java machine: healthcheck.sh HOST PORT
set -eu
exec 3<>"/dev/tcp/$1/$2"
# ApiVersions (18), version 0, correlation id 7, no client id; the answer begins with its length and the id.
printf '\0\0\0\012\0\022\0\0\0\0\0\007\377\377' >&3
answer=$(head -c 8 <&3 | tail -c 4 | od -An -tx1 | tr -d ' \n')
[ "$answer" = 00000007 ] || { echo "$1:$2 answered '$answer'" >&2; exit 1; }
