#!/usr/bin/env bash
# peers_setup.sh PRESET [linkbench]: installs the servers and the plotting library that bench/peers (or
# bench/linkbench) needs, if they are missing, and builds the preset.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

services=(redis-server tarantool nginx)
programs=("${services[@]}")
packages=("${services[@]}" python3-matplotlib)
if [[ "${2:-}" == linkbench ]]; then
  services=(mariadb)
  programs=(mariadbd-safe mariadbd)
  packages=(mariadb-server mariadb-plugin-rocksdb)
fi

# Debian's packages start a service when they are installed. It is stopped and disabled; services that
# ran before are not touched.
install_quietly() {
  local as_root=() systemd="" before pid
  ((EUID == 0)) || as_root=(sudo)
  [[ -d /run/systemd/system ]] && systemd=yes
  before=" $(running) "
  if [[ -n "$systemd" ]]; then "${as_root[@]}" systemctl mask --quiet "${services[@]}"; fi
  echo "peers: installing $*"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends "$@" </dev/null
  if [[ -n "$systemd" ]]; then
    "${as_root[@]}" systemctl unmask --quiet "${services[@]}"
    "${as_root[@]}" systemctl disable --quiet "${services[@]}" || true
  fi
  for pid in $(running); do
    [[ "$before" == *" $pid "* ]] || "${as_root[@]}" kill "$pid"
  done
}

# The process ids of all servers of these names.
running() {
  local program
  for program in "${programs[@]}"; do pidof -x "$program" || true; done | xargs
}

missing=()
for package in "${packages[@]}"; do
  status="$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" || true
  [[ "$status" == installed ]] || missing+=("$package")
done
if ((${#missing[@]} > 0)); then install_quietly "${missing[@]}"; fi

tools/build.sh "$1" smiled smilebench </dev/null
