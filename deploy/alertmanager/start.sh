#!/bin/sh
# Puts the webhook's URL into the configuration and becomes Alertmanager; arguments are passed on.
set -eu
template="$1" rendered="$2"
shift 2
if [ -n "${ZEROMILE_WEBHOOK_URL:-}" ]; then
    escaped=$(printf '%s' "$ZEROMILE_WEBHOOK_URL" | sed 's/[&|\\]/\\&/g')
    sed "s|@WEBHOOK_URL@|$escaped|" "$template" > "$rendered"
else
    sed '/# webhook$/d' "$template" > "$rendered"
fi
exec "$@" "--config.file=$rendered"
