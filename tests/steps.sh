#!/usr/bin/env bash
# Runs the steps of the Makefile and keeps how long each took.
#
#   tests/steps.sh TARGET COMMAND    runs one line of a recipe, as make would
#   tests/steps.sh --begin           forgets the steps of an earlier run
#   tests/steps.sh --skip WHAT       tells that something was not checked, and why
#   tests/steps.sh --table           prints every step with its seconds, and what was skipped
set -euo pipefail
cd "$(dirname "$0")/.."
steps=target/steps.tsv

case "$1" in
--begin)
  mkdir -p target
  : >"$steps"
  ;;
--skip)
  echo "skipped: $2"
  printf 'skip\t%s\n' "$2" >>"$steps"
  ;;
--table)
  touch "$steps"
  awk -F '\t' '
    $1 == "skip" { skipped[++skips] = $2; next }
    { if (!($1 in seconds)) order[++count] = $1; seconds[$1] += $2; total += $2 }
    END {
      print ""
      for (i = 1; i <= count; i++)
        if (seconds[order[i]] >= 0.5) printf "%-20s %7.0f s\n", order[i], seconds[order[i]]
      printf "%-20s %7.0f s\n", "all steps", total
      for (i = 1; i <= skips; i++) print "skipped: " skipped[i]
      if (skips) print skips " skipped"
    }' "$steps"
  ;;
*)
  begun=$EPOCHREALTIME
  status=0
  bash -euo pipefail -c "$2" || status=$?
  # A clean removes the directory; then there is nothing to keep.
  if [ -d target ]; then
    awk -v name="$1" -v a="${begun/,/.}" -v b="${EPOCHREALTIME/,/.}" \
      'BEGIN { printf "%s\t%.3f\n", name, b - a }' >>"$steps"
  fi
  exit "$status"
  ;;
esac
