# Runs "$@" until standard input ends; then kills it with all it started, and removes $KEEPER_FOLDER.
"$@" </dev/null &
command=$!
cat >/dev/null
trap '' TERM
kill -KILL "$command" 2>/dev/null
kill -TERM 0
wait
if [ -n "$KEEPER_FOLDER" ]; then rm -rf "$KEEPER_FOLDER"; fi
