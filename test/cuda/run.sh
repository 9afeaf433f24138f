#!/usr/bin/env bash
# Runs the market on this machine's GPU and records what it measured. See README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() {
  echo "$1" >&2
  exit 1
}

python=python3
is_cpu=false
has_out=false
previous=""
for word in "$@"; do
  case "$word" in
    --cpu) is_cpu=true ;;
    --python=*) python="${word#--python=}" ;;
    --out | --out=*) has_out=true ;;
  esac
  [ "$previous" = "--python" ] && python="$word"
  previous="$word"
done

command -v node > /dev/null || fail "node was not found: Node 20.19 or later is needed"
"$python" -c 'import torch, transformers' 2> /dev/null ||
  fail "$python cannot import torch and transformers; name another Python with --python FILE"
if ! $is_cpu; then
  command -v nvidia-smi > /dev/null || fail "nvidia-smi was not found: no NVIDIA GPU here. --cpu tries the script out on a processor"
  "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' ||
    fail "PyTorch of $python sees no GPU. --cpu tries the script out on a processor"
fi

# A machine without TypeScript takes what was built elsewhere.
if [ -x node_modules/.bin/tsc ]; then
  npm run --silent build
  node_modules/.bin/tsc -p tsconfig.bench.json
fi
[ -f dist/evenkeel.js ] && [ -f dist/test/cuda/main.js ] ||
  fail "dist/ is not built: run this script once where npm ci was run, and copy dist/ here"

out=()
if ! $has_out; then
  if $is_cpu; then
    out=(--out out/cuda-on-cpu.json)
  else
    name="$(nvidia-smi --query-gpu=name --format=csv,noheader | head -n 1 | tr ' /' '--')"
    out=(--out "test/cuda/records/$name-$(date -u +%Y-%m-%d).json")
  fi
fi
exec node dist/test/cuda/main.js "$@" ${out[@]+"${out[@]}"}
